// A folder of build/cache as something that all checkouts share: a component, the machine image, a fetched Go. Its name holds
// what it depends on.
import { basename, join } from 'node:path';
import { replaceDirectory } from '../atomic-directory.ts';
import type { BuildContext } from '../context.ts';
import { buildPaths } from '../paths.ts';
import { provide } from './provide.ts';
import { contentsOf } from './seal.ts';
import type { Shareable } from './shared-cache.ts';
import type { Manner } from './transfer.ts';

export interface FolderToShare {
  /** Where it lies in this checkout. It is there whole, or not at all. */
  readonly folder: string;
  readonly manner: Manner;
  /** Makes the folder. */
  build(): Promise<void>;
  /** Of the entry, where the folder's own name does not say everything that it depends on. */
  readonly name?: string;
}

/**
 * Takes the folder from the cache of all checkouts, or builds it. Where there is no such cache, it is built.
 * @param label what it is, for people: "machine image"
 */
export function provideFolder(ctx: BuildContext, label: string, item: FolderToShare): Promise<'taken' | 'built'> {
  return provide(ctx, label, shareable(ctx, item));
}

/** Takes the folder from the cache of all checkouts if it is there. */
export async function takeFolder(ctx: BuildContext, item: Omit<FolderToShare, 'build'>): Promise<boolean> {
  return (await ctx.cache?.take(shareable(ctx, { ...item, build: async () => {} }))) ?? false;
}

function shareable(
  { root, signal }: BuildContext,
  { folder, manner, build, name = basename(folder) }: FolderToShare,
): Shareable {
  return {
    name,
    build,
    take: (entry) =>
      replaceDirectory(folder, buildPaths(root).scratch, (partial) =>
        entry.put(new Map(entry.files.map(({ path }) => [path, join(partial, path)])), manner, signal),
      ),
    contents: async () =>
      new Map(
        (await contentsOf(folder)).map(({ path, isLink }) => [path, { file: join(folder, path), manner, isLink }]),
      ),
  };
}
