// One hash over everything that something is built from, so that it is built again when, and only when, that changed.
import { createHash, type Hash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface ContentKeyOptions {
  /** Texts that count besides the files. */
  readonly extra?: readonly string[];
  /** Tells files and folders (path below the root, with "/") that do not count. */
  readonly ignore?: (path: string) => boolean;
}

/**
 * SHA-256, the first 24 hexadecimal digits, over names, contents and whether a file can be executed. What was built from these
 * files can be kept under this name.
 *
 * @param paths files and folders below `root`
 * @throws Error of node:fs when one of the paths is not there
 */
export async function contentKey(
  root: string,
  paths: readonly string[],
  { extra = [], ignore = () => false }: ContentKeyOptions = {},
): Promise<string> {
  const hash = createHash('sha256');
  for (const text of extra) hash.update(`extra ${text}\0`);
  for (const path of paths) await add(hash, root, path, ignore);
  return hash.digest('hex').slice(0, 24);
}

async function add(hash: Hash, root: string, path: string, ignore: (path: string) => boolean): Promise<void> {
  if (ignore(path)) return;
  const full = join(root, path);
  const stat = await lstat(full);
  if (stat.isDirectory()) {
    for (const entry of (await readdir(full)).sort()) await add(hash, root, `${path}/${entry}`, ignore);
  } else if (stat.isSymbolicLink()) {
    hash.update(`link ${path}\0${await readlink(full)}\0`);
  } else if (stat.isFile()) {
    // The size keeps apart where one file ends and the next begins.
    hash.update(`file ${path}\0${(stat.mode & 0o111) === 0 ? '' : 'x'}\0${stat.size}\0`);
    hash.update(await readFile(full));
  }
}
