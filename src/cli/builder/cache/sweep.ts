// What of the cache is thrown out: entries that are too old, since newer packages come into the machines only when they are built
// again; then, while all together take more room than they may, those that were not used for the longest time.
import { lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readSeal, sealName } from './seal.ts';

export interface Bounds {
  /** Bytes on the disk. A file that several entries share counts once. */
  readonly bytes: number;
  /** ms since an entry was made. */
  readonly age: number;
}

/** A machine image with its components and labs takes about 1 GB. */
export const defaultBounds: Bounds = { bytes: 6e9, age: 30 * 24 * 3600_000 };

export const isTooOld = (made: number, { age }: Bounds): boolean => Date.now() - made > age;

interface Found {
  readonly name: string;
  /** ms since the epoch. */
  readonly used: number;
  /** The files, by device and inode: bytes on the disk. */
  readonly inodes: ReadonlyMap<string, number>;
}

/** @param folder of the cache */
export async function sweepEntries(folder: string, bounds: Bounds): Promise<void> {
  const entries = join(folder, 'entries');
  const kept: Found[] = [];
  for (const name of await readdir(entries).catch(() => [])) {
    const seal = await readSeal(join(entries, name));
    if (seal === null || isTooOld(seal.made, bounds)) await throwOut(folder, name);
    else {
      const found = await measure(join(entries, name), name).catch(() => null);
      if (found !== null) kept.push(found);
    }
  }
  kept.sort((a, b) => b.used - a.used);
  // From the one used last: what still fits stays.
  const counted = new Set<string>();
  let bytes = 0;
  for (const { name, inodes } of kept) {
    const news = [...inodes].filter(([inode]) => !counted.has(inode));
    const together = news.reduce((sum, [, size]) => sum + size, bytes);
    if (together > bounds.bytes) await throwOut(folder, name);
    else {
      bytes = together;
      for (const [inode] of news) counted.add(inode);
    }
  }
}

async function measure(entry: string, name: string): Promise<Found> {
  const inodes = new Map<string, number>();
  for (const each of await readdir(entry, { recursive: true, withFileTypes: true })) {
    if (!each.isFile()) continue;
    const { dev, ino, blocks } = await lstat(join(each.parentPath, each.name));
    inodes.set(`${dev}:${ino}`, blocks * 512);
  }
  return { name, used: (await stat(join(entry, sealName))).mtimeMs, inodes };
}

/** Under another name first, so that nobody finds half of it. */
export async function throwOut(folder: string, name: string): Promise<void> {
  const scratch = join(folder, 'tmp');
  const aside = join(scratch, `partial-${process.pid}-${Math.random().toString(36).slice(2)}`);
  await mkdir(scratch, { recursive: true });
  try {
    await rename(join(folder, 'entries', name), aside);
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await rm(aside, { recursive: true, force: true });
}
