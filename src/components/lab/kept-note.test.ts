import { expect, test } from 'vitest';
import { keptTrouble, keptWords } from './kept-note.ts';

const at = new Date(2026, 4, 12, 14, 3, 20).getTime();

test('when a moment was kept, and how long before the page went', () => {
  expect(keptWords({ at }, at)).toBe('Kept at 14:03.');
  expect(keptWords({ at, gone: at + 8000 }, at)).toBe('Kept at 14:03, less than a minute before the page went.');
  expect(keptWords({ at, gone: at + 65_000 }, at)).toBe('Kept at 14:03, 1 minute before the page went.');
  expect(keptWords({ at, gone: at + 125_000 }, at)).toBe('Kept at 14:03, 2 minutes before the page went.');
  expect(keptWords({ at }, at + 86_400_000)).toBe('Kept at 12 May, 14:03.');
  // A clock that was set back.
  expect(keptWords({ at, gone: at - 1 }, at)).toBe('Kept at 14:03.');
});

test('what a reader would lose is said, and nothing where all is well', () => {
  expect(keptTrouble(null)).toBe('');
  expect(keptTrouble({ at, unsafe: true, trouble: '' })).toBe('');
  expect(keptTrouble('none')).toMatch(/lost with the page/);
  expect(keptTrouble('busy')).toMatch(/Another tab/);
  expect(keptTrouble({ at, unsafe: true, trouble: 'it is full' })).toBe(
    'The lab could not be kept: it is full. It is tried again. What was kept at 14:03 is still there.',
  );
});
