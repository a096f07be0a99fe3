// Stopping time in a real lab: nothing in it notices, and every packet can be stepped to.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Hop } from '../../src/hop/hop.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import { TimeControl, type TimeState } from '../../src/lab/time-control.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { dissect } from '../../src/packet/dissect.ts';
import { summarize } from '../../src/packet/summary.ts';
import { askOfAll, run as runIn } from './guest-command.ts';
import { Reader } from './reader.ts';

let lab: Lab;
let host: Machine;
let reader: Reader;
let time: TimeControl;

beforeAll(async () => {
  lab = await createNodeLab('super-bridge');
  time = new TimeControl(lab);
  await lab.start();
  const [machine] = lab.machines;
  const console = machine?.consoles[1];
  if (machine === undefined || console === undefined) throw new Error('super-bridge has a machine with two terminals');
  host = machine;
  reader = new Reader(console);
  await run('docker run -d --name web whoami && docker run -d --name client toolbox sleep infinity');
});
afterAll(async () => {
  time?.dispose();
  await lab?.dispose();
});
afterEach(async () => {
  for (const { id } of time.state.value.breakpoints) time.removeBreakpoint(id);
  await time.goOn();
});

const run = (command: string): Promise<string> => runIn(host, command);
/** Waits until time control says so. */
const until = async (what: string, condition: (state: TimeState) => boolean, seconds = 30): Promise<TimeState> => {
  for (let tries = 0; tries < seconds * 100; tries++) {
    const state = time.state.value;
    if (condition(state)) return state;
    await sleep(10);
  }
  throw new Error(`waited ${seconds} s for ${what}: ${time.state.value.said}`);
};
const standing = (): Promise<TimeState> =>
  until('time to stop', ({ frozen, awaits, said }) => frozen && awaits === null && said.startsWith('Step'));
const infoOf = (hop: Hop | null): string => (hop === null ? '' : summarize(hop.bytes, hop.linkType).info);
const fieldOf = (hop: Hop | null, name: string): string | undefined =>
  hop === null ? undefined : dissect(hop.bytes, hop.linkType).flatMap((layer) => layer.named(name))[0]?.shown;
/** What ping says at its end: share of packets lost, and the longest round trip in ms. */
const pingSummary = (text: string) => ({
  loss: /([\d.]+)% packet loss/.exec(text)?.[1],
  longest: Number(/= [\d.]+\/[\d.]+\/([\d.]+)/.exec(text)?.[1]),
});

test('a TCP connection and a ping do not notice twenty seconds in which time stands', async () => {
  const retransmitted = () => run("nstat -az TcpRetransSegs | awk '/TcpRetransSegs/ { print $2 }'");
  await run('(nc -l -p 9000 | wc -c >/tmp/received; touch /tmp/closed) >/dev/null 2>&1 & sleep 1');
  const before = await retransmitted();
  const sender =
    "docker exec client sh -c 'for i in $(seq 80); do head -c 20000 /dev/zero; sleep 0.05; done | nc 172.17.0.1 9000'";
  await run(`(${sender}) >/dev/null 2>&1 &`);
  const ping = reader.type('ping -c 20 -i 0.3 172.17.0.2');
  await sleep(3000);
  const date = Number(await run('date +%s.%N'));
  await time.freeze();
  await sleep(20_000);
  await time.goOn();
  expect(Number(await run('date +%s.%N')) - date).toBeLessThan(5);
  const { text } = await ping;
  expect(pingSummary(text).loss).toBe('0');
  expect(pingSummary(text).longest).toBeLessThan(2000);
  await run('until test -e /tmp/closed; do sleep 0.1; done');
  expect(await run('cat /tmp/received')).toBe('1600000');
  expect(await retransmitted()).toBe(before);
});

