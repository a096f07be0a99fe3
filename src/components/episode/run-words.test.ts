import { expect, test } from 'vitest';
import { endedWords } from './run-words.ts';

test.each([
  [{ status: 0, seconds: 3.21, promised: 0, missing: 4 }, 'Done ✓ 3.2 s'],
  [{ status: 1, seconds: 2, promised: 0, missing: 3, free: true }, 'Done ✓ 2.0 s, status 1'],
  [{ status: 0, seconds: null, promised: 0, missing: 0 }, 'Done ✓'],
  [{ status: 1, seconds: null, promised: 1, missing: 0 }, 'Done ✓ status 1 as it should be'],
  [{ status: 0, seconds: 71, promised: 0, missing: 0 }, 'Done ✓ 1 min 11 s'],
  [{ status: 1, seconds: 2, promised: 1, missing: 0 }, 'Done ✓ 2.0 s, status 1 as it should be'],
  [{ status: null, seconds: 0.04, promised: 0, missing: 0 }, 'Done ✓ 0.0 s'],
  [{ status: 130, seconds: 9, promised: 0, missing: 0 }, 'Failed ✗ status 130. Ctrl-C ended it: run it again.'],
  [
    { status: 0, seconds: 1, promised: 1, missing: 0 },
    'Failed ✗ status 0 where the text expects 1. The terminal says why. If the lab is not as the text says, Reset it and go on from the first command.',
  ],
  [
    { status: 1, seconds: 1, promised: 0, missing: 2 },
    'Failed ✗ status 1. 2 commands before it were not run from this page: it may need them.',
  ],
  [
    { status: 1, seconds: 1, promised: 0, missing: 1 },
    'Failed ✗ status 1. 1 command before it was not run from this page: it may need that.',
  ],
])('%o', (ended, words) => expect(endedWords({ free: false, ...ended })).toBe(words));
