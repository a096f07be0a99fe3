// Where chunks come from. One interface, so that the engine is the same code in a page and in Node.
import type { FailureReason } from '../../machine.ts';
import type { ChunkRef } from '../manifest.ts';

export class MachineError extends Error {
  readonly reason: FailureReason;
  constructor(reason: FailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface ChunkStore {
  /** The chunk's bytes, decompressed. Throws MachineError. */
  get(chunk: ChunkRef): Promise<Uint8Array>;
  /** SHA-256 in hexadecimal digits. */
  digest(bytes: Uint8Array): Promise<string>;
}

export function chunkPath(hash: string): string {
  return `chunks/${hash.slice(0, 2)}/${hash}.zst`;
}
