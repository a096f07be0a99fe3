import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZSTDDecoder } from 'zstddec/stream';
import { chunkPath } from '../../machine/v86/storage/chunk-store.ts';
import { ChunkWriter, inParallel, isZero } from './chunk-writer.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-chunks-'));
});
afterEach(() => rm(folder, { recursive: true }));

const chunkFiles = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());

describe('a chunk on disk', () => {
  it('is named by the hash of its compressed bytes, unpacks to its piece, in Node and in a page', async () => {
    const decoder = new ZSTDDecoder();
    await decoder.init();
    const writer = new ChunkWriter(folder);
    const contents = fc.uint8Array({ minLength: 1, maxLength: 5000, size: 'max' });
    await fc.assert(
      fc.asyncProperty(contents, async (content) => {
        const chunk = await writer.write(content, 3);
        const bytes = await readFile(join(folder, chunkPath(chunk.hash)));
        expect(bytes.length).toBe(chunk.size);
        expect(createHash('sha256').update(bytes).digest('hex').slice(0, 32)).toBe(chunk.hash);
        expect(Buffer.compare(zstdDecompressSync(bytes), content)).toBe(0);
        expect(Buffer.compare(decoder.decode(new Uint8Array(bytes)), content)).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('is there once for pieces that are the same, written at the same time or later, and nothing half-written beside it', async () => {
    const content = new Uint8Array(100_000).fill(3);
    const writer = new ChunkWriter(folder);
    const refs = await Promise.all(Array.from({ length: 8 }, () => writer.write(content, 3)));
    expect(new Set(refs.map((ref) => ref.hash)).size).toBe(1);
    expect(await chunkFiles()).toHaveLength(1);
    const path = join(folder, chunkPath(refs[0]?.hash ?? ''));
    const before = await stat(path);
    await new ChunkWriter(folder).write(content, 3);
    expect((await stat(path)).ino).toBe(before.ino);
    expect(await chunkFiles()).toHaveLength(1);
  });
});

it('a piece is zero only if each byte of it is', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(3), fc.option(fc.nat()), (length, words, where) => {
      const bytes = new Uint8Array(words * 8 + length + 8).fill(1).subarray(words * 8, words * 8 + length);
      bytes.fill(0);
      if (where !== null && length > 0) bytes[where % length] = 0x80;
      expect(isZero(bytes)).toBe(where === null || length === 0);
    }),
  );
});

describe('work in parallel', () => {
  it('does each once, so many at a time and never more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(30), fc.integer({ min: 1, max: 6 }), async (count, width) => {
        const done: number[] = [];
        let now = 0;
        let most = 0;
        await inParallel(count, width, async (index) => {
          most = Math.max(most, ++now);
          await new Promise((resolve) => setImmediate(resolve));
          now--;
          done.push(index);
        });
        expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
        expect(most).toBe(Math.min(count, width));
      }),
      { numRuns: 30 },
    );
  });

  it('begins nothing after a failure, and fails when nothing goes on: what is tidied up then stays tidy', async () => {
    const done: number[] = [];
    const work = inParallel(20, 3, async (index) => {
      if (index === 1) throw new Error('no space left on device');
      await new Promise((resolve) => setTimeout(resolve, 5));
      done.push(index);
    });
    await expect(work).rejects.toThrow('no space left');
    expect(done).toEqual([0, 2]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done).toEqual([0, 2]);
  });

  it('fails when one fails', async () => {
    const work = inParallel(5, 2, async (index) => {
      if (index === 3) throw new Error('no space left on device');
    });
    await expect(work).rejects.toThrow('no space left on device');
  });
});
