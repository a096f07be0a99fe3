// RFC 7541, HPACK: how HTTP/2 writes headers. Most are numbers of entries in a table: 61 that everybody has, then those that the
// connection has put there, the newest first. A packet alone shows only those of the latter that it put there itself.
//
//   1xxxxxxx                 an entry, name and value          001xxxxx   the table's new size
//   01xxxxxx value           a name of an entry (0: name, too), a value; becomes an entry
//   0000xxxx value           the same, but does not            0001xxxx   the same, and no proxy may make it one
//   string:  | H (1 bit), length (7 bits and more) | text, by Huffman's code when H is set |
import { formatText } from './format.ts';

export interface Header {
  /** Bytes from the beginning of the packet, and how many. */
  readonly at: number;
  readonly length: number;
  /** null: an earlier packet of the connection said it. */
  readonly name: string | null;
  readonly value: string | null;
  /** Number of the entry that it is, or has its name from; null: none. */
  readonly index: number | null;
  /** How it is written, in Wireshark's words. */
  readonly form: string;
}

/** What the packet has put into the connection's table: newest first. */
export type HeaderTable = (readonly [name: string | null, value: string | null])[];

/** Headers of more characters than this together are an attack: each byte of a block can stand for thousands. */
const MOST_CHARACTERS = 1 << 20;

export interface ReadHeaders {
  readonly headers: readonly Header[];
  readonly broken: { readonly at: number; readonly reason: string } | null;
  /** Where the header begins that is cut off; the block's end where none is. */
  readonly rest: number;
}

/**
 * The headers of a block. The list ends where the block is cut off or broken; `broken` says where and why in the latter case.
 * `table` takes what the block adds.
 */
export function readHeaders(bytes: Uint8Array, at: number, end: number, table: HeaderTable): ReadHeaders {
  const reader = new BlockReader(bytes, at, end);
  const headers: Header[] = [];
  let characters = 0;
  while (reader.at < end) {
    const from = reader.at;
    const first = bytes[from] ?? 0;
    const read = readHeader(reader, first, table);
    if (read === null) return { headers, broken: reader.broken, rest: from };
    if (read === 'size') continue;
    characters += (read.name ?? '').length + (read.value ?? '').length;
    if (characters > MOST_CHARACTERS) {
      const reason = `headers of more than ${MOST_CHARACTERS} characters in one block`;
      return { headers, broken: { at: from, reason }, rest: from };
    }
    headers.push({ at: from, length: reader.at - from, ...read });
  }
  return { headers, broken: null, rest: end };
}

const FORMS: readonly (readonly [bit: number, bits: number, form: string])[] = [
  [0x40, 6, 'Literal Header Field with Incremental Indexing'],
  [0x10, 4, 'Literal Header Field never Indexed'],
  [0x00, 4, 'Literal Header Field without Indexing'],
];

function readHeader(
  reader: BlockReader,
  first: number,
  table: HeaderTable,
): Pick<Header, 'name' | 'value' | 'index' | 'form'> | 'size' | null {
  if ((first & 0x80) !== 0) {
    const index = reader.number(7);
    if (index === null) return null;
    if (index === 0) return reader.fail('header table entry 0, which does not exist');
    const [name, value] = entry(index, table);
    return { name, value, index, form: 'Indexed Header Field' };
  }
  if ((first & 0xe0) === 0x20) return reader.number(5) === null ? null : 'size';
  const [bit, bits, form] = FORMS.find(([mask]) => mask === 0 || (first & mask) !== 0) ?? [0, 4, ''];
  const index = reader.number(bits);
  if (index === null) return null;
  const name = index === 0 ? reader.text() : entry(index, table)[0];
  if (index === 0 && name === null) return null;
  const value = reader.text();
  if (value === null) return null;
  if (bit === 0x40) table.unshift([name, value]);
  return index === 0
    ? { name, value, index: null, form: `${form} - New Name` }
    : { name, value, index, form: `${form} - Indexed Name` };
}

const UNKNOWN = [null, null] as const;
const entry = (index: number, table: HeaderTable): HeaderTable[number] =>
  STATIC[index - 1] ?? table[index - STATIC.length - 1] ?? UNKNOWN;

class BlockReader {
  at: number;
  broken: { readonly at: number; readonly reason: string } | null = null;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  fail(reason: string): null {
    this.broken = { at: this.at, reason };
    return null;
  }

  /** Section 5.1: the low bits of a byte; all ones mean that more bytes follow, 7 bits each. null: cut off, or broken. */
  number(bits: number): number | null {
    if (this.at >= this.#end) return null;
    const most = (1 << bits) - 1;
    let value = (this.#bytes[this.at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.at >= this.#end) return null;
      const byte = this.#bytes[this.at++] ?? 0;
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    return this.fail('a number of more than 4 bytes');
  }

  /** Section 5.2. */
  text(): string | null {
    const coded = ((this.#bytes[this.at] ?? 0) & 0x80) !== 0;
    const length = this.number(7);
    if (length === null || this.at + length > this.#end) return null;
    const from = this.at;
    this.at += length;
    if (!coded) return formatText(this.#bytes, from, length);
    const plain = readHuffman(this.#bytes.subarray(from, from + length));
    return plain === null ? this.fail('text that is not in Huffman’s code') : formatText(plain, 0, plain.length);
  }
}

/** Appendix A: names, each with the values that have an entry of their own. */
const STATIC_NAMES: readonly (readonly [name: string, ...values: string[]])[] = [
  [':authority'],
  [':method', 'GET', 'POST'],
  [':path', '/', '/index.html'],
  [':scheme', 'http', 'https'],
  [':status', '200', '204', '206', '304', '400', '404', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
];
const STATIC: HeaderTable = STATIC_NAMES.flatMap(([name, ...values]) =>
  (values.length === 0 ? [''] : values).map((value) => [name, value] as const),
);

/**
 * Appendix B. How long each byte's code is, one character a byte, in base 36: the code is canonical, so the lengths tell the
 * codes. (Codes of one length follow each other in the order of their bytes; the end's code is 30 ones.)
 */
const CODE_LENGTHS =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq';
const LONGEST_CODE = 30;

/** For each length: the first code, how many there are, and where their bytes begin in BYTES. */
const BYTES: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte).sort(
  (a, b) => lengthOf(a) - lengthOf(b) || a - b,
);
const BY_LENGTH: readonly (readonly [first: number, count: number, start: number])[] = codesByLength();

function lengthOf(byte: number): number {
  return Number.parseInt(CODE_LENGTHS.charAt(byte), 36);
}

function codesByLength(): (readonly [number, number, number])[] {
  const table: (readonly [number, number, number])[] = [];
  let code = 0;
  let start = 0;
  for (let length = 0; length <= LONGEST_CODE; length++) {
    const count = BYTES.filter((byte) => lengthOf(byte) === length).length;
    table.push([code, count, start]);
    code = (code + count) * 2;
    start += count;
  }
  return table;
}

/** The bytes that the code stands for; null when it does not end as it must, in less than a byte of ones. */
function readHuffman(coded: Uint8Array): Uint8Array | null {
  const plain: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of coded) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >>> bit) & 1);
      length++;
      if (length > LONGEST_CODE) return null;
      const [first, count, start] = BY_LENGTH[length] ?? [0, 0, 0];
      if (code - first < count) {
        plain.push(BYTES[start + code - first] ?? 0);
        code = 0;
        length = 0;
      }
    }
  }
  return length < 8 && code === 2 ** length - 1 ? Uint8Array.from(plain) : null;
}
