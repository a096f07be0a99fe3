// Lines to standard output, many at a time: a write for each of a hundred thousand packets would take longer than decoding them.
import { writeSync } from 'node:fs';
import type { TextSink } from '../../packet/tcp-segment.ts';

/** Bytes that are written at once. */
const CHUNK = 1 << 18;
const LONGEST_IN_PIECES = 1024;
/** UTF-8 needs no more for a character of a JavaScript string. */
const BYTES_PER_CHARACTER = 3;
const STDOUT = 1;
const NEWLINE = 0x0a;
const ZERO = 0x30;

/** "00" to "99", one after the other. */
const PAIRS = new TextEncoder().encode(Array.from({ length: 100 }, (_, value) => `${value}`.padStart(2, '0')).join(''));

export class Output implements TextSink {
  readonly #write: (bytes: Uint8Array, at: number) => number;
  readonly #bytes = new Uint8Array(CHUNK);
  /** The same bytes, for text. */
  readonly #buffer = Buffer.from(this.#bytes.buffer);
  #filled = 0;
  #closed = false;

  /** @param write takes the bytes from `at` on, and gives how many it took */
  constructor(write: (bytes: Uint8Array, at: number) => number = (bytes, at) => writeSync(STDOUT, bytes, at)) {
    this.#write = write;
  }

  /** True when nobody reads any more (`… | head`): no error, and no reason to go on. */
  get closed(): boolean {
    return this.#closed;
  }

  line(text: string): void {
    this.beginLine();
    this.text(text);
    this.endLine();
  }

  /** Room for a line that comes in pieces, a kilobyte and a text of any length: by bytes(), decimal() and text(), up to endLine(). */
  beginLine(): void {
    if (CHUNK - this.#filled < LONGEST_IN_PIECES) this.flush();
  }

  text(text: string): void {
    const most = text.length * BYTES_PER_CHARACTER + LONGEST_IN_PIECES;
    if (most > CHUNK - this.#filled) this.flush();
    if (most > CHUNK) this.#send(Buffer.from(text));
    else this.#filled += this.#buffer.write(text, this.#filled);
  }

  bytes(bytes: Uint8Array): void {
    const buffer = this.#bytes;
    let at = this.#filled;
    for (let i = 0; i < bytes.length; i++) buffer[at++] = bytes[i] ?? 0;
    this.#filled = at;
  }

  /** An integer from 0 on. */
  decimal(value: number): void {
    const buffer = this.#bytes;
    let at = this.#filled + digitsOf(value);
    this.#filled = at;
    let rest = value;
    // Numbers of 31 bits are divided in a fraction of the time.
    while (rest > 0x7fff_ffff) {
      const tenth = Math.floor(rest / 10);
      buffer[--at] = ZERO + rest - 10 * tenth;
      rest = tenth;
    }
    while (rest >= 10) {
      const hundredth = (rest / 100) | 0;
      const pair = 2 * (rest - 100 * hundredth);
      buffer[--at] = PAIRS[pair + 1] as number;
      buffer[--at] = PAIRS[pair] as number;
      rest = hundredth;
    }
    if (rest > 0 || value === 0) buffer[--at] = ZERO + rest;
  }

  /** The same with at least `width` digits: `fill` (a character) stands before them. */
  padded(value: number, width: number, fill: number): void {
    for (let digits = digitsOf(value); digits < width; digits++) this.#bytes[this.#filled++] = fill;
    this.decimal(value);
  }

  endLine(): void {
    this.#bytes[this.#filled++] = NEWLINE;
  }

  flush(): void {
    this.#send(this.#bytes.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #send(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#closed; ) at += this.#tryWrite(bytes, at);
  }

  /** Bytes that were written; 0 when the pipe is full just now. */
  #tryWrite(bytes: Uint8Array, at: number): number {
    try {
      return this.#write(bytes, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'EPIPE') this.#closed = true;
      else if (code === 'EAGAIN') pause(1);
      else throw error;
      return 0;
    }
  }
}

function digitsOf(value: number): number {
  if (value < 1000) return value < 10 ? 1 : value < 100 ? 2 : 3;
  let digits = 4;
  for (let power = 10_000; power <= value; power *= 10) digits++;
  return digits;
}

/** A pipe that somebody else has made non-blocking cannot be waited for, only tried again. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
