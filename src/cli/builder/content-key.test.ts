import { chmod, cp, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentKey } from './content-key.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lockstep-key-'));
  await mkdir(join(root, 'recipe/overlay'), { recursive: true });
  await writeFile(join(root, 'recipe/packages.txt'), 'docker.io\n');
  await writeFile(join(root, 'recipe/overlay/agent'), '#!/bin/bash\n');
  await symlink('agent', join(root, 'recipe/overlay/link'));
  await writeFile(join(root, 'other.txt'), 'not part of it\n');
});
afterEach(() => rm(root, { recursive: true }));

const key = (at = root) => contentKey(at, ['recipe'], { extra: ['v1'] });

describe('the key of what is built from a folder', () => {
  it('is the same for the same contents, wherever they lie, whenever they were written', async () => {
    const before = await key();
    expect(before).toMatch(/^[0-9a-f]{24}$/);
    await utimes(join(root, 'recipe/packages.txt'), 1, 1);
    await writeFile(join(root, 'other.txt'), 'changed');
    expect(await key()).toBe(before);
    const copy = await mkdtemp(join(tmpdir(), 'lockstep-key-'));
    try {
      // Files are created in another order.
      await mkdir(join(copy, 'recipe/overlay'), { recursive: true });
      for (const path of ['overlay/agent', 'packages.txt'])
        await cp(join(root, 'recipe', path), join(copy, 'recipe', path));
      await symlink('agent', join(copy, 'recipe/overlay/link'));
      expect(await key(copy)).toBe(before);
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  it.each<[string, () => Promise<void>]>([
    ['a file’s content', () => writeFile(join(root, 'recipe/packages.txt'), 'podman.io\n')],
    ['a file’s name', () => rename(join(root, 'recipe/packages.txt'), join(root, 'recipe/package.txt'))],
    ['a file’s folder', () => rename(join(root, 'recipe/packages.txt'), join(root, 'recipe/overlay/packages.txt'))],
    ['whether a file can be executed', () => chmod(join(root, 'recipe/overlay/agent'), 0o755)],
    ['a file more', () => writeFile(join(root, 'recipe/overlay/.hidden'), '')],
    ['a file less', () => rm(join(root, 'recipe/overlay/agent'))],
    [
      'where a link leads',
      async () => {
        await rm(join(root, 'recipe/overlay/link'));
        await symlink('agent2', join(root, 'recipe/overlay/link'));
      },
    ],
    [
      'a link that becomes a file',
      async () => {
        await rm(join(root, 'recipe/overlay/link'));
        await writeFile(join(root, 'recipe/overlay/link'), 'agent');
      },
    ],
    [
      'bytes that move from one file to the next',
      async () => {
        await writeFile(join(root, 'recipe/overlay/agent'), '#!/bin/ba');
        await writeFile(join(root, 'recipe/packages.txt'), 'sh\ndocker.io\n');
      },
    ],
  ])('is another one when this changes: %s', async (_, change) => {
    const before = await key();
    await change();
    expect(await key()).not.toBe(before);
  });

  it('depends on what is given besides, and on which paths are asked for', async () => {
    const keys = await Promise.all([
      contentKey(root, ['recipe'], { extra: ['v1'] }),
      contentKey(root, ['recipe'], { extra: ['v2'] }),
      contentKey(root, ['recipe'], { extra: ['v', '1'] }),
      contentKey(root, ['recipe']),
      contentKey(root, ['recipe', 'other.txt'], { extra: ['v1'] }),
      contentKey(root, ['recipe/overlay'], { extra: ['v1'] }),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not depend on what is to be ignored: a file, or a folder', async () => {
    const ignore = (path: string) => path === 'recipe/overlay' || path.endsWith('.md');
    const before = await contentKey(root, ['recipe'], { ignore });
    await writeFile(join(root, 'recipe/README.md'), 'words');
    await writeFile(join(root, 'recipe/overlay/agent'), 'changed');
    expect(await contentKey(root, ['recipe'], { ignore })).toBe(before);
    await writeFile(join(root, 'recipe/packages.txt'), 'changed');
    expect(await contentKey(root, ['recipe'], { ignore })).not.toBe(before);
  });

  it('says which path is missing', async () => {
    await expect(contentKey(root, ['recipe', 'gone'])).rejects.toThrow(join(root, 'gone'));
  });
});
