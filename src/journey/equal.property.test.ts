// Packets that are equal to the last byte, and taps that lost some: what is said of them depends on what was seen, not on when it was told.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cooked, ipv4, question, udp } from '../../tests/support/journey.ts';
import { LinkType } from '../capture/link-type.ts';
import type { Gap } from '../hop/gap.ts';
import type { Hop } from '../hop/hop.ts';
import { JourneyBuilder, stitch } from './builder.ts';
import { journeyJson } from './journey-json.ts';

const START = 1.7e9;
const ends = { protocol: 17, source: '10.0.0.1', destination: '10.0.1.1', sourcePort: 4000, destinationPort: 53 };
const echo = { ...ends, protocol: 1, sourcePort: 7, destinationPort: 7 };
const back = { ...echo, source: echo.destination, destination: echo.source };

/** Each the only one of its kind that there is: whoever is seen twice is equal to another, or the same. */
const KINDS: readonly ((out: boolean) => Uint8Array)[] = [
  (out) => cooked(ipv4(ends, 64, 0, udp(ends, new Uint8Array(20))), out),
  (out) => cooked(ipv4(ends, 64, 77, udp(ends, new Uint8Array(20))), out),
  (out) => cooked(ipv4(ends, 63, 77, udp(ends, new Uint8Array(20))), out),
  (out) => cooked(ipv4(echo, 64, 0, Uint8Array.of(8, 0, 0, 0, 0, 7, 0, 1, ...new Uint8Array(20))), out),
  (out) => cooked(ipv4(back, 64, 0, Uint8Array.of(0, 0, 0, 0, 0, 7, 0, 1, ...new Uint8Array(20))), out),
  (out) => question('10.0.0.1', '10.0.1.1', out),
];

const seen = fc.record({
  kind: fc.nat(KINDS.length - 1),
  machine: fc.constantFrom('a', 'b', 'c'),
  device: fc.constantFrom('eth0', 'eth1'),
  out: fc.boolean(),
  ms: fc.oneof(fc.nat(30), fc.nat(9000)),
  isCut: fc.boolean(),
});
const run = fc.array(seen, { minLength: 1, maxLength: 24 }).map((all) =>
  [...all]
    .sort((a, b) => a.ms - b.ms)
    .map(({ kind, machine, device, out, ms, isCut }, index): Hop => {
      const bytes = KINDS[kind]?.(out) ?? new Uint8Array();
      const direction = out ? 'out' : 'in';
      const place = { machine, device, direction, linkType: LinkType.LINUX_SLL2 } as const;
      const kept = isCut ? bytes.subarray(0, bytes.length - 12) : bytes;
      return { n: index + 1, ...place, time: START + ms / 1000, bytes: kept, originalLength: bytes.length };
    }),
);
const gaps = fc.array(
  fc
    .record({ machine: fc.constantFrom('a', 'b'), from: fc.nat(9000), length: fc.nat(2000) })
    .map(({ machine, from, length }): Gap => {
      const at = START + from / 1000;
      return { machine, from: at, until: at + length / 1000, count: 1 };
    }),
  { maxLength: 2 },
);

describe('packets that are equal', () => {
  it('are told apart in the same way, to the letter, in whatever order and portions hops and gaps come', () => {
    const told = run.chain((hops) =>
      fc.record({
        hops: fc.constant(hops),
        order: fc.shuffledSubarray(hops, { minLength: hops.length }),
        portion: fc.integer({ min: 1, max: 9 }),
        gaps,
        after: fc.nat(5),
        oneTime: fc.boolean(),
      }),
    );
    fc.assert(
      fc.property(told, ({ hops, order, portion, gaps: missing, after, oneTime }) => {
        const builder = new JourneyBuilder({ oneTime });
        for (let at = 0, n = 0; at < order.length; at += portion, n++) {
          if (n === after) builder.know({ gaps: missing });
          builder.add(order.slice(at, at + portion));
          if (n % 2 === 0) builder.journeys();
          builder.journeyOf(order[at]?.n ?? 0);
        }
        builder.know({ gaps: [...missing].reverse() });
        const batch = stitch(hops, { gaps: missing }, { oneTime });
        expect(builder.journeys().map(journeyJson)).toEqual(batch.map(journeyJson));
      }),
      { numRuns: 300 },
    );
  });

  it('are each in one journey, however many a tap lost', () => {
    fc.assert(
      fc.property(run, gaps, (hops, missing) => {
        const all = stitch(hops, { gaps: missing }).flatMap((journey) => journey.hops.map(({ hop }) => hop.n));
        expect(all.sort((a, b) => a - b)).toEqual(hops.map(({ n }) => n));
      }),
    );
  });

  it('are no more surely one with a tap that lost packets than without it', () => {
    const sizes = (hops: readonly Hop[], missing: readonly Gap[]): number =>
      stitch(hops, { gaps: missing }, { oneTime: true }).length;
    fc.assert(
      fc.property(run, gaps, (hops, missing) => {
        const lossy = new Set(missing.map(({ machine }) => machine));
        const others = hops.filter(({ machine }) => !lossy.has(machine));
        expect(sizes(hops, missing)).toBeGreaterThanOrEqual(sizes(others, []));
      }),
    );
  });
});
