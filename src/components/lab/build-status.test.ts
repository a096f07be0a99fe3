import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { BuildFailed, parseBuildStatus, whenBuilt } from './build-status.ts';

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

test('a build that failed says why in its own words, line by line', async () => {
  const message = 'Building the machine image needs root.\nThe same command as root:\n\n    sudo npm run up';
  const server = createServer((_request, response) => {
    response.end(JSON.stringify({ state: 'failed', step: '', percent: 0, elapsedSeconds: 1, steps: [], message }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/labs/x/build.json`;
  try {
    const failure = await whenBuilt(url, () => {}, new AbortController().signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BuildFailed);
    expect(String(failure).split('\n')).toContain('    sudo npm run up');
  } finally {
    server.close();
  }
});
