// What stitching gives: the way of one packet, hop by hop, and how it ended.

import type { Hop } from '../hop/hop.ts';
import { dissect } from '../packet/dissect.ts';
import type { Layer } from '../packet/layer.ts';
import { type Change, changesBetween } from './changes.ts';
import type { RuleEvidence } from './evidence/rules.ts';

/** 'unknown': nothing shows that it arrived, and nothing that it was dropped. */
export type JourneyEnd = 'delivered' | 'dropped' | 'unknown';

/**
 * How surely something is said. 'seen': by evidence that names this very packet. 'inferred': from evidence that does not, said with it.
 * 'unknown': not said.
 */
export type Grade = 'seen' | 'inferred' | 'unknown';

export interface Journey {
  /** The id of its first hop. */
  readonly id: number;
  /** In one line, as it was first seen: "172.17.0.3 → 172.17.0.2 ICMP Echo (ping) request …". */
  readonly summary: string;
  /** Each after the one that it follows. */
  readonly hops: readonly JourneyHop[];
  /** Its ways through the hooks of the machines that traced it: machine by machine, as it went. */
  readonly rules: readonly RuleEvidence[];
  readonly end: JourneyEnd;
  /** How surely that is known. */
  readonly grade: Grade;
  /** What the end was, in words; that nothing shows it, if so. */
  readonly why: string;
  /** What shows it, a sentence each. */
  readonly from: readonly string[];
  /** The place with its destination's address that it was seen to reach, "host-01/eth0": what became of it there, `end` says. */
  readonly reached: string | null;
  /** The packet was sent or seen before. */
  readonly repeats: Repeat | null;
  /** Several hops follow one: to how many at once, and whether for want of an address. */
  readonly fork: 'broadcast' | 'multicast' | 'unknown unicast' | 'fork' | null;
  readonly parts: Parts | null;
  /** The journey of its answer: echo reply, ARP reply, acknowledgment of exactly these bytes. */
  readonly answeredBy: number | null;
  /** Of an ICMP error: the journey of the packet that it is about. */
  readonly about: number | null;
  /** What cannot be told for sure, in sentences. */
  readonly notes: readonly string[];
}

export interface Repeat {
  /**
   * 'retransmission': TCP sent these bytes again. 'repeat': the same again in all that was captured, sent again or doubled. 'duplicate':
   * the same packet twice, from some place on.
   */
  readonly kind: 'retransmission' | 'repeat' | 'duplicate';
  /** The journey that was first. */
  readonly of: number;
}

/** A packet that was cut up, or put together: IP fragments, or TCP segments that were one large packet inside a machine. */
export interface Parts {
  readonly kind: 'fragments' | 'segments';
  /** The journey of the packet in one piece; null when it was not seen. */
  readonly whole: number | null;
  /** The journeys of the pieces that it was put together from, in order of their place. */
  readonly from: readonly number[];
  /** Of those that it was cut into. */
  readonly into: readonly number[];
}

export class JourneyHop {
  readonly hop: Hop;
  /** "host-01/docker0", "host-01/web/eth0", "wire/lan" */
  readonly at: string;
  /** Seconds since the epoch, all clocks set by one (clocks.ts), and never before the hop that this one follows. */
  readonly time: number;
  /** Index of the hop that this one follows; −1 for where the packet was first seen. */
  readonly after: number;
  readonly #before: Hop | null;
  readonly #nat: string | null;
  #changes: readonly Change[] | null = null;

  constructor(hop: Hop, at: string, time: number, after: number, before: Hop | null, nat: string | null) {
    this.hop = hop;
    this.at = at;
    this.time = time;
    this.after = after;
    this.#before = before;
    this.#nat = nat;
  }

  /** From the outside in. Decoded anew at each call. */
  get layers(): Layer[] {
    return layersOf(this.hop);
  }

  /** Against the hop that it follows; worked out when somebody looks. */
  get changes(): readonly Change[] {
    this.#changes ??=
      this.#before === null ? [] : changesBetween(layersOf(this.#before), this.layers, { nat: this.#nat });
    return this.#changes;
  }
}

export const layersOf = (hop: Hop): Layer[] => dissect(hop.bytes, hop.linkType, hop.originalLength);
