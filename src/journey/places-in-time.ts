// What is known of the devices at each time: an address that is one container's now may have been another's when a packet came.
import type { Sighting } from './sighting.ts';
import { Places, type Topology } from './topology.ts';

/** What was so before, until then. */
export interface PastTopology {
  /** Seconds, by the clock of the hops. */
  readonly until: number;
  readonly topology: Topology;
}

/** Seconds within which a kernel's report tells of a device: its first packets may come before. */
const TOLD_WITHIN = 3;
/** The same of one that is late, as on a slow computer: what was known earlier, or later than that, says nothing of a packet. */
const TOLD_AT_LAST = 15;

interface Era {
  /** Infinity: it is so now. */
  readonly until: number;
  readonly topology: Topology;
  readonly places: Places;
}

export class PlacesInTime {
  #eras: readonly Era[] = [eraOf(Infinity, { devices: [] })];

  /**
   * Takes the place of all that was known before.
   *
   * @param past in any order
   * @returns seconds: of what was before, nothing else is known than was; Infinity when that is so of everything
   */
  set(topology: Topology, past: readonly PastTopology[] = []): number {
    const known = new Map(this.#eras.map((era) => [era.topology, era.places]));
    const before = this.#eras;
    this.#eras = [...past].sort((a, b) => a.until - b.until).map((era) => eraOf(era.until, era.topology, known));
    this.#eras = [...this.#eras, eraOf(Infinity, topology, known)];
    let since = -Infinity;
    for (const [index, era] of this.#eras.entries()) {
      const was = before[index];
      if (was?.topology !== era.topology) break;
      since = Math.min(was.until, era.until);
      if (was.until !== era.until) break;
    }
    return since - TOLD_AT_LAST;
  }

  /** What was known then, or, where the report came so late that it did not know these places, a moment later or before. */
  at(time: number, ...places: readonly string[]): Places {
    const eras = this.#eras;
    const last = eras.length - 1;
    let index = last;
    while (index > 0 && (eras[index - 1]?.until ?? 0) - TOLD_WITHIN > time) index--;
    const era = eras[index] as Era;
    if (last === 0) return era.places;
    const knowsAll = (one: Era | undefined): one is Era =>
      one !== undefined && places.every((place) => one.places.knows(place));
    const before = time - (eras[index - 1]?.until ?? 0) <= TOLD_AT_LAST ? eras[index - 1] : undefined;
    const after = era.until - time <= TOLD_AT_LAST ? eras[index + 1] : undefined;
    return ([era, before, after].find(knowsAll) ?? era).places;
  }

  /** For what was seen there: all of one packet. */
  of(sightings: readonly Sighting[]): Places {
    if (this.#eras.length === 1) return this.at(0);
    const first = sightings.reduce((least, { hop }) => Math.min(least, hop.time), Infinity);
    return this.at(first, ...new Set(sightings.map(({ place }) => place)));
  }
}

function eraOf(until: number, topology: Topology, known?: ReadonlyMap<Topology, Places>): Era {
  return { until, topology, places: known?.get(topology) ?? new Places(topology) };
}
