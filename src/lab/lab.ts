// A lab: machines, (later) the wires between them, and what their taps saw. The page, the CLI and the tests use this class.
import type { ReadonlySignal } from '@preact/signals-core';
import type { FreezeReason, Machine, MachineState, TapFrame, Unsubscribe } from '../machine/machine.ts';
import type { Graph } from '../topology/graph.ts';

/** One packet seen at one tap. */
export interface Hop extends TapFrame {
  /** 1, 2, 3 … in order of arrival in this run of the lab. */
  readonly n: number;
  readonly machine: string;
  /** Id of the device in the graph (graph.ts), "" if the device was gone before the kernel told of it. */
  readonly deviceId: string;
}

export interface HopBatch {
  readonly hops: readonly Hop[] /** missing since the last batch, at least: a guest's capture was cut off */;
  readonly lost: number;
}

export interface Lab {
  readonly id: string;
  readonly title: string;
  readonly machines: readonly Machine[];
  /** All machines together: failed if one is, loading while one loads (bytes added up), frozen, running or off. */
  readonly state: ReadonlySignal<MachineState>;
  readonly graph: ReadonlySignal<Graph>;
  onHops(listener: (batch: HopBatch) => void): Unsubscribe;
  start(): Promise<void>;
  freeze(reason?: FreezeReason): Promise<void>;
  thaw(): Promise<void>;
  /** Back to the snapshot: everything that the reader did in the machines is undone. */
  reset(): Promise<void>;
  dispose(): Promise<void>;
}
