// How a command block of the prose asks the lab on the same page to type a command. A DOM event, so that neither needs
// to know the other: on a page without a lab nothing answers.
export const commandEvent = 'lockstep:command';

/** Something that the reader can do about a command that waits. */
export interface CommandChoice {
  readonly label: string;
  choose(): void;
}

/** What becomes of a command, for the reader who pressed Run: one report after the other. */
export type CommandReport =
  /** It is not typed yet. `words`: what it waits for. */
  | { readonly kind: 'queued'; readonly words: string; readonly choices: readonly CommandChoice[] }
  /** It runs. `seconds`: for how long, without the time in which the lab stood; `standing`: it stands now. */
  | { readonly kind: 'running'; readonly seconds: number; readonly standing: boolean; readonly place: TypedPlace }
  /** `status`: null when the shell did not say. */
  | {
      readonly kind: 'ended';
      readonly status: number | null;
      readonly seconds: number;
      readonly place: TypedPlace;
    }
  /** It was typed, and what becomes of it cannot be seen. */
  | { readonly kind: 'sent'; readonly words: string; readonly place: TypedPlace }
  /** It was not typed, or not known to have ended. `words`: why. */
  | { readonly kind: 'failed'; readonly words: string }
  /** The reader took it back before it was typed. */
  | { readonly kind: 'cancelled' }
  /** The lab is another one now: what was said of it before is void. */
  | { readonly kind: 'cleared' };

/** Where it was typed. */
export interface TypedPlace {
  /** "host-01 · 1" */
  readonly terminal: string;
  /** What the reader should know of how it was typed, a sentence; "" when nothing. */
  readonly remark: string;
  /** Brings the terminal to the front, and the command with its output into sight. */
  show(): void;
}

export interface CommandRequest {
  readonly machine: string;
  /** One command, or several lines of them. */
  readonly command: string;
  /** Which of the machine's terminals; the first, if not said. */
  readonly terminal?: number;
  report(report: CommandReport): void;
}

declare global {
  interface DocumentEventMap {
    [commandEvent]: CustomEvent<CommandRequest>;
  }
}
