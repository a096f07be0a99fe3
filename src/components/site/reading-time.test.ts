import fc from 'fast-check';
import { expect, it } from 'vitest';
import { leftWords, minutesLeft } from './reading-time.ts';

const sections = fc.array(fc.record({ words: fc.nat(2000), commands: fc.nat(20) }), { minLength: 1, maxLength: 12 });

it('is the author’s minutes at the top, and nothing at the end', () => {
  fc.assert(
    fc.property(sections, fc.integer({ min: 1, max: 60 }), (all, minutes) => {
      fc.pre(all.some(({ words, commands }) => words + commands > 0));
      expect(minutesLeft(all, -1, 0, minutes)).toBeCloseTo(minutes);
      expect(minutesLeft(all, all.length - 1, 1, minutes)).toBeCloseTo(0);
    }),
  );
});

it('never grows on the way down', () => {
  fc.assert(
    fc.property(sections, fc.nat(12), fc.double({ min: 0, max: 1, noNaN: true }), (all, at, read) => {
      const here = minutesLeft(all, at, read, 30);
      expect(minutesLeft(all, at, Math.min(1, read + 0.1), 30)).toBeLessThanOrEqual(here + 1e-9);
      expect(minutesLeft(all, at + 1, 0, 30)).toBeLessThanOrEqual(here + 1e-9);
    }),
  );
});

it('commands weigh as well as words', () => {
  const all = [
    { words: 200, commands: 0 },
    { words: 200, commands: 10 },
  ];
  expect(minutesLeft(all, 1, 0, 12)).toBeCloseTo((12 * 5) / 6);
});

it('is said in whole minutes', () => {
  expect(leftWords(13.2)).toBe('about 14 min left');
  expect(leftWords(0.6)).toBe('about 1 min left');
  expect(leftWords(0.2)).toBe('');
});
