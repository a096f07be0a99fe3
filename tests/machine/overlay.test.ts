// The overlay, live: what the debugger says of a packet between two hosts, against the kernels' own tables, etcd's leases,
// and tshark; in each of flannel's backends.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestampOf } from '../../src/capture/captured-packet.ts';
import { PcapngWriter } from '../../src/capture/pcapng-writer.ts';
import type { Hop } from '../../src/hop/hop.ts';
import type { Journey, JourneyHop } from '../../src/journey/journey.ts';
import type { Checkpoint, Lab } from '../../src/lab/lab.ts';
import { LabJourneys } from '../../src/lab/lab-journeys.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { tsharkFields } from '../fidelity/tshark.ts';
import { askOfAll, run } from './guest-command.ts';

let lab: Lab;
let journeys: LabJourneys;
let etcd: Machine;
let one: Machine;
let other: Machine;
let folder: string;
let vxlan: Checkpoint;
const hops: Hop[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-overlay-'));
  lab = await createNodeLab('overlay');
  journeys = new LabJourneys(lab);
  lab.onHops((batch) => {
    hops.push(...batch.hops);
    journeys.add(batch.hops);
  });
  await lab.start();
  [etcd, one, other] = lab.machines as [Machine, Machine, Machine];
  await onBoth((machine, name) => run(machine, `docker run -d --name ${name} toolbox sleep 3600`));
});
afterAll(async () => {
  await lab?.dispose();
  await rm(folder, { recursive: true });
});

const onBoth = (work: (machine: Machine, container: string) => Promise<unknown>) =>
  Promise.all([work(one, 'blue'), work(other, 'green')]);
const addressOf = (machine: Machine, container: string) =>
  run(machine, `docker inspect -f '{{.NetworkSettings.IPAddress}}' ${container}`);
const macOf = (machine: Machine, device: string) => run(machine, `cat /sys/class/net/${device}/address`);
/** What a hop's headers say, from the outside in: all values of a field. */
const said = (hop: JourneyHop | undefined, field: string): readonly unknown[] =>
  hop?.layers.flatMap((layer) => layer.named(field)).map(({ value }) => value) ?? [];
const shown = (hop: JourneyHop | undefined, field: string): readonly string[] =>
  hop?.layers.flatMap((layer) => layer.named(field)).map(({ shown }) => shown) ?? [];
const places = ({ hops }: Journey): string[] => hops.map(({ at }) => at.replace(/veth[0-9a-f]+/, 'veth'));
const at = (journey: Journey, place: string): JourneyHop | undefined => journey.hops.find((hop) => hop.at === place);

/** The journeys of the packets that went by while something was done; the machines have been asked about them. */
async function journeysOf(work: () => Promise<unknown>): Promise<Journey[]> {
  const first = (hops.at(-1)?.n ?? 0) + 1;
  await work();
  for (const machine of lab.machines) await machine.flushTap();
  const news = hops.filter(({ n }) => n >= first);
  await askOfAll(journeys, news);
  return [...new Set(news.map(({ n }) => journeys.of(n)))].filter((journey) => journey !== undefined);
}
async function ping(): Promise<Journey> {
  const address = await addressOf(other, 'green');
  const all = await journeysOf(() => run(one, `docker exec blue ping -c 1 ${address}`));
  const request = all.find(({ summary }) => summary.includes('Echo (ping) request'));
  if (request === undefined) throw new Error(`no echo request among ${all.map(({ summary }) => summary).join('\n')}`);
  return request;
}
/** The frames of a journey on the wire, as tshark reads them. */
async function onTheWire(journey: Journey, fields: readonly string[]) {
  const parts: Uint8Array[] = [];
  const writer = new PcapngWriter((block) => parts.push(block), { application: 'Lockstep' });
  for (const { hop } of journey.hops.filter((hop) => hop.at === 'wire/lan')) {
    const { bytes, originalLength, linkType, time } = hop;
    const number = writer.addInterface({ name: 'wire/lan', linkType });
    writer.packet(number, { bytes, originalLength, time: timestampOf(time) });
  }
  const path = join(folder, 'wire.pcapng');
  await writeFile(path, Buffer.concat(parts));
  return tsharkFields(path, fields);
}
/** As an operator does it: the network's configuration, then flanneld and Docker anew, then the containers. */
async function changeBackend(type: string): Promise<void> {
  const config = JSON.stringify({ Network: '10.2.0.0/16', Backend: { Type: type } });
  await run(etcd, `ETCDCTL_API=3 etcdctl put /coreos.com/network/config '${config}'`);
  await onBoth(async (machine, name) => {
    // Killed first: a Docker that is busy starts anew before containerd has let go of what it stopped. flanneld leaves its routes
    // behind, which are more exact than that of the udp backend, and as long as it runs it puts them back.
    await run(machine, `docker kill ${name} && systemctl stop flanneld`);
    await run(machine, "ip route | awk '/^10[.]2.* via / { print $1 }' | xargs -rn 1 ip route del");
    await run(machine, 'systemctl start flanneld && systemctl restart docker');
    await run(machine, `docker start ${name}`);
  });
  // The routes to the other host come with its lease.
  for (const machine of [one, other])
    await run(
      machine,
      'for i in $(seq 100); do [ $(ip route | grep -c "^10.2.*via\\|^10.2.0.0/16") -ge 1 ] && exit; sleep 0.2; done; ip route; exit 1',
    );
}
interface Lease {
  readonly PublicIP: string;
  readonly BackendType: string;
  readonly BackendData: { readonly VNI: number; readonly VtepMAC: string };
}
async function leases(): Promise<Map<string, Lease>> {
  const text = await run(etcd, 'ETCDCTL_API=3 etcdctl get --prefix --print-value-only /coreos.com/network/subnets/');
  const all = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Lease);
  return new Map(all.map((lease) => [lease.PublicIP, lease]));
}

