// Whether a machine's kernel would have told of it: from when to when it told of every drop, and where words are missing.
import type { GapEvidence, WatchEvidence } from './drop.ts';

/** Seconds in which a kernel that has taken a packet in drops it, if it does: it may be in a queue, or wait for its other fragments. */
const DECIDED = 0.2;

export class Watches {
  readonly #watches: WatchEvidence[] = [];
  readonly #gaps: GapEvidence[] = [];

  watch(evidence: WatchEvidence): void {
    // Told of again and again while it lasts: the latest word counts.
    const same = this.#watches.findIndex(({ machine, from }) => machine === evidence.machine && from === evidence.from);
    if (same < 0) this.#watches.push(evidence);
    else if (evidence.until > (this.#watches[same]?.until ?? -Infinity)) this.#watches[same] = evidence;
  }

  gap(evidence: GapEvidence): void {
    this.#gaps.push(evidence);
  }

  /** True when every drop on a machine shortly after `time` has been told of. */
  isComplete(machine: string, time: number): boolean {
    const until = time + DECIDED;
    return (
      this.#watches.some((watch) => watch.machine === machine && watch.from <= time && watch.until >= until) &&
      !this.#gaps.some((gap) => gap.machine === machine && gap.from <= until && gap.until >= time)
    );
  }
}
