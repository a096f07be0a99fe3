import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pageBytes } from '../storage/ram-layers.ts';
import { hashesOf, pageHash } from './page-hash.ts';

const pages = 16;

describe.each([
  ['WebAssembly', true],
  ['JavaScript', false],
] as const)('the number of a page, in %s', (_, fast) => {
  const memory = new WebAssembly.Memory({ initial: 3 });
  // As the emulator has it: the guest's memory does not begin where WebAssembly's does.
  const mem8 = new Uint8Array(memory.buffer, 4096 + 64, pages * pageBytes);
  const hash = pageHash(fast ? memory : undefined, mem8);

  test('is 0 for zeros alone', () => {
    mem8.fill(0);
    expect([...hashesOf(hash, mem8.length)]).toEqual(Array.from({ length: pages }, () => 0));
    mem8[pageBytes * 2 - 1] = 1;
    expect(hash(0)).toBe(0);
    expect(hash(pageBytes)).toBeGreaterThan(0);
    expect(Number.isSafeInteger(hash(pageBytes))).toBe(true);
  });

  test('is that of its bytes, wherever they lie, and another one when a bit is another one', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: pageBytes, maxLength: pageBytes }),
        fc.nat(pageBytes - 1),
        fc.nat(7),
        (bytes, at, bit) => {
          mem8.set(bytes, 3 * pageBytes);
          mem8.set(bytes, 9 * pageBytes);
          const number = hash(3 * pageBytes);
          expect(hash(9 * pageBytes)).toBe(number);
          mem8[9 * pageBytes + at] = (bytes[at] as number) ^ (1 << bit);
          expect(hash(9 * pageBytes)).not.toBe(number);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('differs between pages that differ little', () => {
    const numbers = new Set<number>();
    for (let n = 0; n < 4096; n++) {
      mem8.fill(0, 0, pageBytes);
      mem8[n] = 1;
      numbers.add(hash(0));
      // Words that stand below each other in the loop's columns.
      new Uint32Array(mem8.buffer, mem8.byteOffset, 1024).set([n, ...Array.from({ length: 15 }, () => 0), ~n], 0);
      numbers.add(hash(0));
    }
    expect(numbers.size).toBe(2 * 4096);
  });
});

test('the fast one is really there, in this Node', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const mem8 = new Uint8Array(memory.buffer);
  mem8[0] = 1;
  expect(pageHash(memory, mem8)(0)).not.toBe(pageHash(undefined, mem8)(0));
});
