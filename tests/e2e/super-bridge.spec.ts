// Episode 1 as a newcomer goes through it, with the real machine in the page.
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, expect, type Page, test } from '@playwright/test';
import { rowsOf } from './support/terminal-rows.ts';

test.describe.configure({ mode: 'serial', timeout: 420_000 });

const episode = '/episodes/1-the-super-bridge/';
const slow = { timeout: 120_000 };

let page: Page;
const problems: string[] = [];

/** The page of somebody who was never here: the browser keeps nothing of the lab yet. */
async function newcomer(browser: Browser): Promise<Page> {
  const opened = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  opened.on('pageerror', (error) => problems.push(String(error)));
  return opened;
}

test.beforeAll(async ({ browser }) => {
  page = await newcomer(browser);
});
test.afterAll(async () => {
  expect(problems).toEqual([]);
  await page.context().close();
});

const lab = () => page.locator('section.lab');
const terminal = () => page.locator('#lab-terminal .xterm-rows').first();
const run = (command: string) => page.getByRole('button', { name: `Run on host-01: ${command}` });
const rows = (): Promise<string[]> => rowsOf(terminal());
/** Waits until the terminal's last row is a prompt again. */
const prompt = () => expect.poll(async () => (await rows()).at(-1), slow).toMatch(/root@host-01:~#$/);

async function expectNoAxeViolations(): Promise<void> {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((value) => {
      document.documentElement.dataset.theme = value;
    }, theme);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${theme}: ${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual(
      [],
    );
  }
}

test('the lab starts', async () => {
  await page.goto(episode);
  await page.getByRole('button', { name: 'Start the lab' }).click();
  await expect(lab()).toHaveAttribute('data-state', 'running', slow);
  await prompt();
});

test('a command is typed where the reader sees it', async () => {
  await run('ip -brief addr').click();
  await expect(terminal()).toContainText('172.17.0.1/16', slow);
  await prompt();
});

test('containers appear in the picture', async () => {
  await run('docker run -d --name web whoami').click();
  await prompt();
  await run('docker run -d --name client toolbox sleep infinity').click();
  await prompt();
  await page.getByRole('toolbar', { name: 'Picture' }).getByRole('button', { name: 'List' }).click();
  const list = page.locator('#lab-picture .tp-list');
  await expect(list).toContainText('client', slow);
  await expect(list).toContainText('172.17.0.3/16', slow);
  await expect(list).toContainText('web');
  await expect(list).toContainText('172.17.0.2/16');
  await page.getByRole('toolbar', { name: 'Picture' }).getByRole('button', { name: 'Picture' }).click();
});

test('a ping crosses the bridge, and ARP and ICMP stand in the list', async () => {
  await page.getByRole('tab', { name: 'Packets' }).click();
  await run('docker exec client ping -c 3 172.17.0.2').click();
  await page.getByRole('tab', { name: 'Packets' }).click();
  const packets = page.getByRole('grid', { name: 'Packets' });
  const filter = page.getByRole('combobox', { name: 'Display filter' });
  await filter.fill('arp');
  await filter.press('Enter');
  await expect(packets).toContainText('Who has 172.17.0.2? Tell 172.17.0.3', slow);
  await expect(packets).toContainText('ARP');
  await filter.fill('icmp.type == 0');
  await filter.press('Enter');
  await expect(packets).toContainText('Echo (ping) reply', slow);
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await page.getByRole('tab', { name: 'Terminal' }).click();
  await expect(terminal()).toContainText('0% packet loss', slow);
});

test('a device can be inspected, live', async () => {
  await page.getByRole('toolbar', { name: 'Picture' }).getByRole('button', { name: 'List' }).click();
  await page.locator('#lab-picture .tp-list-device', { hasText: 'docker0' }).first().click();
  await expect(page.locator('#lab-picture')).toContainText('MASQUERADE', slow);
  await page.keyboard.press('Escape');
  await page.getByRole('toolbar', { name: 'Picture' }).getByRole('button', { name: 'Picture' }).click();
});

test('axe finds nothing while the lab runs, in both themes', async () => {
  await expectNoAxeViolations();
});

test('the guest sees the size of its terminal', async () => {
  await page.getByRole('tab', { name: 'Terminal' }).click();
  let asked = 0;
  const size = async () => {
    // Numbered: an answer that still stands there from before is not taken for this one's.
    const answer = new RegExp(`^asked-${++asked} (\\d+ \\d+)$`);
    await page.locator('#lab-terminal .xterm-helper-textarea').first().focus();
    await page.keyboard.type(`echo asked-${asked} $(stty size)\n`);
    const find = async () => (await rows()).map((row) => answer.exec(row)?.[1]).find((found) => found !== undefined);
    await expect.poll(find, slow).toBeDefined();
    return find();
  };
  const before = await size();
  await page.setViewportSize({ width: 1250, height: 700 });
  await page.waitForTimeout(500);
  expect(await size()).not.toBe(before);
  await page.setViewportSize({ width: 1440, height: 900 });
});

test('freezing says so, and time goes on where it stopped', async () => {
  await page.getByRole('button', { name: 'Freeze', exact: true }).click();
  await expect(lab()).toHaveAttribute('data-state', 'frozen');
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(lab()).toHaveAttribute('data-state', 'running');
});

test('after a reload the machine comes from the browser’s own storage', async () => {
  await page.reload();
  let fetched = 0;
  await page.context().route('**/chunks/**', async (route) => {
    fetched++;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Start the lab' }).click();
  await expect(lab()).toHaveAttribute('data-state', 'running', slow);
  await prompt();
  expect(fetched).toBe(0);
});

test.describe('a newcomer', () => {
  test.beforeEach(async ({ browser }) => {
    // With its page, the machine of the test before this one ends.
    await page.context().close();
    page = await newcomer(browser);
    await page.goto(episode);
  });

  test('whose storage is full is told so, and has the lab all the same', async () => {
    // A session that ends takes its quota along: it lives as long as the page.
    const devtools = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 8_000_000 });
    await page.getByRole('button', { name: 'Start the lab' }).click();
    await expect(lab()).toHaveAttribute('data-state', 'running', slow);
    const remark = lab().locator('.lab-remark');
    await expect(remark).toBeVisible();
    await expect(remark).toHaveRole('status');
    await expect(remark).toContainText('its storage for this site is full');
    await run('ip -brief addr').click();
    await expect(terminal()).toContainText('172.17.0.1/16', slow);
    await expectNoAxeViolations();
    await expect(lab()).toHaveAttribute('data-state', 'running');
    await expect(remark).toContainText('its storage for this site is full');
  });

  test('whose connection breaks off is told so, and goes on from there', async () => {
    const chunks = '**/chunks/**';
    const arrived = new Set<string>();
    await page.route(chunks, async (route) => {
      if (arrived.size === 30) return route.abort('connectionreset');
      arrived.add(route.request().url());
      await route.continue();
    });
    await page.getByRole('button', { name: 'Start the lab' }).click();
    // A chunk is asked for four times, within 12 s.
    await expect(lab()).toHaveAttribute('data-state', 'failed', slow);
    await expect(lab().locator('.lab-reason')).toContainText('A part of the machine could not be downloaded');
    await expect(lab().locator('.lab-advice')).toContainText('Check the connection');

    await page.unroute(chunks);
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/chunks/')) asked.push(request.url());
    });
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(lab()).toHaveAttribute('data-state', 'running', slow);
    await prompt();
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((url) => arrived.has(url))).toEqual([]);
  });
});

