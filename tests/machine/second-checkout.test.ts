// A second checkout on the same computer: it has the sources, no build, and the cache that the first one filled.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SharedCache } from '../../src/cli/builder/cache/shared-cache.ts';
import { provideLab } from '../../src/cli/builder/cache/shared-lab.ts';
import { root } from '../../src/cli/setup/root.mjs';

const { signal } = new AbortController();
let folder = '';
let second = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
  second = join(folder, 'second');
  for (const name of ['src', 'sandboxes', 'package.json', 'package-lock.json'])
    await cp(join(root, name), join(second, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(second, 'node_modules'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('runs a lab without building anything: it takes what the first one has built', async () => {
  const cache = new SharedCache({ folder: join(folder, 'cache'), signal, warn: (text) => expect.fail(text) });
  const step = () => ({ progress: () => {}, done: () => {} });
  const manifest = join('build/site-assets/labs/super-bridge/lab.json');
  const { key } = JSON.parse(await readFile(join(root, manifest), 'utf8')) as { key: string };
  // What the build of this checkout does with a lab that it has just built.
  expect(await provideLab({ root, signal, cache, step }, 'super-bridge', key, async () => {})).toBe('built');
  await cache.settled();

  const args = ['lab', 'run', 'super-bridge', '--exec', 'host-01: cat /proc/sys/kernel/hostname'];
  const { stdout } = await promisify(execFile)(process.execPath, [join(second, 'src/cli/lockstep.mjs'), ...args], {
    env: { ...process.env, LOCKSTEP_CACHE: join(folder, 'cache') },
  });
  expect(stdout).toContain('host-01\n');
  expect(existsSync(join(second, 'build/cache'))).toBe(false);
  expect(await readFile(join(second, manifest), 'utf8')).toBe(await readFile(join(root, manifest), 'utf8'));
  const [here, there] = await Promise.all([root, second].map((each) => stat(join(each, manifest))));
  // The manifest is each one's own: the build writes to its folder.
  expect(here?.ino).not.toBe(there?.ino);
});
