// A hop together with what was worked out from its bytes, and whether one sighting of a packet can come after another.

import { type Hop, placeOf, WIRE } from '../hop/hop.ts';
import { type Identity, identityOf } from '../hop/identity.ts';
import type { Places } from './topology.ts';

export interface Sighting {
  readonly hop: Hop;
  readonly place: string;
  readonly identity: Identity;
  /**
   * The same packet has each of these once: where, which way, and what hops may change. Not its addresses: with others, at the same place
   * with the same TTL, it is another one, of a connection that NAT gave another port.
   */
  readonly track: string;
}

export function sighting(hop: Hop): Sighting {
  const identity = identityOf(hop);
  const place = placeOf(hop);
  return { hop, place, identity, track: `${place} ${hop.direction} ${identity.form}` };
}

/** An order that depends on nothing but what was seen. At one moment of one clock, hops are numbered as they were captured. */
export function compareSightings(a: Sighting, b: Sighting): number {
  return a.hop.time - b.hop.time || a.hop.n - b.hop.n;
}

/** What no way leads to. */
export const NEVER = Infinity;
/** What the topology does not know, or does not allow, is worse than any way that it does. */
const UNKNOWN_WAY = 20;

/** Of a succession: 0, a way is known that leads there; 1, one of the places is not known; 2, both are, and no way leads there. */
export const unknownIn = (steps: number): number => Math.floor(steps / UNKNOWN_WAY);

/**
 * How well `after` follows `before` as sightings of one packet: the number of steps between them where the topology knows
 * both; more where only directions and headers speak for it; NEVER where the packet would have to go backwards.
 */
export function succession(before: Sighting, after: Sighting, places: Places): number {
  const a = before.identity;
  const b = after.identity;
  const routed = a.ttl - b.ttl;
  if (routed < 0) return NEVER;
  const depth = b.depth - a.depth;
  if (places.knows(before.place) && places.knows(after.place)) {
    const budget = routed + (depth === 0 ? Math.max(0, a.outerTtl - b.outerTtl) : 0);
    let best = Infinity;
    for (const fromOut of directions(before)) {
      for (const toOut of directions(after))
        best = Math.min(best, places.steps(before.place, fromOut, after.place, toOut, budget, depth));
    }
    if (best !== Infinity) return best;
    return 2 * UNKNOWN_WAY + plausible(before, after);
  }
  return UNKNOWN_WAY + plausible(before, after);
}

/** False where both places are known, and no way leads from the one to the other: no packet was seen at both, one after the other. */
export const mayFollow = (before: Sighting, after: Sighting, places: Places): boolean =>
  unknownIn(succession(before, after, places)) < 2 && (places.knows(before.place) || !isSentBack(before, after));

/** In at the device that it left through, unchanged: only loopback does that, and a switch or a router that sends back what it got. */
const isSentBack = ({ place, hop, identity }: Sighting, after: Sighting): boolean =>
  place === after.place &&
  hop.direction === 'out' &&
  after.hop.direction === 'in' &&
  identity.ttl === after.identity.ttl &&
  hop.device !== '' &&
  !isLoopback(hop.device);

/** Linux: lo; macOS and the BSDs: lo0. */
const isLoopback = (device: string): boolean => /^lo\d*$/.test(device);

const directions = ({ hop }: Sighting): readonly boolean[] =>
  hop.direction === 'unknown' ? [false, true] : [hop.direction === 'out'];

/** Without a topology. On one machine a packet comes in before it goes out; between machines it leaves before it comes in. */
function plausible(before: Sighting, after: Sighting): number {
  const a = before.hop;
  const b = after.hop;
  const same = before.identity.form === after.identity.form && before.identity.tuple === after.identity.tuple;
  if (a.machine !== b.machine) {
    if (a.machine === WIRE || b.machine === WIRE) {
      const fits = a.machine === WIRE ? b.direction !== 'out' : a.direction !== 'in';
      return (fits ? 0 : 12) + (same ? 0 : 8);
    }
    // What crosses in a tunnel is still in it when it leaves.
    const form = before.identity.depth > after.identity.depth ? 1 : same ? 2 : 8;
    return (a.direction === 'in' ? 6 : 0) + (b.direction === 'out' ? 6 : 0) + form;
  }
  if (a.machine === WIRE) return a.direction === 'in' && b.direction === 'out' ? 0 : 4;
  const between = (a.namespace ?? '') !== (b.namespace ?? '');
  if (between) return (a.direction === 'in' ? 3 : 0) + (b.direction === 'out' ? 3 : 0) + (same ? 0 : 3);
  if (a.direction === 'unknown' || b.direction === 'unknown') return 3;
  if (a.direction === 'out') {
    if (b.direction === 'in') return a.device === b.device ? 0 : 10;
    return same ? 2 : changesOnce(before, after) ? 0 : 4;
  }
  if (b.direction === 'in') return same ? 0 : changesOnce(before, after) ? 0 : 4;
  // A routed packet leaves once; what leaves after it, just the same, is the port of a bridge.
  return same ? 1 : changesOnce(before, after) ? 3 : 4;
}

/** Routed, or put into a tunnel, but not both: whoever does both shows the packet in between. */
function changesOnce({ identity: a }: Sighting, { identity: b }: Sighting): boolean {
  return (a.depth === b.depth) !== (a.ttl === b.ttl) || (a.depth === b.depth && a.tuple !== b.tuple);
}
