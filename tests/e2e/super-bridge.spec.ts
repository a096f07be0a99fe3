// Episode 1 as a newcomer goes through it, with the real machine in the lab.page.
import { expect, test } from '@playwright/test';
import { episodes, LabPage, slow } from './support/lab-page.ts';
import { expectLegible } from './support/picture.ts';
import { expectNoViolationsInBothThemes } from './support/sound.ts';

test.describe.configure({ mode: 'serial', timeout: 420_000 });

const host = 'host-01';
let lab: LabPage;

test.beforeAll(async ({ browser }) => {
  lab = await LabPage.open(browser, episodes.superBridge);
});
test.afterAll(() => lab.close());

test('the lab starts', async () => {
  await lab.start();
  await lab.expectPrompt(host);
});

test('a command is typed where the reader sees it', async () => {
  await lab.command('ip -brief addr').click();
  await expect(lab.terminal(host)).toContainText('172.17.0.1/16', slow);
  await lab.expectPrompt(host);
});

test('containers appear in the picture', async () => {
  await lab.command('docker run -d --name web whoami').click();
  await lab.expectPrompt(host);
  await lab.command('docker run -d --name client toolbox sleep infinity').click();
  await lab.expectPrompt(host);
  await lab.toolbar.getByRole('button', { name: 'List' }).click();
  const list = lab.page.locator('#lab-picture .tp-list');
  await expect(list).toContainText('client', slow);
  await expect(list).toContainText('172.17.0.3/16', slow);
  await expect(list).toContainText('web');
  await expect(list).toContainText('172.17.0.2/16');
  await lab.toolbar.getByRole('button', { name: 'List' }).click();
  const addresses = await expectLegible(lab.page);
  expect(addresses).toEqual(expect.arrayContaining(['172.17.0.1/16', '172.17.0.2/16', '172.17.0.3/16']));
  await expect(lab.page.locator('#lab-picture .tp-legend-machine')).toContainText('docker', slow);
});

test('the text and the picture point at each other', async () => {
  const mention = lab.page.locator('main p code.ls-linked', { hasText: /^docker0$/ }).first();
  await mention.scrollIntoViewIfNeeded();
  await mention.hover();
  await expect(lab.page.locator('#lab-picture .is-lit')).toHaveText(/^docker0/);
  await lab.page.mouse.move(0, 0);
  await expect(lab.page.locator('#lab-picture .is-lit')).toHaveCount(0);
  await lab.page.locator('#lab-picture .tp-node-bridge').press('Enter');
  await lab.page.getByRole('button', { name: 'In the text' }).click();
  await expect(lab.page.locator('main code.is-found')).toHaveText('docker0');
  await lab.page.getByRole('button', { name: 'Close the inspector' }).click();
});

test('a ping crosses the bridge, and ARP and ICMP stand in the list', async () => {
  await lab.tab('Packets').click();
  const see = lab.page.getByText('Three answers, no loss');
  await expect(see).toBeHidden();
  await lab.command('docker exec client ping -c 3 172.17.0.2').click();
  // Who runs it has decided.
  await expect(see).toBeVisible();
  await lab.tab('Packets').click();
  await lab.filterPackets('arp');
  await expect(lab.packets).toContainText('Who has 172.17.0.2? Tell 172.17.0.3', slow);
  await expect(lab.packets).toContainText('ARP');
  await lab.filterPackets('icmp.type == 0');
  await expect(lab.packets).toContainText('Echo (ping) reply', slow);
  await lab.page.getByRole('button', { name: 'Clear the filter' }).click();
  await lab.tab('Terminal').click();
  await expect(lab.terminal(host)).toContainText('0% packet loss', slow);
});

test('a packet that is dropped says so, and its way is shown with where it ended', async () => {
  const rule = 'FORWARD -p icmp -j DROP';
  await lab.type(host, `iptables -I ${rule}; docker exec client ping -c 1 -W 1 10.98.0.1; iptables -D ${rule}`);
  const notice = lab.page.locator('.jn-dropped');
  await expect(notice).toContainText('Dropped', slow);
  await expect(notice).toContainText('172.17.0.3 → 10.98.0.1');
  await notice.getByRole('button', { name: 'Show its way' }).click();
  await expect(notice).toHaveCount(0);
  await expect(lab.page.locator('.jn-verdict')).toContainText('Dropped');
  await lab.tab('Packets').click();
  // The list has the same packet selected.
  await expect(lab.packets.locator('[aria-selected=true]')).toContainText('10.98.0.1');
  await expect(lab.packets.locator('[aria-selected=true]')).toContainText('dropped');
  await lab.page.getByRole('button', { name: 'Back to now' }).click();
  await expect(lab.page.locator('.jn-verdict')).toHaveCount(0);
  await lab.tab('Terminal').click();
  await lab.expectPrompt(host);
});

