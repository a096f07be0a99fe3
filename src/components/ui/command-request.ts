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
      /** null: it was not watched. */
      readonly seconds: number | null;
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

/** The lab tells of a command that nobody pressed Run for: typed by hand, or in a lab that goes on from where it was. */
export const commandSeenEvent = 'lockstep:command-seen';

export interface CommandSeen {
  readonly machine: string;
  /** Whether it is this command of the prose. */
  isOf(command: string): boolean;
  /** The block that it is of takes it (and prevents the event's default): this, and whatever is to be said of it later. */
  take(report: (report: CommandReport) => void): void;
}

declare global {
  interface DocumentEventMap {
    [commandSeenEvent]: CustomEvent<CommandSeen>;
    [commandEvent]: CustomEvent<CommandRequest>;
  }
}
