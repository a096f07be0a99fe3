// A reader of episodes 4 and 5: three machines, a packet in the tunnel that time stops at, flanneld killed, another backend.
import { expect, test } from '@playwright/test';
import { episodes, LabPage, slow, TimePanel } from './support/lab-page.ts';
import { expectLegible } from './support/picture.ts';

test.describe.configure({ mode: 'serial', timeout: 400_000 });

type MachineName = 'etcd-01' | 'kube-worker-01' | 'kube-worker-02';

let lab: LabPage;
let time: TimePanel;
/** The container on the second worker: the first of its subnet after docker0. */
const green = '10.2.22.2';
let commands = 0;

test.beforeAll(async ({ browser }) => {
  lab = await LabPage.open(browser, episodes.anAddressForEveryone);
  time = new TimePanel(lab);
});
test.afterAll(() => lab.close());

const screen = (machine: MachineName): Promise<string> => lab.flatScreen(machine);
/** Types a command into an empty screen; nothing is waited for. */
async function type(machine: MachineName, command: string): Promise<void> {
  await lab.terminalTab(machine).click();
  await lab.type(machine, `clear; ${command}`);
}
/** Types commands, each into another machine, and waits until all have ended well. */
async function runAll(commandOf: Partial<Record<MachineName, string>>): Promise<void> {
  const asked: [MachineName, string][] = [];
  for (const [name, command] of Object.entries(commandOf)) {
    const machine = name as MachineName;
    const done = 1000 + ++commands;
    await type(machine, `${command} && echo Done-$((${done - 1}+1))`);
    asked.push([machine, `Done-${done}`]);
  }
  for (const [machine, done] of asked) {
    // A terminal that is not shown draws nothing.
    await lab.terminalTab(machine).click();
    await expect.poll(() => screen(machine), slow).toContain(done);
  }
}
async function run(machine: MachineName, command: string): Promise<string> {
  await runAll({ [machine]: command });
  return screen(machine);
}
const ping = (count: number) => `docker exec blue ping -c ${count} ${green}`;

test('three machines start: etcd, and two workers that have their subnets', async () => {
  await lab.start();
  await expect(lab.root.locator('.lab-state-words')).toHaveText('3 machines running');
  await runAll({
    'kube-worker-01': 'docker run -d --name blue toolbox sleep 3600',
    'kube-worker-02': 'docker run -d --name green toolbox sleep 3600',
  });
  expect(await run('kube-worker-02', 'docker exec green ip -4 addr show eth0')).toContain(`inet ${green}/24`);
});

test('the picture has the tunnel between both ends', async () => {
  await lab.toolbar.getByRole('button', { name: 'List' }).click();
  await expect(lab.page.locator('#lab-picture .tp-list')).toContainText('VNI 1');
  await lab.toolbar.getByRole('button', { name: 'List' }).click();
  // Three machines at 1440 by 900, without scrolling.
  const addresses = await expectLegible(lab.page);
  for (const address of ['10.0.0.101', '10.0.0.121', '10.2.21.2', '10.2.22.2'])
    expect(addresses.some((shown) => shown.startsWith(address))).toBe(true);
  await expect(lab.page.locator('#lab-picture .tp-legend-machine').nth(1)).toContainText('flanneld', slow);
});

test('what etcd says by itself is left out until it is wanted', async () => {
  const left = lab.page.locator('.tp-status');
  await expect(left).toContainText('of etcd not drawn', slow);
  await left.getByRole('button', { name: 'Draw them' }).click();
  await expect(left.getByText('of etcd not drawn')).toHaveCount(0);
  await lab.tab('Packets').click();
  await lab.page.getByRole('button', { name: 'Leave out etcd' }).click();
  await expect(left).toContainText('of etcd not drawn', slow);
  await lab.tab('Terminal').click();
});

test('time stops at a ping inside the tunnel; it is held on the wire, and does not notice', async () => {
  await time.button('Breakpoints').click();
  await time.filter.fill('vxlan && icmp');
  await time.button('Add breakpoint').click();
  await type('kube-worker-01', ping(2));
  await expect(time.said).toContainText('Echo (ping) request', slow);
  await lab.expectState('frozen');
  await time.root.getByRole('button', { name: 'Remove the breakpoint vxlan && icmp' }).click();
  await lab.page.waitForTimeout(5000);
  await lab.page.getByRole('button', { name: 'Go on' }).click();
  await expect.poll(() => screen('kube-worker-01'), slow).toContain(', 0% packet loss');
});

test('without flanneld traffic goes on', async () => {
  await run('kube-worker-01', 'systemctl stop flanneld');
  await expect(lab.page.locator('#lab-picture .tp-service.is-stopped')).toHaveText('flanneld', slow);
  await type('kube-worker-01', ping(2));
  await expect.poll(() => screen('kube-worker-01'), slow).toContain(', 0% packet loss');
});

test('with the backend host-gw the same ping has no tunnel', async () => {
  const config = '{ "Network": "10.2.0.0/16", "Backend": { "Type": "host-gw" } }';
  await run('etcd-01', `ETCDCTL_API=3 etcdctl put /coreos.com/network/config '${config}'`);
  await runAll({ 'kube-worker-01': 'systemctl restart flanneld', 'kube-worker-02': 'systemctl restart flanneld' });
  await run('kube-worker-01', `until ip route get ${green} | grep -q "via 10.0.0.122 dev eth0"; do sleep 0.5; done`);
  await type('kube-worker-01', ping(2));
  await expect.poll(() => screen('kube-worker-01'), slow).toContain(', 0% packet loss');
  await lab.tab('Packets').click();
  await lab.filterPackets(`icmp.type == 0 && ip.src == ${green} && !vxlan && frame.interface_name == "wire/lan"`);
  await expect(lab.packets).toContainText('Echo (ping) reply', slow);
});
