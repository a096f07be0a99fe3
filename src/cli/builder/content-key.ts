import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/**
 * One hash over files and folders: names, contents and whether they can be executed. What was built from them can be
 * kept under this name: when nothing changed, the name is the same.
 */
export async function contentKey(
  root: string,
  paths: readonly string[],
  extra: readonly string[] = [],
): Promise<string> {
  const hash = createHash('sha256');
  for (const text of extra) hash.update(`extra ${text}\0`);
  for (const path of paths) await add(hash, root, join(root, path));
  return hash.digest('hex').slice(0, 24);
}

async function add(hash: ReturnType<typeof createHash>, root: string, path: string): Promise<void> {
  const stat = await lstat(path);
  const name = relative(root, path);
  if (stat.isDirectory()) {
    for (const entry of (await readdir(path)).sort()) await add(hash, root, join(path, entry));
  } else if (stat.isSymbolicLink()) {
    hash.update(`link ${name}\0${await readlink(path)}\0`);
  } else {
    hash.update(`file ${name}\0${(stat.mode & 0o111) === 0 ? '' : 'x'}\0${stat.size}\0`);
    hash.update(await readFile(path));
  }
}
