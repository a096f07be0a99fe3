// DEFLATE, RFC 1951, as it comes in: what is unpacked is handed on at once, so whatever stands before a damaged place is kept.
//
//   block:   1 bit    2 bits
//           +--------+--------+- - - - -
//           | last?  | type   |  0: bytes as they are   1: fixed codes   2: codes of its own, which come first
//           +--------+--------+- - - - -
//   Then literals (0 to 255), lengths (257 to 285) each with a distance back, up to the end of the block (256).
//
// The browser's DecompressionStream does not do: it throws away what it had unpacked of a piece that ends in damage, and browsers
// refuse a file of several members, which is what bgzip and `cat a.gz b.gz` make.

/** Bytes that a distance may reach back. */
const WINDOW = 32_768;
/** What was unpacked is handed on when so much has gathered. */
const FULL = 65_536;
/** Bits of the longest code, and of the longest length with its distance: 15 + 5 + 15 + 13. */
const LONGEST_CODE = 15;
/** The longest header of a block: 17 bits, 19 lengths of codes, then 320 codes of 7 bits and up to 7 more. In bytes, and more. */
const LONGEST_HEADER = 600;
/** One length and distance, and the four bytes that the bit buffer may hold. */
const LONGEST_SYMBOL = 12;

const END_OF_BLOCK = 256;
const LENGTHS = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCES = Array.from({ length: 30 }, (_, code) =>
  code < 2 ? code + 1 : (2 + (code & 1)) * 2 ** ((code >> 1) - 1) + 1,
);
const DISTANCE_BITS = Array.from({ length: 30 }, (_, code) => (code < 4 ? 0 : (code >> 1) - 1));
/** In which order the lengths of the codes for code lengths come. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** By the next 15 bits of the stream: the symbol times 16, and the length of its code; 0: no code begins so. */
type Codes = Uint16Array;

/** What is wrong with the packed bytes, to go after "at byte 17, ". */
export class InflateProblem extends Error {}

type State = 'header' | 'stored' | 'coded' | 'done';

export class Inflate {
  readonly #give: (bytes: Uint8Array) => void;
  /** What was unpacked last: a window to reach back into, then what was not handed on yet. */
  readonly #out = new Uint8Array(WINDOW + FULL + 258);
  #written = 0;
  #given = 0;
  #bits = 0;
  #bitCount = 0;
  #input: Uint8Array = new Uint8Array();
  #at = 0;
  #state: State = 'header';
  #isLast = false;
  /** Bytes of a stored block that are to come. */
  #stored = 0;
  #literals: Codes = FIXED_LITERALS;
  #distances: Codes = FIXED_DISTANCES;

