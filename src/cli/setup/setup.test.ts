import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installLine, missingDebianPackages } from './debian-packages.mjs';
import { withLock } from './lock.mjs';
import { npmPackagesAreCurrent, searchPathOutside } from './npm-packages.mjs';
import { root as checkout } from './root.mjs';

let folder = '';
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

describe('Debian packages', () => {
  test('are missing when their program is not on the path, and line up for copying', async () => {
    const missing = missingDebianPackages('test', { searchPath: '', isRoot: true });
    for (const name of missingDebianPackages('build', { searchPath: '', isRoot: true }))
      expect(missing).toContain(name);
    expect(installLine(['zstd', 'tshark'])).toBe(
      'sudo apt-get update && sudo apt-get install -y --no-install-recommends zstd tshark',
    );
  });

  test('count as there when something else brought their program', async () => {
    const programs = ['mmdebstrap', 'arch-test', 'zstd', 'mkfs.ext4', 'bsdtar', 'tshark', 'chromium'];
    for (const name of programs) {
      await writeFile(join(folder, name), '#!/bin/sh\n');
      await chmod(join(folder, name), 0o755);
    }
    const missing = missingDebianPackages('test', { searchPath: folder, isRoot: true });
    expect(missing.filter((name) => name !== 'seabios')).toEqual([]);
  });
});

describe('npm packages', () => {
  const lock = (version: string): string =>
    JSON.stringify({
      packages: { '': {}, 'node_modules/a': { version }, 'node_modules/b': { version: '1', optional: true } },
    });

  async function installation(installed: string): Promise<void> {
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    await symlink(process.execPath, join(folder, 'node_modules/.bin/node'));
    await writeFile(join(folder, 'package-lock.json'), lock('1.0.0'));
    await writeFile(join(folder, 'node_modules/.package-lock.json'), installed);
  }

  test('are current when npm installed what is locked, and a stamp says so from then on', async () => {
    await installation(lock('1.0.0'));
    expect(npmPackagesAreCurrent(folder)).toBe(true);
    await rm(join(folder, 'node_modules/.package-lock.json'));
    expect(npmPackagesAreCurrent(folder)).toBe(true);
    await writeFile(join(folder, 'package-lock.json'), lock('1.0.1'));
    expect(npmPackagesAreCurrent(folder)).toBe(false);
  });

  test('are not when a version differs, one is missing, nothing is installed or Node is not there', async () => {
    await installation(lock('0.9.0'));
    expect(npmPackagesAreCurrent(folder)).toBe(false);
    await writeFile(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: {} }));
    expect(npmPackagesAreCurrent(folder)).toBe(false);
    await writeFile(join(folder, 'node_modules/.package-lock.json'), lock('1.0.0'));
    await rm(join(folder, 'node_modules/.bin/node'));
    expect(npmPackagesAreCurrent(folder)).toBe(false);
    await rm(join(folder, 'node_modules'), { recursive: true });
    expect(npmPackagesAreCurrent(folder)).toBe(false);
  });

  test('are installed with the Node that stays', () => {
    expect(searchPathOutside('/x', '/x/node_modules/.bin:/usr/bin:/y/node_modules/.bin')).toBe(
      '/usr/bin:/y/node_modules/.bin',
    );
  });
});

describe('the lock between processes', () => {
  /** Another process that holds the lock until it is killed. */
  async function holder(path: string): Promise<ChildProcess> {
    const program = `
      import { withLock } from ${JSON.stringify(join(checkout, 'src/cli/setup/lock.mjs'))};
      await withLock(${JSON.stringify(path)}, () => { console.log('held'); return new Promise((r) => setTimeout(r, 60_000)); });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  test('makes the second one wait, and says for whom; one that was killed does not block it', async () => {
    const path = join(folder, 'build.lock');
    const first = await holder(path);
    const waitingFor: number[] = [];
    let entered = false;
    const enter = async (): Promise<void> => {
      entered = true;
    };
    const second = withLock(path, enter, {
      pollMs: 10,
      onWait: (pid) => waitingFor.push(pid),
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(entered).toBe(false);
    expect(waitingFor).toEqual([first.pid]);
    first.kill('SIGKILL');
    await second;
    expect(entered).toBe(true);
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  test('lets go when the work fails, passes over what makes no sense, and gives up when told to', async () => {
    const path = join(folder, 'build.lock');
    await writeFile(path, 'garbage');
    await expect(withLock(path, () => Promise.reject(new Error('broke')))).rejects.toThrow('broke');
    await holder(path);
    const signal = AbortSignal.timeout(50);
    await expect(withLock(path, async () => 'never', { signal, pollMs: 10 })).rejects.toThrow();
  });

  test('runs many one at a time', async () => {
    const path = join(folder, 'build.lock');
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    };
    await Promise.all(Array.from({ length: 12 }, () => withLock(path, work, { pollMs: 3 })));
    expect(most).toBe(1);
  });
});
