// What a reader sees of a command after pressing Run: that it runs and for how long, how it ended, what it waits for; and that
// nothing is typed into a program that is in front.
import { expect, type Locator, test } from '@playwright/test';
import { episodes, LabPage, slow } from './support/lab-page.ts';
import { expectNoViolationsInBothThemes } from './support/sound.ts';

test.describe.configure({ mode: 'serial', timeout: 420_000 });

const host = 'host-01';
const address = 'ip -brief addr';
const byHand = 'ip route show dev docker0';
const web = 'docker run -d --name web whoami';
const client = 'docker run -d --name client toolbox sleep infinity';
const unknown = 'docker exec client ping -c 1 -W 2 172.17.0.99';
let lab: LabPage;

test.beforeAll(async ({ browser }) => {
  lab = await LabPage.open(browser, episodes.superBridge);
});
test.afterAll(() => lab.close());

/** The block of a command. */
const block = (command: string): Locator =>
  lab.page
    .locator('lockstep-run')
    .filter({ has: lab.command(command) })
    .first();

const press = (command: string): Promise<void> => lab.command(command).first().click();

/** A button that a block offers. */
const choice = (command: string, name: string): Locator => block(command).getByRole('button', { name, exact: true });

async function expectDone(command: string): Promise<void> {
  await expect(block(command).locator('.run-status')).toHaveText(/^Done ✓ (\d+\.\d s|\d+ s|\d+ min \d\d s)/, slow);
}

test('a command that is pressed before the lab runs is typed when it does, and its ✓ has the time it took', async () => {
  await press(address);
  await expect(block(address)).toContainText('The lab was off: it starts now');
  await lab.expectState('running');
  await expectDone(address);
  await expect(lab.terminal(host)).toContainText('172.17.0.1/16');
  await expect(block(address).getByRole('img', { name: 'Done in this lab' })).toBeVisible();
});

test('one that runs says so with the seconds, and the next ones wait for it in order', async () => {
  await press(web);
  await press(client);
  await expect(block(web)).toContainText(/Typed into host-01 · 1\.\s+Runs, \d+ s/, slow);
  await expect(block(client)).toContainText(`Waits for: ${web}`);
  await expectDone(web);
  await expectDone(client);
});

test('a status that the text promises is a ✓, another one a ✗ that says what to do', async () => {
  await press(unknown);
  await expect(block(unknown).locator('.run-status')).toHaveText(/^Done ✓ .*, status 1 as it should be$/, slow);
  await press(web);
  await expect(block(web).locator('.run-status')).toHaveText(/^Failed ✗ status 125\. /, slow);
  await expectNoViolationsInBothThemes(lab.page);
});

test('what it printed is found again', async () => {
  await lab.type(host, 'seq 200');
  await expect(lab.terminal(host)).toContainText('200', slow);
  await expect(lab.terminal(host)).not.toContainText('172.17.0.1/16');
  await choice(address, 'Show its output').click();
  await expect(lab.terminal(host)).toContainText('172.17.0.1/16');
  await expect(lab.terminal(host).locator('.term-found')).toBeVisible();
  await expect(lab.terminal(host).locator('.term-found')).toBeHidden();
});

test('one that is typed by hand counts as well', async () => {
  await lab.type(host, byHand);
  await expect(block(byHand).locator('.run-status')).toHaveText('Done ✓', slow);
  await choice(byHand, 'Show its output').click();
  await expect(lab.terminal(host).locator('.term-found')).toBeVisible();
});

test('while a program of the reader’s runs it waits, and can be cancelled', async () => {
  await lab.type(host, 'sleep 8');
  await press(address);
  await expect(block(address)).toContainText('“sleep 8” is in front', slow);
  await choice(address, 'Cancel').click();
  await expect(block(address)).toContainText('Cancelled: it was not typed.');
  await press(address);
  await expect(block(address)).toHaveAttribute('data-state', 'queued');
  await expectDone(address);
});

