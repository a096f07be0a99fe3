// What the process that builds and the one that serves say to each other, as JSON. Whoever builds holds hundreds of megabytes of
// machines, in an engine that does not give them back: they go when that process ends, and the server stays small.
import type { BuildStatus } from '../progress/build-report.ts';
import type { Step } from '../progress/progress.ts';

/** The first message, to the process that builds. */
export interface StartBuild {
  readonly root: string;
  /** Whether the site is built too, ahead of the labs. */
  readonly site: boolean;
  /** process.argv of the one that serves: what a person is told to run again as root. */
  readonly argv: readonly string[];
}

export type BuildMessage =
  /** For people: text that belongs to no step. */
  | { readonly kind: 'say'; readonly text: string }
  /** A step of the display that began, moved or ended. */
  | { readonly kind: 'step'; readonly index: number; readonly step: Step }
  | { readonly kind: 'site-ready' }
  | { readonly kind: 'lab'; readonly id: string; readonly status: BuildStatus }
  /** The last message. `failure`: what went wrong, for people. */
  | { readonly kind: 'end'; readonly failure: string | null };
