// What makes machines of one kind. src/lab/drivers.ts finds it by the name that a lab's manifest says.
import type { Machine } from './machine.ts';

/** A part of a machine that is downloaded: a file named by its hash. */
export interface Download {
  readonly hash: string;
  /** Bytes on the way, compressed. */
  readonly size: number;
}

/** One machine of a lab's manifest. */
export interface MachinePlan {
  readonly name: string;
  /** The driver's name: "v86". */
  readonly driver: string;
  /** What it needs before it runs. What it reads later, if it reads on, is the driver's own affair. */
  readonly download: readonly Download[];
  /** What only the driver understands, and checks. */
  readonly setup: unknown;
}

/** Where a machine is made. */
export interface MachinePlace {
  /** URL or folder that what is downloaded lies under. */
  readonly base: string;
  /** The lab that it is for. */
  readonly lab: string;
}

export interface Driver {
  /** Gets what all its machines need, when that is worth doing early; a failure shows when a machine is started. */
  prepare?(): void;
  /** A machine that is off. Throws an Error that names the key of `setup` that is wrong, and what was expected. */
  create(plan: MachinePlan, place: MachinePlace): Machine;
}
