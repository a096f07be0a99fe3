// Lines to standard output, many at a time: a write for each of a hundred thousand packets would take longer than decoding them.
import { writeSync } from 'node:fs';

/** Characters that are collected before they are written. */
const CHUNK = 1 << 16;
const STDOUT = 1;

export class Output {
  #waiting = '';
  #closed = false;

  /** True when nobody reads any more (`… | head`): no error, and no reason to go on. */
  get closed(): boolean {
    return this.#closed;
  }

  line(text: string): void {
    this.#waiting += text;
    this.#waiting += '\n';
    if (this.#waiting.length >= CHUNK) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
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
