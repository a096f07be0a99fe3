// Where packets were seen lately, by the numbers that make two sightings one packet (packet-fingerprint.ts).
import type { Hop } from '../hop/hop.ts';
import type { Fingerprint } from './packet-fingerprint.ts';

export interface Sighting {
  readonly n: number;
  readonly packet: number;
  readonly time: number;
  readonly machine: string;
  readonly deviceId: string;
  /** Where the lines began that it showed. */
  readonly from: string | undefined;
  readonly direction: Hop['direction'];
  readonly print: Fingerprint;
}

/** Sightings kept to compare with. */
const REMEMBERED = 4096;

const KINDS = ['bridged', 'routed', 'any', 'inner'] as const;

export class Sightings {
  readonly #seen: Sighting[] = [];
  readonly #by = new Map(KINDS.map((kind) => [kind, new Map<number, Sighting[]>()]));

  remember(sighting: Sighting): void {
    this.#seen.push(sighting);
    for (const [kind, index] of this.#by) {
      const key = sighting.print[kind];
      if (key === 0) continue;
      const list = index.get(key);
      if (list === undefined) index.set(key, [sighting]);
      else list.push(sighting);
    }
    // Half of them at a time: moving a long array up by one for every packet would cost more than all the rest.
    if (this.#seen.length > 2 * REMEMBERED) for (const old of this.#seen.splice(0, REMEMBERED)) this.#forget(old);
  }

  /** The last one whose number of this kind is `key`, and that fits. */
  last(kind: keyof Fingerprint, key: number, fits: (seen: Sighting) => boolean): Sighting | undefined {
    return key === 0 ? undefined : this.#by.get(kind)?.get(key)?.findLast(fits);
  }

  /** Lists are in order of arrival, so the oldest sighting is always the first of its list. */
  #forget({ print }: Sighting): void {
    for (const [kind, index] of this.#by) {
      const list = index.get(print[kind]);
      list?.shift();
      if (list?.length === 0) index.delete(print[kind]);
    }
  }
}
