// The way of each packet while it happens, for a picture that is to show it at once: a hop comes after the latest sighting of
// what is the same packet (hop/identity.ts) that it can have come from, by the taps' places, within a moment. Journeys, which
// are asked later, know more, conntrack's table among it: what is looked at is shown as they have it.
import { append } from '../basics/append.ts';
import type { Hop } from '../hop/hop.ts';
import { identityOf } from '../hop/identity.ts';
import type { Graph } from './graph.ts';
import { type Crossing, type Way, Ways } from './ways.ts';

export interface LiveWay extends Way {
  /** The hop of the same packet that this one comes after; 0 when it is the first that was seen of it. */
  readonly follows: number;
  /** The first hop seen of the same packet: equal for all hops of one packet. */
  readonly packet: number;
}

interface Seen {
  readonly hop: Hop;
  readonly packet: number;
}

/** Seconds between two sightings of one packet on one clock; a copy seen later is another packet that looks the same. */
const SAME_PACKET = 0.1;
/** The same where two clocks tell the time. */
const ANY_CLOCK = 5;
/** Sightings kept to compare with. */
const REMEMBERED = 4096;
/** Of equal ones, the latest: of a frame that goes round in a loop there are thousands. */
const MOST_EQUAL = 64;

export class LiveWays {
  readonly #ways = new Ways();
  #seen: Seen[] = [];
  #byKey = new Map<string, Seen[]>();

  /** Cheap when the graph is the one it has already. */
  setGraph(graph: Graph): void {
    this.#ways.setGraph(graph);
  }

  /** Another run of the lab: no packet of the last one is seen again. */
  clear(): void {
    this.#seen = [];
    this.#byKey = new Map();
  }

  /**
   * Hops in the order in which the tap handed them over. That order counts, not their times: what a bridge hands up to
   * its machine carries the time at which the port received it (the skb keeps its timestamp).
   */
  follow(hop: Hop): LiveWay {
    const found = this.#before(hop);
    const packet = found?.before.packet ?? hop.n;
    this.#remember({ hop, packet });
    const way = this.#ways.wayAlong(hop, found?.crossings ?? this.#ways.alone(hop));
    return { ...way, follows: found?.before.hop.n ?? 0, packet };
  }

  /** The way of a frame that a wire still holds: it is not followed, since it has not been seen yet. */
  standing(hop: Hop): Way {
    return this.#ways.wayAlong(hop, this.#before(hop)?.crossings ?? this.#ways.alone(hop));
  }

  /** Of a hop whose predecessor is known; null: it has none. */
  known(hop: Hop, before: Hop | null): Way {
    return this.#ways.of(hop, before);
  }

  #before(hop: Hop): { readonly before: Seen; readonly crossings: readonly Crossing[] } | undefined {
    const same = this.#byKey.get(identityOf(hop).key) ?? [];
    for (let i = same.length - 1; i >= Math.max(0, same.length - MOST_EQUAL); i--) {
      const before = same[i] as Seen;
      const most = before.hop.machine === hop.machine ? SAME_PACKET : ANY_CLOCK;
      if (Math.abs(hop.time - before.hop.time) > most) continue;
      const crossings = this.#ways.between(before.hop, hop);
      if (crossings !== null) return { before, crossings };
    }
    return undefined;
  }

  #remember(seen: Seen): void {
    this.#seen.push(seen);
    append(this.#byKey, identityOf(seen.hop).key, seen);
    // Half of them at a time: moving a long array up by one for every packet would cost more than all the rest.
    if (this.#seen.length > 2 * REMEMBERED) for (const old of this.#seen.splice(0, REMEMBERED)) this.#forget(old);
  }

  /** Lists are in order of arrival, so the oldest sighting is always the first of its list. */
  #forget({ hop }: Seen): void {
    const { key } = identityOf(hop);
    const list = this.#byKey.get(key);
    list?.shift();
    if (list?.length === 0) this.#byKey.delete(key);
  }
}
