import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstIndex } from './first-index.ts';

test('is the one that looking at each of them finds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: -1, max: 21 }), (numbers, wanted) => {
      const sorted = numbers.sort((a, b) => a - b);
      const found = sorted.findIndex((number) => number >= wanted);
      expect(firstIndex(sorted.length, (index) => (sorted[index] ?? 0) >= wanted)).toBe(
        found < 0 ? sorted.length : found,
      );
    }),
  );
});

test('asks a few times only', () => {
  let asked = 0;
  expect(firstIndex(1_000_000, (index) => ++asked > 0 && index >= 777)).toBe(777);
  expect(asked).toBeLessThanOrEqual(20);
});
