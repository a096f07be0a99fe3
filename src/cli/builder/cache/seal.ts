// What an entry of the cache is made of: each file with its size, mode and SHA-256, in a file that is written last. Whatever
// is taken from the entry is compared with it.
import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Check,
  list,
  mismatch,
  natural,
  object,
  optional,
  readJson,
  string,
} from '../../../basics/json-checks.ts';

export const sealName = 'seal.json';

export interface SealedFile {
  /** Below the entry, with "/". */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the content, in hexadecimal digits. */
  readonly sha256: string;
  /** Permissions, as in stat(2). */
  readonly mode: number;
  /** A symbolic link instead of a file: where it leads. */
  readonly link?: string;
}

export interface Seal {
  readonly format: 1;
  /** ms since the epoch. */
  readonly made: number;
  readonly files: readonly SealedFile[];
}

const pieceBytes = 1024 * 1024;

/** The seal of an entry; null when there is none, or none that can be read: then there is no entry. */
export async function readSeal(entry: string): Promise<Seal | null> {
  const text = await readFile(join(entry, sealName), 'utf8').catch(() => null);
  if (text === null) return null;
  const read = readJson(join(entry, sealName), text, 64 * 1024 * 1024, seal);
  return read.ok && read.value.format === 1 ? { ...read.value, format: 1 } : null;
}

const seal = (value: unknown, path: string) => {
  const from = object(value, path);
  return {
    format: natural(from['format'], 'format'),
    made: natural(from['made'], 'made'),
    files: list(from['files'], 'files', 1_000_000, sealedFile),
  };
};

const sealedFile: Check<SealedFile> = (value, path) => {
  const from = object(value, path);
  return {
    path: pathBelow(from['path'], `${path}.path`),
    bytes: natural(from['bytes'], `${path}.bytes`),
    sha256: string(from['sha256'], `${path}.sha256`),
    mode: natural(from['mode'], `${path}.mode`),
    ...optional(from, 'link', path, (link, at) => string(link, at)),
  };
};

// A path that leads out of the entry would be written to wherever it leads.
const pathBelow: Check<string> = (value, path) => {
  const text = string(value, path);
  if (text.split('/').some((part) => part === '' || part === '.' || part === '..'))
    mismatch(path, 'a path below the entry', text);
  return text;
};

export async function sealLink(link: string, path: string): Promise<SealedFile> {
  return { path, bytes: 0, sha256: '', mode: 0o777, link: await readlink(link) };
}

/** Files and symbolic links below a folder, as paths with "/". Folders in which there is nothing do not count. */
export async function contentsOf(folder: string): Promise<{ readonly path: string; readonly isLink: boolean }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => ({
      path: join(entry.parentPath, entry.name).slice(folder.length + 1),
      isLink: entry.isSymbolicLink(),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** SHA-256 of a file's content, in hexadecimal digits. */
export async function hashFile(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    return await hashPieces(file, async () => {});
  } finally {
    await file.close();
  }
}

/**
 * Reads a file from its beginning to its end and gives back its SHA-256.
 * @param each called with every piece; its bytes are overwritten by the next one's
 */
export async function hashPieces(
  file: FileHandle,
  each: (piece: Uint8Array, at: number) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  const { size } = await file.stat();
  const buffer = new Uint8Array(Math.max(1, Math.min(pieceBytes, size)));
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return hash.digest('hex');
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    await each(piece, at);
    at += bytesRead;
  }
}
