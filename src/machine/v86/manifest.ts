// What a lab's snapshot consists of. Every part is a chunk: zstd-compressed bytes in a file named by their SHA-256, so
// that machines and labs share what is the same, a browser can keep them for ever, and a damaged one is noticed.

/** First 32 hexadecimal digits of the SHA-256 of the compressed bytes. */
export type ChunkHash = string;

export interface ChunkRef {
  readonly hash: ChunkHash;
  /** Compressed bytes: what is downloaded. */
  readonly size: number;
}

export interface MachineManifest {
  readonly name: string;
  /** Names the snapshot and the disk together: identity(machine). */
  readonly id: string;
  /** The emulator whose state this is; another version cannot read it. */
  readonly engine: string;
  /** Bytes of RAM. */
  readonly memory: number;
  /** The emulator's clock when the state was saved, ms. */
  readonly clock: number;
  readonly mac: string;
  /** The devices' and the processor's state, without RAM. */
  readonly devices: ChunkRef;
  /** RAM in pieces of `pieceBytes`, in order; null: all zero. */
  readonly ram: { readonly pieceBytes: number; readonly pieces: readonly (ChunkRef | null)[] };
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

export interface LabManifest {
  readonly format: 1;
  readonly lab: string;
  readonly title: string;
  readonly machines: readonly MachineManifest[];
  /** Which machines' NICs are plugged into one wire, by name. Left out: none. */
  readonly wires?: readonly { readonly name: string; readonly machines: readonly string[] }[];
}

/** The text whose SHA-256 is a machine's `id`: whatever of RAM, devices or disk differs, the id does. */
export function identityText(machine: Omit<MachineManifest, 'id' | 'consoles' | 'tapHeader'>): string {
  return JSON.stringify([
    machine.engine,
    machine.memory,
    machine.devices.hash,
    machine.ram.pieceBytes,
    machine.ram.pieces.map((piece) => piece?.hash ?? 0),
    machine.disk.bytes,
    machine.disk.pieceBytes,
    machine.disk.table.hash,
  ]);
}

/** Bytes to download before the machine runs. */
export function bytesBeforeStart(machine: MachineManifest): number {
  let sum = machine.devices.size + machine.disk.table.size;
  for (const piece of machine.ram.pieces) sum += piece?.size ?? 0;
  return sum;
}
