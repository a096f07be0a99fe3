// A reader of episode 2: two machines on one wire, their terminals side by side, a ping that crosses the wire, and what can be
// done to one machine while the other goes on.
import { expect, test } from '@playwright/test';
import { episodes, LabPage, slow } from './support/lab-page.ts';
import { expectNoViolationsInBothThemes } from './support/sound.ts';

test.describe.configure({ mode: 'serial', timeout: 300_000 });

const machines = ['kube-worker-01', 'kube-worker-02'] as const;
type MachineName = (typeof machines)[number];
const episode = episodes.throughTheKeyhole;
const oldChunk = `/machine/chunks/00/${'0'.repeat(32)}.zst`;

let lab: LabPage;

test.beforeAll(async ({ browser }) => {
  lab = await LabPage.open(browser, episode);
  // What an older build of the lab has left in the browser.
  await lab.page.evaluate(async (old) => {
    await (await caches.open('lockstep-chunks-1')).put(old, new Response('of an older build'));
  }, oldChunk);
});
test.afterAll(() => lab.close());

const menu = (machine: MachineName) =>
  lab.page.getByRole('group', { name: 'Machines' }).getByRole('button', { name: machine });
const list = () => lab.page.locator('#lab-picture .tp-list');

async function choose(machine: MachineName, item: RegExp): Promise<void> {
  await menu(machine).click();
  await lab.page
    .getByRole('group', { name: new RegExp(`^${machine},`) })
    .getByRole('button', { name: item })
    .click();
}

test('both machines start, and each is asked for a command in its own terminal', async () => {
  await expect(lab.root.getByRole('heading', { name: 'Two real Linux machines, in this tab' })).toBeVisible();
  await lab.start();
  await expect(lab.root.locator('.lab-state-words')).toHaveText('2 machines running');
  for (const machine of machines) {
    await lab.terminalTab(machine, 1).click();
    await expect(lab.terminalTab(machine, 1)).toHaveAttribute('aria-selected', 'true');
    await lab.expectPrompt(machine);
    await lab.type(machine, 'hostname');
    await expect.poll(() => lab.screen(machine), slow).toContain(`hostname\n${machine}\n`);
  }
});

test('a row of tabs is gone through by keyboard', async () => {
  await lab.terminalTab('kube-worker-01', 1).click();
  await lab.page.keyboard.press('ArrowRight');
  await expect(lab.terminalTab('kube-worker-02', 1)).toBeFocused();
  await expect(lab.terminal('kube-worker-02', 1)).toBeVisible();
  await lab.page.keyboard.press('Home');
  await lab.page.getByRole('button', { name: 'One more terminal' }).click();
  await expect(lab.terminalTab('kube-worker-01', 2)).toBeFocused();
  await expect(lab.terminal('kube-worker-01', 2)).toBeVisible();
  await lab.page.keyboard.press('End');
  await expect(lab.terminalTab('kube-worker-02', 1)).toBeFocused();
  await lab.page.keyboard.press('ArrowRight');
  await expect(lab.terminalTab('kube-worker-01', 1)).toBeFocused();
});

test('side by side each machine has tabs of its own, and that is remembered', async () => {
  await lab.page.getByRole('button', { name: 'Side by side' }).click();
  for (const machine of machines) {
    await expect(lab.page.getByRole('tablist', { name: `Terminals of ${machine}` })).toBeVisible();
    await expect(lab.terminal(machine)).toBeVisible();
  }
  expect(await lab.page.evaluate(() => JSON.parse(localStorage.getItem('lockstep-lab') ?? '{}').terminals)).toBe(
    'side',
  );
  // Both were kept whole on their way.
  for (const machine of machines) expect(await lab.screen(machine)).toContain(machine);
});

test('the picture and its list have both machines, and the wire between them', async () => {
  await expect(lab.page.locator('#lab-picture .tp-bar')).toHaveText('lanwire');
  await expect(lab.page.locator('#lab-picture .tp-legend-machine .tp-name')).toHaveText([...machines]);
  await lab.toolbar.getByRole('button', { name: 'List' }).click();
  await expect(list().getByRole('heading', { name: 'lan wire' })).toBeVisible();
  for (const address of ['10.0.0.121/24', '10.0.0.122/24']) await expect(list()).toContainText(address);
  await expect(list()).toContainText('plugged into the wire lan');
  await lab.toolbar.getByRole('button', { name: 'List' }).click();
});

