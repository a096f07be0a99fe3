// Zstandard, RFC 8878, by the same decoder that unpacks machines. It is fetched when there is such a file.
import { PackedProblem, type Unpacker } from './unpacker.ts';

/** Bytes that the decoder is given at once: where they are damaged, it keeps back what it had unpacked of them. */
const PIECE = 1 << 12;
/** It gives nothing at each end of a frame without content: the shortest has 8 bytes, so that a piece may hold 512 of them. */
const MOST_NOTHINGS = 1024;

export async function zstdUnpacker(): Promise<Unpacker> {
  const { ZSTDDecoder } = await import('zstddec/stream');
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return new ZstdUnpacker((pieces) => decoder.decodeStreaming(pieces));
}

class ZstdUnpacker implements Unpacker {
  readonly #waiting: Uint8Array[] = [];
  readonly #unpacked: Iterator<Uint8Array>;
  #taken = 0;
  /** How often it has given nothing since it took a piece or gave something. */
  #nothings = 0;

  constructor(decode: (pieces: Iterable<Uint8Array>) => Generator<Uint8Array>) {
    this.#unpacked = decode({ [Symbol.iterator]: () => ({ next: () => this.#next() }) });
  }

  *unpack(bytes: Uint8Array, last: boolean): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += PIECE) this.#waiting.push(bytes.subarray(at, at + PIECE));
    // It takes one piece at most for each that it gives, so it never comes for one that is not there.
    while (this.#waiting.length > 0 || last) {
      const taken = this.#taken;
      const next = this.#step();
      if (next === null) return;
      this.#nothings = next.length > 0 || taken !== this.#taken ? 0 : this.#nothings + 1;
      // It does not say that it has failed: it goes on giving nothing, of the same piece.
      if (this.#nothings > MOST_NOTHINGS) throw new PackedProblem('it is damaged');
      yield next;
    }
  }

  #next(): IteratorResult<Uint8Array, undefined> {
    const value = this.#waiting.shift();
    if (value === undefined) return { done: true, value: undefined };
    this.#taken++;
    return { done: false, value };
  }

  /** null: it has come to its end. */
  #step(): Uint8Array | null {
    try {
      const { done, value } = this.#unpacked.next();
      return done === true ? null : value;
    } catch (error) {
      throw new PackedProblem(
        error instanceof Error && /Incomplete/.test(error.message) ? 'it ends in the middle' : 'it is damaged',
      );
    }
  }
}
