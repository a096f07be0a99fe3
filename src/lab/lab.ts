// A lab: machines, the wires between them, and what their taps and the wires saw. The page, the CLI and the tests use this.
import type { ReadonlySignal } from '@preact/signals-core';
import type { Gap } from '../hop/gap.ts';
import type { Hop } from '../hop/hop.ts';
import type { FreezeReason, Machine, MachineState } from '../machine/machine.ts';
import type { Graph } from '../topology/graph.ts';
import type { VirtualClock } from '../wire/clock.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';
import type { LabTime } from '../wire/lab-time.ts';
import type { Wire } from '../wire/wire.ts';
import type { WireFrame } from '../wire/wire-frame.ts';
import type { KeptRecord } from './kept-record.ts';
import type { KnownDevices } from './known-devices.ts';

/** Hops in the order of their numbers: none comes before what it came from (cause-order.ts). */
export interface HopBatch {
  /** 1, 2, 3 …: which run of the lab they are of. Start and Reset begin one, and hops are numbered from 1 in each. */
  readonly run: number;
  readonly hops: readonly Hop[];
  /** What is known since the last batch to be missing: a tap did not keep up, or was cut off. */
  readonly lost: readonly Gap[];
  /** They happened in a page that is no more: they are told of again, and do not happen now. */
  readonly past?: true;
}

/** What it cost to keep a moment. */
export interface KeepingCost {
  /** ms for which the machines stood. */
  readonly stood: number;
  /** ms until it was written. */
  readonly took: number;
  /** That were written. */
  readonly bytes: number;
}

/** A moment that a lab can be taken back to. */
export interface Checkpoint {
  readonly id: number;
  /** What the reader, or a task, calls it. */
  readonly name: string;
  /** ms since the epoch. */
  readonly time: number;
}

export interface Lab {
  readonly id: string;
  readonly title: string;
  readonly machines: readonly Machine[];
  /** The Ethernet between the machines. */
  readonly wires: readonly Wire[];
  /** One for machines and wires: stands while the lab is frozen, and goes on after an undo, a reboot or a reader's `date -s`. */
  readonly time: LabTime;
  /** Its clock: what the wires run on. */
  readonly clock: VirtualClock;
  /** All machines together (together.ts): loading until all have loaded, then running or frozen as long as one is. */
  readonly state: ReadonlySignal<MachineState>;
  readonly graph: ReadonlySignal<Graph>;
  /** What the graph says of devices and addresses, and said before in this run: the same object as long as nothing has changed. */
  readonly devices: KnownDevices;
  onHops(listener: (batch: HopBatch) => void): Unsubscribe;
  /** Resolves when all machines have come to run or have failed, as their states say. Rejects when none has come to run. */
  start(): Promise<void>;
  freeze(reason?: FreezeReason): Promise<void>;
  thaw(): Promise<void>;
  /** Slow motion of machines and wires, 0.1 to 1. Throws RangeError, or an Error that names the machine that cannot. */
  setSpeed(speed: number): void;
  /** A frame that waits on a wire, as the hop that it will be. The same object for the same frame. */
  hopOfFrame(frame: WireFrame): Hop;
  /** The wire that a machine's device is plugged into, if it is. */
  wireOf(machine: string, device: string): string | undefined;
  /** Which machines' NICs have their cable in; only those that are plugged into a wire. */
  readonly cables: ReadonlySignal<ReadonlyMap<string, boolean>>;
  /** Pulls the cable of a machine's NIC out of its wire, or plugs it in. Throws RangeError when it has none. */
  setCable(machine: string, plugged: boolean): void;
  /** Moments that the lab can go back to, the oldest first. */
  readonly checkpoints: ReadonlySignal<readonly Checkpoint[]>;
  /**
   * Keeps this moment of all machines and wires. What went before stands still for it, for less than a second.
   * Rejects, and keeps nothing, when a machine cannot be kept: the message says why.
   */
  checkpoint(name: string): Promise<Checkpoint>;
  /**
   * Back to a checkpoint, and on from there: all machines, or, when one of them has lost its part, none; then it rejects and says
   * why, and the lab goes on as it was. The packets that were seen since stay in the list: they did happen.
   */
  goBackTo(checkpoint: Checkpoint): Promise<void>;
  /** Called each time that the lab has gone back to a checkpoint: what kernels count is what it was then. */
  onWentBack(listener: () => void): Unsubscribe;
  forget(checkpoint: Checkpoint): void;
  /** Whether a moment of it can outlive the page. */
  readonly canBeKept: boolean;
  /** Names the snapshots of its machines together: a moment of other ones is of no use. */
  readonly snapshots: string;
  /**
   * Has each machine write this moment to where it outlives the page, and hands the rest to `write`; when that has resolved the moment
   * holds, and those before are gone. The lab stands for it, for a tenth of a second. Rejects, and the one before still holds, when
   * something cannot be kept now: the message says why.
   *
   * @param page what belongs to who shows the lab
   */
  keep(page: unknown, write: (record: KeptRecord) => Promise<void>): Promise<KeepingCost>;
  /**
   * Instead of start(): on from a moment that was kept. When this rejects, the lab is off, and can be started; with KeptError when the
   * moment is to blame.
   *
   * @param listening resolves when those who are to be told what had happened before are there
   */
  continueFrom(record: KeptRecord, listening?: Promise<unknown>): Promise<void>;
  /** Starts one machine that is off or has failed; while the lab is frozen, it stands from its first moment on. */
  startMachine(name: string): Promise<void>;
  /** One machine back to its snapshot, while the others go on. */
  resetMachine(name: string): Promise<void>;
  /** Back to the snapshot: everything that the reader did in the machines is undone. */
  reset(): Promise<void>;
  dispose(): Promise<void>;
}