test('a wire is chosen by keyboard, tells of its cables and its switch, and gives the focus back', async () => {
  const wire = lab.page.locator('#lab-picture .tp-bar');
  await wire.press('Enter');
  const inspector = lab.page.getByRole('region', { name: 'Wire lan' });
  await expect(inspector).toContainText('2 of 2 cables in');
  for (const machine of machines) await expect(inspector.getByRole('rowheader', { name: machine })).toBeVisible();
  await expect(inspector).toContainText('What its switch has learnt');
  await lab.page.keyboard.press('Escape');
  await expect(inspector).toBeHidden();
  await expect(wire).toBeFocused();
});

test('a ping goes over the wire, and its way has both machines and the wire', async () => {
  await lab.type('kube-worker-01', 'ping -c 2 10.0.0.122');
  await expect.poll(() => lab.flatScreen('kube-worker-01'), slow).toContain(', 0% packet loss');
  await lab.tab('Packets').click();
  await lab.filterPackets('icmp.type == 8 && frame.interface_name == "wire/lan"');
  await expect(lab.packets).toContainText(/lan\s*\+\d+ wire/, slow);
  await lab.page.getByRole('button', { name: 'Clear the filter' }).click();
  await lab.filterPackets('icmp.type == 8 && frame.interface_name == "kube-worker-02/eth0"');
  await lab.page.getByRole('button', { name: 'Stop time' }).click();
  await lab.packets
    .getByRole('row', { name: /Echo \(ping\) request/ })
    .first()
    .click();
  const way = lab.page
    .getByRole('region', { name: 'Time', exact: true })
    .getByRole('region', { name: 'Way of the packet' });
  await expect(way.getByRole('link').filter({ hasText: '/' })).toContainText([
    'kube-worker-01/eth0',
    'wire/lan',
    'kube-worker-02/eth0',
  ]);
  await expect(way).toContainText('Delivered');
  await lab.page.getByRole('button', { name: 'Clear the filter' }).click();
  await lab.tab('Terminal').click();
  await lab.page.getByRole('button', { name: 'Go on' }).click();
  await lab.expectState('running');
});

test('axe finds nothing, with terminals side by side and a menu open, in both themes', async () => {
  await menu('kube-worker-02').click();
  await expectNoViolationsInBothThemes(lab.page, 'lockstep-lab');
  await lab.page.keyboard.press('Escape');
  await expect(menu('kube-worker-02')).toBeFocused();
});

test('a cable that is pulled stops the ping, and plugged in again lets it go on', async () => {
  await choose('kube-worker-02', /^Pull the cable/);
  await expect(lab.page.locator('#lab-picture .tp-legend-machine').nth(1)).toContainText('cable pulled');
  await lab.type('kube-worker-01', 'clear; ping -c 1 -W 2 10.0.0.122');
  await expect.poll(() => lab.flatScreen('kube-worker-01'), slow).toContain('100% packet loss');
  await choose('kube-worker-02', /^Plug the cable in/);
  await lab.type('kube-worker-01', 'clear; ping -c 3 10.0.0.122');
  await expect.poll(() => lab.flatScreen('kube-worker-01'), slow).toMatch(/[123] received/);
});

test('what was done since a checkpoint can be undone', async () => {
  await lab.page.getByRole('button', { name: 'Checkpoints' }).click();
  await lab.page.getByLabel('Name of the checkpoint').fill('before the file');
  await lab.page.getByRole('button', { name: 'Keep this moment' }).click();
  await expect(lab.page.getByText('Kept: before the file.')).toBeVisible(slow);
  await lab.page.keyboard.press('Escape');
  await lab.type('kube-worker-02', 'clear; touch new-file; ls');
  await expect.poll(() => lab.screen('kube-worker-02'), slow).toMatch(/^new-file$/m);
  await lab.page.getByRole('button', { name: 'Checkpoints' }).click();
  await lab.page.getByRole('button', { name: 'Go back to before the file' }).click();
  await expect(lab.page.getByText('The lab is back at before the file.')).toBeVisible(slow);
  await lab.page.keyboard.press('Escape');
  await lab.type('kube-worker-02', 'clear; ls; echo that is all');
  await expect.poll(() => lab.screen('kube-worker-02'), slow).toMatch(/^that is all$/m);
  expect(await lab.screen('kube-worker-02')).not.toMatch(/^new-file$/m);
});