test('a pane can have all the room: a terminal of a hundred columns and more than twenty rows', async () => {
  await lab.tab('Terminal').click();
  await lab.page.getByRole('button', { name: 'Maximise or restore terminals and packets' }).click();
  await expect(lab.page.locator('#lab-picture')).toBeHidden();
  await lab.type(host, 'echo has $(stty size)');
  const size = async () => /^has (\d+) (\d+)$/m.exec(await lab.screen(host));
  await expect.poll(async () => (await size())?.length ?? 0, slow).toBe(3);
  const [, rows, columns] = ((await size()) ?? []).map(Number);
  expect(columns).toBeGreaterThanOrEqual(100);
  expect(rows).toBeGreaterThanOrEqual(20);
  await lab.terminal(host).click();
  await lab.page.keyboard.press('F8');
  await expect(lab.page.locator('#lab-picture')).toBeVisible();
  await expectLegible(lab.page);
});

test('what a kernel dropped before any tap saw it is told of under the list', async () => {
  await lab.tab('Terminal').click();
  const rule = 'OUTPUT -p icmp -d 172.17.0.2 -j DROP';
  await lab.type(host, `iptables -I ${rule}; ping -c 1 -W 1 172.17.0.2; iptables -D ${rule}`);
  await lab.tab('Packets').click();
  const unseen = lab.page.locator('.pk-unseen');
  await expect(unseen.getByText('1 packet dropped before any tap')).toBeVisible(slow);
  await unseen.locator('summary').click();
  await expect(unseen).toContainText('172.17.0.1 → 172.17.0.2 ICMP Echo (ping) request');
  await expect(unseen).toContainText('NETFILTER_DROP in nf_hook_slow');
  await expectNoViolationsInBothThemes(lab.page);
  await unseen.locator('summary').press('Escape');
  await expect(unseen.locator('.pk-unseen-list')).toBeHidden();
  await lab.tab('Terminal').click();
  await lab.expectPrompt(host);
});

test('a device can be inspected, live', async () => {
  await lab.toolbar.getByRole('button', { name: 'List' }).click();
  await lab.page.locator('#lab-picture .tp-list-device', { hasText: 'docker0' }).first().click();
  await expect(lab.page.locator('#lab-picture')).toContainText('MASQUERADE', slow);
  await lab.page.keyboard.press('Escape');
  await lab.toolbar.getByRole('button', { name: 'List' }).click();
});

test('axe finds nothing while the lab runs, in both themes', async () => {
  await expectNoViolationsInBothThemes(lab.page);
});

test('the guest sees the size of its terminal', async () => {
  await lab.tab('Terminal').click();
  let asked = 0;
  const size = async () => {
    // Numbered: an answer that still stands there from before is not taken for this one's.
    const answer = new RegExp(`^asked-${++asked} (\\d+ \\d+)$`);
    await lab.type(host, `echo asked-${asked} $(stty size)`);
    const find = async () =>
      (await lab.rows(host)).map((row) => answer.exec(row)?.[1]).find((found) => found !== undefined);
    await expect.poll(find, slow).toBeDefined();
    return find();
  };
  const before = await size();
  await lab.page.setViewportSize({ width: 1250, height: 700 });
  await lab.page.waitForTimeout(500);
  expect(await size()).not.toBe(before);
  await lab.page.setViewportSize({ width: 1440, height: 900 });
});

test('freezing says so, and time goes on where it stopped', async () => {
  await lab.page.getByRole('button', { name: 'Stop time' }).click();
  await lab.expectState('frozen');
  await lab.page.getByRole('button', { name: 'Go on' }).click();
  await lab.expectState('running');
});

test('who leaves the page a moment after something happened is asked first, and may stay', async () => {
  await lab.type(host, 'echo just now');
  const asked = lab.page.waitForEvent('dialog');
  await lab.page.evaluate(() => setTimeout(() => location.reload()));
  const question = await asked;
  expect(question.type()).toBe('beforeunload');
  await question.dismiss();
  await lab.expectState('running');
  await lab.expectPrompt(host);
});

test('after a reload the machine comes from the browser’s own storage', async () => {
  lab.page.once('dialog', (question) => void question.accept());
  let fetched = 0;
  await lab.page.context().route('**/chunks/**', async (route) => {
    fetched++;
    await route.continue();
  });
  // It goes on by itself from what was kept.
  await lab.page.reload();
  await lab.expectState('running');
  await lab.expectPrompt(host);
  // It is further than where it started, and may read a few pieces of its disk that it had not read before.
  expect(fetched).toBeLessThan(12);
});

