import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FilePages, MemoryPages, type SyncFile } from './page-store.ts';
import { pageBytes } from './ram-layers.ts';

/** A file as a browser's private file system has them, of a limited size. */
class File implements SyncFile {
  bytes = new Uint8Array();
  readonly #room: number;
  constructor(room = Infinity) {
    this.#room = room;
  }
  read(into: Uint8Array, { at }: { at: number }): number {
    const part = this.bytes.subarray(at, at + into.length);
    into.set(part);
    return part.length;
  }
  write(bytes: Uint8Array, { at }: { at: number }): number {
    const fits = bytes.subarray(0, Math.max(0, this.#room - at));
    const larger = new Uint8Array(Math.max(this.bytes.length, at + fits.length));
    larger.set(this.bytes);
    larger.set(fits, at);
    this.bytes = larger;
    return fits.length;
  }
  truncate(size: number): void {
    this.bytes = this.bytes.slice(0, size);
  }
  close(): void {}
}

const filled = (byte: number) => new Uint8Array(pageBytes).fill(byte);

describe.each([
  ['memory', () => new MemoryPages()],
  ['a file', () => new FilePages(new File())],
] as const)('pages in %s', (_, open) => {
  test('come back as they were, however many, in any order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2500 }), fc.infiniteStream(fc.nat()), (count, order) => {
        const store = open();
        for (let n = 0; n < count; n++) expect(store.add(filled(n % 251))).toBe(n);
        const wanted = [...order.take(300)].map((number) => number % count);
        const got: number[][] = [];
        store.read(wanted, (page, index) => {
          got[index] = [page.length, page[0] as number, page[pageBytes - 1] as number];
        });
        expect(got).toEqual(wanted.map((number) => [pageBytes, number % 251, number % 251]));
      }),
      { numRuns: 20 },
    );
  });

  test('are gone after dispose(), and the next one is the first again', () => {
    const store = open();
    for (let n = 0; n < 600; n++) store.add(filled(1));
    store.dispose();
    expect(store.add(filled(7))).toBe(0);
    const got: (number | undefined)[] = [];
    store.read([0, 0], (page) => got.push(page[0]));
    expect(got).toEqual([7, 7]);
  });
});

test('storage that is full says so', () => {
  const store = new FilePages(new File(300 * pageBytes));
  expect(() => {
    for (let n = 0; n < 1000; n++) store.add(filled(n));
  }).toThrow("the browser's storage for this site is full");
});
