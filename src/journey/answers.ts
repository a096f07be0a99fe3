// Which packet answers which: an echo reply, an ARP reply, a TCP acknowledgment. An answer says that what it answers has arrived, so
// it has to be that packet's: of several that may be answered by it, the one that the answering machine had seen and not answered yet.
import { mayBeEqual } from '../hop/content.ts';
import { inverseKey } from '../hop/tuple.ts';
import { errorsAbout, mayBeDouble } from './relations.ts';
import { byTime, type Packet, type Store } from './store.ts';

/** Seconds after which an answer is one to something else. */
const LATEST = 60;
/** Acknowledgments that are looked at for one that covers a segment: a window's worth. */
const MOST_LOOKED_AT = 512;

export class Answers {
  readonly #store: Store;
  readonly #exchanges = new Map<string, ReadonlyMap<Packet, Packet>>();
  readonly #acknowledgments = new Map<string, readonly Packet[]>();

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

  /** Questions in the same words, and answers to them, in the order in which the answering machine saw them. */
  #pair(one: Packet): ReadonlyMap<Packet, Packet> {
    const { asks, tuple } = one.identity;
    const { world } = this.#store;
    const isArp = asks.startsWith('arp ');
    const back = isArp ? '' : inverseKey(tuple);
    const answers = this.#store.answers
      .packets(asks, world)
      .filter(({ identity }) => isArp || world.nat.connected(identity.tuple, back))
      .sort(byTime);
    const questions = this.#store.asks
      .packets(asks, world)
      .filter(({ identity }) => isArp || world.nat.connected(identity.tuple, tuple))
      .sort(byTime);
    const pairs = new Map<Packet, Packet>();
    const open = new Set<Packet>();
    let next = 0;
    for (const answer of answers) {
      for (
        let question = questions[next];
        question !== undefined && question.time <= answer.time;
        question = questions[next]
      ) {
        open.add(question);
        next++;
      }
      for (const question of open) if (answer.time - question.time > LATEST) open.delete(question);
      // Of a piece of an answer, or of a doubled one, it is not known whose it is; what it answers stays open.
      if (answer.copy.isTornBefore || answer.copy.isTornAfter || mayBeDouble(answer, this.#store)) continue;
      const possible = [...open].filter((question) => mayBeEqual(question.identity.content, answer.identity.content));
      const { hop } = answer.first;
      const there = possible.filter(({ sightings }) =>
        sightings.some((seen) => seen.hop.machine === hop.machine && seen.hop.time <= hop.time),
      );
      // Where that machine had a tap that sees such questions, it had to see this one.
      const hasTap = questions.some(({ sightings }) => sightings.some((seen) => seen.hop.machine === hop.machine));
      const rivals = hasTap ? there : possible;
      const [only] = rivals;
      if (only === undefined) continue;
      if (rivals.length === 1) pairs.set(only, answer);
      // Whichever it answers, none of them can be told from the others any more; one of them is answered.
      for (const rival of rivals) open.delete(rival);
    }
    return pairs;
  }

  /** An acknowledgment of all its bytes (RFC 9293 section 3.4), unless they were sent more than once and it does not say which. */
  #acknowledgmentOf(packet: Packet): Packet | null {
    const { tcp, tuple, stamps } = packet.identity;
    if (tcp === null) return null;
    const end = (tcp.sequence + tcp.length) >>> 0;
    const all = this.#acknowledging(inverseKey(tuple));
    let at = firstAfter(all, packet);
    const stop = at + MOST_LOOKED_AT;
    for (; at < all.length && at < stop; at++) {
      const answer = all[at] as Packet;
      if (answer.time - packet.time > LATEST) return null;
      const beyond = ((answer.identity.tcp?.acknowledgment ?? 0) - end) | 0;
      if (beyond < 0) continue;
      const others = this.#sentAgain(packet, answer);
      if (others.length === 0) return answer;
      // RFC 7323 section 4: the echo is of the segment that moved the acknowledgment on.
      const echo = answer.identity.stamps?.echo;
      const named = echo !== undefined && echo === stamps?.value;
      return named && others.every(({ identity }) => identity.stamps?.value !== echo) ? answer : null;
    }
    return null;
  }

  /** Who talks so, in order of time. */
  #acknowledging(tuple: string): readonly Packet[] {
    const root = this.#rootOf(tuple);
    let all = this.#acknowledgments.get(root);
    if (all === undefined) {
      const { world, acknowledging } = this.#store;
      const packets = world.nat.members(tuple).flatMap((member) => acknowledging.packets(member, world));
      all = [...new Set(packets)].sort(byTime);
      this.#acknowledgments.set(root, all);
    }
    return all;
  }

  /** Other packets with the same bytes, sent before the answer: not the same one before or after it was cut into segments. */
  #sentAgain(packet: Packet, answer: Packet): Packet[] {
    const { tcp, tuple } = packet.identity;
    if (tcp === null) return [];
    const { world, starts } = this.#store;
    return starts.packets(String(tcp.sequence), world).filter(
      (other) =>
        other !== packet &&
        other.time <= answer.time &&
        // It may be this one further on; who was seen sending it is another.
        !(packet.copy.isTornAfter && other.copy.isTornBefore) &&
        // What an ICMP error says was dropped, nobody acknowledged.
        errorsAbout(other, this.#store).length === 0 &&
        world.nat.connected(other.identity.tuple, tuple) &&
        (other.identity.tcp?.length === tcp.length || other.isAt(packet.first.place)),
    );
  }

  #rootOf(tuple: string): string {
    return this.#store.world.nat.root(tuple);
  }
}

/** Index of the first that is later than a packet, in a list in order of time. */
function firstAfter(list: readonly Packet[], packet: Packet): number {
  let low = 0;
  for (let high = list.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (byTime(list[middle] as Packet, packet) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