test('one machine is off and reset while the other goes on', async () => {
  await choose('kube-worker-02', /^Switch off/);
  await expect(lab.root.locator('.lab-state-words')).toHaveText('1 of 2 machines running');
  await expect(lab.page.getByRole('button', { name: 'Switch on: kube-worker-02' })).toBeVisible();
  await lab.type('kube-worker-01', 'clear; echo still $((40 + 2))');
  await expect.poll(() => lab.screen('kube-worker-01'), slow).toContain('still 42');
  await choose('kube-worker-02', /^Reset…/);
  await lab.page
    .getByRole('dialog', { name: 'Reset kube-worker-02' })
    .getByRole('button', { name: 'Reset kube-worker-02' })
    .click();
  await expect(lab.root.locator('.lab-state-words')).toHaveText('2 machines running', slow);
  await lab.expectPrompt('kube-worker-02');
  expect(await lab.screen('kube-worker-01')).toContain('still 42');
});

test('what the browser kept of an older build is gone, and what this one may read has stayed', async () => {
  const kept = () =>
    lab.page.evaluate(async () => {
      const chunks = await (await caches.open('lockstep-chunks-1')).keys();
      return chunks.map(({ url }) => new URL(url).pathname);
    });
  await expect.poll(kept, slow).not.toContain(oldChunk);
  const response = await lab.page.request.get('/labs/two-hosts/lab.json');
  const described = (await response.json()) as { machines: { download: { hash: string }[] }[] };
  const needed = described.machines.flatMap(({ download }) => download.map(({ hash }) => hash));
  expect(needed.length).toBeGreaterThan(40);
  const there = (await kept()).map((path) => path.slice(-36, -4));
  expect(needed.filter((hash) => !there.includes(hash))).toEqual([]);
  const lists = await lab.page.evaluate(
    async () => (await (await caches.open('lockstep-chunk-lists-1')).keys()).length,
  );
  expect(lists).toBe(machines.length);
});

test('on a narrow screen terminals are tabs only', async () => {
  await lab.page.setViewportSize({ width: 390, height: 844 });
  await lab.page.getByRole('button', { name: 'Open lab' }).click();
  await expect(lab.page.getByRole('tablist', { name: 'Terminals', exact: true })).toBeVisible();
  await expect(lab.page.getByRole('button', { name: 'Side by side' })).toBeHidden();
  await expectNoViolationsInBothThemes(lab.page, 'lockstep-lab');
});

test('a tick is its own page’s; the next episode asks before it goes on in a lab that this one has used', async () => {
  await lab.page.setViewportSize({ width: 1440, height: 900 });
  const block = (name: RegExp) =>
    lab.page
      .locator('lockstep-run')
      .filter({ has: lab.page.getByRole('button', { name }) })
      .first();
  const own = block(/Run on kube-worker-01: ip -brief addr/);
  await own.getByRole('button', { name: /^Run on/ }).click();
  await expect(own).toHaveAttribute('data-state', 'done', slow);
  await lab.page.locator('a[rel=next]').first().click();
  await expect(lab.page).toHaveURL(/3-three-promises/);
  await lab.expectState('running');
  await expect(lab.page.locator('lockstep-run[data-ran]')).toHaveCount(0);
  await expect(lab.root.locator('.lab-remark')).toContainText('As another episode left it');
  const next = block(/Run on kube-worker-02: in-netns/);
  await next.getByRole('button', { name: /^Run on/ }).click();
  await expect(next.getByRole('status')).toContainText('The lab is as another episode left it');
  await next.getByRole('button', { name: 'Run it in the lab as it is' }).click();
  await expect(next).toHaveAttribute('data-state', 'done', slow);
  // From now on it is this episode's.
  await expect(lab.root.locator('.lab-remark')).not.toContainText('As another episode left it');
  await lab.page.locator('a[rel=prev]').first().click();
  await expect(lab.page).toHaveURL(new RegExp(episode));
  await expect(own).toHaveAttribute('data-state', 'done');
  await expect(own.locator('.run-tick')).toBeVisible();
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
