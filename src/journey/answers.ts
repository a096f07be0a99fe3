// Which packet answers which: an echo reply, an ARP reply, a TCP acknowledgment. An answer says that what it answers has arrived, so
// it has to be that packet's: of several that may be answered by it, the one that the answering machine had seen and not answered yet.

import { firstIndex } from '../basics/first-index.ts';
import { inverseKey } from '../hop/tuple.ts';
import { earliestAt, LATEST, pairUp } from './exchange.ts';
import { errorsAbout } from './relations.ts';
import { SentBytes } from './sent-bytes.ts';
import { type BucketIndex, byTime, exchangeName, type Packet, type Store } from './store.ts';
import { WAIT_FOR_NEIGHBOUR } from './waits.ts';

/** Connections with the same ports, one after the other, beyond which it is not told whose an acknowledgment is. */
const MOST_BEGINNINGS = 256;
/** Acknowledgments that are looked at for one that covers a segment: a window's worth. */
const MOST_LOOKED_AT = 512;

export class Answers {
  readonly #store: Store;
  readonly #exchanges = new Map<string, ReadonlyMap<Packet, Packet>>();
  readonly #acknowledgments = new Map<string, readonly Packet[]>();
  readonly #sent = new Map<string, SentBytes>();
  readonly #beginnings = new Map<string, ReadonlyMap<number, number>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The answer to a packet; null when there is none, or nothing says that it answers this one. */
  to(packet: Packet): Packet | null {
    const { asks, tcp } = packet.identity;
    if (asks === '') return null;
    if (tcp !== null) return this.#acknowledgmentOf(packet);
    const name = `${asks}|${this.#rootOf(packet.identity.tuple)}`;
    let pairs = this.#exchanges.get(name);
    if (pairs === undefined) {
      pairs = this.#pair(packet);
      this.#exchanges.set(name, pairs);
    }
    return pairs.get(packet) ?? null;
  }

  /** Questions in the same words, and answers to them. */
  #pair(one: Packet): ReadonlyMap<Packet, Packet> {
    const { asks, tuple } = one.identity;
    const { world } = this.#store;
    const isArp = asks.startsWith('arp ');
    const back = isArp ? '' : inverseKey(tuple);
    const all = (index: BucketIndex, ends: string): Packet[] => {
      const found = isArp
        ? index.packets(asks, world)
        : world.nat.members(ends).flatMap((member) => index.packetsOf(exchangeName(asks, member), member, world));
      return [...new Set(found)];
    };
    const isAnswer = (answer: Packet, question: Packet): boolean => isArp || this.#isAnswer(answer, question);
    return pairUp(all(this.#store.asks, tuple), all(this.#store.answers, back), this.#store, isAnswer);
  }

  /** An acknowledgment of all its bytes (RFC 9293 section 3.4), unless they were sent more than once and it does not say which. */
  #acknowledgmentOf(packet: Packet): Packet | null {
    const { tcp, tuple, stamps } = packet.identity;
    if (tcp === null || packet.copy.missed !== '') return null;
    const end = (tcp.sequence + tcp.length) >>> 0;
    const all = this.#acknowledging(inverseKey(tuple));
    const beginnings = this.#beginningsOf(tuple);
    if (beginnings.size > MOST_BEGINNINGS) return null;
    let at = firstAfter(all, packet);
    const stop = at + MOST_LOOKED_AT;
    for (; at < all.length && at < stop; at++) {
      const answer = all[at] as Packet;
      if (answer.time - packet.time > LATEST) return null;
      const beyond = ((answer.identity.tcp?.acknowledgment ?? 0) - end) | 0;
      if (beyond < 0 || (beyond > 0 && answersOne(answer)) || !this.#isAnswer(answer, packet)) continue;
      // With the same ports another connection has begun since: its acknowledgments are not of what was before it.
      for (const [sequence, time] of beginnings)
        if (((sequence - end) | 0) >= 0 && beyond > ((sequence - end) | 0) && time <= answer.time) return null;
      const others = this.#sentAgain(packet, answer);
      if (others === null) return null;
      // Sent again, or before, when the tap that sees its sender lost packets, it would not be known of.
      const { machine, time } = packet.first.hop;
      const { missed } = this.#store.world;
      if (others.length === 0 && !missed.overlaps(machine, time - WAIT_FOR_NEIGHBOUR, time + answer.time - packet.time))
        return answer;
      // RFC 7323 section 4: the echo is of the segment that moved the acknowledgment on.
      const echo = answer.identity.stamps?.echo;
      const named = echo !== undefined && echo === stamps?.value;
      return named && others.every(({ identity }) => identity.stamps?.value !== echo) ? answer : null;
    }
    return null;
  }

  /** Of the conversation that the question was of: ends that NAT has given to somebody else since are another one's. */
  #isAnswer(answer: Packet, question: Packet): boolean {
    const { nat, clocks } = this.#store.world;
    const asked = [...new Set(question.sightings.map(({ identity }) => identity.tuple))];
    const at = (machine: string): number => answer.time - clocks.offset(machine);
    return [...new Set(answer.sightings.map(({ identity }) => inverseKey(identity.tuple)))].every((tuple) =>
      asked.some((one) => nat.connectedAt(one, tuple, at)),
    );
  }

