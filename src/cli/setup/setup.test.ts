import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asRoot } from './as-root.ts';
import { debianPackages, installLine, missingDebianPackages, type Need } from './debian-packages.mjs';
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
  test('are those of what is needed, and line up for copying', () => {
    const named = (need: Need): string[] => debianPackages.filter((each) => each.need === need).map(({ name }) => name);
    expect(named('tshark')).toEqual(['tshark']);
    const missing = missingDebianPackages(['tshark', 'machines'], '');
    for (const name of missing) expect([...named('machines'), ...named('tshark')]).toContain(name);
    expect(missingDebianPackages([], '')).toEqual([]);
    expect(installLine(['zstd', 'tshark'])).toBe(
      'sudo apt-get update && sudo apt-get install -y --no-install-recommends zstd tshark',
    );
  });

  test('count as there when something else brought their program', async () => {
    const commands = debianPackages.filter((each) => !each.provides.startsWith('/'));
    for (const { provides } of commands) {
      await writeFile(join(folder, provides), '#!/bin/sh\n');
      await chmod(join(folder, provides), 0o755);
    }
    const missing = missingDebianPackages(['machines', 'fetching-go', 'tshark', 'browser'], folder);
    expect(commands.filter(({ name }) => missing.includes(name))).toEqual([]);
  });
});

describe('the same command as root', () => {
  const main = '/home/me/lockstep/src/cli/main.ts';
  const npm11 = { npm_node_execpath: '/usr/bin/node', npm_config_user_agent: 'npm/11.19.1 node/v24.21.0 linux x64' };

  test('is what was typed, behind sudo', () => {
    expect(asRoot(['node', main, 'up'], npm11)).toBe('sudo npm run up');
    expect(asRoot(['node', main, 'up', '--port', '80'], npm11)).toBe('sudo npm run up -- --port 80');
    expect(asRoot(['node', main, 'test', 'e2e'], npm11)).toBe('sudo npm test -- e2e');
    const lockstep = '/home/me/lockstep/src/cli/lockstep.ts';
    expect(asRoot(['node', lockstep, 'lab', 'run', 'x', '--exec', "a: echo 'b'"], npm11)).toBe(
      "sudo npx lockstep lab run x --exec 'a: echo '\\''b'\\'''",
    );
  });

  test('finds the Node that sudo would not find', () => {
    expect(asRoot(['node', main, 'up'], { ...npm11, npm_node_execpath: '/home/me/.nvm/bin/node' })).toBe(
      'sudo env "PATH=$PATH" npm run up',
    );
  });

  test('does without npm where npm would give root up again, or did not start it', () => {
    const old = { ...npm11, npm_config_user_agent: 'npm/8.19.4 node/v18.12.0 linux x64' };
    expect(asRoot(['node', main, 'up'], old)).toBe('sudo node /home/me/lockstep/src/cli/bootstrap.mjs up');
    expect(asRoot(['/home/me/bin/node', main, 'build'], {})).toBe(
      'sudo env "PATH=$PATH" node /home/me/lockstep/src/cli/bootstrap.mjs build',
    );
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
