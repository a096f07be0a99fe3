// Which packet the kernel's "dropped" is about: it says when, on which machine, and which protocol. That is the packet which a tap
// of that machine saw last before, if it was a moment before.

import { compareSightings, type Sighting } from '../sighting.ts';
import type { Store } from '../store.ts';
import type { KernelEvidence } from './evidence.ts';

/** Seconds from a tap to a rule that drops: half a millisecond on an emulated processor, more when it was interrupted. */
const FOLLOWS = 0.005;
/** Drops kept of a machine. */
const MOST = 5000;

export class DropTimes {
  /** By machine, in order of time. */
  readonly #drops = new Map<string, KernelEvidence[]>();
  /** By machine, all that its taps saw, in order of time. */
  readonly #seen = new Map<string, readonly Sighting[]>();

  add(drop: KernelEvidence): void {
    const drops = this.#drops.get(drop.machine) ?? [];
    this.#drops.set(drop.machine, drops);
    drops.splice(
      firstWhere(drops, ({ time }) => time > drop.time),
      0,
      drop,
    );
    if (drops.length > MOST) drops.shift();
  }

  /** More has been seen. */
  forget(): void {
    this.#seen.clear();
  }

  /** The first drop after this sighting, if nothing else was seen on the machine in between; `later` in seconds. */
  after(sighting: Sighting, store: Store): { readonly drop: KernelEvidence; readonly later: number } | null {
    const { hop, identity } = sighting;
    const drops = this.#drops.get(hop.machine) ?? [];
    const drop = drops[firstWhere(drops, ({ time }) => time >= hop.time)];
    if (drop === undefined || drop.time - hop.time > FOLLOWS || isIp(drop.protocol) !== identity.ttl >= 0) return null;
    const seen = this.#seenOn(hop.machine, store);
    const last = seen[firstWhere(seen, (one) => one.hop.time > drop.time) - 1];
    return last === sighting ? { drop, later: drop.time - hop.time } : null;
  }

  #seenOn(machine: string, store: Store): readonly Sighting[] {
    let seen = this.#seen.get(machine);
    if (seen === undefined) {
      const all = [...store.buckets.values()].flatMap(({ sightings }) => sightings);
      seen = all.filter(({ hop }) => hop.machine === machine).sort(compareSightings);
      this.#seen.set(machine, seen);
    }
    return seen;
  }
}

const isIp = (etherType: number): boolean => etherType === 0x0800 || etherType === 0x86dd;

/** Index of the first for which it is so, in a list in which it is so for all that follow; its length when for none. */
function firstWhere<T>(list: readonly T[], isSo: (item: T) => boolean): number {
  let low = 0;
  for (let high = list.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (isSo(list[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