describe('two containers on one bridge, which only the kernel moves packets between', () => {
  test('an ARP request and its answer are stepped frame by frame, and looked back at', async () => {
    await run('docker exec client ip neigh flush all; ip neigh flush all; sleep 0.5');
    await time.freeze();
    expect(await time.runUntil('arp.opcode == 1 && arp.dst.proto_ipv4 == 172.17.0.2')).toBeNull();
    const ping = reader.type('docker exec client ping -c 3 -i 0.3 172.17.0.2');
    const { steps, said } = await standing();
    expect(infoOf(steps.at)).toBe('Who has 172.17.0.2? Tell 172.17.0.3');
    expect(steps.shownAs).toBe('looked back at');
    expect(said).toMatch(/^Step [\d,]+: ARP: Who has 172\.17\.0\.2\? Tell 172\.17\.0\.3, in at veth\w+\. /);
    // In at the cable of the one that asks, up to the bridge itself, out at the other one's; then the answer.
    const seen = [`${steps.at?.direction} ${steps.at?.device}`];
    const infos: string[] = [];
    for (let n = 0; n < 4; n++) {
      await time.step();
      const { at } = (await standing()).steps;
      seen.push(`${at?.direction} ${at?.device}`);
      infos.push(infoOf(at));
    }
    expect(infos).toContain('172.17.0.2 is at 02:42:ac:11:00:02');
    expect(infos.filter((info) => info.startsWith('Who has 172.17.0.2'))).toHaveLength(2);
    expect(seen).toContain('in docker0');
    const request = time.journeys.of(steps.at?.n ?? 0);
    expect(request?.hops.length).toBe(3);
    expect(request?.fork).toBe('broadcast');
    const answer = time.journeys.of(request?.answeredBy ?? 0);
    expect(answer?.hops.map(({ hop }) => hop.direction)).toEqual(['in', 'out']);
    time.seek(steps.position);
    expect(time.state.value.steps.at?.n).toBe(steps.at?.n);
    await time.goOn();
    expect(pingSummary((await ping).text).loss).toBe('0');
  });

  test('a breakpoint stops time at the first echo reply; ping reports no loss, and a round trip without the pause', async () => {
    const ping = reader.type('docker exec client ping -c 3 -i 0.5 172.17.0.2');
    const added = time.addBreakpoint('icmp.type == 0');
    expect(added.ok).toBe(true);
    const { steps, breakpoints, stoppedBy } = await standing();
    expect(fieldOf(steps.at, 'icmp.type')).toBe('0');
    expect(breakpoints[0]?.hits).toBe(1);
    expect(stoppedBy).toBe(breakpoints[0]?.id);
    const reply = time.journey();
    const request = time.journeys.of((reply?.id ?? 0) - 1);
    expect(request?.answeredBy).toBe(reply?.id);
    expect(fieldOf(steps.at, 'icmp.ident')).toBe(
      request?.hops[0]?.layers.flatMap((l) => l.named('icmp.ident'))[0]?.shown,
    );
    await sleep(5000);
    // The same packet further on does not stop time again; the next reply does.
    await time.goOn();
    const second = await standing();
    expect(time.journeys.joins(steps.at?.n ?? 0, second.steps.at?.n ?? 0)).toBe(false);
    expect(second.breakpoints[0]?.hits).toBe(2);
    await sleep(5000);
    time.removeBreakpoint(breakpoints[0]?.id ?? 0);
    await time.goOn();
    const { text } = await ping;
    expect(pingSummary(text).loss).toBe('0');
    expect(pingSummary(text).longest).toBeLessThan(2000);
  });

  test('a packet is followed through NAT, which the kernel’s own table explains; a frozen machine is not asked', async () => {
    await run(
      'ip netns add outside && ip link add vout type veth peer name eth0 netns outside && ip addr add 10.99.0.1/24 dev vout && ip link set vout up && ip -n outside addr add 10.99.0.2/24 dev eth0 && ip -n outside link set eth0 up',
    );
    await time.runUntil('icmp.type == 8 && ip.src == 10.99.0.1', 'host-01/vout');
    const ping = run('docker exec client ping -c 1 10.99.0.2');
    const { steps } = await standing();
    const n = steps.at?.n ?? 0;
    await time.journeys.ask(n);
    expect(time.journeys.pending(n)).toContain('host-01');
    await time.goOn();
    await ping;
    await askOfAll(time.journeys, [{ n }]);
    expect(time.journeys.pending(n)).toBe('');
    const journey = time.journeys.of(n);
    expect(journey?.hops.map(({ hop }) => `${hop.direction} ${hop.device.replace(/^veth.*/, 'veth')}`)).toEqual([
      'in veth',
      'in docker0',
      'out vout',
    ]);
    const rewritten = journey?.hops.at(-1)?.changes.find(({ field }) => field === 'ip.src');
    expect(rewritten).toMatchObject({ from: '172.17.0.3', to: '10.99.0.1' });
    expect(rewritten?.why).toMatch(/^conntrack on host-01.*source NAT/);
  });
});

test('in slow motion the guest’s time is slow, and its pings are not', async () => {
  time.setSpeed(0.25);
  const began = performance.now();
  const guest = Number(
    await run('cut -d " " -f 1 /proc/uptime; sleep 1; cut -d " " -f 1 /proc/uptime').then((text) => {
      const [from = 0, to = 0] = text.split('\n').map(Number);
      return to - from;
    }),
  );
  const real = (performance.now() - began) / 1000;
  time.setSpeed(1);
  expect(guest).toBeGreaterThanOrEqual(1);
  expect(real / guest).toBeGreaterThan(2);
});
