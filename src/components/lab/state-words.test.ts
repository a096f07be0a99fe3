import { expect, test } from 'vitest';
import { bytesWords, durationWords, stateWords } from './state-words.ts';

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

test('a lab of several machines says how many of them run', () => {
  const running = { kind: 'running' } as const;
  expect(stateWords(running, [running])).toBe('Running');
  expect(stateWords(running, [running, running, running])).toBe('3 machines running');
  expect(stateWords(running, [running, { kind: 'off' }, running])).toBe('2 of 3 machines running');
});

test('a frozen lab says who froze it', () => {
  expect(stateWords({ kind: 'frozen', reason: 'reader' })).toBe('Frozen by you');
  expect(stateWords({ kind: 'frozen', reason: 'hidden' })).toBe('Frozen while out of sight');
});
