import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hopsOf } from '../../tests/support/two-hosts.ts';
import { CauseOrder } from './cause-order.ts';

const hops = hopsOf('overlay');
type Seen = (typeof hops)[number];

function drain(order: CauseOrder<Seen>, now: number): Seen[] {
  const taken: Seen[] = [];
  for (let hop = order.take(now); hop !== undefined; hop = order.take(now)) taken.push(hop as Seen);
  return taken;
}

const orderOf = () => new CauseOrder<Seen>(({ device }) => (device === 'eth0' ? 'lan' : undefined));

it('puts a frame after its sender’s word of it, and before its receiver’s', () => {
  const order = orderOf();
  // The wire tells at once, and the second machine's tap before the first one's.
  const late = [
    ...hops.filter(({ machine }) => machine === 'wire'),
    ...hops.filter(({ machine }) => machine === 'host-02'),
    ...hops.filter(({ machine }) => machine === 'host-01'),
  ].map((hop, index) => ({ ...hop, n: index + 1 }));
  for (const hop of late) order.push(hop, 0);
  const taken = drain(order, 0);
  expect(taken).toHaveLength(hops.length);
  // At any moment a packet was received at most as often as it was on the wire, and that at most as often as it was sent.
  const counts = new Map<string, { sent: number; wired: number; received: number }>();
  for (const { bytes, machine, device, direction } of taken) {
    const packet = Buffer.from(bytes.slice(-28)).toString('hex');
    const count = counts.get(packet) ?? { sent: 0, wired: 0, received: 0 };
    counts.set(packet, count);
    if (machine === 'wire') count.wired++;
    else if (device === 'eth0') count[direction === 'out' ? 'sent' : 'received']++;
    expect(count.wired).toBeLessThanOrEqual(count.sent);
    expect(count.received).toBeLessThanOrEqual(count.wired);
  }
  expect([...counts.values()].filter(({ received }) => received > 0).length).toBeGreaterThan(2);
});

it('waits for nobody longer than a moment', () => {
  const order = orderOf();
  for (const hop of hops.filter(({ machine }) => machine !== 'host-01')) order.push(hop, 0);
  expect(drain(order, 199).some(({ machine }) => machine === 'wire')).toBe(false);
  drain(order, 200);
  expect(order.size).toBe(0);
});

it('loses nothing, and keeps each machine’s own order, whenever what comes', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(['wire', 'host-01', 'host-02'], { minLength: 3 }), fc.nat(30), (turns, chunk) => {
      const order = orderOf();
      const queues = turns.map((machine) => hops.filter((hop) => hop.machine === machine));
      const taken: Seen[] = [];
      let n = 0;
      for (let now = 0; queues.some((queue) => queue.length > 0); now += 10) {
        for (const queue of queues)
          for (const hop of queue.splice(0, 1 + (chunk % 7))) order.push({ ...hop, n: ++n }, now);
        taken.push(...drain(order, now));
      }
      taken.push(...drain(order, Number.MAX_SAFE_INTEGER));
      expect(taken).toHaveLength(hops.length);
      for (const machine of turns) {
        const own = taken.filter((hop) => hop.machine === machine).map(({ n }) => n);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
      }
    }),
  );
});
