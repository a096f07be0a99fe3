// What a build step is given: where the project lies, a way to be cancelled, and a way to tell how far it is.

import type { SharedCache } from './cache/shared-cache.ts';

export interface BuildStep {
  /** 0..1, and what is being done at the moment. */
  progress(fraction: number, detail?: string): void;
  /** The step is over; the note says e.g. "cached". */
  done(note?: string): void;
}

export interface BuildContext {
  /** Absolute path of the project. */
  readonly root: string;
  readonly signal: AbortSignal;
  /** What other checkouts have built; left out: everything is built here. */
  readonly cache?: SharedCache | undefined;
  step(name: string): BuildStep;
}
