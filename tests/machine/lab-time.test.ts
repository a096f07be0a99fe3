// A lab has one time. Whatever a reader does to it, what two machines and the wire between them saw of one packet is seen at one
// moment, later than what was seen before, and is one journey.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Hop, WIRE } from '../../src/hop/hop.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { LabJourneys } from '../../src/lab/lab-journeys.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { dissect } from '../../src/packet/dissect.ts';

let lab: Lab;
let one: Machine;
let other: Machine;
let journeys: LabJourneys;
const hops: Hop[] = [];

beforeAll(async () => {
  lab = await createNodeLab('two-hosts');
  journeys = new LabJourneys(lab);
  lab.onHops((batch) => {
    hops.push(...batch.hops);
    journeys.add(batch.hops);
  });
  await lab.start();
  [one, other] = lab.machines as [Machine, Machine];
});
afterAll(async () => lab?.dispose());

const until = async (what: string, condition: () => boolean, seconds: number): Promise<void> => {
  for (let tries = 0; tries < seconds * 10; tries++) {
    if (condition()) return;
    await sleep(100);
  }
  throw new Error(`waited ${seconds} s for ${what}`);
};
const isRequest = (hop: Hop): boolean =>
  dissect(hop.bytes, hop.linkType, hop.originalLength).some((layer) => layer.named('icmp.type')[0]?.value === 8);

let latest = 0;

/** One echo request from machine to machine: out at a NIC, on the wire, in at a NIC. */
async function expectOneMoment(): Promise<void> {
  // The first one may have to wait for ARP; a clock that was set is known after a packet.
  await one.exec('ping -c 2 -i 0.5 kube-worker-02');
  await Promise.all([one.flushTap(), other.flushTap()]);
  hops.length = 0;
  expect((await one.exec('ping -c 1 kube-worker-02')).exitCode).toBe(0);
  await Promise.all([one.flushTap(), other.flushTap()]);
  const request = hops.filter(isRequest);
  expect(request.map(({ machine }) => machine).sort()).toEqual(['kube-worker-01', 'kube-worker-02', WIRE]);
  const times = request.map(({ time }) => time);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(0.15);
  expect(Math.min(...times)).toBeGreaterThan(latest);
  expect(Math.abs(lab.time.now() - Math.max(...times))).toBeLessThan(10);
  latest = Math.max(...times);
  const ids = new Set(request.map(({ n }) => journeys.of(n)?.id));
  expect(ids.size).toBe(1);
}

test('machines and wire tell one time from the start', expectOneMoment);

test('a lab that stood for eight seconds goes on where it stood', async () => {
  const before = lab.time.now();
  await lab.freeze();
  await sleep(8000);
  await lab.thaw();
  expect(lab.time.now() - before).toBeLessThan(1);
  await expectOneMoment();
});

test('an undo does not take its time back, nor does one after a freeze', async () => {
  const checkpoint = await lab.checkpoint('here');
  await sleep(2000);
  await lab.goBackTo(checkpoint);
  await expectOneMoment();
  await lab.freeze();
  await sleep(3000);
  await lab.goBackTo(checkpoint);
  await expectOneMoment();
  lab.forget(checkpoint);
});

test('a reader sets the clock of a machine, forward and back', async () => {
  for (const by of ['+ 1 hour', '- 2 hours', '+ 20 days']) {
    await other.exec(`date -s "$(date -d "now ${by}")"`);
    await expectOneMoment();
  }
});

test('a machine that was rebooted has the time of the others', async () => {
  await other.reboot();
  await until('its agent', () => other.kernel.value !== null, 120);
  await expectOneMoment();
  const [first, second] = await Promise.all([one, other].map((machine) => machine.exec('date +%s')));
  expect(Math.abs(Number(first?.stdout) - Number(second?.stdout))).toBeLessThan(3);
});

test('in slow motion as well', async () => {
  lab.setSpeed(0.25);
  await expectOneMoment();
  lab.setSpeed(1);
  await expectOneMoment();
});
