import type { ChunkKeeper, KeptMachine } from '../storage/chunk-keeper.ts';
import type { ChunkStore } from '../storage/chunk-store.ts';
import type { DiskSource } from '../storage/disk.ts';
import type { KeptFolder } from '../storage/kept-folder.ts';
import type { PageStore } from '../storage/page-store.ts';
import type { FromMachine } from '../thread/messages.ts';
import type { HoldableClock } from './clock.ts';
import type { Soon } from './scheduler.ts';

/** What a thread offers to the engine, in a browser and in Node. Its functions are called without `this`. */
export interface EngineHost {
  readonly clock: HoldableClock;
  readonly realNow: () => number;
  readonly soon: Soon;
  readonly post: (message: FromMachine, transfer?: ArrayBuffer[]) => void;
  readonly openStore: (base: string) => Promise<ChunkStore>;
  /** Where chunks are kept between starts: keeps what this machine may read, and nothing that no machine needs. */
  readonly keepChunks?: (of: KeptMachine, hashes: ReadonlySet<string>) => Promise<ChunkKeeper | undefined>;
  /** Room for checkpoints. */
  readonly openPages: () => Promise<PageStore>;
  /** The folder of moments that outlive the page. */
  readonly openKept: (path: string) => Promise<KeptFolder>;
  /** Node only: a file as the root disk of a machine that is started from power-on. */
  readonly openDisk?: (path: string) => Promise<DiskSource>;
  readonly readFile?: (path: string) => Promise<ArrayBuffer>;
}
