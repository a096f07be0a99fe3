// How a command block of the prose asks the lab on the same page to type a command. A DOM event, so that neither needs
// to know the other: on a page without a lab nothing answers.
export const commandEvent = 'lockstep:command';

/** What became of a command, for the reader who pressed Run. */
export interface CommandReport {
  /** "queued": it is typed as soon as the lab can take it. */
  readonly kind: 'queued' | 'sent' | 'failed';
  /** A sentence: what it waits for, where it was typed, or why it was not. */
  readonly words: string;
}

export interface CommandRequest {
  readonly machine: string;
  /** One command, or several lines of them. */
  readonly command: string;
  report(report: CommandReport): void;
}

declare global {
  interface DocumentEventMap {
    [commandEvent]: CustomEvent<CommandRequest>;
  }
}
