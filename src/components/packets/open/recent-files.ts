// The captures that were opened last, by name. Where the browser hands out the file itself (File System Access), that is kept, and the
// file read anew; elsewhere a copy is, in the browser's own file system for this site. Nothing leaves the browser, and there are few.

export interface RecentFile {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** When it was opened, ms since the epoch. */
  readonly opened: number;
  /** Left out: there is a copy. */
  readonly handle?: FileSystemFileHandle;
}

const MOST_FILES = 6;
/** Bytes of a copy; what is larger is not kept. */
const MOST_BYTES = 32e6;
const NAME = 'lockstep-open';
const STORE = 'recent';

/** The latest first; empty where the browser keeps nothing. */
export async function recentFiles(): Promise<readonly RecentFile[]> {
  try {
    const all = await inStore<RecentFile[]>('readonly', (store) => store.getAll());
    return all.sort((a, b) => b.opened - a.opened);
  } catch {
    // A private window, or storage that is forbidden: the list is not shown.
    return [];
  }
}

/** Puts it first; the oldest goes. A file of the same name and size is the same. */
export async function keepRecent(file: File, handle: FileSystemFileHandle | null): Promise<void> {
  const { name, size } = file;
  if (handle === null && size > MOST_BYTES) return;
  try {
    const before = await recentFiles();
    const same = before.find((one) => one.name === name && one.size === size);
    const id = same?.id ?? crypto.randomUUID();
    if (handle === null) await writeCopy(id, file);
    const entry: RecentFile = { id, name, size, opened: Date.now(), ...(handle !== null && { handle }) };
    await inStore('readwrite', (store) => store.put(entry));
    const others = before.filter((one) => one.id !== id);
    for (const old of others.slice(MOST_FILES - 1)) await forgetRecent(old.id);
  } catch {
    // It is open all the same.
  }
}

export async function forgetRecent(id: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete(id));
  await (await folder()).removeEntry(id).catch(() => {});
}

/** Throws an Error that says why it cannot be read, and what to do. */
export async function readRecent({ id, name, handle }: RecentFile): Promise<File> {
  if (handle === undefined) {
    const copy = await (await folder()).getFileHandle(id).catch(() => null);
    if (copy === null) throw new Error(`The browser has let go of its copy of ${name}. Choose the file again.`);
    return new File([await copy.getFile()], name);
  }
  const asked = handle as FileSystemFileHandle & { requestPermission?(options: { mode: 'read' }): Promise<string> };
  if ((await asked.requestPermission?.({ mode: 'read' })) === 'denied')
    throw new Error(`The browser may not read ${name}: you have not allowed it. Choose the file again.`);
  return handle.getFile().catch(() => {
    throw new Error(`${name} is no longer where it was, or cannot be read. Choose the file again.`);
  });
}

async function folder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(NAME, { create: true });
}

async function writeCopy(id: string, file: File): Promise<void> {
  const copy = await (await folder()).getFileHandle(id, { create: true });
  const writer = await copy.createWritable();
  await writer.write(file);
  await writer.close();
}

async function inStore<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'id' });
  const database = (await done(opening)) as IDBDatabase;
  try {
    return (await done(use(database.transaction(STORE, mode).objectStore(STORE)))) as T;
  } finally {
    database.close();
  }
}

function done(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
