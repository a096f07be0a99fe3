// gzip, RFC 1952: members one after the other, each with a header, what is packed, and a check of what was.
//
//   member:  0      2      3       4           8      9      10
//           +------+------+-------+-----------+------+------+- - - - - - - -+- - - - - - -+-------+------+
//           | 1f8b | 8    | flags | time      | xfl  | os   | as flags say  | deflated …  | CRC32 | size |
//           +------+------+-------+-----------+------+------+- - - - - - - -+- - - - - - -+-------+------+
//   flags: 2 CRC16 of the header   4 extra field, its length first   8 name   16 comment, each up to a zero byte
import { joined } from '../../basics/joined.ts';
import { Inflate, InflateProblem } from './inflate.ts';
import { PackedProblem, type Unpacker } from './unpacker.ts';

const HEADER = 10;
const TRAILER = 8;
const FLAGS_AT = 3;
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;
/** Longer names and comments than these are damage, not something to wait for. Bytes of a header. */
const LONGEST_HEADER = 1 << 18;
/** Bytes that are unpacked at once: they become at most a thousand times as many. */
const PIECE = 1 << 14;

export class GzipUnpacker implements Unpacker {
  #inflate: Inflate | null = null;
  #crc = 0;
  #size = 0;
  /** What is not unpacked yet. */
  #left: Uint8Array = new Uint8Array();
  #members = 0;
  readonly #out: Uint8Array[] = [];

  *unpack(bytes: Uint8Array, last: boolean): Generator<Uint8Array> {
    let at = 0;
    do {
      const piece = bytes.subarray(at, at + PIECE);
      at += PIECE;
      const isEnd = last && at >= bytes.length;
      this.#left = joined(this.#left, piece);
      let problem: unknown = null;
      try {
        while (this.#step(isEnd));
      } catch (error) {
        problem = error instanceof InflateProblem ? new PackedProblem(error.message) : error;
      }
      // What stands before the damage is good.
      yield* this.#out.splice(0);
      if (problem !== null) throw problem;
    } while (at < bytes.length);
  }

  /** False when more bytes are needed, or all have been read. */
  #step(last: boolean): boolean {
    return this.#inflate === null ? this.#begin(last) : this.#goOn(this.#inflate, last);
  }

  #begin(last: boolean): boolean {
    const bytes = this.#left;
    // Tapes and block devices fill up with zeros.
    if (this.#members > 0 && bytes.every((byte) => byte === 0)) {
      this.#left = new Uint8Array();
      return false;
    }
    const length = headerLength(bytes);
    if (length === null) {
      if (bytes.length > LONGEST_HEADER) throw new PackedProblem('a header of gzip has no end');
      if (last) throw new PackedProblem('it ends in the middle');
      return false;
    }
    this.#left = bytes.subarray(length);
    this.#inflate = new Inflate((out) => {
      this.#crc = crc32(this.#crc, out);
      this.#size = (this.#size + out.length) >>> 0;
      this.#out.push(out.slice());
    });
    this.#crc = this.#size = 0;
    this.#members++;
    return true;
  }

  #goOn(inflate: Inflate, last: boolean): boolean {
    if (!inflate.isDone) this.#left = this.#left.subarray(inflate.read(this.#left, 0, last));
    if (!inflate.isDone) return false;
    if (this.#left.length < TRAILER) {
      if (last) throw new PackedProblem('it ends in the middle');
      return false;
    }
    const view = new DataView(this.#left.buffer, this.#left.byteOffset, TRAILER);
    if (view.getUint32(0, true) !== this.#crc || view.getUint32(4, true) !== this.#size)
      throw new PackedProblem('what was unpacked is not what was packed, by its checksum');
    this.#left = this.#left.subarray(TRAILER);
    this.#inflate = null;
    return this.#left.length > 0;
  }
}

/** Bytes up to what is packed; null: they are not all there. @throws PackedProblem */
function headerLength(bytes: Uint8Array): number | null {
  const isGzip = (bytes[0] ?? 0x1f) === 0x1f && (bytes[1] ?? 0x8b) === 0x8b;
  if (!isGzip) throw new PackedProblem('what follows is no gzip');
  if (bytes.length < HEADER) return null;
  if (bytes[2] !== 8) throw new PackedProblem(`it is packed by method ${bytes[2]}, and gzip has only method 8`);
  const flags = bytes[FLAGS_AT] ?? 0;
  if ((flags & FLAG.reserved) !== 0) throw new PackedProblem('its header has flags that there are none of');
  let at = HEADER;
  if ((flags & FLAG.extra) !== 0) at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  for (const flag of [FLAG.name, FLAG.comment]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return null;
    at = end + 1;
  }
  if ((flags & FLAG.headerCrc) !== 0) at += 2;
  return at <= bytes.length ? at : null;
}

/** Section 8: by byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : 0xedb8_8320 ^ (crc >>> 1);
  return crc;
});

function crc32(before: number, bytes: Uint8Array): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
