import { expect, test } from 'vitest';
import { stateWords } from './state-words.ts';

test('a lab of several machines says how many of them run', () => {
  const running = { kind: 'running' } as const;
  expect(stateWords(running, [running])).toBe('Running');
  expect(stateWords(running, [running, running, running])).toBe('3 machines running');
  expect(stateWords(running, [running, { kind: 'off' }, running])).toBe('2 of 3 machines running');
});

test('a frozen lab says who froze it', () => {
  expect(stateWords({ kind: 'frozen', reason: 'reader' })).toBe('Time stands still');
  expect(stateWords({ kind: 'frozen', reason: 'hidden' })).toBe('Time stands still while nobody sees it');
});
