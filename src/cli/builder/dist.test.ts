import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completeDist, filesBelow } from './dist.ts';
import { buildPaths } from './paths.ts';

const hash = '0123456789abcdef0123456789abcdef';
let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

test('dist/ holds the pages and the machines, nothing of an older lab, and says how long each may be kept', async () => {
  const paths = buildPaths(root);
  await write('dist/index.html', 'home');
  await write('dist/labs/index.html', 'a page of the site');
  await write('dist/labs/a/chunks/00/stale', 'old');
  await write('build/site-assets/labs/a/lab.json', '{}');
  await write(`build/site-assets/labs/a/chunks/01/${hash}.zst`, 'chunk');
  await write('build/site-assets/machine/v86.wasm', 'wasm');
  await completeDist(paths);
  expect(await filesBelow(paths.dist)).toEqual([
    '_headers',
    'index.html',
    `labs/a/chunks/01/${hash}.zst`,
    'labs/a/lab.json',
    'labs/index.html',
    'machine/v86.wasm',
  ]);
  expect(await readFile(join(paths.dist, '_headers'), 'utf8')).toMatch(/^\/labs\/a\/chunks\/\*\n/);
  // A second name for the same bytes, not a copy.
  expect((await stat(join(paths.dist, 'machine/v86.wasm'))).nlink).toBe(2);
});
