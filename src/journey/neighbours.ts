// Who was asked for, as ARP asks who has an address, and whether anybody answered.
import { firstIndex } from '../basics/first-index.ts';
import { byTime, type Packet, type Store } from './store.ts';

/** Seconds in which a neighbour answers. */
const ANSWER = 1;

export class Neighbours {
  readonly #store: Store;
  /** By machine and address, in order of time: who asked for it, and what its owner sent. */
  readonly #questions = new Map<string, readonly Packet[]>();
  readonly #words = new Map<string, readonly Packet[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** ARP questions of a machine for an address between two moments (seconds), and whether anybody answered. */
  askedFor(address: string, machine: string, from: number, until: number): { asked: number; answered: boolean } {
    const all = this.#questionsOf(address, machine);
    const first = firstFrom(all, from);
    let end = first;
    while ((all[end]?.time ?? Infinity) <= until) end++;
    // Who answers is there, whichever question it is, and so is who asks himself; and either may be among what a tap lost.
    const isMissing = all
      .slice(first, end)
      .some(({ first: { hop } }) => this.#store.world.missed.overlaps(machine, hop.time, hop.time + ANSWER));
    const words = this.#wordsOf(address, machine);
    const isThere = (words[firstFrom(words, from)]?.time ?? Infinity) <= until + ANSWER;
    return { asked: end - first, answered: isMissing || isThere };
  }

  #questionsOf(address: string, machine: string): readonly Packet[] {
    const name = `${machine} ${address}`;
    let all = this.#questions.get(name);
    if (all === undefined) {
      const { wanted, world } = this.#store;
      all = wanted
        .packets(address, world)
        // Who asks for his own address tells the others that he has it (RFC 5227).
        // What was first seen coming in, another one asked.
        .filter(
          ({ identity, first: { hop } }) =>
            identity.source !== address && hop.machine === machine && hop.direction !== 'in',
        )
        .sort(byTime);
      this.#questions.set(name, all);
    }
    return all;
  }

  /** Of an address, what this machine has seen. */
  #wordsOf(address: string, machine: string): readonly Packet[] {
    const name = `${machine} ${address}`;
    let all = this.#words.get(name);
    if (all === undefined) {
      const { present, world } = this.#store;
      all = present
        .packets(address, world)
        .filter(({ sightings }) => sightings.some(({ hop }) => hop.machine === machine))
        .sort(byTime);
      this.#words.set(name, all);
    }
    return all;
  }
}

/** Index of the first at that time or later. */
const firstFrom = (packets: readonly Packet[], time: number): number =>
  firstIndex(packets.length, (index) => (packets[index] as Packet).time >= time);
