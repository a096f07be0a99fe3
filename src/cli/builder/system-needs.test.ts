import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readLabs } from '../labs.ts';
import { root as checkout } from '../setup/root.mjs';
import { buildImage, findImage } from './image.ts';
import { labKey } from './lab-keys.ts';
import { absentees, imageIsBuilt, labsAreBuilt, obstacle, readSystem } from './system-needs.ts';

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
  beforeEach(async () => {
    // Not that of whoever runs the tests.
    vi.stubEnv('LOCKSTEP_CACHE', join(root, 'cache'));
    for (const path of ['sandboxes', 'src/cli/builder', 'src/machine/v86'])
      await cp(join(checkout, path), join(root, path), { recursive: true });
  });

  afterEach(() => void vi.unstubAllEnvs());

  test('need not be built where another checkout has left it in the cache', async () => {
    const { disk } = await findImage(root);
    const entry = join(root, 'cache/entries', basename(dirname(disk)));
    await mkdir(entry, { recursive: true });
    expect(await imageIsBuilt(root)).toBe(false);
    await writeFile(join(entry, 'seal.json'), JSON.stringify({ format: 1, made: Date.now(), files: [] }));
    expect(await imageIsBuilt(root)).toBe(true);
    vi.stubEnv('LOCKSTEP_CACHE', 'off');
    expect(await imageIsBuilt(root)).toBe(false);
  });

  test('is not asked for where every lab is in the cache', async () => {
    const [first, ...others] = await readLabs(root);
    const keep = async (id: string, key: string) => {
      const entry = join(root, 'cache/entries', `lab-${id}-${key}`);
      await mkdir(entry, { recursive: true });
      await writeFile(join(entry, 'seal.json'), JSON.stringify({ format: 1, made: Date.now(), files: [] }));
    };
    for (const lab of others) await keep(lab.id, await labKey(root, lab));
    if (first === undefined) throw new Error('there are no labs');
    await keep(first.id, 'of-yesterday');
    expect(await labsAreBuilt(root)).toBe(false);
    await keep(first.id, await labKey(root, first));
    expect(await labsAreBuilt(root)).toBe(true);
    expect(await imageIsBuilt(root)).toBe(false);
  });

  test('is not built where there is only its recipe, and asking builds nothing', async () => {
    expect(await imageIsBuilt(root)).toBe(false);
    expect(existsSync(join(root, 'build'))).toBe(false);
  });

  test('is built where the build would take it from the cache, until its recipe changes; components are no part of it', async () => {
    const { disk } = await findImage(root);
    await mkdir(dirname(disk), { recursive: true });
    expect(await imageIsBuilt(root)).toBe(true);
    const done: string[] = [];
    const step = (name: string) => ({ progress: () => {}, done: (note = '') => done.push(`${name}: ${note}`) });
    const { signal } = new AbortController();
    expect(await buildImage({ root, signal, step })).toMatchObject({ disk, cached: true });
    expect(done).toEqual(['machine image: cached']);
    for (const [path, built] of [
      ['sandboxes/components/flannel/component.yaml', true],
      ['sandboxes/image/README.md', true],
      ['sandboxes/image/packages.list', false],
    ] as const) {
      await writeFile(join(root, path), `${await readFile(join(root, path), 'utf8')}# newer\n`);
      expect(await imageIsBuilt(root), path).toBe(built);
    }
  });
});
