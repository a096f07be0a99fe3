import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manifestFormat } from '../../../lab/manifest.ts';
import { type MachineManifest, planOf } from '../../../machine/v86/manifest.ts';
import { chunkPath } from '../../../machine/v86/storage/chunk-store.ts';
import { ChunkWriter } from '../chunk-writer.ts';
import type { BuildContext } from '../context.ts';
import { hasEntry, SharedCache } from './shared-cache.ts';
import { provideLab } from './shared-lab.ts';

const { signal } = new AbortController();
let home = '';
let warnings: string[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lockstep-cache-'));
  warnings = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

type Checkout = BuildContext & { readonly cache: SharedCache; readonly assets: string; readonly lab: string };

function checkout(name: string): Checkout {
  const root = join(home, name);
  const cache = new SharedCache({ folder: join(home, 'cache'), signal, warn: (text) => warnings.push(text) });
  const assets = join(root, 'build/site-assets/machine');
  const lab = join(root, 'build/site-assets/labs/tiny');
  return { root, signal, cache, assets, lab, step: () => ({ progress: () => {}, done: () => {} }) };
}

/** A lab with all that a manifest names: devices and RAM, of now and of when it was switched on, and a disk of two pieces. */
async function build({ assets, lab }: Checkout, key: string, word: string): Promise<void> {
  const chunks = new ChunkWriter(assets);
  const write = (text: string) => chunks.write(Buffer.from(text.padEnd(4096)), 3);
  const [piece, devices, pages, ram] = await Promise.all(
    [word, `${word} devices`, `${word} pages`, `${word} ram`].map(write),
  );
  if (!piece || !devices || !pages || !ram) throw new Error('a chunk is missing');
  const table = new Uint8Array(40);
  table.set(Buffer.from(piece.hash, 'hex'));
  new DataView(table.buffer).setUint32(16, piece.size, true);
  const parts = { clock: 0, devices, ram: { pieceBytes: 4096, layers: [{ pages, pieces: [ram] }] } };
  const disk = { bytes: 8192, pieceBytes: 4096, table: await chunks.write(table, 3), prefetch: [] };
  const machine: MachineManifest = {
    ...{ name: 'host-01', id: 'f'.repeat(32), engine: 'v86', memory: 1024 * 1024, mac: '02:00:00:00:00:01' },
    ...{ ...parts, boot: parts, disk, consoles: [], tapHeader: '' },
  };
  await mkdir(lab, { recursive: true });
  await writeFile(join(lab, 'packages.txt'), 'bash 5\n');
  await writeFile(
    join(lab, 'lab.json'),
    JSON.stringify({ format: manifestFormat, key, lab: 'tiny', title: 'Tiny', wires: [], machines: [planOf(machine)] }),
  );
}

async function provide(ctx: Checkout, { key = 'k1', word = 'one' } = {}) {
  const got = await provideLab(ctx, 'tiny', key, () => build(ctx, key, word));
  await ctx.cache.settled();
  return got;
}

const chunksOf = async ({ assets }: Checkout): Promise<string[]> =>
  (await readdir(join(assets, 'chunks'), { recursive: true })).filter((name) => name.endsWith('.zst')).sort();

const firstChunk = async (ctx: Checkout): Promise<string> => chunkPath((await chunksOf(ctx))[0]?.slice(3, -4) ?? '');

test('a second checkout takes the manifest, the notes and every chunk; chunks are the same files, read-only', async () => {
  const [one, two] = [checkout('one'), checkout('two')];
  expect([await provide(one), await provide(two)]).toEqual(['built', 'taken']);
  expect(await chunksOf(two)).toEqual(await chunksOf(one));
  expect(await chunksOf(one)).toHaveLength(5);
  for (const name of ['lab.json', 'packages.txt'])
    expect(await readFile(join(two.lab, name), 'utf8')).toBe(await readFile(join(one.lab, name), 'utf8'));
  const path = await firstChunk(one);
  const [a, b] = await Promise.all([stat(join(one.assets, path)), stat(join(two.assets, path))]);
  expect([b.ino, b.mode & 0o777]).toEqual([a.ino, 0o444]);
  expect(await readdir(join(two.root, 'build/tmp'))).toEqual([]);
  expect(warnings).toEqual([]);
});

test('one that was made from something else stays where it is', async () => {
  expect(await provide(checkout('one'))).toBe('built');
  expect(await provide(checkout('two'), { key: 'k2', word: 'two' })).toBe('built');
});

test('a chunk that was altered is found by its name; not a chunk of that lab comes to the checkout', async () => {
  const one = checkout('one');
  await provide(one);
  const path = join(one.assets, await firstChunk(one));
  // Through the second name that a checkout has of it, as root can.
  await chmod(path, 0o644);
  await writeFile(path, 'altered');
  const two = checkout('two');
  expect(await provide(two, { word: 'new' })).toBe('built');
  expect(warnings).toEqual([expect.stringContaining('it is thrown away, and built again')]);
  const newOnes = await chunksOf(two);
  expect(newOnes).toHaveLength(5);
  for (const chunk of await chunksOf(one)) expect(newOnes).not.toContain(chunk);
});

test('what the checkout has already is used; an altered chunk of its own is not passed on', async () => {
  const one = checkout('one');
  await build(one, 'k1', 'one');
  const path = join(one.assets, await firstChunk(one));
  await writeFile(path, 'altered');
  await provideLab(one, 'tiny', 'k1', async () => {});
  await one.cache.settled();
  expect(warnings).toEqual([expect.stringContaining('is not what its name says')]);
  expect(await hasEntry('lab-tiny-k1', join(home, 'cache'))).toBe(false);
});

test('an entry that lacks a chunk is not taken, even with a seal that says so', async () => {
  const one = checkout('one');
  await provide(one);
  const entry = join(home, 'cache/entries/lab-tiny-k1');
  const gone = await firstChunk(one);
  await rm(join(entry, gone));
  const seal = JSON.parse(await readFile(join(entry, 'seal.json'), 'utf8')) as { files: { path: string }[] };
  const files = seal.files.filter(({ path }) => path !== gone);
  await writeFile(join(entry, 'seal.json'), JSON.stringify({ ...seal, files }));
  const two = checkout('two');
  expect(await provide(two)).toBe('built');
  expect(await chunksOf(two)).toHaveLength(5);
  expect(warnings).toEqual([expect.stringContaining('lacks chunks')]);
});
