// A directory that is there whole, or not at all: filled under another name on the same file system, renamed when it
// is complete, and vouched for by a stamp that is written last. Whatever an interrupted run leaves has no stamp.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const prefix = 'partial-';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Fills a new directory and puts it in the place of `target`.
 * @param scratch a directory on the same file system as `target`, for what is not complete yet
 */
export async function replaceDirectory(
  target: string,
  scratch: string,
  fill: (partial: string) => Promise<void>,
): Promise<void> {
  const unique = `${prefix}${process.pid}-${Math.random().toString(36).slice(2)}`;
  const partial = join(scratch, unique);
  const old = join(scratch, `${unique}-old`);
  await mkdir(partial, { recursive: true });
  await mkdir(dirname(target), { recursive: true });
  try {
    await fill(partial);
    // rename(2) does not replace a directory that has something in it: the old one is moved aside first. Between the
    // two there is no directory at all, which nobody can take for a complete one.
    await rename(target, old).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

/** Removes what runs that did not reach their end (a crash, kill -9) left in `scratch`: their names carry a process id. */
export async function sweepScratch(scratch: string): Promise<void> {
  for (const name of await readdir(scratch).catch(() => [])) {
    const pid = Number(/(?:^partial-|-)(\d+)(?:-|$)/.exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) await rm(join(scratch, name), { recursive: true, force: true });
  }
}

/** Notes that what belongs to `stamp` was made from sources with this hash. */
export async function writeStamp(stamp: string, hash: string): Promise<void> {
  const partial = `${stamp}.${process.pid}`;
  await mkdir(dirname(stamp), { recursive: true });
  await writeFile(partial, `${hash}\n`);
  await rename(partial, stamp);
}

/** "" when there is none. */
export async function readStamp(stamp: string): Promise<string> {
  return (await readFile(stamp, 'utf8').catch(() => '')).trim();
}
