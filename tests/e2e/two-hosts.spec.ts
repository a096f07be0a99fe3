// A reader of episode 2: two machines on one wire, their terminals side by side, a ping that crosses the wire, and what can be
// done to one machine while the other goes on.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { rowsOf } from './support/terminal-rows.ts';

test.describe.configure({ mode: 'serial', timeout: 300_000 });

const slow = { timeout: 120_000 };
const machines = ['kube-worker-01', 'kube-worker-02'] as const;
type MachineName = (typeof machines)[number];
const episode = '/episodes/2-through-the-keyhole/';
const oldChunk = `/machine/chunks/00/${'0'.repeat(32)}.zst`;

let page: Page;
const problems: string[] = [];

test.beforeAll(async ({ browser }) => {
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(episode);
  // What an older build of the lab has left in the browser.
  await page.evaluate(async (old) => {
    await (await caches.open('lockstep-chunks-1')).put(old, new Response('of an older build'));
  }, oldChunk);
});
test.afterAll(async () => {
  expect(problems).toEqual([]);
  await page.context().close();
});

const lab = () => page.locator('section.lab');
const terminal = (machine: MachineName, console = 1) => page.locator(`#term-${machine}-${console}`);
const tab = (machine: MachineName, console: number) => page.getByRole('tab', { name: `${machine} · ${console}` });
const toolbar = () => page.getByRole('toolbar', { name: 'Picture' });
const menu = (machine: MachineName) =>
  page.getByRole('group', { name: 'Machines' }).getByRole('button', { name: machine });
const list = () => page.locator('#lab-picture .tp-list');

/** What a terminal shows, without the empty rows below. */
async function screen(machine: MachineName): Promise<string> {
  return (await rowsOf(terminal(machine).locator('.xterm-rows'))).join('\n');
}
/** The same in one line: a narrow terminal breaks lines anywhere. */
const flat = async (machine: MachineName): Promise<string> => (await screen(machine)).replaceAll('\n', '');
const prompt = (machine: MachineName) =>
  expect.poll(() => screen(machine), slow).toMatch(new RegExp(`root@${machine}:~#$`));

async function type(machine: MachineName, command: string): Promise<void> {
  await terminal(machine).locator('.xterm-helper-textarea').focus();
  await page.keyboard.type(`${command}\n`);
}

async function choose(machine: MachineName, item: RegExp): Promise<void> {
  await menu(machine).click();
  await page
    .getByRole('group', { name: new RegExp(`^${machine},`) })
    .getByRole('button', { name: item })
    .click();
}

