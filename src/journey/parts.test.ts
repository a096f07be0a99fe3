import { describe, expect, it } from 'vitest';
import { cooked, ipv4, nothingDropped, question, topology } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { JourneyBuilder, stitch } from './builder.ts';

let next = 1;

/** A TCP segment of host-01's first container to host-02, seen at some place. */
function segment(
  at: readonly [machine: string, device: string, direction: 'in' | 'out'],
  time: number,
  { id, sequence, length, ttl = 63 }: { id: number; sequence: number; length: number; ttl?: number },
): Hop {
  const [machine, device, direction] = at;
  const tuple = { protocol: 6, source: '172.17.0.2', destination: '10.0.0.12', sourcePort: 0, destinationPort: 0 };
  const head = Uint8Array.of(
    0x9c,
    0x40,
    0,
    80,
    sequence >>> 24,
    sequence >>> 16,
    sequence >>> 8,
    sequence,
    0,
    0,
    0,
    9,
    0x50,
    0x18,
    1,
    0,
    0,
    0,
    0,
    0,
  );
  const bytes = cooked(ipv4(tuple, ttl, id, Uint8Array.of(...head, ...new Uint8Array(length))), direction === 'out');
  return { n: next++, machine, device, direction, time, linkType: 276, bytes, originalLength: bytes.length };
}

const VETH = ['host-01', 'veth-c0', 'in'] as const;
const OUT = ['host-01', 'eth0', 'out'] as const;
const IN = ['host-02', 'eth0', 'in'] as const;

describe('one large TCP packet that a device cuts into segments', () => {
  // Sequence numbers go round in the middle of it.
  const base = 0xffff_fc00;
  const whole = segment(VETH, 1, { id: 50, sequence: base, length: 3000, ttl: 64 });
  const pieces = [0, 1448, 2896].map((offset, n) => {
    const piece = { id: 50 + n, sequence: (base + offset) >>> 0, length: Math.min(1448, 3000 - offset) };
    return { out: segment(OUT, 1.0001 + n * 1e-5, piece), in: segment(IN, 1.0002 + n * 1e-5, piece) };
  });
  const again = { id: 90, sequence: base + 1448 - 2 ** 32, length: 1448 };
  const resent = [segment(VETH, 1.5, { ...again, ttl: 64 }), segment(OUT, 1.5001, again), segment(IN, 1.5002, again)];

  it('is told together with its segments, and arrives when all of them do', () => {
    const hops = [whole, ...pieces.flatMap((piece) => [piece.in, piece.out])];
    const journeys = stitch(hops, { topology, evidence: nothingDropped });
    expect(journeys).toHaveLength(4);
    const parts = { kind: 'segments', whole: whole.n, from: [], into: pieces.map(({ out }) => out.n) };
    for (const journey of journeys)
      expect(journey).toMatchObject({ parts, end: 'delivered', grade: 'inferred', repeats: null });
    expect(journeys[0]?.why).toBe('it went on as 3 segments, which all arrived');
  });

  it('has not arrived when one of them was not seen to', () => {
    const hops = [whole, ...pieces.flatMap((piece, n) => (n === 1 ? [piece.out] : [piece.in, piece.out]))];
    const journey = stitch(hops, { topology, evidence: nothingDropped })[0];
    expect(journey).toMatchObject({ id: whole.n, end: 'unknown' });
    expect(journey?.why).toContain('not all of them');
  });

  it('that was put together on the way was not lost where it was cut up again, although a neighbour was asked for', () => {
    const came = [0, 1448, 2896].map((offset, n) =>
      segment(VETH, 0.9999 + n * 1e-6, {
        ...{ id: 50 + n, sequence: (base + offset) >>> 0, length: Math.min(1448, 3000 - offset), ttl: 64 },
      }),
    );
    const bridged = segment(['host-01', 'docker0', 'in'], 1, { id: 50, sequence: base, length: 3000, ttl: 64 });
    const asked = [0, 1, 2].map((second): Hop => {
      const bytes = question('10.0.0.11', '10.0.0.12', true);
      const at = { machine: 'host-01', device: 'eth0', direction: 'out', time: 0.5 + second } as const;
      return { ...at, n: next++, linkType: 276, bytes, originalLength: bytes.length };
    });
    const journeys = stitch([...came, bridged, ...pieces.map((piece) => piece.out), ...asked], { topology });
    const large = journeys.find(({ hops: [first] }) => first?.hop.n === bridged.n);
    expect(large?.parts).toMatchObject({ from: came.map(({ n }) => n) });
    expect(journeys.filter(({ end }) => end === 'dropped')).toEqual([]);
  });

  it('knows a part of it that is sent again for what it is', () => {
    const hops = [whole, ...pieces.flatMap((piece) => [piece.in, piece.out]), ...resent];
    const journeys = stitch(hops, { topology, evidence: nothingDropped });
    expect(journeys).toHaveLength(5);
    expect(journeys.at(-1)).toMatchObject({ end: 'delivered', repeats: { kind: 'retransmission', of: whole.n } });
    expect(journeys.at(-1)?.hops).toHaveLength(3);
    expect(journeys[0]?.parts?.into).toHaveLength(3);
  });
});

it('tells a second pass of a routing loop from a copy, by its TTL', () => {
  const seen = (device: string, direction: 'in' | 'out', time: number, ttl: number): Hop =>
    segment(['host-01', device, direction], time, { id: 7, sequence: 1, length: 8, ttl });
  const hops = [
    seen('eth0', 'in', 1, 9),
    seen('eth0', 'out', 1.001, 8),
    seen('eth0', 'in', 1.002, 7),
    seen('eth0', 'out', 1.003, 6),
  ];
  const [journey, ...more] = stitch([...hops].reverse());
  expect(more).toEqual([]);
  expect(journey?.hops.map(({ hop }) => hop.n)).toEqual(hops.map(({ n }) => n));
});

it('waits for a packet that somebody held for half a minute', () => {
  const held = { id: 8, sequence: 5, length: 10 };
  const hops = [segment(OUT, 1, held), segment(IN, 31, held)];
  expect(stitch(hops, { topology })).toHaveLength(1);
});

it('keeps the latest of the frames that repeat for ever', () => {
  const builder = new JourneyBuilder({ keep: 10_000 });
  const ask = (id: number): Hop => {
    const bytes = question('10.0.0.11', '10.0.0.99', true);
    return {
      n: id,
      machine: 'host-01',
      device: 'eth0',
      direction: 'out',
      time: id,
      linkType: 276,
      bytes,
      originalLength: bytes.length,
    };
  };
  for (let id = 1; id <= 2000; id++) builder.add([ask(id)]);
  expect(builder.size).toBeLessThanOrEqual(512);
  expect(builder.journeyOf(2000)?.repeats).toMatchObject({ kind: 'repeat' });
  expect(builder.journeyOf(1)).toBeUndefined();
});
