// What a command block says of its command, in words.
import { durationWords, plural } from '../ui/words.ts';

/** "0.4 s", "12 s", "1 min 05 s" */
export const secondsWords = (seconds: number): string =>
  seconds < 9.95 ? `${seconds.toFixed(1)} s` : durationWords(seconds);

export interface Ended {
  /** null: the shell did not say. */
  readonly status: number | null;
  /** null: nobody watched it. */
  readonly seconds: number | null;
  /** The status that the text promises. */
  readonly promised: number;
  /** An exercise: nothing is promised of it. */
  readonly free: boolean;
  /** How many commands before this one have not been run from the page in this lab. */
  readonly missing: number;
}

export const isAsPromised = ({ status, promised, free }: Pick<Ended, 'status' | 'promised' | 'free'>): boolean =>
  free || status === null || status === promised;

/** "Done ✓ 3.2 s", or "Failed ✗ status 1" and what to do. */
export function endedWords(ended: Ended): string {
  const { status, seconds, promised, free } = ended;
  if (isAsPromised(ended)) {
    const as =
      status === null || status === 0 ? '' : free ? `, status ${status}` : `, status ${status} as it should be`;
    return seconds === null ? `Done ✓${as.replace(',', '')}` : `Done ✓ ${secondsWords(seconds)}${as}`;
  }
  const what = promised === 0 ? `status ${status}` : `status ${status} where the text expects ${promised}`;
  return `Failed ✗ ${what}. ${advice(ended)}`;
}

function advice({ status, missing }: Ended): string {
  if (status === 130) return 'Ctrl-C ended it: run it again.';
  if (missing > 0)
    return `${plural(missing, 'command')} before it ${missing === 1 ? 'was' : 'were'} not run from this page: it may need ${missing === 1 ? 'that' : 'them'}.`;
  if (status === 127) return 'The shell knows no such program: look at the terminal.';
  return 'The terminal says why. If the lab is not as the text says, Reset it and go on from the first command.';
}
