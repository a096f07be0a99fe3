// An entry of the cache as it is found: its files, each compared with the seal when it is taken.
import { mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inParallel } from '../chunk-writer.ts';
import { readSeal, type Seal, type SealedFile, sealLink, sealName } from './seal.ts';
import { type Manner, transfer } from './transfer.ts';

/** The entry is not what it was when it was kept: it must not be used. */
export class DamagedEntry extends Error {}

export interface KeptFile {
  /** Where it lies now. */
  readonly file: string;
  /** In which it changes hands. */
  readonly manner: Manner;
  readonly isLink?: boolean;
}

/** What is to be kept, by its path in the entry. */
export type Contents = ReadonlyMap<string, KeptFile>;

// Files of a lab are small and many; hashing keeps one core busy, reading the disk.
const lanes = 8;

export class Entry {
  readonly #folder: string;
  readonly #seal: Seal;

  constructor(folder: string, seal: Seal) {
    this.#folder = folder;
    this.#seal = seal;
  }

  /** null when there is none, or none that was finished. */
  static async open(folder: string): Promise<Entry | null> {
    const seal = await readSeal(folder);
    return seal && new Entry(folder, seal);
  }

  /** ms since the epoch. */
  get made(): number {
    return this.#seal.made;
  }

  get files(): readonly SealedFile[] {
    return this.#seal.files;
  }

  /**
   * Makes a file of the entry at each of these places, which must be free.
   * @param places where to, by path in the entry
   * @throws DamagedEntry when what is there is not what was kept. A file that was put is whole, whatever became of the others.
   */
  async put(places: ReadonlyMap<string, string>, manner: Manner, signal: AbortSignal): Promise<void> {
    const files = this.#seal.files.filter(({ path }) => places.has(path));
    if (files.length !== places.size) throw new DamagedEntry(`${this.#folder} lacks files`);
    const [links, plain] = [files.filter((each) => each.link !== undefined), files.filter((each) => !each.link)];
    await inParallel(plain.length, lanes, async (index) => {
      signal.throwIfAborted();
      const file = plain[index] as SealedFile;
      await this.#put(file, places.get(file.path) as string, manner);
    });
    // Links come last: no file is written through one.
    for (const file of links) {
      const place = places.get(file.path) as string;
      await mkdir(dirname(place), { recursive: true });
      await symlink(file.link as string, place);
    }
  }

  async #put({ path, sha256, mode }: SealedFile, place: string, manner: Manner): Promise<void> {
    const from = join(this.#folder, path);
    const found = await transfer(from, place, manner, mode).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new DamagedEntry(`${from} is gone`) : error;
    });
    if (found === sha256) return;
    await rm(place, { force: true });
    throw new DamagedEntry(`${from} is not what it was when it was kept`);
  }
}

/**
 * Fills a new entry; its seal is written last. Where a file's name in the entry is that of its content, `check` sees to it.
 * @param folder that is empty
 * @param check throws when a file must not be kept
 * @param made ms since the epoch
 */
export async function writeEntry(
  folder: string,
  contents: Contents,
  check: (file: SealedFile) => void,
  made: number,
  signal: AbortSignal,
): Promise<void> {
  const files: SealedFile[] = [];
  const all = [...contents];
  await inParallel(all.length, lanes, async (index) => {
    signal.throwIfAborted();
    const [path, { file, manner, isLink = false }] = all[index] as (typeof all)[number];
    if (isLink) return void files.push(await sealLink(file, path));
    const { size, mode } = await stat(file);
    const sealed = {
      path,
      bytes: size,
      mode: mode & 0o777,
      sha256: await transfer(file, join(folder, path), manner, mode & 0o777),
    };
    check(sealed);
    files.push(sealed);
  });
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  await writeFile(join(folder, sealName), JSON.stringify({ format: 1, made, files } satisfies Seal));
}
