// What a machine's thread and its owner say to each other. Buffers are transferred, never copied.
import type { MachinePlace } from '../../driver.ts';
import type { FailureReason } from '../../machine.ts';
import type { MachineManifest } from '../manifest.ts';

/** A machine that is started from its snapshot, or (by the builder) from power-on. */
export type StartMachine =
  | {
      readonly from: 'snapshot';
      readonly manifest: MachineManifest;
      /** URL (browser) or folder (Node) that the chunks lie under. */
      readonly base: string;
      /** The lab that it is part of, where it is known: what the browser keeps for the lab is kept under its name. */
      readonly lab?: MachinePlace['lab'];
      /** The folder for its moments that outlive the page; left out: none are kept. */
      readonly keep?: string;
    }
  | {
      readonly from: 'power-on';
      /** Paths of files; Node only. */
      readonly disk: string;
      readonly kernel: string;
      readonly initrd: string;
      readonly bios: string;
      readonly vgaBios: string;
      readonly commandLine: string;
      readonly memory: number;
      readonly mac: string;
    };

export type ToMachine =
  | { readonly type: 'start'; readonly start: StartMachine; readonly wasm: WebAssembly.Module }
  | { readonly type: 'console-input'; readonly console: number; readonly bytes: Uint8Array }
  | { readonly type: 'console-resize'; readonly console: number; readonly columns: number; readonly rows: number }
  | { readonly type: 'agent'; readonly line: string }
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  /** Input of a command that the agent runs; answered when the guest's kernel has taken it. */
  | { readonly type: 'feed'; readonly id: number; readonly bytes: Uint8Array }
  /** Whether its NIC's cable is in. */
  | { readonly type: 'carrier'; readonly up: boolean }
  /** Guest ms in a real ms. */
  | { readonly type: 'speed'; readonly speed: number }
  | { readonly type: 'freeze'; readonly id: number }
  | { readonly type: 'thaw'; readonly id: number }
  /** Stops it for now; its disk stays as it is. */
  | { readonly type: 'power-off'; readonly id: number }
  /** Starts it anew, with its disk as it is; answered by 'running'. */
  | { readonly type: 'power-on' }
  | { readonly type: 'save'; readonly id: number }
  /** Of a machine that is frozen: it can be taken back to this moment; answered by 'done'. */
  | { readonly type: 'checkpoint'; readonly id: number; readonly checkpoint: number }
  | { readonly type: 'go-back'; readonly id: number; readonly checkpoint: number }
  | { readonly type: 'forget-checkpoint'; readonly checkpoint: number }
  /** It stands, and this moment of it is taken for keeping; answered by 'done'. It goes on when it is told to. */
  | { readonly type: 'keep'; readonly id: number; readonly moment: number }
  | { readonly type: 'keep-go-on' }
  /** Writes what was taken; answered by 'kept'. */
  | { readonly type: 'keep-write'; readonly id: number; readonly moment: number }
  /** Of the whole lab this moment is kept: those before are let go. */
  | { readonly type: 'keep-settle'; readonly moment: number }
  /** Of a machine that stands as its snapshot was: on from a moment that was kept; answered by 'done'. */
  | { readonly type: 'keep-continue'; readonly id: number; readonly moment: number }
  | { readonly type: 'statistics'; readonly id: number };

export type FromMachine =
  | { readonly type: 'progress'; readonly step: string; readonly done: number; readonly total: number }
  | { readonly type: 'running' }
  /** The guest's kernel has reset the machine: it is being switched on again, and says 'running' when it is. */
  | { readonly type: 'rebooting' }
  /** The guest's kernel has halted it. */
  | { readonly type: 'halted' }
  /** The guest's kernel has panicked, and why, in its own words: nothing runs, but it can be switched on, or go back. */
  | { readonly type: 'panic'; readonly words: string }
  /** Nothing in the guest holds the agent's port open any more. */
  | { readonly type: 'agent-closed' }
  /** The browser keeps nothing more: the machine runs, and is downloaded again the next time. */
  | { readonly type: 'storage-full' }
  /** Parts of it do not come any more, and are asked for until they do; or they come again. */
  | { readonly type: 'connection'; readonly gone: boolean }
  | { readonly type: 'failed'; readonly reason: FailureReason; readonly message: string }
  | { readonly type: 'console-output'; readonly console: number; readonly bytes: Uint8Array }
  | { readonly type: 'agent'; readonly line: string }
  /** A line of the kernel's own console (ttyS0). */
  | { readonly type: 'serial'; readonly line: string }
  /** `at`: when the guest gave it out, ms since the epoch by the browser's or Node's own clock. */
  | { readonly type: 'tap'; readonly bytes: Uint8Array; readonly at: number }
  | { readonly type: 'frame'; readonly bytes: Uint8Array }
  | { readonly type: 'answer'; readonly id: number }
  /** What went wrong, or null. */
  | { readonly type: 'done'; readonly id: number; readonly problem: string | null }
  /** What went wrong, or null, and how many bytes were written. */
  | { readonly type: 'kept'; readonly id: number; readonly problem: string | null; readonly bytes: number }
  | { readonly type: 'saved'; readonly id: number; readonly state: SavedMachine }
  | { readonly type: 'statistics'; readonly id: number; readonly statistics: MachineStatistics };

/** The state of everything but the disk. */
export interface SavedState {
  readonly devices: Uint8Array;
  readonly ram: Uint8Array;
  readonly clock: number;
}

/** A machine's state as the builder gets it: not yet compressed, not yet cut up. */
export interface SavedMachine extends SavedState {
  /** Blocks of 4096 bytes that the guest wrote, by number. */
  readonly written: ReadonlyMap<number, Uint8Array>;
  /** Pieces of the disk that were read, in order of first reading. */
  readonly touched: readonly number[];
  /** What it was a moment after it had been switched on; null for one that was started from its snapshot. */
  readonly boot: SavedState | null;
}

export interface MachineStatistics {
  /** Real ms that the emulator's thread has spent running the guest. */
  readonly busyMs: number;
  /** Times the guest was given the processor. */
  readonly slices: number;
  readonly diskPiecesRead: number;
  readonly diskBlocksWritten: number;
}
