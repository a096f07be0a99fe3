import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hostName,
  nothingDropped,
  question,
  type Sent,
  type TrueHop,
  tapped,
  topology,
  walk,
} from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { JourneyBuilder, stitch } from './builder.ts';
import type { ConntrackEntry } from './evidence/conntrack.ts';
import type { Journey } from './journey.ts';
import { journeyJson } from './journey-json.ts';

const sent: fc.Arbitrary<Sent> = fc.record({
  host: fc.nat(2),
  container: fc.nat(1),
  kind: fc.constantFrom('neighbour', 'overlay', 'masquerade', 'published'),
  away: fc.constantFrom(1, 2),
  protocol: fc.constantFrom(1, 6, 17),
  size: fc.integer({ min: 8, max: 80 }),
});
const skews = fc.array(fc.double({ min: -500, max: 500, noNaN: true }), { minLength: 4, maxLength: 4 });

interface Run {
  /** In true order; an id is 1 more than the index. */
  readonly hops: readonly Hop[];
  readonly conntrack: readonly ConntrackEntry[];
  /** The packet that each hop is of, by id. */
  readonly packets: ReadonlyMap<number, number>;
}

/** Packets a little after each other, so that several are under way at once. */
function run(packets: readonly Sent[], clocks: readonly number[]): Run {
  const walked = packets.map((packet, number) => walk(packet, number, number * 0.0001));
  const seen = walked.flatMap(({ hops }, packet) => hops.map((hop) => ({ hop, packet })));
  seen.sort((a, b) => a.hop.time - b.hop.time);
  return {
    hops: seen.map(({ hop }, index) => tapped(hop, index + 1, clocks)),
    conntrack: walked.flatMap(({ conntrack }) => conntrack),
    packets: new Map(seen.map(({ packet }, index) => [index + 1, packet])),
  };
}

const generated = fc
  .tuple(fc.array(sent, { minLength: 1, maxLength: 12 }), skews)
  .map(([packets, clocks]) => run(packets, clocks));

const shuffled = <T>(list: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...list], { minLength: list.length });
const idsOf = ({ hops }: Journey): number[] => hops.map(({ hop }) => hop.n);
const sets = (journeys: readonly Journey[]): string[] =>
  journeys
    .map((journey) =>
      idsOf(journey)
        .sort((a, b) => a - b)
        .join(' '),
    )
    .sort();

/** What stitching should give: the hops that are there, by packet. */
function expected(hops: readonly Hop[], packets: ReadonlyMap<number, number>): string[] {
  const groups = new Map<number, number[]>();
  for (const { n } of hops) {
    const packet = packets.get(n) ?? -1;
    groups.set(packet, [...(groups.get(packet) ?? []), n]);
  }
  return [...groups.values()].map((ids) => ids.sort((a, b) => a - b).join(' ')).sort();
}

