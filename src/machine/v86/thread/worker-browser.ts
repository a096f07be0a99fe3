// The machine's thread in a page: a module worker.

import { installClock } from '../engine/clock.ts';
import { Engine } from '../engine/engine.ts';
import { openBrowserStore } from '../storage/browser-store.ts';
import { ChunkKeeper } from '../storage/chunk-keeper.ts';
import { browserFolder } from '../storage/kept-browser.ts';
import { FilePages, MemoryPages, type PageStore } from '../storage/page-store.ts';
import type { FromMachine, ToMachine } from './messages.ts';

const realNow = performance.now.bind(performance);
const clock = installClock();
const post = (message: FromMachine, transfer: ArrayBuffer[] = []) => postMessage(message, { transfer });

const engine = new Engine({
  clock,
  realNow,
  post,
  soon: (callback) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = callback;
    return {
      call: () => channel.port2.postMessage(0),
      dispose: () => {
        channel.port1.close();
        channel.port2.close();
      },
    };
  },
  openPages,
  openKept: browserFolder,
  openStore: (base) =>
    openBrowserStore(
      base,
      () => post({ type: 'storage-full' }),
      (gone) => post({ type: 'connection', gone }),
    ),
  // Not Date.now, which is the guest's.
  keepChunks: (of, hashes) => ChunkKeeper.open(of, hashes, () => performance.timeOrigin + realNow()),
});

addEventListener('message', ({ data }: MessageEvent<ToMachine>) => void engine.handle(data));
addEventListener('unhandledrejection', (event) => {
  throw event.reason;
});

const pagesFolder = 'lockstep-checkpoints';

/** A file that nobody else has, in the browser's own file system; memory, where there is none. */
async function openPages(): Promise<PageStore> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(pagesFolder, { create: true });
    // One machine at a time: none takes away the file that another one is about to open.
    return await navigator.locks.request(pagesFolder, async () => {
      // What pages that are closed by now have left. Files that are in use cannot be removed.
      for await (const name of folder.keys()) await folder.removeEntry(name).catch(() => {});
      const file = await folder.getFileHandle(crypto.randomUUID(), { create: true });
      return new FilePages(await file.createSyncAccessHandle());
    });
  } catch {
    return new MemoryPages();
  }
}