test('nothing is typed into a program in front: Ctrl-C ends it, the other terminal goes round it', async () => {
  await lab.type(host, 'cat');
  await press(address);
  await expect(block(address)).toContainText('“cat” is in front', slow);
  await choice(address, 'Use the other terminal').click();
  await expectDone(address);
  await expect(lab.terminal(host, 2)).toContainText('172.17.0.1/16');
  await lab.terminalTab(host).click();
  expect((await lab.rows(host)).at(-1)).toMatch(/# cat$/);
  await press(address);
  await choice(address, 'Press Ctrl-C and run').click();
  await expectDone(address);
  await expect(lab.terminal(host)).toContainText('^C');
  await lab.expectPrompt(host);
});

test('a shell in a container is left, or typed into if the reader wants it', async () => {
  await lab.type(host, 'docker exec -it client sh');
  await expect.poll(async () => (await lab.rows(host)).at(-1), slow).toMatch(/^\S* ?[#$]$/);
  await press(address);
  await expect(block(address)).toContainText('“docker exec -it client sh” is in front', slow);
  await choice(address, 'Type it anyway').click();
  await expect(block(address)).toContainText('Typed into host-01 · 1.');
  // The container's shell reads again: what comes while it makes itself ready for that is thrown away, as terminals do.
  await expect
    .poll(async () => {
      const rows = await lab.rows(host);
      const typed = rows.findLastIndex((row) => row.endsWith(address));
      return rows.length > typed + 1 && /^\S* ?[#$]$/.test(rows.at(-1) ?? '');
    }, slow)
    .toBe(true);
  await press(address);
  await choice(address, 'Press Ctrl-D and run').click(slow);
  await expectDone(address);
  await lab.expectPrompt(host);
});

test('a line that the reader has begun is not joined with it, and not lost', async () => {
  await lab.terminal(host).locator('.xterm-helper-textarea').focus();
  await lab.page.keyboard.type('echo half-typed');
  await press(address);
  await expectDone(address);
  await lab.expectPrompt(host);
  await lab.terminal(host).locator('.xterm-helper-textarea').focus();
  await lab.page.keyboard.press('Control+y');
  await lab.page.keyboard.press('Enter');
  await expect.poll(() => lab.rows(host), slow).toContain('half-typed');
});

test('whoever looks at the packets stays there', async () => {
  await lab.tab('Packets').click();
  await press(unknown);
  await expect(block(unknown)).toContainText('Typed into host-01 · 1.');
  await expect(lab.tab('Packets')).toHaveAttribute('aria-selected', 'true');
  await expectDone(unknown);
  await expect(lab.tab('Packets')).toHaveAttribute('aria-selected', 'true');
  await choice(unknown, 'Show its output').click();
  await expect(lab.tab('Terminal')).toHaveAttribute('aria-selected', 'true');
  await expect(lab.terminal(host)).toContainText('100% packet loss');
});

test('time that stands is said', async () => {
  await lab.type(host, 'sleep 3');
  await press(address);
  await lab.page.getByRole('button', { name: 'Stop time', exact: true }).click();
  await lab.expectState('frozen');
  await expect(block(address)).toContainText('Waits: time stands still. Press Go on in the lab.');
  await lab.page.getByRole('button', { name: 'Go on' }).click();
  await expectDone(address);
});

test('a lab that is reset has nothing done, and forgets what waits; what was once done is remembered', async () => {
  await lab.type(host, 'cat');
  await press(address);
  await expect(block(address)).toHaveAttribute('data-state', 'queued');
  await lab.page.getByRole('button', { name: 'Reset', exact: true }).click();
  await lab.page.getByRole('button', { name: 'Reset the lab' }).click();
  await expect(block(address)).toContainText('Not typed: host-01 was switched off, or stopped.');
  await expect(block(web).locator('.run-status')).toHaveText('', slow);
  await expect(block(client).getByRole('img', { name: 'You have run this before' })).toBeVisible();
  await lab.expectPrompt(host);
  await press(address);
  await expectDone(address);
});

test('a phone in hand: the sheet comes up with the pane that was chosen, and fits', async () => {
  await lab.page.setViewportSize({ width: 390, height: 844 });
  await press(address);
  await expect(lab.root).toHaveClass(/is-open/);
  await expectDone(address);
  await expectNoViolationsInBothThemes(lab.page);
});