describe('packets of generated networks, with clocks that differ by minutes', () => {
  it('are stitched to the way that they took, whatever order their hops came in', () => {
    fc.assert(
      fc.property(
        generated.chain((world) => fc.record({ world: fc.constant(world), hops: shuffled(world.hops) })),
        ({ world, hops }) => {
          const journeys = stitch(hops, { topology, conntrack: world.conntrack, evidence: nothingDropped });
          expect(sets(journeys)).toEqual(expected(world.hops, world.packets));
          // Ids count in true order.
          for (const journey of journeys) expect(idsOf(journey)).toEqual(idsOf(journey).sort((a, b) => a - b));
          // Nobody answers in these networks: an echo request has got to its goal at most.
          for (const { end, grade, reached, summary } of journeys) {
            expect(reached).not.toBeNull();
            expect([end, grade]).toEqual(/request/.test(summary) ? ['unknown', 'unknown'] : ['delivered', 'inferred']);
          }
          expect(
            journeys.every(({ repeats, fork, notes }) => repeats === null && fork === null && notes.length === 0),
          ).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('are stitched to what is left of it when hops are lost', () => {
    fc.assert(
      fc.property(
        generated.chain((world) =>
          fc.record({ world: fc.constant(world), hops: fc.shuffledSubarray([...world.hops], { minLength: 1 }) }),
        ),
        ({ world, hops }) => {
          const journeys = stitch(hops, { topology, conntrack: world.conntrack });
          expect(sets(journeys)).toEqual(expected(hops, world.packets));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('are stitched without a topology as well', () => {
    fc.assert(
      fc.property(
        generated.chain((world) => fc.record({ world: fc.constant(world), hops: shuffled(world.hops) })),
        ({ world, hops }) => {
          const journeys = stitch(hops, { conntrack: world.conntrack });
          expect(sets(journeys)).toEqual(expected(world.hops, world.packets));
          for (const journey of journeys) expect(idsOf(journey)).toEqual(idsOf(journey).sort((a, b) => a - b));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('give the same answer to the letter, in whatever order and portions hops and knowledge come', () => {
    fc.assert(
      fc.property(
        generated.chain((world) =>
          fc.record({
            world: fc.constant(world),
            hops: fc.shuffledSubarray([...world.hops], { minLength: Math.ceil(world.hops.length / 2) }),
            portion: fc.integer({ min: 1, max: 9 }),
            told: fc.nat(5),
          }),
        ),
        ({ world, hops, portion, told }) => {
          const builder = new JourneyBuilder();
          for (let at = 0, n = 0; at < hops.length; at += portion, n++) {
            if (n === told) builder.know({ conntrack: world.conntrack });
            if (n === told + 1) builder.know({ topology });
            builder.add(hops.slice(at, at + portion));
            builder.journeyOf(hops[at]?.n ?? 0);
            if (n % 3 === 0) builder.journeys();
          }
          builder.know({ topology, conntrack: [...world.conntrack].reverse() });
          const sorted = [...hops].sort((a, b) => a.n - b.n);
          const batch = stitch(sorted, { topology, conntrack: world.conntrack });
          expect(builder.journeys().map(journeyJson)).toEqual(batch.map(journeyJson));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('have no hop before the one that it follows, though hops are lost', () => {
    fc.assert(
      fc.property(
        generated.chain((world) =>
          fc.record({ world: fc.constant(world), hops: fc.shuffledSubarray([...world.hops], { minLength: 1 }) }),
        ),
        ({ world, hops }) => {
          for (const { hops: own } of stitch(hops, { topology, conntrack: world.conntrack })) {
            for (const [index, hop] of own.entries()) {
              expect(hop.after).toBeLessThan(index);
              const before = own[hop.after];
              if (before === undefined) continue;
              // Ids count in true order.
              expect(before.hop.n).toBeLessThan(hop.hop.n);
              expect(before.time).toBeLessThanOrEqual(hop.time);
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are two where NAT rewrote them and no entry says so', () => {
    const natted = sent.map(
      (packet): Sent => ({ ...packet, kind: packet.kind === 'published' ? 'published' : 'masquerade' }),
    );
    fc.assert(
      fc.property(natted, skews, (packet, clocks) => {
        const world = run([packet], clocks);
        const journeys = stitch(world.hops, { topology });
        expect(journeys).toHaveLength(2);
        for (const { notes } of journeys) expect(notes).toHaveLength(1);
      }),
      { numRuns: 50 },
    );
  });
});

describe('copies', () => {
  it('made on the way are duplicates, from there on', () => {
    fc.assert(
      fc.property(sent, fc.nat(20), fc.integer({ min: 1, max: 40 }), (packet, from, late) => {
        const { hops, conntrack } = walk(packet, 0, 0);
        const first = Math.min(1 + (from % (hops.length - 1)), hops.length - 1);
        const copies = hops.slice(first).map((hop): TrueHop => ({ ...hop, time: hop.time + late * 1e-4 }));
        const all = [...hops, ...copies].map((hop, index) => tapped(hop, index + 1, []));
        const journeys = stitch(all, { topology, conntrack }, { oneTime: true });
        expect(journeys.map(({ hops: seen }) => seen.length).sort((a, b) => b - a)).toEqual([
          hops.length,
          copies.length,
        ]);
        const [original, copy] = journeys[0]?.repeats === null ? journeys : [...journeys].reverse();
        expect(original?.repeats).toBeNull();
        expect(copy?.repeats).toEqual({ kind: 'duplicate', of: original?.id });
      }),
      { numRuns: 100 },
    );
  });

  it('of any hops, made by the tap itself, change nothing about the packets that they are copies of', () => {
    const withCopies = generated.chain((world) =>
      fc.record({ world: fc.constant(world), doubled: fc.subarray([...world.hops], { minLength: 1 }) }),
    );
    fc.assert(
      fc.property(
        withCopies.chain(({ world, doubled }) => {
          const copies = doubled.map((hop, index): Hop => ({ ...hop, n: 1000 + index }));
          return fc.record({
            world: fc.constant(world),
            copies: fc.constant(copies),
            hops: shuffled([...world.hops, ...copies]),
          });
        }),
        ({ world, copies, hops }) => {
          const journeys = stitch(hops, { topology, conntrack: world.conntrack });
          const [first, again] = [
            journeys.filter(({ repeats }) => repeats === null),
            journeys.filter(({ repeats }) => repeats !== null),
          ];
          expect(sets(first)).toEqual(expected(world.hops, world.packets));
          expect(again.flatMap(idsOf).sort((a, b) => a - b)).toEqual(copies.map(({ n }) => n));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('that the sender makes of a TCP segment later, and numbers anew, are retransmissions', () => {
    const segment = sent.map((packet): Sent => ({ ...packet, protocol: 6 }));
    fc.assert(
      fc.property(
        segment,
        skews,
        fc.integer({ min: 200, max: 3000 }),
        fc.integer({ min: 0, max: 8 }),
        (packet, clocks, ms, lost) => {
          const first = walk(packet, 3, 0);
          const again = walk({ ...packet, identification: 5000 }, 3, ms / 1000);
          // The first one got so far only.
          const seen = [...first.hops.slice(0, Math.max(1, first.hops.length - lost)), ...again.hops];
          const all = seen.map((hop, index) => tapped(hop, index + 1, clocks));
          const known = { topology, conntrack: first.conntrack, evidence: nothingDropped };
          const [one, two, ...more] = stitch(all, known);
          expect(more).toEqual([]);
          expect(one?.hops).toHaveLength(seen.length - again.hops.length);
          expect(two?.repeats).toEqual({ kind: 'retransmission', of: one?.id });
          expect(two?.end).toBe('delivered');
        },
      ),
      { numRuns: 100 },
    );
  });

  it('of an ARP question are asked again, and each keeps its own hops', () => {
    fc.assert(
      fc.property(
        skews,
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        (clocks, times, lost) => {
          const hops: TrueHop[] = [];
          // Two packets that are seen on both sides set the clocks.
          hops.push(...walk({ host: 0, container: 0, kind: 'overlay', away: 1, protocol: 17, size: 20 }, 1, 0).hops);
          hops.push(...walk({ host: 1, container: 0, kind: 'overlay', away: 1, protocol: 17, size: 20 }, 2, 0.01).hops);
          hops.push(
            ...walk({ host: 1, container: 0, kind: 'masquerade', away: 1, protocol: 17, size: 20 }, 3, 0.02).hops,
          );
          for (let n = 0; n < times; n++) {
            const seen = (host: number, direction: 'in' | 'out'): TrueHop => ({
              machine: hostName(host),
              device: 'eth0',
              direction,
              time: 1 + n + (direction === 'in' ? 0.0005 : 0),
              linkType: 276,
              bytes: question('10.0.0.11', '10.0.0.99', direction === 'out'),
            });
            hops.push(seen(0, 'out'));
            if (lost[n] !== true) hops.push(seen(1, 'in'), seen(2, 'in'));
          }
          const all = hops.map((hop, index) => tapped(hop, index + 1, clocks));
          const asked = stitch(all, { topology }).filter(({ summary }) => /Who has/.test(summary));
          expect(asked.map(({ hops: seen }) => seen.length)).toEqual(
            Array.from({ length: times }, (_, n) => (lost[n] === true ? 1 : 3)),
          );
          expect(asked.map(({ repeats }) => repeats?.of ?? null)).toEqual(
            asked.map((_, n) => (n === 0 ? null : asked[0]?.id)),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

it('keeps each packet and its order although a clock runs so fast that no offset fits', () => {
  // Every second a packet there and one back; the second machine's clock gains 10 ms a second, a packet takes 0.1 ms.
  const sent = (n: number, host: number, away: 1 | 2, kind: Sent['kind'] = 'overlay') =>
    walk({ host, container: 0, kind, away, protocol: 17, size: 10 }, 4 * n + host, n + host / 1000);
  const walked = Array.from({ length: 20 }, (_, n) => [
    sent(n, 0, 1),
    sent(n, 1, 2),
    sent(n, 2, 2, 'masquerade'),
  ]).flat();
  const seen = walked
    .flatMap(({ hops }) => hops)
    .map((hop, index) => {
      const fast = hop.machine === hostName(1) ? hop.time * 0.01 : 0;
      return tapped({ ...hop, time: hop.time + fast }, index + 1, [0, 0, 0, 0]);
    });
  const journeys = stitch(seen, { topology, conntrack: walked.flatMap(({ conntrack }) => conntrack) });
  expect(journeys).toHaveLength(60);
  for (const { hops } of journeys)
    for (const hop of hops) expect(hop.time).toBeGreaterThanOrEqual(hops[hop.after]?.time ?? 0);
});

it('takes any bytes for a packet, and loses none', () => {
  const direction = fc.constantFrom<Hop['direction']>('in', 'out', 'unknown');
  const hop = fc.record({
    machine: fc.constantFrom('a', 'b', 'wire'),
    device: fc.constantFrom('eth0', 'lo'),
    direction,
    time: fc.oneof(fc.double({ min: 0, max: 2e9, noNaN: true }), fc.constant(0)),
    linkType: fc.constantFrom(0, 1, 101, 113, 276, 999),
    bytes: fc.uint8Array({ maxLength: 80 }),
    originalLength: fc.nat(2000),
  });
  fc.assert(
    fc.property(fc.array(hop, { maxLength: 25 }), (list) => {
      const hops = list.map((one, index): Hop => ({ ...one, n: index + 1 }));
      const journeys = stitch(hops);
      expect(journeys.flatMap(idsOf).sort((a, b) => a - b)).toEqual(hops.map(({ n }) => n));
      for (const journey of journeys) JSON.stringify(journeyJson(journey));
    }),
    { numRuns: 200 },
  );
});
