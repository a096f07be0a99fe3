// The folder of a lab's kept moments in Node: for tests, which end a lab and go on with it in another one.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptFolder } from './kept-folder.ts';

export async function nodeFolder(path: string): Promise<KeptFolder> {
  await mkdir(path, { recursive: true });
  return {
    async open(name, create) {
      let file: number;
      try {
        file = openSync(join(path, name), create ? 'a' : 'r+');
        if (create) {
          // "a" makes it and leaves what is there, but would write at its end only.
          closeSync(file);
          file = openSync(join(path, name), 'r+');
        }
      } catch (error) {
        if (!create && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
      return {
        read: (into, { at }) => readSync(file, into, 0, into.length, at),
        write: (bytes, { at }) => writeSync(file, bytes, 0, bytes.length, at),
        truncate: (size) => ftruncateSync(file, size),
        getSize: () => fstatSync(file).size,
        close: () => closeSync(file),
      };
    },
    names: () => readdir(path),
    remove: (name) => rm(join(path, name), { force: true }),
  };
}
