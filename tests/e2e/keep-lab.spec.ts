// A lab that is not lost: by a word of the glossary, a link, a reload, a tab that is closed or crashes.
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { episodes, LabPage, slow } from './support/lab-page.ts';
import { expectNoViolationsInBothThemes } from './support/sound.ts';

test.describe.configure({ mode: 'serial', timeout: 420_000 });

const host = 'host-01';
/** A mark that a page has for as long as it is the same. */
const isSamePage = (page: Page): Promise<boolean> => page.evaluate(() => 'stillHere' in globalThis);
let lab: LabPage;
let context: BrowserContext;

/** Waits until everything that happened before a moment, which is now unless it is said, is kept. */
async function expectKept(of: LabPage, moment?: number): Promise<void> {
  const after = moment ?? (await of.page.evaluate(() => Date.now()));
  // Something happens after that moment, too: however long it took to see what was before, there will be one that has it.
  await of.type(host, '');
  const at = () =>
    of.page.evaluate(() => JSON.parse(localStorage.getItem('lockstep-kept/super-bridge') ?? '{"at":0}').at as number);
  await expect.poll(at, slow).toBeGreaterThan(after);
}
const now = (): Promise<number> => lab.page.evaluate(() => Date.now());
/** Types a command and waits until it has ended. */
let commands = 0;
async function run(of: LabPage, command: string): Promise<void> {
  const done = `done-${++commands}-${commands}`;
  await of.type(host, `${command}; echo done-${commands}-$((${commands}))`);
  await expect.poll(() => of.screen(host), slow).toContain(done);
}

test.beforeAll(async ({ browser }) => {
  lab = await LabPage.open(browser, episodes.superBridge);
  context = lab.page.context();
  await lab.start();
  await lab.expectPrompt(host);
  await lab.page.evaluate(() => Object.assign(globalThis, { stillHere: true }));
});
test.afterAll(() => lab.close());

test('the glossary and back: the lab goes on out of sight, is named in the header, and is where it was', async () => {
  await run(lab, 'mkdir kept');
  await lab.page.locator('footer.foot').getByRole('link', { name: 'Glossary' }).click();
  await expect(lab.page).toHaveURL(/\/glossary\/$/);
  await expect(lab.page).toHaveTitle(/Glossary/);
  const word = lab.page.getByRole('banner').getByRole('link', { name: 'Lab: super bridge, running' });
  await expect(word).toBeVisible();
  await expectNoViolationsInBothThemes(lab.page);
  await lab.page.goBack();
  await expect(lab.page).toHaveURL(new RegExp(`${episodes.superBridge}$`));
  await expect(word).toBeHidden();
  expect(await isSamePage(lab.page)).toBe(true);
  await lab.expectState('running');
  await run(lab, 'ls');
  expect(await lab.screen(host)).toContain('kept');
});

test('the word in the header leads back to the place in the text', async () => {
  await lab.page.evaluate(() => scrollTo({ top: 900, behavior: 'instant' }));
  await lab.page.waitForTimeout(300);
  const before = await lab.page.evaluate(() => scrollY);
  await lab.page.getByRole('banner').getByRole('link', { name: 'About' }).click();
  await expect(lab.page).toHaveURL(/\/about\/$/);
  expect(await lab.page.evaluate(() => scrollY)).toBe(0);
  await lab.page
    .getByRole('banner')
    .getByRole('link', { name: /^Lab: super bridge/ })
    .click();
  await expect(lab.page).toHaveURL(new RegExp(`${episodes.superBridge}$`));
  await expect.poll(() => lab.page.evaluate(() => Math.round(scrollY))).toBeGreaterThan(before - 20);
  expect(await isSamePage(lab.page)).toBe(true);
  await lab.expectPrompt(host);
});

test('a reload: the lab goes on by itself, with its containers, terminals and packets', async () => {
  await run(lab, 'docker run -d --name web whoami');
  await run(lab, 'ping -c 2 172.17.0.2');
  await expectKept(lab);
  await lab.page.reload();
  await lab.expectState('running');
  expect(await isSamePage(lab.page)).toBe(false);
  await expect.poll(() => lab.screen(host), slow).toContain('2 packets transmitted, 2 received');
  await run(lab, 'docker ps --format "{{.Names}}"; ping -c 1 172.17.0.2');
  expect(await lab.screen(host)).toMatch(/^web$/m);
  await expect.poll(() => lab.screen(host), slow).toContain('1 packets transmitted, 1 received');
  await lab.tab('Packets').click();
  await lab.filterPackets('icmp.type == 8');
  await expect(lab.packets).toContainText('Echo (ping) request');
  // Two from before, and one from now, at each of the two devices.
  await expect.poll(async () => Number(await lab.packets.getAttribute('aria-rowcount'))).toBeGreaterThan(3);
  await lab.page.getByRole('button', { name: 'Clear the filter' }).click();
  await lab.tab('Terminal').click();
});

