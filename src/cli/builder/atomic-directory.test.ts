import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readStamp, replaceDirectory, sweepScratch, writeStamp } from './atomic-directory.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a directory that is replaced', () => {
  test('holds what was made for it, and nothing of what was there', async () => {
    const [target, scratch] = [join(folder, 'dist'), join(folder, 'tmp')];
    for (const name of ['a.html', 'b.html']) {
      await replaceDirectory(target, scratch, (partial) => writeFile(join(partial, name), name));
    }
    expect(await readdir(target)).toEqual(['b.html']);
    expect(await readdir(scratch)).toEqual([]);
  });

  test('is what it was when making the new one fails', async () => {
    const [target, scratch] = [join(folder, 'dist'), join(folder, 'tmp')];
    await replaceDirectory(target, scratch, (partial) => writeFile(join(partial, 'old'), ''));
    const failing = replaceDirectory(target, scratch, async (partial) => {
      await writeFile(join(partial, 'half'), '');
      throw new Error('disk full');
    });
    await expect(failing).rejects.toThrow('disk full');
    expect(await readdir(target)).toEqual(['old']);
    expect(await readdir(scratch)).toEqual([]);
  });

  test('leftovers of processes that are gone are swept, those of living ones are not', async () => {
    const gone = spawnSync('true').pid;
    for (const name of [`partial-${gone}-x`, `image-abc-${gone}`, `partial-${process.pid}-x`, 'keep']) {
      await mkdir(join(folder, name));
    }
    await sweepScratch(folder);
    expect((await readdir(folder)).sort()).toEqual(['keep', `partial-${process.pid}-x`]);
  });
});

test('a stamp is there whole, or not at all', async () => {
  const stamp = join(folder, 'deep', 'site.stamp');
  expect(await readStamp(stamp)).toBe('');
  await writeStamp(stamp, 'abc');
  expect(await readStamp(stamp)).toBe('abc');
  expect(await readFile(stamp, 'utf8')).toBe('abc\n');
});
