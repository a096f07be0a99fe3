// What is worst for stitching, by thousands: packets that have much in common. Where a pair of each would be compared, or worse, these take
// minutes.
import { expect, test } from 'vitest';
import { cooked, dropOf, ipv4, nothingDropped, question, topology, udp } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import type { Tuple } from '../hop/tuple.ts';
import { type Context, stitch } from './builder.ts';
import type { DropEvidence } from './evidence/drop.ts';

const COUNT = 4000;
/** ms; they take some hundred. */
const MOST_TIME = 10_000;

const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
const to = (changes: Partial<Tuple> = {}): Tuple => ({
  ...{ protocol: 17, source: '172.17.0.2', destination: '10.9.9.9', sourcePort: 40000, destinationPort: 53 },
  ...changes,
});
const back = ({ protocol, source, destination, sourcePort, destinationPort }: Tuple): Tuple => ({
  ...{ protocol, source: destination, destination: source },
  ...{ sourcePort: destinationPort, destinationPort: sourcePort },
});

const seen = (packet: Uint8Array, type = 0x0800): Omit<Hop, 'n' | 'time'> => {
  const bytes = cooked(packet, false, type);
  const place = { machine: 'host-01', device: 'docker0', direction: 'in', linkType: 276 } as const;
  return { ...place, bytes, originalLength: bytes.length };
};
const datagram = (ends: Tuple, id: number, data: number[] = [1]) =>
  ipv4(ends, 64, id, udp(ends, Uint8Array.from(data)));
const segment = (ends: Tuple, id: number, sequence: number, acknowledgment: number, flags: number, length = 0) => {
  const ports = [...u16(ends.sourcePort), ...u16(ends.destinationPort)];
  const head = [...ports, ...u32(sequence), ...u32(acknowledgment), 0x50, flags, 1, 0, 0, 0, 0, 0];
  return ipv4(ends, 64, id, Uint8Array.of(...head, ...new Uint8Array(length)));
};
const echo = (ends: Tuple, id: number, type: number) =>
  ipv4(ends, 64, id, Uint8Array.of(type, 0, 0, 0, 0, 7, 0, 1, ...new Uint8Array(20)));
const portUnreachable = (packet: Uint8Array, of: Tuple, id: number) =>
  ipv4({ ...back(of), protocol: 1 }, 64, id, Uint8Array.of(3, 3, 0, 0, 0, 0, 0, 0, ...packet));
const id = (n: number): number => 1 + (n % 65_000);

type Made = (n: number) => readonly Omit<Hop, 'n' | 'time'>[];

const KINDS: Readonly<Record<string, Made>> = {
  'a scan of ports, and its resets': (n) => {
    const ends = to({ protocol: 6, destinationPort: n });
    return [seen(segment(ends, id(n), 1000, 0, 2)), seen(segment(back(ends), 0, 0, 1001, 0x14))];
  },
  'ports that nobody listens at': (n) => {
    const ends = to({ destinationPort: n });
    const packet = datagram(ends, 0);
    return [seen(packet), seen(portUnreachable(packet, ends, id(n)))];
  },
  'one port that nobody listens at': (n) => {
    const packet = datagram(to(), 0);
    return [seen(packet), seen(portUnreachable(packet, to(), id(n)))];
  },
  'a sweep of addresses': (n) => {
    const ends = to({ protocol: 1, destination: `10.1.${n >> 8}.${n & 0xff}` });
    return [seen(echo(ends, id(n), 8)), seen(echo(back(ends), id(n), 0))];
  },
  'pings that are equal': () => [seen(echo(to({ protocol: 1 }), 0, 8)), seen(echo(back(to({ protocol: 1 })), 0, 0))],
  'ARP for somebody who is not there': (n) => [
    seen(question('172.17.0.1', '10.9.9.9', false).subarray(20), 0x0806),
    seen(datagram(to(), id(n))),
  ],
  'segments that begin at one byte': (n) => [seen(segment(to({ protocol: 6 }), id(n), 1000, 0, 0x18, 1 + (n % 1400)))],
  'large segments': (n) => [seen(segment(to({ protocol: 6 }), id(n), 1000 + n, 0, 0x18, 2000))],
  'fragments with one identification': (n) => [seen(ipv4(to(), 64, 7, new Uint8Array(8), 0x2000 | (n % 8000)))],
};

const timed = (hops: readonly Hop[], context: Context): number => {
  const start = performance.now();
  expect(stitch(hops, context).length).toBeGreaterThan(0);
  return performance.now() - start;
};

test.each(Object.entries(KINDS))('%s', (_, made) => {
  const hops: Hop[] = [];
  for (let n = 0; n < COUNT; n++)
    for (const one of made(n))
      hops.push({ ...one, n: hops.length + 1, time: 10 + n * 1e-4 + (hops.length % 2) * 2e-5 });
  expect(timed(hops, { topology })).toBeLessThan(MOST_TIME);
});

const dropped = (hop: Hop, bytes: number): DropEvidence => dropOf(hop, { time: hop.time + 1e-5 }, bytes);

test.each([
  ['equal', () => [1], 80],
  ['alike but for their data', u32, 80],
  ['of which the kernel told the headers alone', u32, 28],
])('drops of packets that are %s', (_, data, bytes) => {
  const hops = Array.from(
    { length: COUNT },
    (_, n): Hop => ({
      ...seen(datagram(to(), 0, data(n))),
      n: n + 1,
      time: 10 + n * 1e-4,
    }),
  );
  const evidence = [...nothingDropped, ...hops.map((hop) => dropped(hop, bytes))];
  expect(timed(hops, { topology, evidence })).toBeLessThan(MOST_TIME);
});

test('ICMP errors about ports that nobody listens at are each about its own packet', () => {
  const made = KINDS['ports that nobody listens at'] as Made;
  const hops = [1, 2, 3].flatMap(made).map((one, index): Hop => ({ ...one, n: index + 1, time: 10 + index * 1e-4 }));
  expect(stitch(hops, { topology }).map(({ end, about }) => [end, about])).toEqual([
    ...[1, 3, 5].flatMap((n) => [
      ['dropped', null],
      ['unknown', n],
    ]),
  ]);
});
