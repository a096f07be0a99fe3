// Makes dist/ complete: the machines' files beside the pages, and the cache rules for whoever hosts it.
import { cp, link, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheRules } from '../serve/cache-rules.ts';
import { replaceDirectory } from './atomic-directory.ts';
import type { BuildPaths } from './paths.ts';

/** Files below `folder`, as paths with "/" below it. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

// The disk's chunks are hundreds of megabytes: a second name costs nothing. Where links are refused, a copy does.
async function linkTree(from: string, to: string): Promise<void> {
  for (const path of await filesBelow(from)) {
    const target = join(to, path);
    await mkdir(dirname(target), { recursive: true });
    await link(join(from, path), target).catch(() => cp(join(from, path), target));
  }
}

/** Puts what build/site-assets holds into dist/ (each lab's folder replaced as a whole) and writes dist/_headers. */
export async function completeDist(paths: BuildPaths): Promise<void> {
  for (const folder of await assetFolders(paths.siteAssets)) {
    const from = join(paths.siteAssets, folder);
    await replaceDirectory(join(paths.dist, folder), paths.scratch, (partial) => linkTree(from, partial));
  }
  await writeFile(join(paths.dist, '_headers'), cacheRules(await filesBelow(paths.dist)));
}

/** "labs/<lab>" one by one, since the site may have pages of its own in labs/; every other folder as it is. */
async function assetFolders(siteAssets: string): Promise<string[]> {
  const names = await readdir(siteAssets);
  const labs = names.includes('labs') ? await readdir(join(siteAssets, 'labs')) : [];
  return [...names.filter((name) => name !== 'labs'), ...labs.map((lab) => `labs/${lab}`)];
}
