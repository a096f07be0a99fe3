// What makes machines of one kind. A driver is a folder beside this file, and an object that is a Driver; the tables in src/lab/
// say under which name a lab's manifest calls for it. To add one: CONTRIBUTING.md.
import type { LabTime } from '../wire/lab-time.ts';
import type { Download } from './download.ts';
import type { Machine } from './machine.ts';

/** One machine, as a lab's manifest (lab/manifest.ts) has it. */
export interface MachinePlan {
  readonly name: string;
  /** Which driver makes it: a name in the tables of src/lab/. */
  readonly driver: string;
  /** What must be had before it runs. */
  readonly download: readonly Download[];
  /** The driver's own, and checked by it: it came from a server, as everything here. */
  readonly setup: unknown;
}

/** Where a machine is going to be. */
export interface MachinePlace {
  /** URL, with "/" at its end, or folder that the downloads lie under. */
  readonly base: string;
  /** That of the lab: what its machines are told as their time of day. */
  readonly time: LabTime;
  /** The lab that it is part of, and what all machines of that are called: what is kept for them is kept under these names. */
  readonly lab: { readonly id: string; readonly machines: readonly string[] };
  /** The folder for moments of the lab that outlive the page; left out: there is none. */
  readonly keep?: string;
}

export interface Driver {
  /**
   * Begins with what each of its machines needs, before it is known which machines there are. Asked more than once, it costs nothing.
   * What goes wrong here is told by the machine that needs it, when it starts.
   */
  prepare?(): void;
  /** A machine that is off. Throws ManifestError when its setup cannot be understood. */
  create(plan: MachinePlan, place: MachinePlace): Machine;
}

/** A lab's manifest says what this page, or this checkout, does not understand: its message says what, and what to do. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';

  /** @param what went wrong, as a sentence without its stop: "The lab x is described in format 2, and …" */
  constructor(what: string) {
    super(`${what}. Reload the page; if that does not help, build the lab again (npm run build).`);
  }
}
