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
    const wanted = [...numbers.entries()].map(([index, number]) => ({ index, number }));
    wanted.sort((one, other) => one.number - other.number);
    let call: typeof wanted = [];
    for (const page of wanted) {
      const first = call[0]?.number ?? page.number;
      const last = call.at(-1)?.number ?? page.number;
      if (page.number - last > pagesBetween || page.number - first >= pagesInACall) {
        this.#readRun(call, got, put);
        call = [];
      }
      // Not in the file yet.
      if (page.number >= this.#written) put(pageIn(this.#buffer, page.number - this.#written), page.index);
      else call.push(page);
    }
    this.#readRun(call, got, put);
  }

  /** Pages that lie close together, in one call. */
  #readRun(
    pages: readonly { readonly index: number; readonly number: number }[],
    room: Uint8Array,
    put: (page: Uint8Array, index: number) => void,
  ): void {
    const [first, last] = [pages[0]?.number, pages.at(-1)?.number];
    if (first === undefined || last === undefined) return;
    const bytes = room.subarray(0, (last - first + 1) * pageBytes);
    const length = this.#file.read(bytes, { at: first * pageBytes });
    if (length !== bytes.length)
      throw new Error(`the browser's file system gave ${length} of ${bytes.length} bytes back`);
    for (const { index, number } of pages) put(pageIn(bytes, number - first), index);
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

const pageIn = (bytes: Uint8Array, n: number): Uint8Array => bytes.subarray(n * pageBytes, (n + 1) * pageBytes);
