// Compresses pieces and puts them where the site serves them, each under the SHA-256 of its compressed bytes.
import { createHash } from 'node:crypto';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { ChunkRef } from '../../machine/v86/manifest.ts';
import { chunkPath } from '../../machine/v86/storage/chunk-store.ts';

const compress = promisify(zstdCompress);

export class ChunkWriter {
  readonly #folder: string;
  #temporary = 0;

  /** `folder`: where chunks/ lies. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `level`: zstd's, 1..19. */
  async write(piece: Uint8Array, level: number): Promise<ChunkRef> {
    const bytes = await compress(piece, {
      // Without it the asynchronous call does not write the content's size into the frame.
      pledgedSrcSize: piece.length,
      params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 1 },
    });
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    const path = join(this.#folder, chunkPath(hash));
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (!there) {
      // Under another name first: a chunk that has its name is whole.
      const partial = join(this.#folder, `chunks/.${process.pid}-${this.#temporary++}`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(partial, bytes);
      await rename(partial, path);
    }
    return { hash, size: bytes.length };
  }
}

/** 64 bits at a time: most of a disk is zero. */
export function isZero(bytes: Uint8Array): boolean {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 3);
  for (const word of words) if (word !== 0n) return false;
  return bytes.subarray(words.byteLength).every((byte) => byte === 0);
}

/** Runs `work` for 0..count-1, `width` at a time. Once one has failed none is begun, and it rejects when none goes on. */
export async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < count && !failed) {
      try {
        await work(next++);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: width }, lane);
  try {
    await Promise.all(lanes);
  } finally {
    await Promise.allSettled(lanes);
  }
}
