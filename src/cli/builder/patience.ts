// How long the build waits for a machine before it gives up. A limit of so many seconds, set on one computer, is too short on a
// slow one, or on one that has other work: so the seconds that count are those in which this computer got as much done as the one
// on which the limits were set. While something is waited for, a fixed piece of work is done now and then and its time is taken.

import { reference, rounds, yardstickModule } from '../bench/yardstick.ts';

/**
 * How much of the yardstick's work is done each time. It takes longer than a turn that the system gives to one of several busy
 * threads, so that their share shows, and 1 % of the time.
 */
const part = 1 / 16;
const every = 3000;
/** ms on the computer on which the limits were set. */
const expected = reference.node * 1000 * part;

let yardstick: ((rounds: number) => number) | undefined;

/** Does the work; ms that it took. */
export function measureWork(): number {
  yardstick ??= new WebAssembly.Instance(new WebAssembly.Module(yardstickModule())).exports['run'] as typeof yardstick;
  const started = performance.now();
  yardstick?.(rounds * part);
  return performance.now() - started;
}

export interface Patience {
  /** On a computer as quick as the one on which limits are set; on a quicker one it is as much. */
  readonly seconds: number;
  /** What is said when it ends. */
  readonly words: string;
  readonly signal: AbortSignal;
  /** ms that the work takes now; for tests. */
  readonly measure?: () => number;
  /** ms between two measurements; for tests. */
  readonly every?: number;
}

/** Runs `work` with a signal that is aborted when patience ends, with an error that says so, or when the caller's signal is. */
export async function withPatience<T>(
  { seconds, words, signal, measure = measureWork, every: period = every }: Patience,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  let left = seconds * 1000;
  let since = performance.now();
  const timer = setInterval(() => {
    const share = Math.min(1, expected / measure());
    const now = performance.now();
    left -= (now - since) * share;
    since = now;
    if (left <= 0) ended.abort(new Error(words));
  }, period);
  try {
    return await work(AbortSignal.any([signal, ended.signal]));
  } finally {
    clearInterval(timer);
  }
}
