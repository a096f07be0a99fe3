import { expect, test } from 'vitest';
import { parseBuildStatus } from './build-status.ts';

test('what a server says of its build is read field by field', () => {
  const status = parseBuildStatus({
    state: 'building',
    step: 'kernel',
    percent: 140,
    elapsedSeconds: 9,
    steps: [{ name: 'a', state: 'done', percent: 100 }, 7],
    message: 3,
  });
  expect(status).toEqual({
    state: 'building',
    step: 'kernel',
    percent: 100,
    elapsedSeconds: 9,
    steps: [{ name: 'a', state: 'done', percent: 100 }],
    message: '',
  });
});

test('anything else is no build status', () => {
  for (const value of [null, 'ready', [], {}, { state: 'maybe' }]) expect(parseBuildStatus(value)).toBeNull();
});
