// Captures travel packed. What is gzip or zstd by its first bytes is unpacked on the way, piece by piece; anything else goes through.
import { joined } from '../../basics/joined.ts';
import { CaptureError } from '../captured-packet.ts';
import { GzipUnpacker } from './gzip.ts';
import { PackedProblem, type Unpacker } from './unpacker.ts';
import { zstdUnpacker } from './zstd.ts';

/** Enough to tell what a file is packed with. */
const MAGIC = 6;

type Packer = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lz4' | 'zip';

/** What unpacks those that a page cannot. */
const BY_HAND: Readonly<Record<Exclude<Packer, 'gzip' | 'zstd'>, string>> = {
  xz: 'xz -d',
  bzip2: 'bzip2 -d',
  lz4: 'lz4 -d',
  zip: 'unzip',
};

/**
 * Packets differ in their times at least, so no real capture becomes so many times larger for long. Bytes: what is more than that
 * may be so much in all.
 */
const MOST_TIMES = 250;
const MOST_SURPLUS = 1 << 26;

export class Unpacking {
  /** Why not everything was unpacked; what was given before that is good. */
  error: CaptureError | null = null;
  readonly #pieces: AsyncIterable<Uint8Array>;
  /** Bytes of the file that were read. */
  #read = 0;
  #surplus = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces;
  }

  /** Bytes of the file, packed as it is, that were read. */
  get read(): number {
    return this.#read;
  }

  /** The file's bytes as they were before it was packed. A buffer that a piece is in may be used again for the next. Throws what the file's own pieces throw. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let start: Uint8Array | null = new Uint8Array();
    let unpacker: Unpacker | null = null;
    for await (const piece of this.#pieces) {
      this.#read += piece.length;
      let bytes = piece;
      if (start !== null) {
        bytes = joined(start, piece);
        if (bytes.length < MAGIC) {
          start = bytes;
          continue;
        }
        start = null;
        const packer = packerOf(bytes);
        if (packer !== null) unpacker = await this.#unpackerFor(packer);
        if (this.error !== null) return;
      }
      if (unpacker === null) yield bytes;
      else yield* this.#unpacked(unpacker, bytes, false);
      if (this.error !== null) return;
    }
    if (start !== null) yield start;
    if (unpacker !== null) yield* this.#unpacked(unpacker, new Uint8Array(), true);
  }

  async #unpackerFor(packer: Packer): Promise<Unpacker | null> {
    if (packer === 'gzip') return new GzipUnpacker();
    if (packer === 'zstd') return await zstdUnpacker();
    this.error = new CaptureError(
      `The file is packed with ${packer}, which cannot be unpacked here. Unpack it first: ${BY_HAND[packer]}.`,
      0,
    );
    return null;
  }

  *#unpacked(unpacker: Unpacker, bytes: Uint8Array, last: boolean): Generator<Uint8Array> {
    const may = MOST_TIMES * bytes.length;
    try {
      for (const piece of unpacker.unpack(bytes, last)) {
        yield piece;
        this.#surplus += piece.length;
        if (this.#surplus <= MOST_SURPLUS + may) continue;
        this.error = new CaptureError(
          `The file unpacks to more than ${MOST_TIMES} times its size, as no capture does: it is not read further than byte ${this.#read}.`,
          this.#read,
        );
        return;
      }
      this.#surplus = Math.max(0, this.#surplus - may);
    } catch (error) {
      if (!(error instanceof PackedProblem)) throw error;
      this.error = new CaptureError(
        `The file cannot be unpacked further than byte ${this.#read}, or a little less: ${error.message}.`,
        this.#read,
      );
    }
  }
}

/** By the first bytes of a file; null: it is not packed. */
export function packerOf(bytes: Uint8Array): Packer | null {
  const start = [...bytes.subarray(0, MAGIC)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (start.startsWith('1f8b')) return 'gzip';
  // A frame, or one that is to be skipped: its first four bits are anything.
  if (/^28b52ffd|^5[0-9a-f]2a4d18/.test(start)) return 'zstd';
  if (start.startsWith('fd377a585a')) return 'xz';
  if (/^425a683[1-9]/.test(start)) return 'bzip2';
  if (start.startsWith('04224d18')) return 'lz4';
  return start.startsWith('504b0304') ? 'zip' : null;
}
