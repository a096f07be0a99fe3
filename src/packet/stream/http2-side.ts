// What one side of an HTTP/2 connection has said: the table of its headers, which later ones are numbers in, and which call each of
// its streams is of. After a gap nothing of it is certain, and nothing is kept.
import type { HeaderTable } from '../hpack.ts';
import { type Http2Known, Http2Layer } from '../http2.ts';
import type { Call } from '../http2-payload.ts';

/** The table that everybody has takes 4096 bytes, and an entry at least 32. */
const MOST_ENTRIES = 256;
/** Calls whose stream may still carry something. */
const MOST_CALLS = 512;
const FRAME_HEADER = 9;

export class Http2Side {
  #table: HeaderTable = [];
  readonly #calls = new Map<number, string>();
  #gaps = 0;

  /**
   * Takes in frames that are whole, and gives what was known before them.
   *
   * @param gaps how many times a part of the stream was missing
   * @param other the other side, whose calls these may answer
   */
  take(frames: Uint8Array, gaps: number, other: Http2Side | null): Http2Known {
    if (gaps !== this.#gaps) {
      this.#gaps = gaps;
      this.#table = [];
    }
    const known = { table: this.#table, calls: this.#callsIn(frames, other) };
    const layer = new Http2Layer(frames, 0, frames.length, null);
    layer.known = known;
    const { table, calls } = layer.after;
    this.#table = table.slice(0, MOST_ENTRIES);
    for (const [stream, { path, isRequest }] of calls) if (isRequest) this.#remember(stream, path);
    return known;
  }

  #remember(stream: number, path: string): void {
    this.#calls.set(stream, path);
    for (const oldest of this.#calls.keys()) {
      if (this.#calls.size <= MOST_CALLS) break;
      this.#calls.delete(oldest);
    }
  }

  /** Of the streams that these frames are of. */
  #callsIn(frames: Uint8Array, other: Http2Side | null): ReadonlyMap<number, Call> {
    const calls = new Map<number, Call>();
    for (let at = frames[0] === 0x50 ? 24 : 0; at + FRAME_HEADER <= frames.length; ) {
      const view = new DataView(frames.buffer, frames.byteOffset + at, FRAME_HEADER);
      const stream = view.getUint32(5) & 0x7fff_ffff;
      const own = this.#calls.get(stream);
      const asked = other === null ? undefined : other.#calls.get(stream);
      if (own !== undefined) calls.set(stream, { path: own, isRequest: true });
      else if (asked !== undefined) calls.set(stream, { path: asked, isRequest: false });
      at += FRAME_HEADER + (view.getUint32(0) >>> 8);
    }
    return calls;
  }
}
