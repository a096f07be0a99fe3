// Where checkpoints keep pages of RAM: in a file of the browser's own file system, if there is one, or in memory.
import { pageBytes } from './ram-layers.ts';

export interface PageStore {
  /** Keeps a copy of the page; the number to ask for it. Throws when there is no room. */
  add(page: Uint8Array): number;
  /** Hands over each of these pages, in any order, with its place in `numbers`. The bytes are the store's own. */
  read(numbers: readonly number[], put: (page: Uint8Array, index: number) => void): void;
  /** Everything that was kept is gone. */
  dispose(): void;
}

const pagesInASegment = 1024;

export class MemoryPages implements PageStore {
  #segments: Uint8Array[] = [];
  #count = 0;

  add(page: Uint8Array): number {
    const number = this.#count++;
    const at = number % pagesInASegment;
    if (at === 0) this.#segments.push(new Uint8Array(pagesInASegment * pageBytes));
    this.#segments.at(-1)?.set(page, at * pageBytes);
    return number;
  }

  read(numbers: readonly number[], put: (page: Uint8Array, index: number) => void): void {
    for (const [index, number] of numbers.entries()) {
      const at = (number % pagesInASegment) * pageBytes;
      const segment = this.#segments[Math.floor(number / pagesInASegment)];
      if (segment !== undefined) put(segment.subarray(at, at + pageBytes), index);
    }
  }

  dispose(): void {
    this.#segments = [];
    this.#count = 0;
  }
}

/** The parts of FileSystemSyncAccessHandle that are used (WHATWG File System, section 2.5). */
export interface SyncFile {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  close(): void;
}

const pagesInACall = 256;
/** Read along with the others rather than in a call of their own. */
const pagesBetween = 16;

/** Written and read a megabyte at a time: a call is a message to the browser's process. */
export class FilePages implements PageStore {
  readonly #file: SyncFile;
  /** Pages to be written. */
  readonly #buffer = new Uint8Array(pagesInACall * pageBytes);
  #written = 0;
  #count = 0;

  constructor(file: SyncFile) {
    this.#file = file;
    file.truncate(0);
  }

  add(page: Uint8Array): number {
    if ((this.#count - this.#written) * pageBytes === this.#buffer.length) this.#flush();
    this.#buffer.set(page, (this.#count - this.#written) * pageBytes);
    return this.#count++;
  }

  read(numbers: readonly number[], put: (page: Uint8Array, index: number) => void): void {
    const got = new Uint8Array(pagesInACall * pageBytes);
    const wanted = [...numbers.entries()].sort((one, other) => one[1] - other[1]);
    for (let at = 0; at < wanted.length; ) {
      const first = (wanted[at] as [number, number])[1];
      if (first >= this.#written) {
        const [index, number] = wanted[at++] as [number, number];
        put(
          this.#buffer.subarray((number - this.#written) * pageBytes, (number - this.#written + 1) * pageBytes),
          index,
        );
        continue;
      }
      let end = at + 1;
      for (let last = first; end < wanted.length; end++) {
        const [, next] = wanted[end] as [number, number];
        if (next >= this.#written || next - last > pagesBetween || next - first >= pagesInACall) break;
        last = next;
      }
      const pages = (wanted[end - 1] as [number, number])[1] - first + 1;
      const part = got.subarray(0, pages * pageBytes);
      const length = this.#file.read(part, { at: first * pageBytes });
      if (length !== part.length)
        throw new Error(`the browser's file system gave ${length} of ${part.length} bytes back`);
      for (; at < end; at++) {
        const [index, number] = wanted[at] as [number, number];
        put(part.subarray((number - first) * pageBytes, (number - first + 1) * pageBytes), index);
      }
    }
  }

  dispose(): void {
    this.#file.truncate(0);
    this.#written = this.#count = 0;
  }

  #flush(): void {
    const bytes = this.#buffer.subarray(0, (this.#count - this.#written) * pageBytes);
    if (this.#file.write(bytes, { at: this.#written * pageBytes }) !== bytes.length)
      throw new Error("the browser's storage for this site is full");
    this.#written = this.#count;
  }
}
