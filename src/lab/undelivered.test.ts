// What a wire delivered to nobody is a hop all the same, and the journey that ends there says why.
import { expect, it } from 'vitest';
import { ethernet, ipv4, udp } from '../../tests/support/journey.ts';
import { PlainMachine } from '../../tests/support/lab.ts';
import type { Hop } from '../hop/hop.ts';
import { LabJourneys } from './lab-journeys.ts';
import { LabOfMachines } from './lab-of-machines.ts';
import { TimeControl } from './time-control.ts';

const names = ['host-01', 'host-02', 'host-03'];

async function hosts(count: number) {
  const machines = names.slice(0, count).map((name) => new PlainMachine(name));
  const lab = new LabOfMachines('l', 'L', machines, [{ name: 'lan', machines: names }]);
  const journeys = new LabJourneys(lab);
  const hops: Hop[] = [];
  lab.onHops((batch) => {
    journeys.add(batch.hops);
    hops.push(...batch.hops);
  });
  await lab.start();
  const [sender] = machines as [PlainMachine];
  let id = 1;
  /** A datagram to host-02, which the sender's tap sees, too. Returns how its journey ends, by its hop on the wire. */
  const send = () => {
    const tuple = { protocol: 17, source: '10.0.0.11', destination: '10.0.0.12', sourcePort: 1, destinationPort: 2 };
    const bytes = ethernet(ipv4(tuple, 64, id++, udp(tuple, Uint8Array.of(1))));
    sender.sends(bytes.slice());
    sender.sawFrame({ device: 'eth0', direction: 'out', linkType: 1, bytes, time: lab.time.now() });
    const journey = journeys.of(hops.at(-1)?.n ?? 0);
    return [...(journey?.hops.map(({ at }) => at) ?? []), journey?.end, journey?.why];
  };
  return { lab, machines, hops, send };
}

const way = ['host-01/eth0', 'wire/lan'];

it.each<[string, string[], string]>([
  ['the receiver', ['host-02'], 'the cable of host-02 is out'],
  ['the sender', ['host-01'], 'the cable of host-01 is out'],
  ['both', ['host-02', 'host-01'], 'the cable of host-01 is out'],
])('when the cable is out of %s, the journey ends on the wire and says so', async (_, out, why) => {
  const { lab, machines, hops, send } = await hosts(2);
  for (const machine of out) lab.setCable(machine, false);
  expect(send()).toEqual([...way, 'dropped', `the wire lan did not deliver it: ${why}`]);
  expect(hops.map(({ n }) => n)).toEqual([1, 2]);
  expect(machines[1]?.received).toEqual([]);
  for (const machine of out) lab.setCable(machine, true);
  expect(send().slice(0, 3)).toEqual([...way, 'unknown']);
  expect(machines[1]?.received).toHaveLength(1);
});

it('is not lost, as far as the wire knows, when one of several has it', async () => {
  const { lab, machines, send } = await hosts(3);
  lab.setCable('host-02', false);
  expect(send().slice(0, 3)).toEqual([...way, 'unknown']);
  expect(machines[2]?.received).toHaveLength(1);
  lab.setCable('host-03', false);
  expect(send().slice(-1)).toEqual(['the wire lan did not deliver it: the cables of host-02 and host-03 are out']);
});

it('says so of a machine that is alone on its wire, and of what is no frame', async () => {
  const { hops, machines, send } = await hosts(1);
  expect(send().slice(-1)).toEqual(['the wire lan did not deliver it: no other machine on it takes frames']);
  machines[0]?.sends(new Uint8Array(5));
  await expect.poll(() => hops.at(-1)?.undelivered).toBe('malformed: 5 bytes are no Ethernet frame');
});

it('is let go by a step when its cable was pulled while it was held, and not awaited for ever', async () => {
  const { lab, machines, hops } = await hosts(2);
  const time = new TimeControl(lab);
  await time.freeze();
  machines[0]?.sends(new Uint8Array(60).fill(0xff, 0, 6));
  time.toEnd();
  expect(time.state.value.steps).toMatchObject({ held: 1, position: 1, total: 0 });
  lab.setCable('host-02', false);
  await time.step();
  expect(time.state.value.steps).toMatchObject({ held: 0, total: 1 });
  expect(hops.map(({ undelivered }) => undelivered)).toEqual(['the cable of host-02 is out']);
  time.dispose();
  await lab.dispose();
});