test.describe('a newcomer', () => {
  test.beforeEach(async ({ browser }) => {
    // With its page, the machine of the test before this one ends.
    await lab.close();
    lab = await LabPage.open(browser, episodes.superBridge);
  });

  test('whose storage is full is told so, and has the lab all the same', async () => {
    // A session that ends takes its quota along: it lives as long as the lab.page.
    const devtools = await lab.page.context().newCDPSession(lab.page);
    const { origin } = new URL(lab.page.url());
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 8_000_000 });
    await lab.start();
    const remark = lab.root.locator('.lab-remark');
    await expect(remark).toBeVisible();
    await expect(remark).toHaveRole('status');
    await expect(remark).toContainText('its storage for this site is full');
    await lab.command('ip -brief addr').click();
    await expect(lab.terminal(host)).toContainText('172.17.0.1/16', slow);
    await expectNoViolationsInBothThemes(lab.page);
    await lab.expectState('running');
    await expect(remark).toContainText('its storage for this site is full');
  });

  test('whose connection breaks off is told so, and goes on from there', async () => {
    const chunks = '**/chunks/**';
    const arrived = new Set<string>();
    await lab.page.route(chunks, async (route) => {
      if (arrived.size === 30) return route.abort('connectionreset');
      arrived.add(route.request().url());
      await route.continue();
    });
    await lab.page.getByRole('button', { name: 'Start the lab' }).click();
    // A chunk is asked for four times, within 12 s.
    await lab.expectState('failed');
    await expect(lab.root.locator('.lab-reason')).toContainText('A part of the machine could not be downloaded');
    await expect(lab.root.locator('.lab-advice')).toContainText('Check the connection');

    await lab.page.unroute(chunks);
    const asked: string[] = [];
    lab.page.on('request', (request) => {
      if (request.url().includes('/chunks/')) asked.push(request.url());
    });
    await lab.page.getByRole('button', { name: 'Try again' }).click();
    await lab.expectState('running');
    await lab.expectPrompt(host);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((url) => arrived.has(url))).toEqual([]);
  });
});

test('a part of the page that cannot be loaded is said in the lab, which can be started again', async ({ browser }) => {
  const other = await LabPage.open(browser, episodes.superBridge);
  try {
    await other.page.route('**/panels.*.js', (route) => route.abort());
    await other.page.getByRole('button', { name: 'Start the lab' }).click();
    await other.expectState('failed');
    await expect(other.root.locator('.lab-reason')).toContainText('A part of the page could not be loaded');
    await other.page.unroute('**/panels.*.js');
    await other.root.getByRole('button', { name: 'Try again' }).click();
    await other.expectState('running');
    await expect(other.terminal(host)).toContainText('root@host-01', slow);
  } finally {
    await other.close();
  }
});

test('a machine whose kernel panicked can be taken back to a checkpoint, or booted', async ({ browser }) => {
  const other = await LabPage.open(browser, episodes.superBridge);
  try {
    const crash = async (): Promise<void> => {
      await expect(other.terminal(host)).toContainText('root@host-01', slow);
      await other.type(host, 'echo c >/proc/sysrq-trigger');
      await other.expectState('failed');
    };
    await other.start();
    await other.page.getByRole('button', { name: 'Checkpoints' }).click();
    await other.page.getByRole('button', { name: 'Keep this moment' }).click();
    await expect(other.page.getByRole('status').filter({ hasText: 'Kept: Checkpoint 1.' })).toBeVisible(slow);
    await other.page.keyboard.press('Escape');
    await crash();
    await expect(other.root.locator('.lab-advice')).toContainText('Under Undo are the checkpoints');
    await other.page.getByRole('button', { name: 'Checkpoints' }).click();
    await other.page.getByRole('button', { name: 'Go back to Checkpoint 1' }).click();
    await other.expectState('running');
    await other.page.keyboard.press('Escape');
    await crash();
    await other.root.getByRole('button', { name: 'Try again' }).click();
    await other.expectState('running');
    // It boots: its shell is there before its agent is.
    await expect(other.terminal(host)).toContainText('root@host-01', slow);
    await other.page.getByRole('button', { name: 'Checkpoints' }).click();
    await expect(other.page.getByRole('button', { name: 'Go back to Checkpoint 1' })).toBeVisible();
  } finally {
    await other.close();
  }
});