async function expectNoAxeViolations(): Promise<void> {
  for (const theme of ['light', 'dark']) {
    await page.evaluate((value) => {
      document.documentElement.dataset.theme = value;
    }, theme);
    const { violations } = await new AxeBuilder({ page }).include('lockstep-lab').analyze();
    expect(violations.map(({ id, nodes }) => `${theme}: ${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual(
      [],
    );
  }
}

test('both machines start, and each is asked for a command in its own terminal', async () => {
  await expect(lab().getByRole('heading', { name: 'Two real Linux machines, in this tab' })).toBeVisible();
  await page.getByRole('button', { name: 'Start the lab' }).click();
  await expect(lab()).toHaveAttribute('data-state', 'running', slow);
  await expect(lab().locator('.lab-state-words')).toHaveText('2 machines running');
  for (const machine of machines) {
    await tab(machine, 1).click();
    await expect(tab(machine, 1)).toHaveAttribute('aria-selected', 'true');
    await prompt(machine);
    await type(machine, 'hostname');
    await expect.poll(() => screen(machine), slow).toContain(`hostname\n${machine}\n`);
  }
});

test('a row of tabs is gone through by keyboard', async () => {
  await tab('kube-worker-01', 1).click();
  await page.keyboard.press('ArrowRight');
  await expect(tab('kube-worker-01', 2)).toBeFocused();
  await expect(terminal('kube-worker-01', 2)).toBeVisible();
  await page.keyboard.press('End');
  await expect(tab('kube-worker-02', 2)).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(tab('kube-worker-01', 1)).toBeFocused();
});

test('side by side each machine has tabs of its own, and that is remembered', async () => {
  await page.getByRole('button', { name: 'Side by side' }).click();
  for (const machine of machines) {
    await expect(page.getByRole('tablist', { name: `Terminals of ${machine}` })).toBeVisible();
    await expect(terminal(machine)).toBeVisible();
  }
  expect(await page.evaluate(() => JSON.parse(localStorage.getItem('lockstep-lab') ?? '{}').terminals)).toBe('side');
  // Both were kept whole on their way.
  for (const machine of machines) expect(await screen(machine)).toContain(machine);
});

test('the picture and its list have both machines, and the wire between them', async () => {
  await expect(page.locator('#lab-picture .tp-bar')).toHaveText('lanwire');
  await expect(page.locator('#lab-picture .tp-legend-machine .tp-name')).toHaveText([...machines]);
  await toolbar().getByRole('button', { name: 'List' }).click();
  await expect(list().getByRole('heading', { name: 'lan wire' })).toBeVisible();
  for (const address of ['10.0.0.121/24', '10.0.0.122/24']) await expect(list()).toContainText(address);
  await expect(list()).toContainText('plugged into the wire lan');
  await toolbar().getByRole('button', { name: 'Picture' }).click();
});

test('a wire is chosen by keyboard, tells of its cables and its switch, and gives the focus back', async () => {
  const wire = page.locator('#lab-picture .tp-bar');
  await wire.press('Enter');
  const inspector = page.getByRole('region', { name: 'Wire lan' });
  await expect(inspector).toContainText('2 of 2 cables in');
  for (const machine of machines) await expect(inspector.getByRole('rowheader', { name: machine })).toBeVisible();
  await expect(inspector).toContainText('What its switch has learnt');
  await page.keyboard.press('Escape');
  await expect(inspector).toBeHidden();
  await expect(wire).toBeFocused();
});

test('a ping goes over the wire, and its way has both machines and the wire', async () => {
  await type('kube-worker-01', 'ping -c 2 10.0.0.122');
  await expect.poll(() => flat('kube-worker-01'), slow).toContain(', 0% packet loss');
  await page.getByRole('tab', { name: 'Packets' }).click();
  const packets = page.getByRole('grid', { name: 'Packets' });
  const filter = page.getByRole('combobox', { name: 'Display filter' });
  await filter.fill('icmp.type == 8 && frame.interface_name == "wire/lan"');
  await filter.press('Enter');
  await expect(packets).toContainText('wire/lan', slow);
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await filter.fill('icmp.type == 8 && frame.interface_name == "kube-worker-02/eth0"');
  await filter.press('Enter');
  await page.getByRole('button', { name: 'Freeze', exact: true }).click();
  await packets
    .getByRole('row', { name: /Echo \(ping\) request/ })
    .first()
    .click();
  const way = page.getByRole('region', { name: 'Time', exact: true }).getByRole('list', { name: 'Way of the packet' });
  await expect(way.getByRole('link').filter({ hasText: '/' })).toContainText([
    'kube-worker-01/eth0',
    'wire/lan',
    'kube-worker-02/eth0',
  ]);
  await expect(way).toContainText('Delivered');
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await page.getByRole('tab', { name: 'Terminal', exact: true }).click();
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(lab()).toHaveAttribute('data-state', 'running');
});

test('axe finds nothing, with terminals side by side and a menu open, in both themes', async () => {
  await menu('kube-worker-02').click();
  await expectNoAxeViolations();
  await page.keyboard.press('Escape');
  await expect(menu('kube-worker-02')).toBeFocused();
});

test('a cable that is pulled stops the ping, and plugged in again lets it go on', async () => {
  await choose('kube-worker-02', /^Pull the cable/);
  await expect(page.locator('#lab-picture .tp-legend-machine').nth(1)).toContainText('cable pulled');
  await type('kube-worker-01', 'clear; ping -c 1 -W 2 10.0.0.122');
  await expect.poll(() => flat('kube-worker-01'), slow).toContain('100% packet loss');
  await choose('kube-worker-02', /^Plug the cable in/);
  await type('kube-worker-01', 'clear; ping -c 3 10.0.0.122');
  await expect.poll(() => flat('kube-worker-01'), slow).toMatch(/[123] received/);
});

test('what was done since a checkpoint can be undone', async () => {
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByLabel('Name of the checkpoint').fill('before the file');
  await page.getByRole('button', { name: 'Keep this moment' }).click();
  await expect(page.getByText('Kept: before the file.')).toBeVisible(slow);
  await page.keyboard.press('Escape');
  await type('kube-worker-02', 'clear; touch new-file; ls');
  await expect.poll(() => screen('kube-worker-02'), slow).toMatch(/^new-file$/m);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'Go back to before the file' }).click();
  await expect(page.getByText('The lab is back at before the file.')).toBeVisible(slow);
  await page.keyboard.press('Escape');
  await type('kube-worker-02', 'clear; ls; echo that is all');
  await expect.poll(() => screen('kube-worker-02'), slow).toMatch(/^that is all$/m);
  expect(await screen('kube-worker-02')).not.toMatch(/^new-file$/m);
});

test('one machine is off and reset while the other goes on', async () => {
  await choose('kube-worker-02', /^Switch off/);
  await expect(lab().locator('.lab-state-words')).toHaveText('1 of 2 machines running');
  await expect(page.getByRole('button', { name: 'Switch on: kube-worker-02' })).toBeVisible();
  await type('kube-worker-01', 'clear; echo still $((40 + 2))');
  await expect.poll(() => screen('kube-worker-01'), slow).toContain('still 42');
  await choose('kube-worker-02', /^Reset…/);
  await page
    .getByRole('dialog', { name: 'Reset kube-worker-02' })
    .getByRole('button', { name: 'Reset kube-worker-02' })
    .click();
  await expect(lab().locator('.lab-state-words')).toHaveText('2 machines running', slow);
  await prompt('kube-worker-02');
  expect(await screen('kube-worker-01')).toContain('still 42');
});

test('what the browser kept of an older build is gone, and what this one may read has stayed', async () => {
  const kept = () =>
    page.evaluate(async () => {
      const chunks = await (await caches.open('lockstep-chunks-1')).keys();
      return chunks.map(({ url }) => new URL(url).pathname);
    });
  await expect.poll(kept, slow).not.toContain(oldChunk);
  const response = await page.request.get('/labs/two-hosts/lab.json');
  const described = (await response.json()) as { machines: { download: { hash: string }[] }[] };
  const needed = described.machines.flatMap(({ download }) => download.map(({ hash }) => hash));
  expect(needed.length).toBeGreaterThan(40);
  const there = (await kept()).map((path) => path.slice(-36, -4));
  expect(needed.filter((hash) => !there.includes(hash))).toEqual([]);
  const lists = await page.evaluate(async () => (await (await caches.open('lockstep-chunk-lists-1')).keys()).length);
  expect(lists).toBe(machines.length);
});

test('on a narrow screen terminals are tabs only', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('button', { name: 'Open lab' }).click();
  await expect(page.getByRole('tablist', { name: 'Terminals', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Side by side' })).toBeHidden();
  await expectNoAxeViolations();
});

test.describe('a server whose lab is not of this page’s build', () => {
  for (const [what, described, words] of [
    ['is described in an older format', { format: 2, lab: 'two-hosts', machines: [] }, 'described in format 2'],
    [
      'needs a driver that the page does not have',
      {
        format: 3,
        lab: 'two-hosts',
        title: 'Two hosts',
        wires: [],
        machines: [{ name: 'host-01', driver: 'qemu', download: [], setup: null }],
      },
      'made by the driver "qemu"',
    ],
  ] as const)
    test(`${what}: the lab says so, and what to do`, async ({ browser }) => {
      const other = await (await browser.newContext()).newPage();
      await other.route('**/labs/two-hosts/lab.json', (route) => route.fulfill({ json: described }));
      await other.goto(episode);
      await other.getByRole('button', { name: 'Start the lab' }).click();
      const its = other.locator('section.lab');
      await expect(its).toHaveAttribute('data-state', 'failed', slow);
      await expect(its.locator('.lab-reason')).toContainText(words);
      await expect(its.locator('.lab-reason')).toContainText('Reload the page; if that does not help, build the lab');
      await other.context().close();
    });
});
