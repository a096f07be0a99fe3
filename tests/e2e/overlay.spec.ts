// A reader of episode 4: three machines, a packet in the tunnel that time stops at, flanneld killed, another backend.
import { expect, type Page, test } from '@playwright/test';
import { rowsOf } from './support/terminal-rows.ts';

test.describe.configure({ mode: 'serial', timeout: 400_000 });

const slow = { timeout: 180_000 };
const workers = ['kube-worker-01', 'kube-worker-02'] as const;
type MachineName = 'etcd-01' | (typeof workers)[number];

let page: Page;
/** The container on the second worker: the first of its subnet after docker0. */
const green = '10.2.22.2';
let commands = 0;
const problems: string[] = [];

test.beforeAll(async ({ browser }) => {
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto('/episodes/4-an-address-for-everyone/');
});
test.afterAll(async () => {
  expect(problems).toEqual([]);
  await page.context().close();
});

const lab = () => page.locator('section.lab');
const time = () => page.getByRole('region', { name: 'Time', exact: true });
const button = (name: string) => time().getByRole('button', { name, exact: true });
const said = () => time().locator('[aria-live=polite]');
const terminal = (machine: MachineName) => page.locator(`#term-${machine}-1`);

/** What a terminal shows, in one line: a narrow one breaks lines anywhere. */
async function screen(machine: MachineName): Promise<string> {
  return (await rowsOf(terminal(machine).locator('.xterm-rows'))).join('');
}
/** Types a command into an empty screen; nothing is waited for. */
async function type(machine: MachineName, command: string): Promise<void> {
  await page.getByRole('tab', { name: `${machine} · 1` }).click();
  await terminal(machine).locator('.xterm-helper-textarea').focus();
  await page.keyboard.type(`clear; ${command}\n`);
}
/** Types a command, and waits until it has ended well. */
async function run(machine: MachineName, command: string): Promise<string> {
  const done = 1000 + ++commands;
  await type(machine, `${command} && echo Done-$((${done - 1}+1))`);
  await expect.poll(() => screen(machine), slow).toContain(`Done-${done}`);
  return screen(machine);
}
const ping = (count: number) => `docker exec blue ping -c ${count} ${green}`;

test('three machines start: etcd, and two workers that have their subnets', async () => {
  await page.getByRole('button', { name: 'Start the lab' }).click();
  await expect(lab()).toHaveAttribute('data-state', 'running', slow);
  await expect(lab().locator('.lab-state-words')).toHaveText('3 machines running');
  await run('kube-worker-01', 'docker run -d --name blue toolbox sleep 3600');
  await run('kube-worker-02', 'docker run -d --name green toolbox sleep 3600');
  expect(await run('kube-worker-02', 'docker exec green ip -4 addr show eth0')).toContain(`inet ${green}/24`);
});

test('the picture has the tunnel between both ends', async () => {
  const toolbar = page.getByRole('toolbar', { name: 'Picture' });
  await toolbar.getByRole('button', { name: 'List' }).click();
  await expect(page.locator('#lab-picture .tp-list')).toContainText('VNI 1');
  await toolbar.getByRole('button', { name: 'Picture' }).click();
});

test('time stops at a ping inside the tunnel; it is held on the wire, and does not notice', async () => {
  await button('Breakpoints').click();
  await time().getByLabel('Stop time at packets that match this display filter').fill('vxlan && icmp');
  await button('Add breakpoint').click();
  await type('kube-worker-01', ping(2));
  await expect(said()).toContainText('Echo (ping) request', slow);
  await expect(lab()).toHaveAttribute('data-state', 'frozen');
  await time().getByRole('button', { name: 'Remove the breakpoint vxlan && icmp' }).click();
  await page.waitForTimeout(5000);
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(() => screen('kube-worker-01'), slow).toContain(', 0% packet loss');
});

test('without flanneld traffic goes on', async () => {
  await run('kube-worker-01', 'systemctl stop flanneld');
  await type('kube-worker-01', ping(2));
  await expect.poll(() => screen('kube-worker-01'), slow).toContain(', 0% packet loss');
});

test('with the backend host-gw the same ping has no tunnel', async () => {
  const config = '{ "Network": "10.2.0.0/16", "Backend": { "Type": "host-gw" } }';
  await run('etcd-01', `ETCDCTL_API=3 etcdctl put /coreos.com/network/config '${config}'`);
  for (const worker of workers) await run(worker, 'systemctl restart flanneld');
  await run('kube-worker-01', `until ip route get ${green} | grep -q "via 10.0.0.122 dev eth0"; do sleep 0.5; done`);
  await type('kube-worker-01', ping(2));
  await expect.poll(() => screen('kube-worker-01'), slow).toContain(', 0% packet loss');
  await page.getByRole('tab', { name: 'Packets' }).click();
  const filter = page.getByRole('combobox', { name: 'Display filter', exact: true });
  await filter.fill(`icmp.type == 0 && ip.src == ${green} && !vxlan && frame.interface_name == "wire/lan"`);
  await filter.press('Enter');
  await expect(page.getByRole('grid', { name: 'Packets' })).toContainText('Echo (ping) reply', slow);
});
