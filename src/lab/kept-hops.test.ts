import { expect, test } from 'vitest';
import type { Hop } from '../hop/hop.ts';
import { HopRing, readHops } from './kept-hops.ts';

const hop = (n: number, more: Partial<Hop> = {}): Hop => ({
  ...{ n, machine: 'host-01', device: 'eth0', direction: 'in', time: n / 1000, linkType: 276 },
  bytes: new Uint8Array(n % 90).fill(n),
  originalLength: n,
  ...more,
});

const bytesOf = (ring: HopRing): number => ring.kept().bytes.reduce((sum, { length }) => sum + length, 0);

test('hops come back as they were', () => {
  const hops = [
    hop(7),
    hop(8, { namespace: 'web', ifindex: 3, deviceId: 'host-01/7', direction: 'out' }),
    hop(9, { machine: 'wire', device: 'lan', direction: 'unknown', undelivered: 'the cable of host-02 is out' }),
    hop(90, { bytes: new Uint8Array() }),
  ];
  const ring = new HopRing();
  ring.add(hops);
  expect(readHops(ring.kept())).toEqual(hops);
  ring.clear();
  expect(readHops(ring.kept())).toEqual([]);
});

test('the last 20,000 are kept, give or take a thousand, and 8 MB of them', () => {
  const ring = new HopRing();
  for (let n = 1; n <= 50_000; n++) ring.add([hop(n)]);
  const numbers = readHops(ring.kept()).map(({ n }) => n);
  expect(numbers.at(-1)).toBe(50_000);
  expect(numbers.length).toBeGreaterThanOrEqual(19_000);
  expect(numbers.length).toBeLessThanOrEqual(20_000);
  expect(numbers).toEqual(Array.from(numbers.keys(), (at) => 50_000 - numbers.length + 1 + at));
  for (let n = 1; n <= 10_000; n++) ring.add([hop(n, { bytes: new Uint8Array(1500) })]);
  expect(bytesOf(ring)).toBeLessThan(11 * 1024 * 1024);
});

test('of packets of 64 KB, as a machine hands them to its NIC, 8 MB are kept as well: the last ones', () => {
  const ring = new HopRing();
  const bytes = new Uint8Array(65_000);
  let most = 0;
  for (let n = 1; n <= 400; n++) {
    ring.add([hop(n, { bytes })]);
    if (n % 50 === 0) most = Math.max(most, bytesOf(ring));
  }
  expect(most).toBeLessThan(11 * 1024 * 1024);
  const numbers = readHops(ring.kept()).map(({ n }) => n);
  expect(numbers.length).toBeGreaterThan(100);
  expect(numbers).toEqual(Array.from(numbers.keys(), (at) => 400 - numbers.length + 1 + at));
});

test('what is cut off is not read', () => {
  const ring = new HopRing();
  ring.add([hop(80)]);
  const { places, bytes } = ring.kept();
  expect(() => readHops({ places, bytes: bytes.map((piece) => piece.subarray(0, 50)) })).toThrow(RangeError);
});
