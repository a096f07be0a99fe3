// Where a machine's kept moments lie: files that outlive the page. In a page they are in the browser's origin-private file system,
// in Node (tests) in a folder.
import type { SyncFile } from './page-store.ts';

export interface KeptFile extends SyncFile {
  /** Bytes. */
  getSize(): number;
}

export interface KeptFolder {
  /** One that nobody else has open; null when there is none, and it is not to be made. */
  open(name: string, create: boolean): Promise<KeptFile | null>;
  names(): Promise<readonly string[]>;
  /** Nothing happens when there is none. */
  remove(name: string): Promise<void>;
}

/** All of a file; null when there is none. */
export async function readKept(folder: KeptFolder, name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const file = await folder.open(name, false);
  if (file === null) return null;
  try {
    const bytes = new Uint8Array(file.getSize());
    return bytes.subarray(0, file.read(bytes, { at: 0 }));
  } finally {
    file.close();
  }
}

export const storageIsFull = "the browser's storage for this site is full";

/** @throws when there is no room: then there is no such file */
export async function writeKept(folder: KeptFolder, name: string, bytes: Uint8Array): Promise<void> {
  const file = await folder.open(name, true);
  if (file === null) throw new Error(`${name} could not be made`);
  try {
    file.truncate(0);
    if (file.write(bytes, { at: 0 }) !== bytes.length) throw new Error(storageIsFull);
    file.close();
  } catch (error) {
    file.close();
    await folder.remove(name).catch(() => {});
    throw wordsOfFull(error);
  }
}

/** A quota that is used up, in words. */
export function wordsOfFull(error: unknown): unknown {
  return error instanceof DOMException && error.name === 'QuotaExceededError' ? new Error(storageIsFull) : error;
}
