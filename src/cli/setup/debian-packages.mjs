// @ts-check
// Which programs of the operating system the project needs, and which of them are missing. A program is looked for by
// the command (or file) that is used, not by asking dpkg, so that one installed some other way counts as well.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What a program is needed for: making the machine image and the labs' snapshots; fetching Go for that, where there is
 * none; comparing with tshark; networks of namespaces that journeys are tried on; a browser that tests and benches drive, and another one that a test does; the emulator that benches compare with.
 * @typedef {'machines' | 'fetching-go' | 'tshark' | 'namespaces' | 'browser' | 'firefox' | 'qemu'} Need
 * @typedef {{ name: string, provides: string, need: Need }} DebianPackage
 */

/** @type {readonly DebianPackage[]} */
export const debianPackages = [
  { name: 'mmdebstrap', provides: 'mmdebstrap', need: 'machines' },
  { name: 'arch-test', provides: 'arch-test', need: 'machines' },
  { name: 'seabios', provides: '/usr/share/seabios/bios.bin', need: 'machines' },
  { name: 'e2fsprogs', provides: 'mke2fs', need: 'machines' },
  { name: 'libarchive-tools', provides: 'bsdtar', need: 'machines' },
  { name: 'gcc-i686-linux-gnu', provides: 'i686-linux-gnu-gcc', need: 'machines' },
  { name: 'libc6-dev-i386-cross', provides: '/usr/i686-linux-gnu/lib/libc.a', need: 'machines' },
  { name: 'patch', provides: 'patch', need: 'machines' },
  { name: 'ca-certificates', provides: '/etc/ssl/certs/ca-certificates.crt', need: 'machines' },
  { name: 'python3-pip', provides: 'pip3', need: 'fetching-go' },
  { name: 'tshark', provides: 'tshark', need: 'tshark' },
  { name: 'python3', provides: 'python3', need: 'namespaces' },
  { name: 'iproute2', provides: 'ip', need: 'namespaces' },
  { name: 'iptables', provides: 'iptables', need: 'namespaces' },
  { name: 'conntrack', provides: 'conntrack', need: 'namespaces' },
  { name: 'procps', provides: 'sysctl', need: 'namespaces' },
  { name: 'chromium', provides: 'chromium', need: 'browser' },
  { name: 'firefox-esr', provides: 'firefox-esr', need: 'firefox' },
  { name: 'qemu-system-x86', provides: 'qemu-system-i386', need: 'qemu' },
];

// mke2fs lives in /sbin, which is not on the PATH of an ordinary Debian user.
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
 * @param {readonly Need[]} needs
 * @param {string} [searchPath] folders as in $PATH
 * @returns {string[]} names of the Debian packages that are missing
 */
export function missingDebianPackages(needs, searchPath = process.env.PATH ?? '') {
  return debianPackages
    .filter(({ need }) => needs.includes(need))
    .filter(({ provides }) => !isThere(provides, searchPath))
    .map(({ name }) => name);
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
