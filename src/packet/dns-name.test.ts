import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DataLayer } from './data.ts';
import { readName } from './dns-name.ts';

const read = (hex: string, at: number) => {
  const bytes = Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
  return readName(new DataLayer(bytes, 0, bytes.length, null), at, 0);
};

test('labels up to the empty one', () => {
  expect(read('03777777 076578616d706c65 03636f6d 00 ff', 0)).toEqual({
    text: 'www.example.com',
    length: 17,
    labels: 3,
  });
});

test('a pointer takes two bytes where it stands', () => {
  expect(read('03636f6d 00 0161 c000', 5)).toEqual({ text: 'a.com', length: 4, labels: 2 });
});

test('the root', () => expect(read('00', 0)).toEqual({ text: '<Root>', length: 1, labels: 0 }));

test.each([
  ['c000', 'circle'],
  ['c002 c000', 'circle'],
  ['0161', 'past the end'],
  ['0361', 'past the end'],
  ['c0', 'cut off'],
  ['4061', 'unknown type 0x40'],
  [`${'3f'.padEnd(128, '61').repeat(5)}00`, 'longer than 255'],
])('%s: %s', (hex, reason) => expect(read(hex, 0)).toMatchObject({ reason: expect.stringContaining(reason) }));

test('any bytes end, and no name is longer than a name may be', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.nat(399), (bytes, at) => {
      const name = readName(new DataLayer(bytes, 0, bytes.length, null), at, 0);
      if ('text' in name) expect(name.labels).toBeLessThanOrEqual(127);
      else expect(name.at).toBeLessThanOrEqual(Math.max(at, bytes.length, 0x3fff));
    }),
    { numRuns: 1000 },
  );
});
