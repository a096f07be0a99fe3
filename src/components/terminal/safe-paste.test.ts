import { expect, test } from 'vitest';
import { cleanPaste, runsAtOnce } from './safe-paste.ts';

test('a paste cannot end its own brackets', () => {
  expect(cleanPaste('ls\u001b[201~\rrm -rf /\u0007')).toBe('ls[201~\rrm -rf /');
});

test('tabs, line ends and letters beyond ASCII stay', () => {
  expect(cleanPaste('é\t✓\r\nb')).toBe('é\t✓\r\nb');
});

test('only several lines into a program without bracketed paste need a question', () => {
  expect(runsAtOnce('a\nb', false)).toBe(true);
  expect(runsAtOnce('a\nb', true)).toBe(false);
  expect(runsAtOnce('a', false)).toBe(false);
});
