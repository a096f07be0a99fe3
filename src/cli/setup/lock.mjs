// @ts-check
// A lock between processes, as a file that names its holder. Two runs in one checkout wait for each other instead of
// trampling on each other's half-written files; a holder that died without letting go is recognised and passed over.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {{ pid: number, started: string }} Holder */

/**
 * When a process began (field 22 of /proc/<pid>/stat, proc(5)): a process id alone can have been given to another
 * program since. "" where there is no /proc.
 * @param {number} pid
 */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses, which may contain spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** @param {Holder} holder */
function isAlive(holder) {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') return false;
  }
  return holder.started === startTime(holder.pid);
}

/** @param {string} path @returns {Holder | null} null when nobody holds it, or what is there makes no sense */
function readHolder(path) {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value?.pid === 'number' ? { pid: value.pid, started: String(value.started) } : null;
  } catch {
    return null;
  }
}

/** @param {string} path @returns {boolean} whether the lock is ours now */
function tryTake(path) {
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(temporary, JSON.stringify({ pid: process.pid, started: startTime(process.pid) }));
  try {
    // link(2) fails when the name exists, and what it makes is whole from the first moment on.
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Moves a dead holder's file out of the way. If somebody was faster and the file is a living one's by now, it is put back.
 * @param {string} path
 */
function discardStale(path) {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const holder = readHolder(aside);
  if (holder && isAlive(holder)) {
    try {
      linkSync(aside, path);
    } catch {
      // A third process took the lock meanwhile: it is held, which is all that matters here.
    }
  }
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while holding the lock.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {{ signal?: AbortSignal, onWait?: (holderPid: number) => void, pollMs?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(path, work, options = {}) {
  const { signal, onWait, pollMs = 250 } = options;
  mkdirSync(dirname(path), { recursive: true });
  let told = 0;
  while (!tryTake(path)) {
    signal?.throwIfAborted();
    const holder = readHolder(path);
    if (!holder || !isAlive(holder)) {
      discardStale(path);
      continue;
    }
    if (holder.pid !== told) onWait?.(holder.pid);
    told = holder.pid;
    await sleep(pollMs, undefined, signal ? { signal } : {});
  }
  // process.exit() skips `finally`; this does not.
  const letGo = () => rmSync(path, { force: true });
  process.once('exit', letGo);
  try {
    return await work();
  } finally {
    process.removeListener('exit', letGo);
    letGo();
  }
}