test('a part of the page that cannot be loaded is said in the lab, which can be started again', async ({ browser }) => {
  const other = await newcomer(browser);
  try {
    await other.route('**/panels.*.js', (route) => route.abort());
    await other.goto(episode);
    await other.getByRole('button', { name: 'Start the lab' }).click();
    const its = other.locator('section.lab');
    await expect(its).toHaveAttribute('data-state', 'failed', slow);
    await expect(its.locator('.lab-reason')).toContainText('A part of the page could not be loaded');
    await other.unroute('**/panels.*.js');
    await its.getByRole('button', { name: 'Try again' }).click();
    await expect(its).toHaveAttribute('data-state', 'running', slow);
    await expect(its.locator('.xterm-rows').first()).toContainText('root@host-01', slow);
  } finally {
    await other.context().close();
  }
});

test('a machine whose kernel panicked can be taken back to a checkpoint, or booted', async ({ browser }) => {
  const other = await newcomer(browser);
  try {
    await other.goto(episode);
    await other.getByRole('button', { name: 'Start the lab' }).click();
    const its = other.locator('section.lab');
    const screen = its.locator('.xterm-rows').first();
    const type = async (line: string): Promise<void> => {
      await its.locator('.term-screen:not([hidden]) textarea').first().focus();
      await other.keyboard.insertText(line);
      await other.keyboard.press('Enter');
    };
    const crash = async (): Promise<void> => {
      await expect(screen).toContainText('root@host-01', slow);
      await type('echo c >/proc/sysrq-trigger');
      await expect(its).toHaveAttribute('data-state', 'failed', slow);
    };
    await expect(its).toHaveAttribute('data-state', 'running', slow);
    await other.getByRole('button', { name: 'Undo' }).click();
    await other.getByRole('button', { name: 'Keep this moment' }).click();
    await expect(other.getByRole('status').filter({ hasText: 'Kept: Checkpoint 1.' })).toBeVisible(slow);
    await other.keyboard.press('Escape');
    await crash();
    await expect(its.locator('.lab-advice')).toContainText('Under Undo are the checkpoints');
    await other.getByRole('button', { name: 'Undo' }).click();
    await other.getByRole('button', { name: 'Go back to Checkpoint 1' }).click();
    await expect(its).toHaveAttribute('data-state', 'running', slow);
    await other.keyboard.press('Escape');
    await crash();
    await its.getByRole('button', { name: 'Try again' }).click();
    await expect(its).toHaveAttribute('data-state', 'running', slow);
    // It boots: its shell is there before its agent is.
    await expect(screen).toContainText('root@host-01', slow);
    await other.getByRole('button', { name: 'Undo' }).click();
    await expect(other.getByRole('button', { name: 'Go back to Checkpoint 1' })).toBeVisible();
  } finally {
    await other.context().close();
  }
});
