// Lines to standard output, many at a time: a write for each of a hundred thousand packets would take longer than decoding them.
import { writeSync } from 'node:fs';

/** Characters that are put together before they become bytes: a longer text costs more for each of them. */
const PIECE = 8192;
/** Bytes that are written at once. */
const CHUNK = 1 << 18;
/** UTF-8 needs no more for a character of a JavaScript string. */
const BYTES_PER_CHARACTER = 3;
const STDOUT = 1;

export class Output {
  readonly #buffer = Buffer.allocUnsafe(CHUNK);
  #filled = 0;
  #text = '';
  #closed = false;

  /** True when nobody reads any more (`… | head`): no error, and no reason to go on. */
  get closed(): boolean {
    return this.#closed;
  }

  line(text: string): void {
    this.#text += text;
    this.#text += '\n';
    if (this.#text.length >= PIECE) this.#encode();
  }

  flush(): void {
    this.#encode();
    this.#send(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #encode(): void {
    const text = this.#text;
    this.#text = '';
    const most = text.length * BYTES_PER_CHARACTER;
    if (most > CHUNK - this.#filled) {
      this.#send(this.#buffer.subarray(0, this.#filled));
      this.#filled = 0;
    }
    if (most > CHUNK) this.#send(Buffer.from(text));
    else this.#filled += this.#buffer.write(text, this.#filled);
  }

  #send(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.#closed; ) at += this.#write(bytes, at);
  }

  /** Bytes that were written; 0 when the pipe is full just now. */
  #write(bytes: Buffer, at: number): number {
    try {
      return writeSync(STDOUT, bytes, at);
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
