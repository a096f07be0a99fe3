// Whether a machine's kernel would have told of it: from when to when it told of every drop, and where words are missing.
import { type Stretch, Stretches } from '../stretches.ts';
import type { WatchEvidence } from './drop.ts';

/** Seconds in which a kernel that has taken a packet in drops it, if it does: it may be in a queue, or wait for its other fragments. */
export const DECIDED = 0.2;
/** Of a machine; what is forgotten is not known. */
const MOST_WATCHES = 1000;

export class Watches {
  /** By machine and beginning: when it was last said to last. */
  readonly #watches = new Map<string, Map<number, number>>();
  readonly #gaps = new Stretches();

  /** Told of again and again while it lasts: the latest word counts. */
  watch({ machine, from, until }: WatchEvidence): void {
    const watches = this.#watches.get(machine) ?? new Map<number, number>();
    this.#watches.set(machine, watches);
    watches.set(from, Math.max(until, watches.get(from) ?? -Infinity));
    const [oldest] = watches.keys();
    if (watches.size > MOST_WATCHES && oldest !== undefined) watches.delete(oldest);
  }

  gap(gap: Stretch): void {
    this.#gaps.add(gap);
  }

  /** True when every drop on a machine shortly after `time` has been told of. */
  isComplete(machine: string, time: number): boolean {
    const until = time + DECIDED;
    const isWatched = [...(this.#watches.get(machine) ?? [])].some(([from, to]) => from <= time && to >= until);
    return isWatched && !this.#gaps.overlaps(machine, time, until);
  }
}
