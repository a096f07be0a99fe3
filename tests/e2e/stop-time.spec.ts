// A reader of episode 1 stops time: steps an ARP request and its answer, breaks at the echo reply, and goes on.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { rowsOf } from './support/terminal-rows.ts';

test.describe.configure({ mode: 'serial', timeout: 300_000 });

const episode = '/episodes/1-the-super-bridge/';
const slow = { timeout: 90_000 };
const ping = 'docker exec client ping -c 3 172.17.0.2';

let page: Page;
const problems: string[] = [];

test.beforeAll(async ({ browser }) => {
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(episode);
  await page.getByRole('button', { name: 'Start the lab' }).click();
  await expect(lab()).toHaveAttribute('data-state', 'running', slow);
  await prompt();
  for (const command of ['docker run -d --name web whoami', 'docker run -d --name client toolbox sleep infinity']) {
    await run(command).click();
    await expect(terminal()).toContainText(/[0-9a-f]{64}/, slow);
    await prompt();
  }
});
test.afterAll(async () => {
  expect(problems).toEqual([]);
  await page.context().close();
});

const lab = () => page.locator('section.lab');
const time = () => page.getByRole('region', { name: 'Time', exact: true });
const button = (name: string) => time().getByRole('button', { name, exact: true });
/** What is said of the step, to those who listen. */
const said = () => time().locator('[aria-live=polite]');
const way = () => time().getByRole('list', { name: 'Way of the packet' });
const terminal = () => page.locator('#lab-terminal .xterm-rows').first();
const run = (command: string) => page.getByRole('button', { name: `Run on host-01: ${command}` });
const screen = async (): Promise<string> => (await rowsOf(terminal())).join('\n');
const prompt = () => expect.poll(screen, slow).toMatch(/root@host-01:~#$/);
const filter = () => time().getByLabel('Stop time at packets that match this display filter');
/** Steps on, and waits until that is said. */
async function step(): Promise<string> {
  const before = await said().textContent();
  await button('Step').click();
  await expect(said()).not.toHaveText(before ?? '', slow);
  await expect(said()).toContainText('Step ');
  return (await said().textContent()) ?? '';
}

test('a filter that cannot be read is shown with what is wrong, and where', async () => {
  await page.getByRole('button', { name: 'Freeze', exact: true }).click();
  await expect(lab()).toHaveAttribute('data-state', 'frozen');
  await expect(said()).toHaveText('Time stands still.');
  await button('Breakpoints').click();
  await filter().fill('icmp.typ == 0');
  await button('Add breakpoint').click();
  await expect(time().getByRole('alert')).toContainText('icmp.typ == 0\n^~~~~~~~');
  await expect(time().getByRole('alert')).toContainText('Did you mean "icmp.type"?');
});

test('an ARP request and its answer are stepped, device by device', async () => {
  await filter().fill('arp.dst.proto_ipv4 == 172.17.0.2');
  await run(ping).click();
  // It is typed as soon as time goes on.
  await button('Run to it once').click();
  await expect(said()).toContainText('ARP: Who has 172.17.0.2? Tell 172.17.0.3, in at veth', slow);
  await expect(lab()).toHaveAttribute('data-state', 'frozen');
  await expect(said()).toContainText(
    /A look back: \d+ more sightings? since\.|The last sighting before time stopped\./,
  );
  await expect(way().getByRole('link').first()).toHaveAttribute('aria-current', 'step');

  // Flooded: out at the other port, and up to the host itself; then the answer, in and out.
  const steps = [await step(), await step(), await step(), await step()];
  expect(steps.filter((words) => words.includes('Who has 172.17.0.2?'))).toHaveLength(2);
  expect(steps.some((words) => words.includes('in at docker0'))).toBe(true);
  const answer = 'ARP: 172.17.0.2 is at 02:42:ac:11:00:02';
  expect(steps.filter((words) => words.includes(answer))).toHaveLength(2);
  await expect(way()).toContainText('Delivered');
  await expect(lab()).toHaveAttribute('data-state', 'frozen');
});

test('every step has a link, and keys of its own while the focus is inside', async () => {
  const here = (await said().textContent()) ?? '';
  const place = new URL(page.url()).hash;
  expect(place).toMatch(/^#step-\d+$/);
  await way().getByRole('link').first().focus();
  await page.keyboard.press('ArrowLeft');
  await expect(said()).not.toHaveText(here);
  await page.keyboard.press('Home');
  await expect(said()).toContainText('Step 1:');
  expect(new URL(page.url()).hash).toBe('#step-1');
  await page.evaluate((hash) => {
    location.hash = hash;
  }, place);
  await expect(said()).toHaveText(here);
  // Outside, the keys are the page's.
  await run(ping).focus();
  await page.keyboard.press('Home');
  await expect(said()).toHaveText(here);
  await expect(lab()).toHaveAttribute('data-state', 'frozen');
});

test('a breakpoint stops at the echo reply, whose id is the request’s; ping notices nothing', async () => {
  await filter().fill('icmp.type == 0');
  await button('Add breakpoint').click();
  await expect(time().getByRole('list', { name: 'Breakpoints' })).toContainText('not hit yet');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(said()).toContainText('Echo (ping) reply', slow);
  await expect(lab()).toHaveAttribute('data-state', 'frozen');
  await expect(time().getByRole('list', { name: 'Breakpoints' })).toContainText('hit once, time stopped here');
  const idOf = async () => /id=(0x[0-9a-f]+)/.exec((await said().textContent()) ?? '')?.[1];
  const reply = await idOf();
  expect(reply).toBeDefined();
  // The request is two sightings back: in at one cable, out at the other, and the reply comes in there.
  await button('Step back').click();
  await expect(said()).toContainText('Echo (ping) request');
  expect(await idOf()).toBe(reply);
  await way().getByRole('link', { name: 'To its answer' }).click();
  await expect(said()).toContainText('Echo (ping) reply');

  // Longer than ping would wait, were it not for its clock.
  await page.waitForTimeout(15_000);
  await time().getByRole('button', { name: 'Remove the breakpoint icmp.type == 0' }).click();
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(lab()).toHaveAttribute('data-state', 'running');
  await expect(terminal()).toContainText('0% packet loss', slow);
  const longest = Number(/min\/avg\/max = [\d.]+\/[\d.]+\/([\d.]+) ms/.exec(await screen())?.[1]);
  expect(longest).toBeLessThan(5000);
});

test('what happened is played again, step by step, at its own pace', async () => {
  await button('To the first packet').click();
  await expect(said()).toContainText('Step 1:');
  await button('Play').click();
  await expect(said()).toContainText(/Step [3-9]:/);
  await button('Stop').click();
  await expect(button('Play')).toBeVisible();
  await expect(lab()).toHaveAttribute('data-state', 'running');
  await button('To the last packet').click();
  await expect(button('Stop')).toBeVisible();
});

test('with reduced motion the picture steps without gliding, and axe finds nothing in either theme', async () => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await button('To the first packet').click();
  await expect(said()).toContainText('Step 1:');
  for (const theme of ['light', 'dark']) {
    await page.evaluate((value) => {
      document.documentElement.dataset.theme = value;
    }, theme);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${theme}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual(
      [],
    );
  }
});
