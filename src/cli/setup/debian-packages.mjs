// @ts-check
// Which programs of the operating system the project needs, and which of them are missing. A program is looked for by
// the command (or file) that is used, not by asking dpkg, so that one installed some other way counts as well.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {'build' | 'test'} Purpose
 * @typedef {{ name: string, provides: string, purpose: Purpose, unprivileged?: boolean }} DebianPackage
 */

/** @type {readonly DebianPackage[]} */
export const debianPackages = [
  { name: 'mmdebstrap', provides: 'mmdebstrap', purpose: 'build' },
  { name: 'arch-test', provides: 'arch-test', purpose: 'build' },
  { name: 'zstd', provides: 'zstd', purpose: 'build' },
  { name: 'seabios', provides: '/usr/share/seabios/bios.bin', purpose: 'build' },
  { name: 'e2fsprogs', provides: 'mkfs.ext4', purpose: 'build' },
  { name: 'libarchive-tools', provides: 'bsdtar', purpose: 'build' },
  // mmdebstrap without root unpacks in a user namespace, which newuidmap sets up.
  { name: 'uidmap', provides: 'newuidmap', purpose: 'build', unprivileged: true },
  { name: 'tshark', provides: 'tshark', purpose: 'test' },
  { name: 'chromium', provides: 'chromium', purpose: 'test' },
];

// mkfs.ext4 lives in /sbin, which is not on the PATH of an ordinary Debian user.
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} provides a command's name, or a file's absolute path
 * @param {string} searchPath folders as in $PATH
 */
function isThere(provides, searchPath) {
  if (provides.startsWith('/')) return existsSync(provides);
  const folders = [...searchPath.split(delimiter), ...systemFolders].filter((folder) => folder.startsWith('/'));
  return folders.some((folder) => isExecutable(join(folder, provides)));
}

/**
 * @param {Purpose} purpose 'test' asks for what 'build' needs as well
 * @param {{ searchPath?: string, isRoot?: boolean }} [system]
 * @returns {string[]} names of the Debian packages that are missing
 */
export function missingDebianPackages(purpose, system = {}) {
  const { searchPath = process.env.PATH ?? '', isRoot = process.getuid?.() === 0 } = system;
  return debianPackages
    .filter((needed) => purpose === 'test' || needed.purpose === 'build')
    .filter((needed) => !(needed.unprivileged && isRoot))
    .filter((needed) => !isThere(needed.provides, searchPath))
    .map((needed) => needed.name);
}

/** True when this process may install packages itself. */
export function canInstall() {
  return process.getuid?.() === 0 && isThere('apt-get', process.env.PATH ?? '');
}

/**
 * What to tell a person who has to install them: one line to copy.
 * @param {readonly string[]} missing
 */
export function installLine(missing) {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`;
}
