import { expect, test } from 'vitest';
import { bytesWords, durationWords, plural } from './words.ts';

test('one thing is told without an s, and thousands are easy to read', () => {
  expect(plural(1, 'packet')).toBe('1 packet');
  expect(plural(0, 'packet')).toBe('0 packets');
  expect(plural(12_345, 'byte')).toBe('12,345 bytes');
  expect(plural(2, 'copy', 'copies')).toBe('2 copies');
});

test('a download is told in MB of MB, and never more than all of it', () => {
  expect(bytesWords(12_340_000, 41_000_000)).toBe('12.3 of 41.0 MB');
  expect(bytesWords(42_000_000, 41_000_000)).toBe('41.0 of 41.0 MB');
  expect(bytesWords(5_000_000, 0)).toBe('5.0 MB');
  expect(bytesWords(0, 0)).toBe('');
});

test('time is told in seconds, then in minutes', () => {
  expect(durationWords(8.9)).toBe('8 s');
  expect(durationWords(125)).toBe('2 min 05 s');
});