  /** @param give takes what was unpacked; the bytes are others at the next call */
  constructor(give: (bytes: Uint8Array) => void) {
    this.#give = give;
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /**
   * Unpacks what can be of `input` from `at` on, and gives how far that was: what is left is to be given again with more behind it.
   *
   * @param last there is no more
   * @throws InflateProblem; what was unpacked before that has been given
   */
  read(input: Uint8Array, at: number, last: boolean): number {
    this.#input = input;
    this.#at = at;
    try {
      while (this.#state !== 'done' && this.#step(last));
    } finally {
      this.#handOn();
    }
    // Whole bytes that are in the bit buffer belong to whatever comes next.
    this.#at -= this.#bitCount >> 3;
    this.#bitCount &= 7;
    this.#bits &= (1 << this.#bitCount) - 1;
    return this.#at;
  }

  /** False when more input is needed. */
  #step(last: boolean): boolean {
    const left = this.#input.length - this.#at;
    switch (this.#state) {
      case 'header':
        if (left < LONGEST_HEADER && !last) return false;
        this.#header();
        return true;
      case 'stored':
        return this.#copyStored(left, last);
      case 'coded':
        if (left < LONGEST_SYMBOL && !last) return false;
        this.#symbols(last);
        return true;
      default:
        return false;
    }
  }

  #header(): void {
    this.#isLast = this.#take(1) === 1;
    const type = this.#take(2);
    if (type === 3) throw new InflateProblem('a block has a type that there is none of');
    if (type === 0) {
      this.#take(this.#bitCount & 7);
      this.#stored = this.#take(16);
      if ((this.#take(16) ^ 0xffff) !== this.#stored)
        throw new InflateProblem('the length of a block does not fit its complement');
      this.#state = this.#stored === 0 ? this.#next() : 'stored';
      return;
    }
    if (type === 1) {
      this.#literals = FIXED_LITERALS;
      this.#distances = FIXED_DISTANCES;
    } else this.#readCodes();
    this.#state = 'coded';
  }

  #next(): State {
    return this.#isLast ? 'done' : 'header';
  }

  #readCodes(): void {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const count = this.#take(4) + 4;
    if (literals > 286 || distances > 30) throw new InflateProblem('a block has more codes than there are');
    const short = new Uint8Array(19);
    for (let i = 0; i < count; i++) short[ORDER[i] ?? 0] = this.#take(3);
    const codes = codesOf(short);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const symbol = this.#symbol(codes);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      const value = symbol === 16 ? lengths[i - 1] : 0;
      const times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (value === undefined || i + times > lengths.length)
        throw new InflateProblem('the lengths of its codes do not fit');
      lengths.fill(value, i, i + times);
      i += times;
    }
    this.#literals = codesOf(lengths.subarray(0, literals));
    this.#distances = codesOf(lengths.subarray(literals));
  }

  /** Whole bytes may wait in the bit buffer. */
  #copyStored(left: number, last: boolean): boolean {
    while (this.#bitCount >= 8 && this.#stored > 0) {
      this.#put(this.#take(8));
      this.#stored--;
    }
    const from = this.#input.length - left;
    const count = Math.min(left, this.#stored, FULL);
    this.#makeRoom(count);
    this.#out.set(this.#input.subarray(from, from + count), this.#written);
    this.#written += count;
    this.#at += count;
    this.#stored -= count;
    if (this.#stored > 0 && count === left) {
      if (last) throw new InflateProblem(ENDS);
      return false;
    }
    if (this.#stored === 0) this.#state = this.#next();
    return true;
  }

  /** Up to the end of the block, or of the input that is surely enough for one more. */
  #symbols(last: boolean): void {
    const enough = last ? Number.POSITIVE_INFINITY : this.#input.length - LONGEST_SYMBOL;
    do {
      const symbol = this.#symbol(this.#literals);
      if (symbol < END_OF_BLOCK) {
        this.#put(symbol);
        continue;
      }
      if (symbol === END_OF_BLOCK) {
        this.#state = this.#next();
        return;
      }
      const length = (LENGTHS[symbol - 257] ?? 0) + this.#take(LENGTH_BITS[symbol - 257] ?? 0);
      const code = this.#symbol(this.#distances);
      const distance = (DISTANCES[code] ?? 0) + this.#take(DISTANCE_BITS[code] ?? 0);
      if (symbol > 285 || code > 29) throw new InflateProblem('a code stands for nothing');
      this.#repeat(length, distance);
    } while (this.#at <= enough);
  }

  #repeat(length: number, distance: number): void {
    this.#makeRoom(length);
    const out = this.#out;
    let at = this.#written;
    if (distance > at) throw new InflateProblem('it repeats bytes from before its beginning');
    for (let end = at + length; at < end; at++) out[at] = out[at - distance] ?? 0;
    this.#written = at;
  }

  #put(byte: number): void {
    if (this.#written === this.#out.length) this.#makeRoom(1);
    this.#out[this.#written++] = byte;
  }

  /** The window stays, what is before it was handed on. */
  #makeRoom(bytes: number): void {
    if (this.#written + bytes <= this.#out.length) return;
    this.#handOn();
    const from = Math.max(0, this.#written - WINDOW);
    this.#out.copyWithin(0, from, this.#written);
    this.#written -= from;
    this.#given = this.#written;
  }

  #handOn(): void {
    if (this.#given < this.#written) this.#give(this.#out.subarray(this.#given, this.#written));
    this.#given = this.#written;
  }

  /** So many bits, at most 16, as a number. */
  #take(count: number): number {
    while (this.#bitCount < count) this.#more();
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #more(): void {
    if (this.#at >= this.#input.length) throw new InflateProblem(ENDS);
    this.#bits |= (this.#input[this.#at++] ?? 0) << this.#bitCount;
    this.#bitCount += 8;
  }

  #symbol(codes: Codes): number {
    // Fewer bits than the longest code has may be all that is left.
    while (this.#bitCount < LONGEST_CODE && this.#at < this.#input.length) {
      this.#bits |= (this.#input[this.#at++] ?? 0) << this.#bitCount;
      this.#bitCount += 8;
    }
    const found = codes[this.#bits & 0x7fff] ?? 0;
    const length = found & 15;
    if (length === 0) throw new InflateProblem(this.#bitCount < LONGEST_CODE ? ENDS : 'a code is none of its block’s');
    if (length > this.#bitCount) throw new InflateProblem(ENDS);
    this.#bits >>>= length;
    this.#bitCount -= length;
    return found >> 4;
  }
}

const ENDS = 'it ends in the middle';

/**
 * Section 3.2.2: codes of one length count up in the order of their symbols, and the bits of a code come with the first one lowest.
 *
 * @throws InflateProblem when there are more codes than bits for them
 */
function codesOf(lengths: Uint8Array): Codes {
  const codes = new Uint16Array(1 << LONGEST_CODE);
  let code = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue;
      if (code >= 1 << length) throw new InflateProblem('its codes do not fit into their bits');
      const step = 1 << length;
      for (let at = reversed(code, length); at < codes.length; at += step) codes[at] = (symbol << 4) | length;
      code++;
    }
    code <<= 1;
  }
  return codes;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >> i) & 1) << (length - 1 - i);
  return result;
}

const FIXED_LITERALS = codesOf(
  Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = codesOf(new Uint8Array(30).fill(5));
