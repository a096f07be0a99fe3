// The last hops of a lab, as bytes: what is kept of them beyond the page is at hand at once, however many there are. A hop costs its
// bytes and some thirty more here, no object.
import type { Hop } from '../hop/hop.ts';

/** As many as a stepper goes back. */
const most = 20_000;
const mostBytes = 8 * 1024 * 1024;
const hopsInAPiece = 1000;
/** … or as many as these hold: one packet may have 64 KB. */
const bytesInAPiece = mostBytes / 16;
/** n, place, original length, length: 4 bytes each; time: 8. */
const headBytes = 24;

/** What all hops at one place have in common. */
type Place = Pick<
  Hop,
  'machine' | 'namespace' | 'device' | 'ifindex' | 'deviceId' | 'direction' | 'linkType' | 'undelivered'
>;

class Piece {
  count = 0;
  length = 0;
  bytes = new Uint8Array(1 << 16);

  room(more: number): DataView {
    if (this.length + more > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + more));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    return new DataView(this.bytes.buffer, this.length, more);
  }
}

/** Hops as they are written down. */
export interface KeptHops {
  readonly places: readonly Place[];
  readonly bytes: readonly Uint8Array[];
}

export class HopRing {
  #pieces: Piece[] = [];
  readonly #places: Place[] = [];
  readonly #numbers = new Map<string, number>();

  add(hops: readonly Hop[]): void {
    for (const hop of hops) {
      let piece = this.#pieces.at(-1);
      if (piece === undefined || piece.count === hopsInAPiece || piece.length >= bytesInAPiece) {
        piece = new Piece();
        this.#pieces.push(piece);
        this.#release();
      }
      const length = headBytes + hop.bytes.length;
      const view = piece.room(length);
      view.setUint32(0, hop.n);
      view.setUint32(4, this.#placeOf(hop));
      view.setUint32(8, hop.originalLength);
      view.setUint32(12, hop.bytes.length);
      view.setFloat64(16, hop.time);
      piece.bytes.set(hop.bytes, piece.length + headBytes);
      piece.length += length;
      piece.count++;
    }
  }

  clear(): void {
    this.#pieces = [];
    this.#places.length = 0;
    this.#numbers.clear();
  }

  /** As they are now: copies. */
  kept(): KeptHops {
    return {
      places: [...this.#places],
      bytes: this.#pieces.map((piece) => piece.bytes.slice(0, piece.length)),
    };
  }

  #release(): void {
    let count = this.#pieces.reduce((sum, piece) => sum + piece.count, 0);
    let bytes = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    while (this.#pieces.length > 1 && (count > most - hopsInAPiece || bytes > mostBytes)) {
      const { length = 0, count: hops = 0 } = this.#pieces.shift() ?? {};
      bytes -= length;
      count -= hops;
    }
  }

  #placeOf({ machine, namespace, device, ifindex, deviceId, direction, linkType, undelivered }: Hop): number {
    const key = [machine, namespace, device, ifindex, deviceId, direction, linkType, undelivered].join('\n');
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#places.length;
      this.#places.push({
        ...{ machine, device, direction, linkType },
        ...(namespace === undefined ? {} : { namespace }),
        ...(ifindex === undefined ? {} : { ifindex }),
        ...(deviceId === undefined ? {} : { deviceId }),
        ...(undelivered === undefined ? {} : { undelivered }),
      });
      this.#numbers.set(key, number);
    }
    return number;
  }
}

/** @throws RangeError when the bytes are none that a ring gave */
export function readHops({ places, bytes: pieces }: KeptHops): Hop[] {
  const hops: Hop[] = [];
  for (const piece of pieces) {
    const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let at = 0; at < piece.length; ) {
      const place = places[view.getUint32(at + 4)];
      const length = view.getUint32(at + 12);
      const start = at + headBytes;
      if (place === undefined || start + length > piece.length) throw new RangeError('packets that cannot be read');
      hops.push({
        ...place,
        n: view.getUint32(at),
        originalLength: view.getUint32(at + 8),
        time: view.getFloat64(at + 16),
        // Of their own: what holds one packet must not hold them all.
        bytes: piece.slice(start, start + length),
      });
      at = start + length;
    }
  }
  return hops;
}
