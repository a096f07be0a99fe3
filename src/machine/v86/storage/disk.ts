// The root disk as v86 wants it: read piece by piece when the guest asks, written into memory only. What the guest wrote
// lies in blocks of 4096 bytes over the pieces; nothing of the disk goes into a saved state.

import type { ChunkRef, MachineManifest } from '../manifest.ts';
import type { ChunkStore } from './chunk-store.ts';

const blockBytes = 4096;
// Decompressed pieces kept at hand: a guest reads one piece many times in a row.
const keptPieces = 96;

export interface DiskSource {
  readonly bytes: number;
  readonly pieceBytes: number;
  /** The piece's bytes, or null when it is all zero. */
  read(piece: number): Promise<Uint8Array | null>;
}

export function chunkedSource(disk: MachineManifest['disk'], table: Uint8Array, store: ChunkStore): DiskSource {
  return {
    bytes: disk.bytes,
    pieceBytes: disk.pieceBytes,
    async read(piece) {
      const ref = tableEntry(table, piece);
      return ref === null ? null : store.get(ref);
    },
  };
}

export const tableEntryBytes = 20;

export function tableEntry(table: Uint8Array, piece: number): ChunkRef | null {
  const entry = table.subarray(piece * tableEntryBytes, (piece + 1) * tableEntryBytes);
  if (entry.length < tableEntryBytes) return null;
  const size = new DataView(entry.buffer, entry.byteOffset + 16, 4).getUint32(0, true);
  if (size === 0) return null;
  let hash = '';
  for (let index = 0; index < 16; index++) hash += (entry[index] ?? 0).toString(16).padStart(2, '0');
  return { hash, size };
}

/** What was written by a certain moment. */
export type DiskMark = ReadonlyMap<number, Uint8Array>;

/** v86's buffer interface (src/buffer.js): get, set, load, byteLength, get_state, set_state. */
export class Disk {
  readonly byteLength: number;
  onload: ((event: object) => void) | undefined;
  onprogress: undefined;
  /** Piece numbers in the order of their first reading. */
  readonly touched = new Set<number>();
  readonly #source: DiskSource;
  #written = new Map<number, Uint8Array>();
  /** Blocks whose bytes belong to a mark as well: written anew, not into. */
  #marked = new Set<number>();
  /** Counts the times that it went back: an answer to what was asked before that is nobody's. */
  #turn = 0;
  #asked = 0;
  readonly #pieces = new Map<number, Uint8Array | null>();
  readonly #waiting = new Map<number, Promise<Uint8Array | null>>();
  readonly #onError: (error: unknown) => void;

  constructor(source: DiskSource, onError: (error: unknown) => void) {
    this.#source = source;
    this.byteLength = source.bytes;
    this.#onError = onError;
  }

  load(): void {
    this.onload?.({});
  }

