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

export class Output implements TextSink {
  readonly #write: (bytes: Uint8Array, at: number) => number;
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
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
    const buffer = this.#buffer;
    let at = this.#filled;
    for (let i = 0; i < bytes.length; i++) buffer[at++] = bytes[i] ?? 0;
    this.#filled = at;
  }

  /** An integer from 0 on; with less than `width` digits, `fill` (a character) stands before it. */
  decimal(value: number, width = 1, fill = ZERO): void {
    const buffer = this.#buffer;
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits++;
    let at = this.#filled;
    for (; width > digits; width--) buffer[at++] = fill;
    at += digits;
    this.#filled = at;
    let rest = value;
    // Numbers of 31 bits are divided in a fraction of the time.
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 10)) buffer[--at] = ZERO + (rest % 10);
    do {
      const tenth = (rest / 10) | 0;
      buffer[--at] = ZERO + rest - 10 * tenth;
      rest = tenth;
    } while (rest > 0);
  }

  endLine(): void {
    this.#buffer[this.#filled++] = NEWLINE;
  }

  flush(): void {
    this.#send(this.#buffer.subarray(0, this.#filled));
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

/** A pipe that somebody else has made non-blocking cannot be waited for, only tried again. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
