// Two real machines on one wire. Both are started from the same snapshot, and get names and addresses of their own.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab } from '../../src/lab/create-lab.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { readManifest } from '../../src/lab/manifest.ts';
import { nodeDrivers } from '../../src/lab/node-drivers.ts';
import { TimeControl, type TimeState } from '../../src/lab/time-control.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { dissect } from '../../src/packet/dissect.ts';
import { summarize } from '../../src/packet/summary.ts';
import { run } from './guest-command.ts';

const assets = (path: string): string => fileURLToPath(new URL(`../../build/site-assets/${path}`, import.meta.url));

let lab: Lab;
let time: TimeControl;
let one: Machine;
let other: Machine;

beforeAll(async () => {
  const built = readManifest('super-bridge', await readFile(assets('labs/super-bridge/lab.json'), 'utf8'));
  const machines = built.machines.flatMap((machine) => [machine, { ...machine, name: 'host-02' }]);
  const wires = [{ name: 'lan', machines: ['host-01', 'host-02'] }];
  lab = await createLab({ ...built, machines, wires }, { base: assets('machine'), drivers: nodeDrivers });
  time = new TimeControl(lab);
  await lab.start();
  [one, other] = lab.machines as [Machine, Machine];
  for (const [index, host] of lab.machines.entries())
    await run(
      host,
      `hostname ${host.name}; ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:0${index + 1} up; ip addr add 10.0.0.1${index + 1}/24 dev eth0`,
    );
});
afterAll(async () => {
  time?.dispose();
  await lab?.dispose();
});

const standing = async (): Promise<TimeState> => {
  for (let tries = 0; tries < 3000; tries++) {
    const state = time.state.value;
    if (state.frozen && state.awaits === null && state.said.startsWith('Step')) return state;
    await sleep(10);
  }
  throw new Error(`waited 30 s for time to stop: ${time.state.value.said}`);
};
const seen = ({ steps: { at } }: TimeState): string =>
  at === null ? '' : `${at.machine}/${at.device} ${summarize(at.bytes, at.linkType).info}`;
const identOf = ({ steps: { at } }: TimeState): string =>
  at === null ? '' : (dissect(at.bytes, at.linkType).flatMap((layer) => layer.named('icmp.ident'))[0]?.shown ?? '');
const lossOf = (text: string): string | undefined => /([\d.]+)% packet loss/.exec(text)?.[1];
const longest = (text: string): number => Number(/= [\d.]+\/[\d.]+\/([\d.]+)/.exec(text)?.[1]);

test('machines on one wire reach each other, fast, and nothing is lost', async () => {
  const text = await run(one, 'ping -c 20 -i 0.2 10.0.0.12');
  expect(lossOf(text)).toBe('0');
  await run(other, '(nc -l -p 9000 | md5sum >/tmp/sum; touch /tmp/closed) >/dev/null 2>&1 & sleep 1');
  const sum = await run(
    one,
    'head -c 3000000 /dev/urandom >/tmp/data; nc -q 1 10.0.0.12 9000 </tmp/data; md5sum </tmp/data',
  );
  await run(other, 'until test -e /tmp/closed; do sleep 0.1; done');
  expect(await run(other, 'cat /tmp/sum')).toBe(sum);
  const { lost } = lab.wires[0]?.statistics() ?? { lost: {} };
  expect(Object.values(lost)).toEqual(Object.values(lost).map(() => 0));
});

test('a frame is held on the wire, step by step, and the ping does not notice', async () => {
  await run(one, 'ip neigh flush all');
  await run(other, 'ip neigh flush all');
  await time.runUntil('arp.dst.proto_ipv4 == 10.0.0.12', 'wire/lan');
  const ping = run(one, 'ping -c 2 -i 0.5 10.0.0.12');
  const held = await standing();
  expect(seen(held)).toBe('wire/lan Who has 10.0.0.12? Tell 10.0.0.11');
  expect(held.steps.shownAs).toBe('held');
  expect(held.said).toContain('Held here until the next step.');
  await sleep(10_000);
  expect(seen(time.state.value)).toBe(seen(held));
  // Over to the other machine, whose tap sees it; then its answer comes to the wire.
  const steps: string[] = [];
  while (steps.length < 4 && !steps.at(-1)?.includes('is at')) {
    await time.step();
    steps.push(seen(await standing()));
  }
  expect(steps[0]).toBe('host-02/eth0 Who has 10.0.0.12? Tell 10.0.0.11');
  expect(steps.at(-1)).toMatch(/ 10\.0\.0\.12 is at 02:00:00:00:00:02$/);
  await time.runUntil('arp.opcode == 2', 'wire/lan');
  const answer = await standing();
  expect(seen(answer)).toBe('wire/lan 10.0.0.12 is at 02:00:00:00:00:02');
  expect(answer.steps.shownAs).toBe('held');
  await time.goOn();
  const text = await ping;
  expect(lossOf(text)).toBe('0');
  expect(longest(text)).toBeLessThan(3000);
});

test('a breakpoint holds the echo reply on its way; its journey goes from machine to machine', async () => {
  time.addBreakpoint('icmp.type == 0', 'wire/lan');
  const ping = run(one, 'ping -c 1 10.0.0.12');
  const held = await standing();
  expect(seen(held)).toMatch(/^wire\/lan Echo \(ping\) reply/);
  expect(held.steps.shownAs).toBe('held');
  await sleep(5000);
  await time.goOn();
  const text = await ping;
  expect(lossOf(text)).toBe('0');
  expect(longest(text)).toBeLessThan(3000);
  time.removeBreakpoint(held.breakpoints[0]?.id ?? 0);
  await one.flushTap();
  await time.freeze();
  time.toStart();
  await time.runUntil(`icmp.type == 0 && icmp.ident == ${identOf(held)}`, 'host-01/eth0');
  await standing();
  const way = time.journey();
  expect(way?.hops.map(({ at }) => at)).toEqual(['host-02/eth0', 'wire/lan', 'host-01/eth0']);
  await time.goOn();
});

test('while a step waits for a packet the lab’s time goes on; who looks back instead finds it standing, and nothing shut for good', async () => {
  const times: number[] = [];
  const end = lab.onHops(({ hops }) => {
    for (const { machine, time: at, bytes, linkType } of hops)
      if (machine === 'wire' && summarize(bytes, linkType).info.includes('request')) times.push(at);
  });
  await time.runUntil('icmp.type == 8', 'wire/lan');
  const ping = run(one, 'ping -c 2 -i 1 10.0.0.12');
  await standing();
  // A step for each place, until both requests have crossed.
  for (let steps = 0; times.length < 2 && steps < 60; steps++) {
    await time.step();
    await standing();
  }
  end();
  const [first = 0, second = 0] = times;
  expect(second - first).toBeGreaterThan(0.9);
  expect(second - first).toBeLessThan(5);
  await time.runUntil('udp.port == 4242');
  expect(time.state.value).toMatchObject({ frozen: false, awaits: 'the next packet with udp.port == 4242' });
  time.back();
  const { awaits, said } = await standing();
  expect(awaits).toBeNull();
  expect(said).toMatch(/^Step /);
  time.toEnd();
  expect(time.state.value.frozen).toBe(true);
  await time.goOn();
  expect(lossOf(await ping)).toBe('0');
  expect(lossOf(await run(one, 'ping -c 2 -i 0.2 10.0.0.12'))).toBe('0');
});
