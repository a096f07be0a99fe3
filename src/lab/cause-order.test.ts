import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hopsOf } from '../../tests/support/two-hosts.ts';
import { CauseOrder } from './cause-order.ts';

const hops = hopsOf('overlay');
type Seen = (typeof hops)[number];

function drain(order: CauseOrder<Seen>, now: number): Seen[] {
  const taken: Seen[] = [];
  for (let hop = order.take(now); hop !== undefined; hop = order.take(now)) taken.push(hop as Seen);
  return taken;
}

/** By the address of its NIC: a frame's second, in what a tap saw leave (LINUX_SLL2) from byte 12 on. */
const address = (hop: Seen, at: number): string => Buffer.from(hop.bytes.subarray(at, at + 6)).toString('hex');
const senders = new Map(
  hops.filter((hop) => hop.device === 'eth0' && hop.direction === 'out').map((hop) => [address(hop, 12), hop.machine]),
);
const push = (order: CauseOrder<Seen>, hop: Seen, now: number): void =>
  order.push(hop, now, hop.machine === 'wire' ? senders.get(address(hop, 6)) : undefined);

const orderOf = () => new CauseOrder<Seen>(({ device }) => (device === 'eth0' ? 'lan' : undefined));

it('puts a frame after its sender’s word of it, and before its receiver’s', () => {
  const order = orderOf();
  // The wire tells at once, and the second machine's tap before the first one's.
  const late = [
    ...hops.filter(({ machine }) => machine === 'wire'),
    ...hops.filter(({ machine }) => machine === 'host-02'),
    ...hops.filter(({ machine }) => machine === 'host-01'),
  ].map((hop, index) => ({ ...hop, n: index + 1 }));
  for (const hop of late) push(order, hop, 0);
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
  for (const hop of hops.filter(({ machine }) => machine !== 'host-01')) push(order, hop, 0);
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
          for (const hop of queue.splice(0, 1 + (chunk % 7))) push(order, { ...hop, n: ++n }, now);
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

describe('of frames that are equal to the last byte', () => {
  const [one] = hops as [Seen];
  const at = (machine: string, direction: Seen['direction']): Seen => ({
    ...{ ...one, machine, direction },
    device: machine === 'wire' ? 'lan' : 'eth0',
  });
  const frame = at('wire', 'unknown');
  const drained = (order: CauseOrder<Seen>, now: number) =>
    drain(order, now).map(({ machine, direction }) => `${machine} ${direction}`);

  it('waits for its sender’s word of each, though that of an earlier one came too late', () => {
    const order = orderOf();
    order.push(frame, 0, 'host-01');
    expect(drained(order, 300)).toEqual(['wire unknown']);
    order.push(at('host-01', 'out'), 310);
    expect(drained(order, 310)).toEqual(['host-01 out']);
    order.push(frame, 1000, 'host-01');
    order.push(at('host-02', 'in'), 1000);
    expect(drained(order, 1000)).toEqual([]);
    order.push(at('host-01', 'out'), 1010);
    expect(drained(order, 1010)).toEqual(['host-01 out', 'wire unknown', 'host-02 in']);
  });

  it('does not wait longer for all that follow when a tap has missed one', () => {
    const order = orderOf();
    order.push(frame, 0, 'host-01');
    drain(order, 300);
    for (let now = 1000; now < 5000; now += 1000) {
      order.push(frame, now, 'host-01');
      order.push(at('host-01', 'out'), now + 1);
      expect(drained(order, now + 1)).toEqual(['host-01 out', 'wire unknown']);
    }
  });

  it('sees a packet come in at a router before it leaves where it came from', () => {
    const order = orderOf();
    order.push(frame, 0, 'host-01');
    order.push(frame, 1, 'host-02');
    order.push(at('host-01', 'out'), 2);
    order.push(at('host-02', 'in'), 3);
    order.push(at('host-02', 'out'), 3);
    expect(drained(order, 4)).toEqual(['host-01 out', 'wire unknown', 'host-02 in', 'host-02 out', 'wire unknown']);
  });
});

it('lets a flood through as it comes, and puts what comes after it in order again', () => {
  const order = orderOf();
  const frame = hops.find(({ machine }) => machine === 'wire');
  if (frame === undefined) throw new Error('a frame on the wire');
  const push = (count: number, now: number): number => {
    for (let n = 0; n < count; n++) order.push({ ...frame }, now, 'host-01');
    return drain(order, now).length;
  };
  expect(push(10, 0)).toBe(0);
  expect(push(5000, 10)).toBeGreaterThan(4000);
  // Right after it, too; and no longer, though something comes all the time.
  expect(push(1, 150)).toBe(1);
  drain(order, 260);
  expect(push(1, 260)).toBe(0);
  expect(push(1, 370)).toBe(0);
  expect(order.size).toBe(2);
});

it('tells of nothing as earlier than what it came from, nor than what its machine saw before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -0.003, max: 0.003, noNaN: true }), { minLength: 3, maxLength: 3 }),
      (wrong) => {
        const order = orderOf();
        // Each clock is wrong by some ms.
        const error = new Map(['wire', 'host-01', 'host-02'].map((machine, index) => [machine, wrong[index] ?? 0]));
        for (const hop of hops) push(order, { ...hop, time: hop.time + (error.get(hop.machine) ?? 0) }, 0);
        const latest = new Map<string, number>();
        const left = new Map<string, number>();
        const crossed = new Map<string, number>();
        for (const { bytes, machine, device, direction, time } of drain(order, 0)) {
          expect(time).toBeGreaterThanOrEqual(latest.get(machine) ?? 0);
          latest.set(machine, time);
          const packet = Buffer.from(bytes.slice(-28)).toString('hex');
          if (machine === 'wire') {
            expect(time).toBeGreaterThanOrEqual(left.get(packet) ?? 0);
            crossed.set(packet, time);
          } else if (device === 'eth0' && direction === 'out') left.set(packet, time);
          else if (device === 'eth0') expect(time).toBeGreaterThanOrEqual(crossed.get(packet) ?? 0);
        }
        expect(crossed.size).toBeGreaterThan(2);
      },
    ),
  );
});
