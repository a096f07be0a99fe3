// Where the moments of a lab lie that outlive the page: a folder of the browser's origin-private file system, of which a page has the
// lab's own, alone, for as long as it lives. What machines write lies in it beside the lab's record.

export interface Shelf {
  /** For the machines. */
  readonly folder: string;
  /** null when there is none. */
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** In the place of the one before, or, when this rejects, not at all. */
  write(record: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Everything that was kept of this lab. */
  forget(): Promise<void>;
  /** Makes room: lets the oldest go of what is kept of other labs that no page has. Gives whose that was. */
  makeRoom(): Promise<string | null>;
  /** Another page may have it. */
  close(): void;
}

/** Why there is no shelf. 'none': the browser gives no storage, as on plain http; 'busy': another page has this lab's. */
export type NoShelf = 'none' | 'busy';

const root = 'lockstep-kept';
const recordName = 'record';
/** ms: what was kept longer ago is let go. */
const longest = 60 * 24 * 3600 * 1000;

const lockOf = (lab: string): string => `${root}/${lab}`;

/** ms in which a page that has just ended lets go of its lab. */
const patience = 1500;

export async function openShelf(lab: string): Promise<Shelf | NoShelf> {
  if (!canKeep()) return 'none';
  try {
    const top = await (await navigator.storage.getDirectory()).getDirectoryHandle(root, { create: true });
    // A page that has a lock of its own never waits for it.
    const release = await alone(lab);
    if (release === null) return 'busy';
    await letGo(top, async (name, at) => name !== lab && Date.now() - at > longest).catch(() => {});
    return {
      folder: `${root}/${lab}`,
      read: () => readRecordOf(top, lab),
      async write(record) {
        const folder = await top.getDirectoryHandle(lab, { create: true });
        const file = await folder.getFileHandle(recordName, { create: true });
        // The file is another one when the stream is closed, and not before.
        const stream = await file.createWritable();
        try {
          await stream.write(record);
          await stream.close();
        } catch (error) {
          await stream.abort().catch(() => {});
          throw error;
        }
      },
      async forget() {
        const folder = await top.getDirectoryHandle(lab, { create: true });
        // First the record: without it nothing of the rest is ever used.
        await folder.removeEntry(recordName).catch(() => {});
      },
      async makeRoom() {
        let oldest: { readonly name: string; readonly at: number } | null = null;
        await letGo(top, async (name, at) => {
          if (name !== lab && at < (oldest?.at ?? Infinity)) oldest = { name, at };
          return false;
        });
        const chosen = oldest as { readonly name: string } | null;
        if (chosen === null) return null;
        await letGo(top, async (name) => name === chosen.name);
        return chosen.name;
      },
      close: release,
    };
  } catch {
    return 'none';
  }
}

/** Whether anything outlives a page here. */
export function canKeep(): boolean {
  const { storage, locks } = navigator;
  return (
    typeof storage?.getDirectory === 'function' &&
    locks !== undefined &&
    typeof FileSystemFileHandle === 'function' &&
    'createWritable' in FileSystemFileHandle.prototype
  );
}

/** null: somebody else has it. */
function alone(lab: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), patience);
    navigator.locks
      .request(lockOf(lab), { signal: over.signal }, () => {
        clearTimeout(timer);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(() => resolve(null));
  });
}

async function readRecordOf(top: FileSystemDirectoryHandle, lab: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const folder = await top.getDirectoryHandle(lab);
    const file = await (await folder.getFileHandle(recordName)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return null;
    throw error;
  }
}

/** Deletes what is kept of labs that no page has, where `goes` says so. @param goes told when that was written, ms since the epoch */
async function letGo(
  top: FileSystemDirectoryHandle,
  goes: (lab: string, at: number) => Promise<boolean>,
): Promise<void> {
  for await (const [name, handle] of top.entries()) {
    if (handle.kind !== 'directory') continue;
    await navigator.locks.request(lockOf(name), { ifAvailable: true }, async (lock) => {
      if (lock === null) return;
      const folder = handle as FileSystemDirectoryHandle;
      // It may vanish under one's hands.
      const file = await folder
        .getFileHandle(recordName)
        .then((record) => record.getFile())
        .catch(() => null);
      if (await goes(name, file?.lastModified ?? 0)) await top.removeEntry(name, { recursive: true }).catch(() => {});
    });
  }
}
