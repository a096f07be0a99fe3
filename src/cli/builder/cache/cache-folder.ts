// Where the cache of all checkouts lies: $XDG_CACHE_HOME/lockstep, by default ~/.cache/lockstep (XDG Base Directory
// Specification: a relative path in that variable does not count). LOCKSTEP_CACHE says otherwise.
import { mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from '../../usage-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** null: no cache is wanted. @throws UsageError when LOCKSTEP_CACHE is neither "off" nor an absolute path */
export function cacheFolder(environment: Environment = process.env): string | null {
  const wish = environment['LOCKSTEP_CACHE'] ?? '';
  if (wish === 'off') return null;
  if (isAbsolute(wish)) return wish;
  if (wish !== '')
    throw new UsageError(
      `LOCKSTEP_CACHE is "${wish}"; expected "off", or the absolute path of a folder that this user alone can write to.`,
    );
  const xdg = environment['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'lockstep');
}

/**
 * Makes the folder when it is not there. Throws when somebody else could have put something into it: what comes from it
 * becomes a machine's disk, and may be handled by root.
 */
export async function requireOwnCache(folder: string): Promise<void> {
  // A folder that only this user can enter, whatever the umask is (as the specification asks for).
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(folder);
  const me = process.getuid?.() ?? uid;
  if (uid !== me && uid !== 0) throw new Error(`${folder} belongs to another user (id ${uid})`);
  if ((mode & 0o022) !== 0) throw new Error(`${folder} can be written to by others: chmod go-w ${folder}`);
}