  get(start: number, length: number, done: (bytes: Uint8Array) => void): void {
    const out = new Uint8Array(length);
    const missing = this.#copy(start, out);
    if (missing.length === 0) {
      done(out);
      return;
    }
    this.#answer(missing, (loaded) => {
      this.#copy(start, out, loaded);
      done(out);
    });
  }

  /** v86 reads the boot sector ahead with this, and finds it again with get_from_cache. */
  get_and_cache(start: number, length: number, done: (bytes: Uint8Array) => void): void {
    this.get(start, length, done);
  }

  get_from_cache(start: number, length: number): Uint8Array | undefined {
    const out = new Uint8Array(length);
    return this.#copy(start, out).length === 0 ? out : undefined;
  }

  set(start: number, bytes: Uint8Array, done: () => void): void {
    if (bytes.length === 0) {
      done();
      return;
    }
    // Pieces under the blocks that are written in part only: their other bytes stay.
    const under: number[] = [];
    for (const edge of [start, start + bytes.length - 1]) {
      const block = Math.floor(edge / blockBytes);
      const whole = start <= block * blockBytes && start + bytes.length >= (block + 1) * blockBytes;
      if (!whole && !this.#written.has(block)) under.push(Math.floor(edge / this.#source.pieceBytes));
    }
    if (under.every((piece) => this.#pieces.has(piece))) {
      this.#write(start, bytes);
      done();
      return;
    }
    const copy = bytes.slice();
    this.#answer(under, (loaded) => {
      this.#write(start, copy, loaded);
      done();
    });
  }

  get_state(): unknown[] {
    return [];
  }

  set_state(): void {}

  /** Loads a piece, once, however many ask. */
  piece(number: number): Promise<Uint8Array | null> {
    const kept = this.#pieces.get(number);
    if (kept !== undefined) return Promise.resolve(kept);
    let promise = this.#waiting.get(number);
    if (promise === undefined) {
      this.touched.add(number);
      promise = this.#source.read(number).then((bytes) => {
        this.#pieces.set(number, bytes);
        if (this.#pieces.size > keptPieces) {
          const oldest = this.#pieces.keys().next().value;
          if (oldest !== undefined) this.#pieces.delete(oldest);
        }
        return bytes;
      });
      promise.catch(() => {}).finally(() => this.#waiting.delete(number));
      this.#waiting.set(number, promise);
    }
    return promise;
  }

  /** Blocks that the guest wrote, by block number. For the builder, which makes them part of the disk. */
  get written(): ReadonlyMap<number, Uint8Array> {
    return this.#written;
  }

  /** Nobody waits for a piece. */
  get idle(): boolean {
    return this.#asked === 0;
  }

  /** This moment, to go back to. */
  mark(): DiskMark {
    this.#marked = new Set(this.#written.keys());
    return new Map(this.#written);
  }

  goBackTo(mark: DiskMark): void {
    this.#written = new Map(mark);
    this.#marked = new Set(mark.keys());
    this.forgetRequests();
  }

  /** Whoever asked is no more. */
  forgetRequests(): void {
    this.#turn++;
    this.#asked = 0;
  }

  static readonly blockBytes = blockBytes;

  #answer(pieces: readonly number[], done: (loaded: ReadonlyMap<number, Uint8Array | null>) => void): void {
    const turn = this.#turn;
    this.#asked++;
    this.#load(pieces).then((loaded) => {
      if (turn !== this.#turn) return;
      this.#asked--;
      done(loaded);
    }, this.#onError);
  }

  /** Held by whoever needs them together: by the time the last one is here, the first may be let go of already. */
  async #load(numbers: readonly number[]): Promise<Map<number, Uint8Array | null>> {
    return new Map(await Promise.all(numbers.map(async (number) => [number, await this.piece(number)] as const)));
  }

  /** Fills `out` from what is at hand; returns the pieces that are not. */
  #copy(start: number, out: Uint8Array, loaded?: ReadonlyMap<number, Uint8Array | null>): number[] {
    const missing: number[] = [];
    let at = 0;
    while (at < out.length) {
      const position = start + at;
      const block = Math.floor(position / blockBytes);
      const length = Math.min(out.length - at, (block + 1) * blockBytes - position);
      const written = this.#written.get(block);
      if (written !== undefined) {
        out.set(written.subarray(position - block * blockBytes, position - block * blockBytes + length), at);
      } else {
        const number = Math.floor(position / this.#source.pieceBytes);
        const piece = loaded?.has(number) ? loaded.get(number) : this.#pieces.get(number);
        if (piece === undefined) {
          if (missing.at(-1) !== number) missing.push(number);
        } else if (piece !== null) {
          const offset = position - number * this.#source.pieceBytes;
          out.set(piece.subarray(offset, offset + length), at);
        } else {
          out.fill(0, at, at + length);
        }
      }
      at += length;
    }
    return missing;
  }

  #write(start: number, bytes: Uint8Array, loaded?: ReadonlyMap<number, Uint8Array | null>): void {
    let at = 0;
    while (at < bytes.length) {
      const position = start + at;
      const block = Math.floor(position / blockBytes);
      const offset = position - block * blockBytes;
      const length = Math.min(bytes.length - at, blockBytes - offset);
      let target = this.#written.get(block);
      if (target === undefined) {
        target = new Uint8Array(blockBytes);
        if (length < blockBytes) this.#copy(block * blockBytes, target, loaded);
        this.#written.set(block, target);
      } else if (this.#marked.delete(block)) {
        target = target.slice();
        this.#written.set(block, target);
      }
      target.set(bytes.subarray(at, at + length), offset);
      at += length;
    }
  }
}
