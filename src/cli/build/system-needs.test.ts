import { readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { root as checkout } from '../setup/root.mjs';
import { buildImage } from './image.ts';
import { absentees, imageIsBuilt, obstacle, readSystem } from './system-needs.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const complete = { missing: [], canInstall: false, imageWithoutRoot: false };

describe('what keeps a command from going on', () => {
  test('is nothing where all is there, or where root will install it', () => {
    expect(obstacle(complete)).toBeNull();
    expect(obstacle({ ...complete, missing: ['tshark'], canInstall: true })).toBeNull();
  });

  test('without root: one line that installs what is missing', () => {
    const words = obstacle({ ...complete, missing: ['seabios', 'tshark'] }) ?? '';
    expect(words.split('\n').filter((line) => line.startsWith('    '))).toEqual([
      '    sudo apt-get update && sudo apt-get install -y --no-install-recommends seabios tshark',
    ]);
    expect(words).toMatch(/^These programs are missing: seabios, tshark\.\n/);
  });

  test('without root and image: one line too, because root installs the rest by itself', () => {
    const words = obstacle({ ...complete, missing: ['mmdebstrap'], imageWithoutRoot: true }, 'sudo npm run up') ?? '';
    expect(words.split('\n').filter((line) => line.startsWith('    '))).toEqual(['    sudo npm run up']);
    expect(words.split('\n')[0]).toMatch(/needs root.*mmdebstrap/);
  });

  test('in a word or two', () => {
    expect(absentees(complete)).toEqual([]);
    expect(absentees({ ...complete, missing: ['seabios'], imageWithoutRoot: true })).toEqual([
      'root for the machine image',
      'seabios',
    ]);
  });

  test('what nobody asks for is not missing', async () => {
    expect(absentees(await readSystem([], root))).toEqual([]);
  });
});

describe('the image', () => {
  test('is not built where there is only its recipe, and asking builds nothing', async () => {
    for (const path of ['sandboxes/image', 'src/cli/build']) {
      await cp(join(checkout, path), join(root, path), { recursive: true });
    }
    expect(await imageIsBuilt(root)).toBe(false);
    expect(await readdir(join(root, 'build/tmp'))).toEqual([]);
  });

  test('is built where the build would take it from the cache', async () => {
    for (const path of ['sandboxes/image', 'src/cli/build']) {
      await cp(join(checkout, path), join(root, path), { recursive: true });
    }
    // What the build would call the image is the name of the folder that it begins to fill.
    const begun: string[] = [];
    const progress = (): never => {
      begun.push(...readdirSync(join(root, 'build/tmp')));
      throw new Error('stopped');
    };
    const { signal } = new AbortController();
    await expect(buildImage({ root, signal, step: () => ({ progress, done: () => {} }) })).rejects.toThrow('stopped');
    const name = /^image-[0-9a-f]+/.exec(begun[0] ?? '')?.[0] ?? '';
    await mkdir(join(root, 'build/cache', name), { recursive: true });
    expect(await imageIsBuilt(root)).toBe(true);
    await writeFile(join(root, 'sandboxes/image/packages.list'), 'another\n');
    expect(await imageIsBuilt(root)).toBe(false);
  });
});
