import { spawn, spawnSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BuildContext } from '../context.ts';
import { cacheFolder, requireOwnCache } from './cache-folder.ts';
import { sealName } from './seal.ts';
import { hasEntry, SharedCache } from './shared-cache.ts';
import { provideFolder, takeFolder } from './shared-folder.ts';
import { type Bounds, defaultBounds } from './sweep.ts';
import { transfer } from './transfer.ts';

const { signal } = new AbortController();
let home = '';
let warnings: string[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lockstep-cache-'));
  warnings = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

const folder = (): string => join(home, 'cache');
const entry = (name = 'thing-1'): string => join(folder(), 'entries', name);

/** A checkout that shares the cache with the others. */
function checkout(name: string, bounds?: Bounds): BuildContext & { readonly cache: SharedCache } {
  const cache = new SharedCache({
    folder: folder(),
    signal,
    warn: (text) => warnings.push(text),
    ...(bounds ? { bounds } : {}),
  });
  return { root: join(home, name), signal, cache, step: () => ({ progress: () => {}, done: () => {} }) };
}

/** What is built, with everything that a folder can have. */
async function make(target: string, text = 'one'): Promise<void> {
  await mkdir(join(target, 'bin'), { recursive: true });
  await writeFile(join(target, 'bin/program'), text, { mode: 0o755 });
  await symlink('program', join(target, 'bin/other'));
  // A disk: two MiB of nothing, a word, nothing.
  const disk = Buffer.alloc(3 * 1024 * 1024 + 5);
  disk.write(text, 2 * 1024 * 1024);
  await writeFile(join(target, 'disk'), disk);
}

interface Try {
  readonly manner?: 'link' | 'copy';
  readonly name?: string;
  readonly build?: (target: string) => Promise<void>;
}

/** Resolves with whether it was taken or built, when that has been kept. */
async function provide(ctx: BuildContext, { manner = 'link', name = 'thing-1', build = make }: Try = {}) {
  const target = join(ctx.root, 'build/cache', name);
  const got = await provideFolder(ctx, 'a thing', { folder: target, manner, build: () => build(target) });
  await ctx.cache?.settled();
  return got;
}

const read = (ctx: BuildContext, path = 'bin/program', name = 'thing-1'): Promise<string> =>
  readFile(join(ctx.root, 'build/cache', name, path), 'utf8');

const neverBuilt = async (): Promise<void> => {
  throw new Error('it was built again');
};

describe('what one checkout has built', () => {
  test('another one takes: the same files, links included, and builds nothing', async () => {
    const [one, two] = [checkout('one'), checkout('two')];
    expect(await hasEntry('thing-1', folder())).toBe(false);
    expect(await provide(one)).toBe('built');
    expect(await hasEntry('thing-1', folder())).toBe(true);
    expect(await provide(two, { build: neverBuilt })).toBe('taken');
    for (const path of ['bin/program', 'bin/other', 'disk']) expect(await read(two, path)).toBe(await read(one, path));
    expect((await lstat(join(two.root, 'build/cache/thing-1/bin/other'))).isSymbolicLink()).toBe(true);
    expect(await readdir(join(two.root, 'build/tmp'))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('is one file under several names, which nobody may write to; programs stay programs', async () => {
    const [one, two] = [checkout('one'), checkout('two')];
    await provide(one);
    await provide(two);
    const stats = await Promise.all(
      [one.root, two.root].map((root) => stat(join(root, 'build/cache/thing-1/bin/program'))),
    );
    expect(new Set([...stats, await stat(join(entry(), 'bin/program'))].map(({ ino }) => ino)).size).toBe(1);
    expect(stats.map(({ mode }) => mode & 0o777)).toEqual([0o555, 0o555]);
  });

  test('as a copy is the own of each, with the permissions that it was made with', async () => {
    const [one, two] = [checkout('one'), checkout('two')];
    await provide(one, { manner: 'copy' });
    await provide(two, { manner: 'copy' });
    const path = join(two.root, 'build/cache/thing-1/bin/program');
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    await writeFile(path, 'changed');
    expect([await read(one), await readFile(join(entry(), 'bin/program'), 'utf8')]).toEqual(['one', 'one']);
  });

  test('is not offered when building it failed, and the next one builds', async () => {
    const failing = provide(checkout('one'), {
      build: async (target) => {
        await make(target);
        throw new Error('no such package');
      },
    });
    await expect(failing).rejects.toThrow('no such package');
    expect(await provide(checkout('two'))).toBe('built');
  });
});

describe('never trusted is', () => {
  test.each([
    ['a file that was changed', () => rewrite('bin/program', 'two')],
    ['a disk with one bit of it turned', () => rewrite('disk', Buffer.alloc(3 * 1024 * 1024 + 5, 1))],
    ['a file that is gone', () => rm(join(entry(), 'disk'))],
  ])('%s: thrown away, said, and built again', async (_what, damage) => {
    // Copies, so that what is damaged is the cache's alone.
    await provide(checkout('one'), { manner: 'copy' });
    await damage();
    const two = checkout('two');
    expect(await provide(two, { manner: 'copy', build: (target) => make(target, 'new') })).toBe('built');
    expect(await read(two)).toBe('new');
    expect(warnings).toEqual([expect.stringContaining('it is thrown away, and built again')]);
    expect(await readdir(join(two.root, 'build/tmp'))).toEqual([]);
    // And what replaced it is taken.
    const three = checkout('three');
    expect(await provide(three, { manner: 'copy', build: neverBuilt })).toBe('taken');
    expect(await read(three)).toBe('new');
  });

  test.each([
    ['without a seal', () => rm(join(entry(), sealName))],
    ['with half a seal', () => rewrite(sealName, '{"format":1,"made":')],
    ['with a seal that leads out of it', () => rewrite(sealName, sealOf('../../../outside'))],
    ['of another form', () => rewrite(sealName, sealOf('bin/program').replace('"format":1', '"format":2'))],
  ])('an entry %s, as an interrupted run leaves it', async (_what, damage) => {
    await provide(checkout('one'), { manner: 'copy' });
    await damage();
    const two = checkout('two');
    expect(await provide(two, { manner: 'copy', build: (target) => make(target, 'new') })).toBe('built');
    expect(await read(two)).toBe('new');
    expect(await readdir(home)).toEqual(expect.not.arrayContaining(['outside']));
  });

  async function rewrite(path: string, content: string | Buffer): Promise<void> {
    await chmod(join(entry(), path), 0o644);
    await writeFile(join(entry(), path), content);
  }

  function sealOf(path: string): string {
    const file = { path, bytes: 1, sha256: 'x', mode: 0o644 };
    return JSON.stringify({ format: 1, made: Date.now(), files: [file] });
  }

  test('what a process that was killed had begun to keep; the next one removes it', async () => {
    const gone = spawnSync('true').pid;
    const left = join(folder(), 'tmp', `partial-${gone}-x`);
    await mkdir(left, { recursive: true });
    await writeFile(join(left, sealName), sealOf('bin/program'));
    await provide(checkout('one'));
    expect(await readdir(join(folder(), 'tmp'))).toEqual([]);
  });
});

describe('two checkouts that build at once', () => {
  test('one builds, the other one waits and takes', async () => {
    const [one, two] = [checkout('one'), checkout('two')];
    let builds = 0;
    const slowly = async (target: string): Promise<void> => {
      builds++;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await make(target);
    };
    const got = await Promise.all([provide(one, { build: slowly }), provide(two, { build: slowly })]);
    expect([builds, got.sort()]).toEqual([1, ['built', 'taken']]);
    expect(await read(two)).toBe('one');
  });

  test('a process that died while it built is passed over', async () => {
    const child = spawn('sleep', ['60']);
    const started = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(' ')[21];
    await mkdir(join(folder(), 'locks'), { recursive: true });
    await writeFile(join(folder(), 'locks/thing-1.lock'), JSON.stringify({ pid: child.pid, started }));
    const waits: string[] = [];
    const ctx: BuildContext = {
      ...checkout('one'),
      step: (name) => ({ progress: (_, detail) => waits.push(`${name}: ${detail}`), done: () => waits.push('over') }),
    };
    const got = provide(ctx);
    await expect
      .poll(() => waits)
      .toEqual([`waiting for a thing: process ${child.pid} is building it for another checkout`]);
    child.kill('SIGKILL');
    expect(await got).toBe('built');
    expect(waits.at(-1)).toBe('over');
  });
});

describe('a cache that cannot be used', () => {
  // A file where a folder should be: as good as a full or read-only disk, for root too.
  const block = async (name: string): Promise<void> => {
    await mkdir(folder(), { recursive: true });
    await writeFile(join(folder(), name), '');
  };

  test.each(['locks', 'tmp', 'entries'])('is a warning, once, and the build goes on (%s)', async (name) => {
    await block(name);
    const ctx = checkout('one');
    expect(await provide(ctx)).toBe('built');
    expect(await provide(ctx, { name: 'thing-2' })).toBe('built');
    expect(await read(ctx, 'bin/program', 'thing-2')).toBe('one');
    expect(warnings).toEqual([expect.stringMatching(/cache\/\w+.*The build goes on/)]);
  });

  test('still gives what it has when nothing can be written to it', async () => {
    await provide(checkout('one'));
    await rm(join(folder(), 'locks'), { recursive: true });
    await rm(join(folder(), 'tmp'), { recursive: true });
    await block('locks');
    await block('tmp');
    const two = checkout('two');
    expect(await provide(two, { build: neverBuilt })).toBe('taken');
    expect(await takeFolder(two, { folder: join(two.root, 'build/cache/thing-9'), manner: 'link' })).toBe(false);
    expect(warnings).toEqual([]);
  });
});

describe('on another file system', () => {
  test('a file is copied, holes and all, read-only as a link would be', async () => {
    // Debian mounts a tmpfs there.
    const far = await mkdtemp('/dev/shm/lockstep-cache-');
    expect((await stat(far)).dev).not.toBe((await stat(home)).dev);
    try {
      await make(join(home, 'here'));
      const sha256 = await transfer(join(home, 'here/disk'), join(far, 'a/disk'), 'link', 0o644);
      const [from, to] = await Promise.all([stat(join(home, 'here/disk')), stat(join(far, 'a/disk'))]);
      expect([to.size, to.mode & 0o777]).toEqual([from.size, 0o444]);
      expect(to.blocks * 512).toBeLessThan(2 * 1024 * 1024);
      expect((await readFile(join(far, 'a/disk'))).equals(await readFile(join(home, 'here/disk')))).toBe(true);
      expect(sha256).toBe(
        spawnSync('sha256sum', [join(far, 'a/disk')])
          .stdout.toString()
          .slice(0, 64),
      );
    } finally {
      await rm(far, { recursive: true, force: true });
    }
  });
});

describe('what is thrown out', () => {
  const used = (name: string, secondsAgo: number) => {
    const at = Date.now() / 1000 - secondsAgo;
    return utimes(join(entry(name), sealName), at, at);
  };

  test('the longest unused first, once all together take more than they may', async () => {
    const roomy = checkout('one');
    for (const [index, name] of ['a-1', 'b-1', 'c-1'].entries()) {
      await provide(roomy, { name });
      await used(name, 100 - index);
    }
    // "a" is used again: it is not the oldest any more.
    await provide(checkout('two'), { name: 'a-1', build: neverBuilt });
    const size = (await stat(join(entry('a-1'), 'disk'))).blocks * 512 + 64 * 1024;
    await provide(checkout('three', { ...defaultBounds, bytes: 3 * size }), { name: 'd-1' });
    expect((await readdir(join(folder(), 'entries'))).sort()).toEqual(['a-1', 'c-1', 'd-1']);
    // What a checkout has taken stays there.
    expect(await read(roomy, 'bin/program', 'b-1')).toBe('one');
  });

  test('what alone takes too much: what was used before it, and fits, stays', async () => {
    const roomy = checkout('one');
    const large = async (target: string): Promise<void> => {
      await make(target);
      await writeFile(join(target, 'large'), Buffer.alloc(16 * 1024 * 1024, 1));
    };
    for (const name of ['a-1', 'large-1', 'c-1'])
      await provide(roomy, name === 'large-1' ? { name, build: large } : { name });
    for (const [index, name] of ['a-1', 'large-1', 'c-1'].entries()) await used(name, 100 - index);
    await provide(checkout('two', { ...defaultBounds, bytes: 16 * 1024 * 1024 }), { name: 'd-1' });
    expect((await readdir(join(folder(), 'entries'))).sort()).toEqual(['a-1', 'c-1', 'd-1']);
  });

  test('what is too old: it is not taken either', async () => {
    await provide(checkout('one'));
    expect(await hasEntry('thing-1', folder())).toBe(true);
    const seal = join(entry(), sealName);
    const made = JSON.parse(await readFile(seal, 'utf8'));
    await chmod(seal, 0o644);
    await writeFile(seal, JSON.stringify({ ...made, made: made.made - 2 * defaultBounds.age }));
    expect(await hasEntry('thing-1', folder())).toBe(false);
    expect(await provide(checkout('two'), { name: 'thing-2' })).toBe('built');
    expect(await readdir(join(folder(), 'entries'))).toEqual(['thing-2']);
  });
});

describe('the folder', () => {
  test('is where the XDG specification says, where LOCKSTEP_CACHE says, or nowhere', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/lockstep');
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative' })).toMatch(/^\/.*\/\.cache\/lockstep$/);
    expect(cacheFolder({})).toMatch(/^\/.*\/\.cache\/lockstep$/);
    expect(cacheFolder({ LOCKSTEP_CACHE: '/y', XDG_CACHE_HOME: '/x' })).toBe('/y');
    expect(cacheFolder({ LOCKSTEP_CACHE: 'off' })).toBeNull();
    expect(() => cacheFolder({ LOCKSTEP_CACHE: 'no' })).toThrow(/LOCKSTEP_CACHE is "no"; expected "off", or/);
  });

  test('is for its owner alone, and one that others may write to is not used', async () => {
    await requireOwnCache(folder());
    expect((await stat(folder())).mode & 0o777).toBe(0o700);
    // Somebody may have it on another disk.
    await symlink(folder(), join(home, 'elsewhere'));
    await requireOwnCache(join(home, 'elsewhere'));
    for (const mode of [0o777, 0o770]) {
      await chmod(folder(), mode);
      await expect(requireOwnCache(folder())).rejects.toThrow(`chmod go-w ${folder()}`);
    }
    expect(dirname(folder())).toBe(home);
  });
});
