// One file from a checkout into the cache, or back: as a second name of the same file where that is possible, else as a copy.
import { chmod, link, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isZero } from '../chunk-writer.ts';
import { hashFile, hashPieces } from './seal.ts';

/**
 * "link": the cache and all checkouts share one file, which costs nothing. It is made read-only, since whoever changed it
 * would change it for all. For what the build never opens for writing.
 * "copy": each has its own, with the permissions that it was made with.
 */
export type Manner = 'link' | 'copy';

/** link(2): another file system, too many names, a file system without links, a file of somebody else's (protected_hardlinks). */
const noLink = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES']);

/** A link's permissions: those of the file without any to write. */
const withoutWriting = (mode: number): number => mode & ~0o222;

/**
 * Makes `to`, which must not be there yet. Returns the SHA-256 of what is there now, in hexadecimal digits.
 * @param mode of the copy; for a link, without the right to write
 */
export async function transfer(from: string, to: string, manner: Manner, mode: number): Promise<string> {
  await mkdir(dirname(to), { recursive: true });
  if (manner === 'link' && (await linked(from, to))) {
    // After it has its second name: from now on nobody writes to it, and what is hashed stays so.
    await permit(to, withoutWriting(mode));
    return hashFile(to);
  }
  const sha256 = await copyWithHoles(from, to);
  await permit(to, manner === 'link' ? withoutWriting(mode) : mode);
  return sha256;
}

async function permit(path: string, mode: number): Promise<void> {
  if (((await stat(path)).mode & 0o777) !== mode) await chmod(path, mode);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (noLink.has((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Most of a machine's disk is zero, and takes no room: nor does it in the copy. */
async function copyWithHoles(from: string, to: string): Promise<string> {
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'wx', 0o600);
    try {
      const sha256 = await hashPieces(source, async (piece, at) => {
        if (!isZero(piece)) await target.write(piece, 0, piece.length, at);
      });
      await target.truncate((await source.stat()).size);
      return sha256;
    } finally {
      await target.close();
    }
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  } finally {
    await source.close();
  }
}
