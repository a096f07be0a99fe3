import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOfPage } from './memory-moments.ts';

const words = 1024;
const page = fc
  .array(fc.tuple(fc.nat(words - 1), fc.integer({ min: 0, max: 0xffffffff })), { maxLength: 6 })
  .map((set) => {
    const memory = new Uint32Array(words);
    for (const [at, value] of set) memory[at] = value;
    return memory;
  });

test('a page’s hash is that of its words, wherever the page lies; different pages have different ones', () => {
  fc.assert(
    fc.property(page, page, fc.nat(3), (one, other, before) => {
      const memory = new Uint32Array((before + 1) * words).fill(9);
      memory.set(one, before * words);
      expect(hashOfPage(memory, before * words)).toBe(hashOfPage(one, 0));
      expect(hashOfPage(one, 0) === hashOfPage(other, 0)).toBe(one.every((word, at) => word === other[at]));
    }),
    { numRuns: 500 },
  );
});

test('zero stands for a page of zeros alone; every word and its place count', () => {
  expect(hashOfPage(new Uint32Array(words), 0)).toBe(0);
  const hashes = new Set<number>();
  for (let at = 0; at < words; at++) {
    const memory = new Uint32Array(words);
    memory[at] = 1;
    hashes.add(hashOfPage(memory, 0));
    memory[at] = 0x8000_0000;
    hashes.add(hashOfPage(memory, 0));
  }
  expect(hashes.size).toBe(2 * words);
  expect(hashes.has(0)).toBe(false);
  for (const hash of hashes) expect(Number.isSafeInteger(hash)).toBe(true);
});
