import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clockWords } from './clock-words.ts';

test('a time is said to the digit that is asked for, and goes on to the next second where it is nearly there', () => {
  expect(clockWords(1_795_914_195.605764, 6)).toBe('01:03:15.605764');
  expect(clockWords(1.9999999, 6)).toBe('00:00:02.000000');
  expect(clockWords(59.9996, 3)).toBe('00:01:00.000');
});

test('any number is said, whatever it is', () => {
  for (const time of [-1, 1e12, 9e18, -9e18, Infinity, Number.NaN]) expect(clockWords(time, 6)).toBe(String(time));
  fc.assert(
    fc.property(fc.double(), fc.constantFrom(3, 6), (time, digits) => {
      expect(clockWords(time, digits)).not.toBe('');
    }),
  );
});
