import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HeaderTable, readHeaders } from './hpack.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
const pairs = (hex: string, table: HeaderTable = []): string[] => {
  const block = bytes(hex);
  return readHeaders(block, 0, block.length, table).headers.map(({ name, value }) => `${name}: ${value}`);
};

// RFC 7541 appendix C.4: three requests of one connection, by Huffman's code.
const FIRST = '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff';
const SECOND = '8286 84be 5886 a8eb 1064 9cbf';
const THIRD = '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf';

test('headers of one connection, with the table that they build', () => {
  const table: HeaderTable = [];
  const start = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
  expect(pairs(FIRST, table)).toEqual(start);
  expect(pairs(SECOND, table)).toEqual([...start, 'cache-control: no-cache']);
  expect(pairs(THIRD, table)).toEqual([
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ]);
});

test('what an earlier packet said is not made up', () => {
  expect(pairs(SECOND)).toEqual([':method: GET', ':scheme: http', ':path: /', 'null: null', 'cache-control: no-cache']);
  // An entry that this packet adds pushes those before it: 62 is the newest.
  expect(pairs('40 01 61 01 62 be bf')).toEqual(['a: b', 'a: b', 'null: null']);
});

test('a block that is cut off gives the headers before the cut; one that is broken says so', () => {
  const block = bytes(FIRST);
  for (let end = 0; end <= block.length; end++) {
    const { headers, broken } = readHeaders(block, 0, end, []);
    expect(broken).toBeNull();
    expect(headers.length).toBe(end < block.length ? Math.min(end, 3) : 4);
  }
  const broken = (hex: string) => readHeaders(bytes(hex), 0, bytes(hex).length, []).broken?.reason;
  expect(broken('80')).toContain('entry 0');
  expect(broken('ffffffffff7f')).toContain('more than 4 bytes');
  expect(broken('40 81 00 00')).toContain('Huffman');
});

test('no block takes more memory than it is worth', () => {
  const long = 'x'.repeat(60_000);
  const block = Uint8Array.of(
    0x40,
    1,
    0x61,
    0x7f,
    0xe1,
    0xd3,
    0x03,
    ...Buffer.from(long),
    ...new Array(5000).fill(0xbe),
  );
  expect(readHeaders(block, 0, block.length, []).broken?.reason).toContain('characters');
});

test('any bytes are read without harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (block) => {
      for (const { at, length } of readHeaders(block, 0, block.length, []).headers)
        expect(at + length).toBeLessThanOrEqual(block.length);
    }),
    { numRuns: 2000 },
  );
});
