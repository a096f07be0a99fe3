// Where checkpoints keep pages of RAM: in a file of the browser's own file system, if there is one, or in memory.
import { pageBytes } from './ram-layers.ts';

export interface PageStore {
  /** Keeps a copy of the page; the number to ask for it. Throws when there is no room. */
  add(page: Uint8Array): number;
  /** Puts a page where it belongs. */
  read(number: number, into: Uint8Array): void;
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

  read(number: number, into: Uint8Array): void {
    const at = (number % pagesInASegment) * pageBytes;
    const segment = this.#segments[Math.floor(number / pagesInASegment)];
    if (segment !== undefined) into.set(segment.subarray(at, at + pageBytes));
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

/** Written a megabyte at a time: a call is a message to the browser's process. */
export class FilePages implements PageStore {
  readonly #file: SyncFile;
  readonly #buffer = new Uint8Array(256 * pageBytes);
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

  read(number: number, into: Uint8Array): void {
    if (number >= this.#written) {
      const at = (number - this.#written) * pageBytes;
      into.set(this.#buffer.subarray(at, at + pageBytes));
      return;
    }
    const got = this.#file.read(into, { at: number * pageBytes });
    if (got !== into.length) throw new Error(`the browser's file system gave ${got} of ${into.length} bytes back`);
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
