// What a machine's snapshot consists of. Every part is a chunk: zstd-compressed bytes in a file named by their SHA-256, so
// that machines and labs share what is the same, a browser can keep them for ever, and a damaged one is noticed.
import type { Download } from '../download.ts';
import type { MachinePlan } from '../driver.ts';

export type ChunkRef = Download;

export interface RamLayer {
  /** Which pages it has: decodePages. */
  readonly pages: ChunkRef;
  readonly pieces: readonly ChunkRef[];
}

/** A saved state, without the disk. */
export interface SavedParts {
  /** The emulator's clock when the state was saved, ms. */
  readonly clock: number;
  /** The devices' and the processor's state, without RAM. */
  readonly devices: ChunkRef;
  /** RAM in layers, the lowest first (ram-layers.ts). The data of each are cut into pieces of `pieceBytes`. */
  readonly ram: { readonly pieceBytes: number; readonly layers: readonly RamLayer[] };
}

export interface MachineManifest extends SavedParts {
  readonly name: string;
  /** Names the snapshot and the disk together: identity(machine). */
  readonly id: string;
  /** The emulator whose state this is; another version cannot read it. */
  readonly engine: string;
  /** What it was a moment after it had been switched on: where it goes on from when it is rebooted. */
  readonly boot: SavedParts;
  /** Bytes of RAM. */
  readonly memory: number;
  readonly mac: string;
  readonly disk: {
    readonly bytes: number;
    readonly pieceBytes: number;
    /** 20 bytes a piece: 16 of the hash, 4 of the compressed size (little endian); all zero: the piece is all zero. */
    readonly table: ChunkRef;
    /** Pieces that the first commands read, worth having early. */
    readonly prefetch: readonly number[];
  };
  /** What each console had printed when the snapshot was taken, base64. */
  readonly consoles: readonly string[];
  /** The pcap file header that the tap's stream began with, base64: a restored stream goes on in the middle. */
  readonly tapHeader: string;
}

/** As a lab's description carries it: whose it is, is said there already. Read back by read-setup.ts. */
export type MachineSetup = Omit<MachineManifest, 'name'>;

export function planOf(machine: MachineManifest): MachinePlan {
  const { name, ...setup } = machine;
  const once = new Map(chunksBeforeStart(machine).map((chunk) => [chunk.hash, chunk]));
  return { name, driver: 'v86', download: [...once.values()], setup: setup satisfies MachineSetup };
}

/** The text whose SHA-256 is a machine's `id`: whatever of RAM, devices or disk differs, the id does. */
export function identityText(machine: Omit<MachineManifest, 'id' | 'consoles' | 'tapHeader'>): string {
  return JSON.stringify([
    machine.engine,
    machine.memory,
    ...[machine, machine.boot].flatMap(({ devices, ram }) => [
      devices.hash,
      ram.pieceBytes,
      ram.layers.map(({ pages, pieces }) => [pages.hash, ...pieces.map(({ hash }) => hash)]),
    ]),
    machine.disk.bytes,
    machine.disk.pieceBytes,
    machine.disk.table.hash,
  ]);
}

/** What a machine needs before it runs. */
export function chunksBeforeStart({ devices, disk, ram }: MachineManifest): ChunkRef[] {
  return [devices, disk.table, ...ram.layers.flatMap(({ pages, pieces }) => [pages, ...pieces])];
}

/** Bytes of these chunks, each counted once. */
export function bytesOf(chunks: readonly ChunkRef[]): number {
  return [...new Map(chunks.map(({ hash, size }) => [hash, size])).values()].reduce((sum, size) => sum + size, 0);
}
