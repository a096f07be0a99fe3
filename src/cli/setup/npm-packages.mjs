// @ts-check
// Are the npm packages of the lock file installed, and whole?
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {{ version?: string, resolved?: string, integrity?: string, optional?: boolean, link?: boolean }} LockedPackage
 */

/** @param {string} path @returns {Record<string, LockedPackage>} */
function lockedPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
}

/** @param {string} root */
const stampPath = (root) => join(root, 'node_modules', '.lockstep-stamp');

/** @param {string} root @returns {string} SHA-256 of package-lock.json, hex */
function lockHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** The Node that the project runs on, brought by the npm package `node`. @param {string} root */
export const projectNode = (root) => join(root, 'node_modules', '.bin', 'node');

/**
 * Compares with what npm itself noted down last (node_modules/.package-lock.json, written once an installation is
 * complete), so that somebody's own `npm install` is as good as ours and is not thrown away.
 * @param {string} root
 */
function installedAsLocked(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = lockedPackages(hidden);
  return Object.entries(lockedPackages(join(root, 'package-lock.json'))).every(([path, locked]) => {
    if (path === '') return true;
    const found = installed[path];
    // Optional packages are for other platforms, mostly: npm leaves those out.
    if (!found) return locked.optional === true;
    return found.version === locked.version && found.integrity === locked.integrity;
  });
}

/** @param {string} root @returns {boolean} */
export function npmPackagesAreCurrent(root) {
  if (!existsSync(projectNode(root))) return false;
  const stamp = stampPath(root);
  const hash = lockHash(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === hash) return true;
  if (!installedAsLocked(root)) return false;
  markNpmPackagesCurrent(root);
  return true;
}

/** Written last, whole or not at all: a stamp says that everything before it was finished. @param {string} root */
export function markNpmPackagesCurrent(root) {
  const temporary = `${stampPath(root)}.${process.pid}`;
  writeFileSync(temporary, `${lockHash(root)}\n`);
  renameSync(temporary, stampPath(root));
}

/** Before anything is changed. @param {string} root @returns {boolean} whether there was one: an installation once complete */
export function dropNpmStamp(root) {
  const was = existsSync(stampPath(root));
  rmSync(stampPath(root), { force: true });
  return was;
}

/** `npx lockstep` finds a command here; npm itself links only the commands of dependencies. @param {string} root */
export function linkCommand(root) {
  const link = join(root, 'node_modules', '.bin', 'lockstep');
  if (!existsSync(link)) symlinkSync('../../src/cli/lockstep.mjs', link);
}

/**
 * The search path without this project's node_modules/.bin: while npm works on that folder, npm and the
 * installation scripts must run on the Node that stays.
 * @param {string} root
 * @param {string} searchPath
 */
export function searchPathOutside(root, searchPath) {
  return searchPath
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(root, 'node_modules')))
    .join(delimiter);
}
