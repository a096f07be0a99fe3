// How a command block of the prose asks the lab on the same page to type a command. A DOM event, so that neither needs
// to know the other: a page without a lab simply has nobody who answers.
export const runEvent = 'lockstep:run';

export type RunReport =
  /** `words`: what it waits for. */
  | { readonly kind: 'queued'; readonly words: string }
  | { readonly kind: 'sent'; readonly words: string }
  | { readonly kind: 'failed'; readonly words: string };

export interface RunRequest {
  readonly machine: string;
  /** One command, or several lines of them. */
  readonly command: string;
  report(report: RunReport): void;
}

declare global {
  interface DocumentEventMap {
    [runEvent]: CustomEvent<RunRequest>;
  }
}
