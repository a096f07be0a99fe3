import { readFileSync } from 'node:fs';
import { constants, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CaptureReader } from '../capture-reader.ts';
import { pcapHeader, pcapRecord } from '../pcap.ts';
import { Unpacking } from './unpacking.ts';

const capture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../tests/fidelity/captures/${name}`, import.meta.url)));
const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

async function* cutUp(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    const piece = new Uint8Array(bytes.subarray(at, at + size));
    yield piece;
    piece.fill(0xee); // the buffer is used again
    at += size;
  }
}

interface Outcome {
  readonly bytes: Uint8Array;
  readonly error: string | null;
}

async function unpack(bytes: Uint8Array, sizes: readonly number[] = [65_536]): Promise<Outcome> {
  const unpacking = new Unpacking(cutUp(bytes, sizes));
  const parts: Uint8Array[] = [];
  for await (const piece of unpacking) parts.push(piece.slice());
  return { bytes: concat(...parts), error: unpacking.error?.message ?? null };
}

const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 });
/** Text that packs well, bytes that do not, and long runs. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.string({ maxLength: 40 }).chain((text) => fc.nat(300).map((times) => Buffer.from(text.repeat(times)))),
      fc.nat(70_000).map((length) => new Uint8Array(length)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => concat(...parts));
const strategies = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FIXED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
] as const;

describe('gzip', () => {
  test('whatever zlib packs, however, in pieces of any size, comes out as it was', async () => {
    const level = fc.integer({ min: 0, max: 9 });
    await fc.assert(
      fc.asyncProperty(content, level, fc.constantFrom(...strategies), sizes, async (bytes, by, strategy, pieces) => {
        const packed = gzipSync(bytes, { level: by, strategy });
        expect(await unpack(packed, pieces)).toEqual({ bytes, error: null });
      }),
      { numRuns: 150 },
    );
  });

  test('members one after the other are one file, and zeros behind them are nothing', async () => {
    const [one, other] = [Buffer.from('one'), Buffer.from('other')];
    const file = concat(gzipSync(one), gzipSync(other), new Uint8Array(512));
    expect(await unpack(file, [7])).toEqual({ bytes: concat(one, other), error: null });
  });

  test('name, comment, extra field and a check of the header are passed over', async () => {
    const bytes = Uint8Array.from(Buffer.from('what is in it'));
    const tail = gzipSync(bytes).subarray(-8);
    const header = concat(
      Uint8Array.of(0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 255, 3, 0),
      Buffer.from('abctrace.pcap\0made by hand\0'),
      Uint8Array.of(1, 2),
    );
    expect(await unpack(concat(header, deflateRawSync(bytes), tail), [5])).toEqual({ bytes, error: null });
  });

  test.each([
    ['its checksum', (file: Uint8Array) => file.with(file.length - 6, (file.at(-6) ?? 0) ^ 1), 'by its checksum'],
    ['its end', (file: Uint8Array) => file.subarray(0, -9), 'it ends in the middle'],
    ['what follows', (file: Uint8Array) => concat(file, Buffer.from('and more')), 'what follows is no gzip'],
    ['its method', (file: Uint8Array) => file.with(2, 7), 'method 7'],
  ])('a file that is damaged in %s says so', async (_, damage, words) => {
    const { error } = await unpack(damage(gzipSync(capture('bridge.pcapng'))));
    expect(error).toContain('cannot be unpacked further than byte');
    expect(error).toContain(words);
  });

  test('of a file that breaks off everything before is there', async () => {
    const whole = capture('uplink.pcap');
    const packed = gzipSync(whole);
    for (const share of [0.2, 0.5, 0.9]) {
      const { bytes, error } = await unpack(packed.subarray(0, Math.floor(packed.length * share)));
      expect(bytes).toEqual(whole.subarray(0, bytes.length));
      expect(bytes.length).toBeGreaterThan(whole.length * (share - 0.15));
      expect(error).toContain('it ends in the middle');
    }
  });
});

describe('zstd', () => {
  test('whatever zlib packs, in pieces of any size, comes out as it was', async () => {
    await fc.assert(
      fc.asyncProperty(content, content, sizes, async (bytes, more, pieces) => {
        const skipped = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
        const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
        const file = concat(skipped, zstdCompressSync(bytes, checked), zstdCompressSync(more));
        expect(await unpack(file, pieces)).toEqual({ bytes: concat(bytes, more), error: null });
      }),
      { numRuns: 60 },
    );
  });

  test('a file that breaks off, or is damaged, says so and gives what stands before', async () => {
    const noise = fc.sample(fc.uint8Array({ minLength: 400_000, maxLength: 400_000 }), { numRuns: 1, seed: 1 })[0];
    const whole = concat(capture('uplink.pcap'), noise ?? new Uint8Array(), capture('bridge.pcapng'));
    const packed = zstdCompressSync(whole);
    const cut = await unpack(packed.subarray(0, packed.length - 100));
    expect(cut.error).toContain('it ends in the middle');
    expect(cut.bytes).toEqual(whole.subarray(0, cut.bytes.length));
    expect(cut.bytes.length).toBeGreaterThan(250_000);
    const damaged = await unpack(packed.fill(0xff, packed.length - 3000));
    expect(damaged.error).toContain('it is damaged');
    expect(damaged.bytes.length).toBeGreaterThan(250_000);
  });
});

test('damaged anywhere, nothing throws and nothing hangs', async () => {
  const files = [gzipSync(capture('bridge.pcapng')), zstdCompressSync(capture('bridge.pcapng'))];
  const edits = fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), edits, fc.nat(6000), sizes, async (file, changes, end, pieces) => {
      const bytes = new Uint8Array(file.subarray(0, end % 3 === 0 ? undefined : end));
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const outcome = await unpack(bytes, pieces);
      expect(outcome.bytes.length).toBeLessThan(1e8);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['gzip', (bytes: Uint8Array): Uint8Array => gzipSync(bytes)],
  ['zstd', (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes)],
])('a bomb (%s) is not unpacked: an error says so, and the packets before it are there', async (_, pack) => {
  const packet = pcapRecord({ seconds: 1, nanoseconds: 0 }, Uint8Array.of(1, 2, 3));
  const file = pack(concat(pcapHeader(1), packet, new Uint8Array(1 << 28)));
  const unpacking = new Unpacking(cutUp(file, [65_536]));
  let first: number | undefined;
  const reader = new CaptureReader(({ bytes }) => {
    first ??= bytes.length;
  });
  let most = 0;
  for await (const piece of unpacking) {
    reader.push(piece);
    most += piece.length;
  }
  expect(first).toBe(3);
  expect(most).toBeLessThan(1 << 27);
  expect(unpacking.error?.message).toContain('unpacks to more than 250 times its size');
});

test.each([
  ['xz', 'fd377a585a0000'],
  ['bzip2', '425a6839314159'],
  ['lz4', '04224d18644070'],
  ['zip', '504b0304140000'],
])('%s is named, with what unpacks it', async (name, start) => {
  const { bytes, error } = await unpack(Uint8Array.from(Buffer.from(start, 'hex')), [2]);
  expect(bytes.length).toBe(0);
  expect(error).toMatch(new RegExp(`packed with ${name}.* Unpack it first: (xz|bzip2|lz4|unzip)`));
});

test('what is not packed goes through as it is, even when it is very short', async () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(1), capture('uplink.pcap')])
    expect(await unpack(bytes, [3])).toEqual({ bytes, error: null });
});