  /** With which sequence numbers connections between the two have begun, and when each did first. */
  #beginningsOf(tuple: string): ReadonlyMap<number, number> {
    const root = this.#rootOf(tuple);
    let found = this.#beginnings.get(root);
    if (found === undefined) {
      const { world, beginnings } = this.#store;
      const first = new Map<number, number>();
      for (const packet of world.nat.members(tuple).flatMap((member) => beginnings.packetsOf(member, member, world))) {
        const { tcp } = packet.identity;
        if (tcp !== null) first.set(tcp.sequence, Math.min(packet.time, first.get(tcp.sequence) ?? Infinity));
      }
      found = first;
      this.#beginnings.set(root, found);
    }
    return found;
  }

  /** Who talks so, in order of time. */
  #acknowledging(tuple: string): readonly Packet[] {
    const root = this.#rootOf(tuple);
    let all = this.#acknowledgments.get(root);
    if (all === undefined) {
      const { world, acknowledging } = this.#store;
      const packets = world.nat.members(tuple).flatMap((member) => acknowledging.packetsOf(member, member, world));
      all = [...new Set(packets)].sort(byTime);
      this.#acknowledgments.set(root, all);
    }
    return all;
  }

  /**
   * Other packets with some of the same bytes, sent before the answer: not the same one before or after it was cut into segments, which
   * is never where the other one is. null: too many to say.
   */
  #sentAgain(packet: Packet, answer: Packet): readonly Packet[] | null {
    const { tcp } = packet.identity;
    const others = tcp === null ? [] : this.#sentBy(packet.identity.tuple).like(packet);
    if (others === null) return null;
    const { hop } = answer.first;
    return others.filter(
      (other) =>
        earliestAt(hop.machine, other, this.#store.world) <= hop.time &&
        // It may be this one further on; who was seen sending it is another.
        !(packet.copy.isTornAfter && other.copy.isTornBefore && other.copy.missed === '') &&
        ((other.identity.tcp?.sequence === tcp?.sequence && other.identity.tcp?.length === tcp?.length) ||
          other.isAt(packet.first.place) ||
          packet.isAt(other.first.place)) &&
        // What an ICMP error says was dropped, nobody acknowledged.
        errorsAbout(other, this.#store).length === 0,
    );
  }

  /** All that carries something from one end of a conversation to the other. */
  #sentBy(tuple: string): SentBytes {
    const root = this.#rootOf(tuple);
    let sent = this.#sent.get(root);
    if (sent === undefined) {
      const { world, carrying } = this.#store;
      const packets = world.nat.members(tuple).flatMap((member) => carrying.packetsOf(member, member, world));
      sent = new SentBytes([...new Set(packets)].sort(byTime));
      this.#sent.set(root, sent);
    }
    return sent;
  }

  #rootOf(tuple: string): string {
    return this.#store.world.nat.root(tuple);
  }
}

/** With SYN or RST, what it acknowledges is one segment, up to its end, not all before it (RFC 9293 sections 3.5 and 3.5.2). */
const answersOne = ({ identity: { tcp } }: Packet): boolean => tcp !== null && (tcp.begins || tcp.resets);

/** Index of the first that is later than a packet, in a list in order of time. */
const firstAfter = (list: readonly Packet[], packet: Packet): number =>
  firstIndex(list.length, (index) => byTime(list[index] as Packet, packet) > 0);
