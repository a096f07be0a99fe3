// A lab's snapshot as something that all checkouts share: its manifest and notes, and every chunk that its machines may read.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readManifest } from '../../../lab/manifest.ts';
import { readSetup } from '../../../machine/v86/read-setup.ts';
import { chunkPath } from '../../../machine/v86/storage/chunk-store.ts';
import { replaceDirectory } from '../atomic-directory.ts';
import type { BuildContext } from '../context.ts';
import { hashesOf } from '../cut-up.ts';
import { buildPaths } from '../paths.ts';
import { DamagedEntry, type Entry, type KeptFile } from './entry.ts';
import { provide } from './provide.ts';
import type { SealedFile } from './seal.ts';
import { hasEntry, type Shareable } from './shared-cache.ts';

/**
 * Takes a lab from the cache of all checkouts, or builds it. Where there is no such cache, it is built.
 * @param key of everything that the snapshot is made from
 */
export function provideLab(
  ctx: BuildContext,
  id: string,
  key: string,
  build: () => Promise<void>,
): Promise<'taken' | 'built'> {
  return provide(ctx, `lab ${id}`, sharedLab(ctx, id, key, build));
}

/** Whether the lab that has this key is built here, or is in the cache of all checkouts. */
export async function labIsThere(root: string, id: string, key: string): Promise<boolean> {
  const path = join(buildPaths(root).siteAssets, 'labs', id, 'lab.json');
  const here = existsSync(path) && readManifest(id, await readFile(path, 'utf8')).key === key;
  return here || hasEntry(entryName(id, key));
}

const entryName = (id: string, key: string): string => `lab-${id}-${key}`;

const notes = 'lab/';
const chunks = 'chunks/';

function sharedLab({ root, signal }: BuildContext, id: string, key: string, build: () => Promise<void>): Shareable {
  const paths = buildPaths(root);
  const folder = join(paths.siteAssets, 'labs', id);
  const assets = join(paths.siteAssets, 'machine');
  return {
    name: entryName(id, key),
    build,
    take: async (entry) => {
      await putChunks(entry, assets, paths.scratch, signal);
      // The manifest comes last, with its whole folder: whoever finds it finds a whole lab.
      await replaceDirectory(folder, paths.scratch, async (partial) => {
        const files = entry.files.filter(({ path }) => path.startsWith(notes));
        const places = new Map(files.map(({ path }) => [path, join(partial, path.slice(notes.length))]));
        await entry.put(places, 'copy', signal);
        await requireWhole(id, join(partial, 'lab.json'), key, assets);
      });
    },
    contents: async () => {
      const contents: Map<string, KeptFile> = new Map();
      for (const name of await readdir(folder))
        contents.set(`${notes}${name}`, { file: join(folder, name), manner: 'copy' });
      const { machines } = readManifest(id, await readFile(join(folder, 'lab.json'), 'utf8'));
      for (const machine of machines)
        for (const hash of await hashesOf(readSetup(machine), assets))
          contents.set(chunkPath(hash), { file: join(assets, chunkPath(hash)), manner: 'link' });
      return contents;
    },
    check: requireName,
  };
}

/** What the checkout has already stays: its name says that it is the same. */
async function putChunks(entry: Entry, assets: string, scratch: string, signal: AbortSignal): Promise<void> {
  const wanted = entry.files.filter(({ path }) => path.startsWith(chunks));
  for (const file of wanted) requireName(file);
  const missing = wanted.map(({ path }) => path).filter((path) => !existsSync(join(assets, path)));
  const partial = join(scratch, `partial-${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    await entry.put(new Map(missing.map((path) => [path, join(partial, path)])), 'link', signal);
    // A chunk gets its name when it is known to be whole.
    for (const path of missing) {
      await mkdir(dirname(join(assets, path)), { recursive: true });
      await rename(join(partial, path), join(assets, path));
    }
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** A chunk is named by the beginning of the SHA-256 of its bytes. */
function requireName({ path, sha256 }: SealedFile): void {
  if (path.startsWith(chunks) && chunkPath(sha256.slice(0, 32)) !== path)
    throw new DamagedEntry(`${path} is not what its name says`);
}

/** @param manifest path of the lab.json @param assets folder that chunks/ lies in */
async function requireWhole(id: string, manifest: string, key: string, assets: string): Promise<void> {
  const lab = readManifest(id, await readFile(manifest, 'utf8'));
  if (lab.key !== key) throw new DamagedEntry(`the lab "${lab.lab}" was made from something else`);
  for (const machine of lab.machines)
    for (const hash of await hashesOf(readSetup(machine), assets))
      if (!existsSync(join(assets, chunkPath(hash)))) throw new DamagedEntry(`the lab "${lab.lab}" lacks chunks`);
}