test('machines have the components that the lab names, with their licences; the others do not', async () => {
  for (const machine of [one, other]) {
    expect(await run(machine, '/usr/local/bin/flanneld --version 2>&1')).toBe('v0.28.4');
    const licences = '/usr/share/doc/flannel/copyright';
    expect(await run(machine, `grep -m 1 ^github.com/flannel-io ${licences}`)).toMatch(/flannel v0\.28\.4$/);
  }
  expect(await run(etcd, 'ls /usr/local/bin')).toBe('');
});

describe('vxlan', () => {
  test('a ping goes through the tunnel, and every header on its way is the kernels’ and etcd’s', async () => {
    const journey = await ping();
    expect(places(journey)).toEqual([
      'kube-worker-01/veth',
      'kube-worker-01/docker0',
      'kube-worker-01/flannel.1',
      'kube-worker-01/eth0',
      'wire/lan',
      'kube-worker-02/eth0',
      'kube-worker-02/flannel.1',
      'kube-worker-02/docker0',
      'kube-worker-02/veth',
    ]);
    const inner = ['kube-worker-01/docker0', 'kube-worker-01/flannel.1', 'kube-worker-02/docker0'];
    expect(inner.map((place) => said(at(journey, place), 'ip.ttl'))).toEqual([[64], [63], [62]]);
    const frame = at(journey, 'wire/lan');
    const [blue, green] = [await addressOf(one, 'blue'), await addressOf(other, 'green')];
    expect(shown(frame, 'ip.src')).toEqual(['10.0.0.121', blue]);
    expect(shown(frame, 'ip.dst')).toEqual(['10.0.0.122', green]);
    expect(said(frame, 'udp.dstport')).toEqual([8472]);
    expect(said(frame, 'vxlan.vni')).toEqual([1]);
    expect(frame?.hop.bytes).toHaveLength(148);
    const [outerSource, innerSource] = shown(frame, 'eth.src');
    const [outerTarget, innerTarget] = shown(frame, 'eth.dst');
    expect([outerSource, outerTarget]).toEqual([await macOf(one, 'eth0'), await macOf(other, 'eth0')]);
    const known = await leases();
    expect([innerSource, innerTarget]).toEqual([
      known.get('10.0.0.121')?.BackendData.VtepMAC,
      known.get('10.0.0.122')?.BackendData.VtepMAC,
    ]);
    expect([innerSource, innerTarget]).toEqual([await macOf(one, 'flannel.1'), await macOf(other, 'flannel.1')]);
    expect(await run(one, 'bridge fdb show dev flannel.1')).toContain(`${innerTarget} dst 10.0.0.122`);
    expect(await run(one, `ip neigh show dev flannel.1 ${green.replace(/\d+$/, '0')}`)).toContain(`${innerTarget}`);
    expect(journey).toMatchObject({ end: 'delivered' });

    const put = journey.hops.flatMap(({ changes }) => changes.filter(({ bytes }) => bytes !== undefined));
    expect(put.map(({ bytes }) => bytes)).toEqual([50, -50]);

    const fields = ['eth.src', 'eth.dst', 'ip.src', 'ip.dst', 'ip.ttl', 'udp.dstport', 'vxlan.vni', 'icmp.type'];
    const [theirs] = await onTheWire(journey, fields);
    for (const name of fields) expect([name, theirs?.get(name)]).toEqual([name, shown(frame, name).map(String)]);
  });
});

