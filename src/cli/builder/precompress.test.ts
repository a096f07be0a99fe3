import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesBelow } from './dist.ts';
import { precompress } from './precompress.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('text and WebAssembly lie there in both forms; what would not shrink, small files and chunks as they were', async () => {
  const text = 'export const answer = 42;\n'.repeat(200);
  const noise = crypto.getRandomValues(new Uint8Array(4096));
  await mkdir(join(folder, '_astro'));
  await writeFile(join(folder, '_astro/a.js'), text);
  await writeFile(join(folder, '_astro/noise.wasm'), noise);
  await writeFile(join(folder, '_astro/small.css'), 'a { color: red }');
  await writeFile(join(folder, 'chunk.zst'), text);
  await precompress(folder, new AbortController().signal);
  expect(await filesBelow(folder)).toEqual([
    '_astro/a.js',
    '_astro/a.js.br',
    '_astro/a.js.gz',
    '_astro/noise.wasm',
    '_astro/small.css',
    'chunk.zst',
  ]);
  expect(brotliDecompressSync(await readFile(join(folder, '_astro/a.js.br'))).toString()).toBe(text);
  expect(gunzipSync(await readFile(join(folder, '_astro/a.js.gz'))).toString()).toBe(text);
});

test('stops when it is told to', async () => {
  await writeFile(join(folder, 'a.js'), 'x'.repeat(5000));
  await expect(precompress(folder, AbortSignal.abort(new Error('Ctrl-C')))).rejects.toThrow('Ctrl-C');
  expect(await filesBelow(folder)).toEqual(['a.js']);
});
