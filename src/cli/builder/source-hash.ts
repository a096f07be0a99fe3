// One hash over everything that something is built from, so that it is built again when, and only when, that changed.
import { createHash, type Hash } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface SourceHashOptions {
  /** Tells files and folders (path below the root, with "/") that do not count. */
  readonly ignore?: (path: string) => boolean;
}

async function add(hash: Hash, root: string, path: string, ignore: (path: string) => boolean): Promise<void> {
  if (ignore(path)) return;
  const full = join(root, path);
  try {
    const entries = await readdir(full, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory()) await add(hash, root, inner, ignore);
      else if (entry.isSymbolicLink()) addEntry(hash, inner, await readlink(join(root, inner)));
      else if (entry.isFile() && !ignore(inner)) addEntry(hash, inner, await readFile(join(root, inner)));
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') addEntry(hash, path, await readFile(full));
    else if (code === 'ENOENT') addEntry(hash, path, 'absent');
    else throw error;
  }
}

// The lengths keep "ab" + "c" apart from "a" + "bc".
function addEntry(hash: Hash, path: string, content: Uint8Array | string): void {
  hash.update(`${path.length} ${path} ${content.length} `).update(content);
}

/**
 * SHA-256 in hex over names and contents. A file that is not there counts as such: adding it later changes the hash.
 * @param paths files and folders below `root`
 */
export async function sourceHash(
  root: string,
  paths: readonly string[],
  options: SourceHashOptions = {},
): Promise<string> {
  const hash = createHash('sha256');
  for (const path of [...paths].sort()) await add(hash, root, path, options.ignore ?? (() => false));
  return hash.digest('hex');
}