test('what was typed a moment ago is asked about; what is kept is not', async () => {
  const questions: string[] = [];
  lab.page.on('dialog', (dialog) => {
    questions.push(dialog.type());
    void dialog.dismiss();
  });
  await run(lab, 'echo new');
  await lab.page.evaluate(() => setTimeout(() => location.reload()));
  await expect.poll(() => questions).toEqual(['beforeunload']);
  await lab.expectState('running');
  await lab.expectPrompt(host);
});

test('a second tab leaves alone what the first one keeps, and says so', async () => {
  const second = LabPage.of(await context.newPage());
  await second.page.setViewportSize({ width: 1440, height: 900 });
  await second.page.goto(episodes.superBridge);
  await second.page.getByRole('button', { name: 'Start afresh' }).click();
  await second.expectState('running');
  await expect(second.root.locator('.lab-remark')).toContainText('Another tab has this lab open');
  await second.expectPrompt(host);
  await run(second, 'docker ps --format "{{.Names}}"');
  expect(await second.screen(host)).not.toMatch(/^web$/m);
  second.page.once('dialog', (dialog) => void dialog.accept());
  await second.page.close({ runBeforeUnload: false });
});

test('a tab that was closed: the card offers to go on, and the container is there', async () => {
  await lab.page.bringToFront();
  await lab.expectState('running');
  await run(lab, 'echo before the end');
  await expectKept(lab);
  await lab.page.close();
  lab = LabPage.of(await context.newPage());
  await lab.page.setViewportSize({ width: 1440, height: 900 });
  await lab.page.goto(episodes.superBridge);
  await expect(lab.page.getByRole('button', { name: 'Start afresh' })).toBeVisible();
  await expect(lab.root.locator('.lab-kept-words')).toHaveText(/^Kept at \d\d:\d\d/);
  await expectNoViolationsInBothThemes(lab.page);
  await lab.page.getByRole('button', { name: 'Continue where you were' }).click();
  await lab.expectState('running');
  await expect.poll(() => lab.screen(host), slow).toContain('before the end');
  await run(lab, 'docker ps --format "{{.Names}}"');
  expect(await lab.screen(host)).toMatch(/^web$/m);
});

test('a tab that crashed: the same', async () => {
  await run(lab, 'echo before the crash');
  await expectKept(lab);
  const crashed = lab.page.waitForEvent('crash');
  await lab.page.goto('chrome://crash').catch(() => {});
  await crashed;
  lab = LabPage.of(await context.newPage());
  await lab.page.setViewportSize({ width: 1440, height: 900 });
  await lab.page.goto(episodes.superBridge);
  await lab.page.getByRole('button', { name: 'Continue where you were' }).click();
  await lab.expectState('running');
  await expect.poll(() => lab.screen(host), slow).toContain('before the crash');
});

test('an episode with another lab says which one is alive; starting its own keeps that', async () => {
  await lab.page
    .getByRole('navigation', { name: 'Episodes before and after' })
    .getByRole('link', { name: /Next/ })
    .click();
  await expect(lab.page).toHaveURL(new RegExp(`${episodes.throughTheKeyhole}$`), slow);
  await expect(lab.page.getByRole('banner').getByRole('link', { name: /^Lab: super bridge/ })).toBeVisible();
  await expect(lab.root.filter({ visible: true }).locator('.lab-first')).toContainText(
    'The lab “super bridge” is alive.',
  );
  await lab.page.getByRole('button', { name: 'Start the lab' }).click();
  await expect(lab.root).toHaveCount(1, slow);
  await lab.expectState('running');
  await lab.page
    .getByRole('navigation', { name: 'Episodes before and after' })
    .getByRole('link', { name: /Previous/ })
    .click();
  await lab.page.getByRole('button', { name: 'Continue where you were' }).click();
  await expect(lab.root).toHaveCount(1, slow);
  await lab.expectState('running');
  await expect.poll(() => lab.screen(host), slow).toContain('before the crash');
});

test('what was reset does not come back', async () => {
  await run(lab, 'docker ps --format "{{.Names}}"');
  expect(await lab.screen(host)).toMatch(/^web$/m);
  const began = await now();
  await lab.page.getByRole('button', { name: 'Reset', exact: true }).click();
  await lab.page.getByRole('button', { name: 'Reset the lab' }).click();
  // What the terminal showed before is over when the new one is there.
  await expect.poll(() => lab.screen(host), slow).not.toContain('done-');
  await lab.expectState('running');
  await lab.expectPrompt(host);
  await expectKept(lab, began);
  await lab.page.reload();
  await lab.expectState('running');
  await run(lab, 'docker ps --format "{{.Names}}"');
  expect(await lab.screen(host)).not.toMatch(/^web$/m);
});