describe('a published port', () => {
  test('DNAT and MASQUERADE are changes that name their conntrack entries', async () => {
    await run(one, 'docker run -d --name web -p 8080:80 whoami');
    const all = await journeysOf(() => run(other, 'curl -s http://10.0.0.121:8080/'));
    const syn = all.find(({ summary }) => summary.includes('8080') && summary.includes('[SYN]'));
    if (syn === undefined) throw new Error('no SYN');
    const change = syn.hops.flatMap(({ changes }) => changes).find(({ field }) => field === 'ip.dst');
    expect(change).toMatchObject({ from: '10.0.0.121', to: await addressOf(one, 'web') });
    const port = syn.hops.flatMap(({ changes }) => changes).find(({ field }) => field === 'tcp.dstport');
    expect(port).toMatchObject({ from: 8080, to: 80 });
    expect(change?.why).toContain('conntrack');
    const table = await run(one, 'conntrack -L -p tcp --dport 8080 2>/dev/null');
    expect(table).toContain('dst=10.0.0.121');

    const out = await journeysOf(() => run(one, 'docker exec blue wget -qO- http://10.0.0.101:2379/version'));
    const first = out.find(({ summary }) => summary.includes('[SYN]'));
    const masked = first?.hops.flatMap(({ changes }) => changes).find(({ field }) => field === 'ip.src');
    expect(masked).toMatchObject({ from: await addressOf(one, 'blue'), to: '10.0.0.121' });
    expect(masked?.why).toContain('conntrack');
  });
});

describe('host-gw', () => {
  beforeAll(async () => {
    vxlan = await lab.checkpoint('vxlan');
  });

  test('no encapsulation: the next hop is in the Ethernet header only', async () => {
    await changeBackend('host-gw');
    expect((await leases()).get('10.0.0.122')?.BackendType).toBe('host-gw');
    const green = await addressOf(other, 'green');
    expect(await run(one, `ip route get ${green}`)).toContain('via 10.0.0.122 dev eth0');
    const journey = await ping();
    expect(places(journey)).toEqual([
      'kube-worker-01/veth',
      'kube-worker-01/docker0',
      'kube-worker-01/eth0',
      'wire/lan',
      'kube-worker-02/eth0',
      'kube-worker-02/docker0',
      'kube-worker-02/veth',
    ]);
    const frame = at(journey, 'wire/lan');
    expect(shown(frame, 'eth.dst')).toEqual([await macOf(other, 'eth0')]);
    expect(shown(frame, 'ip.dst')).toEqual([green]);
    expect(frame?.hop.bytes).toHaveLength(98);
    const [theirs] = await onTheWire(journey, ['frame.protocols', 'ip.dst', 'ip.ttl']);
    expect(theirs?.get('frame.protocols')).toEqual(['eth:ethertype:ip:icmp:data']);
    expect(theirs?.get('ip.ttl')).toEqual(['63']);
  });
});

describe('udp', () => {
  test('flanneld itself puts the packet, without an Ethernet header, into UDP', async () => {
    await changeBackend('udp');
    const green = await addressOf(other, 'green');
    expect(await run(one, `ip route get ${green}`)).toContain('dev flannel0');
    const journey = await ping();
    expect(places(journey)).toContain('kube-worker-01/flannel0');
    const frame = at(journey, 'wire/lan');
    expect(shown(frame, 'ip.dst')).toEqual(['10.0.0.122', green]);
    expect(said(frame, 'udp.dstport')).toEqual([8285]);
    expect(shown(frame, 'eth.dst')).toEqual([await macOf(other, 'eth0')]);
    // The packet, 28 bytes of UDP and IP, and the frame's header: 84 + 28 + 14.
    expect(frame?.hop.bytes).toHaveLength(126);
    const [theirs] = await onTheWire(journey, ['udp.dstport', 'ip.dst', 'icmp.type']);
    expect(theirs?.get('ip.dst')).toEqual(['10.0.0.122', green]);
    expect(theirs?.get('icmp.type')).toEqual(['8']);
  });
});

describe('what depends on what', () => {
  test('without flanneld traffic goes on: the kernel forwards', async () => {
    await lab.goBackTo(vxlan);
    const green = await addressOf(other, 'green');
    await run(one, 'systemctl stop flanneld');
    expect(await run(one, 'ip -d link show flannel.1')).toContain('vxlan id 1');
    expect(await run(one, `ping -c 2 -W 2 ${green}`)).toContain(' 0% packet loss');
  });

  test('without etcd, too', async () => {
    await run(etcd, 'systemctl stop etcd');
    const green = await addressOf(other, 'green');
    expect(await run(one, `ping -c 2 -W 2 ${green}`)).toContain(' 0% packet loss');
  });
});
