// The folder of a lab's kept moments in the browser's origin-private file system, from a worker: only workers have files that are
// written at once.
import type { KeptFolder } from './kept-folder.ts';

/** ms, in which a thread that has just been ended lets go of its files. */
const patience = 3000;
const pause = 50;

/** @param path names joined by "/" */
export async function browserFolder(path: string): Promise<KeptFolder> {
  let folder = await navigator.storage.getDirectory();
  for (const name of path.split('/')) folder = await folder.getDirectoryHandle(name, { create: true });
  return {
    async open(name, create) {
      try {
        return await opened(await folder.getFileHandle(name, { create }));
      } catch (error) {
        if (!create && isMissing(error)) return null;
        throw error;
      }
    },
    async names() {
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names;
    },
    async remove(name) {
      await folder.removeEntry(name).catch((error) => {
        if (!isMissing(error)) throw error;
      });
    },
  };
}

const isMissing = (error: unknown): boolean => error instanceof DOMException && error.name === 'NotFoundError';

async function opened(file: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  for (let waited = 0; ; waited += pause) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      const isInUse = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!isInUse || waited >= patience) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
