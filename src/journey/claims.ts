// Two devices that claim one address: both answer when somebody asks who has it (ARP, RFC 826), and which of them gets what is sent
// there is a matter of chance. Linux tells nobody; the answers do.
import type { Identity } from '../hop/identity.ts';
import { destinationOf } from '../hop/tuple.ts';
import type { Sighting } from './sighting.ts';
import { byTime, type Packet, type Store } from './store.ts';

/** Seconds between two answers to one question, at most: an address may go from one device to another, but not so soon. */
const AT_ONCE = 1;
/** Seconds for which a packet may suffer from what a machine was answered: its neighbour's MAC address is remembered. */
const REMEMBERED = 60;

/** What was answered when somebody asked, as one place saw it: behind another one may be another network, with the same addresses. */
interface Heard {
  readonly machine: string;
  /** The earliest first. */
  readonly answers: { readonly time: number; readonly macs: Set<string> }[];
}

export class Claims {
  readonly #store: Store;
  readonly #heard = new Map<string, readonly Heard[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** A sentence for each address that a packet was for, its own and its tunnel's, that several devices claimed when it was asked for last. */
  wordsOf(packet: Packet): string[] {
    const addresses = new Set<string>();
    const machines = new Set<string>();
    for (const { identity, hop } of packet.sightings) {
      machines.add(hop.machine);
      if (identity.destination !== '') addresses.add(identity.destination);
      for (const { tuple } of identity.carriers) addresses.add(destinationOf(tuple));
    }
    return [...addresses].flatMap((address) => {
      const last = this.#of(address)
        .filter(({ machine }) => machines.has(machine))
        .map(({ answers }) => answers.findLast(({ time }) => time <= packet.time + AT_ONCE))
        .find((one) => one !== undefined && one.macs.size > 1 && packet.time - one.time <= REMEMBERED);
      if (last === undefined) return [];
      const macs = [...last.macs].sort().join(' and ');
      return [`Several devices answer for ${address}, with the MAC addresses ${macs}: each claims that address.`];
    });
  }

  #of(address: string): readonly Heard[] {
    let heard = this.#heard.get(address);
    if (heard === undefined) {
      heard = this.#find(address);
      this.#heard.set(address, heard);
    }
    return heard;
  }

  #find(address: string): readonly Heard[] {
    const { wanted, answers, world } = this.#store;
    if (!wanted.has(address)) return [];
    const questions = new Set(wanted.packets(address, world).map(({ identity }) => identity.asks));
    return [...questions].flatMap((asks) => {
      const places = new Map<string, Heard>();
      for (const answer of answers.packets(asks, world).sort(byTime))
        for (const sighting of answer.sightings) note(places, sighting, answer);
      // Most are answered by one, always.
      return [...places.values()].filter(({ answers: told }) => told.some(({ macs }) => macs.size > 1));
    });
  }
}

function note(places: Map<string, Heard>, { place, hop: { machine } }: Sighting, { time, identity }: Packet): void {
  const heard = places.get(place) ?? { machine, answers: [] };
  places.set(place, heard);
  const last = heard.answers.at(-1);
  if (last !== undefined && time - last.time <= AT_ONCE) last.macs.add(macOf(identity));
  else heard.answers.push({ time, macs: new Set([macOf(identity)]) });
}

/** Of an ARP answer, whose key is its 28 bytes: the sender's hardware address. */
const macOf = ({ key }: Identity): string => (/^arp .{16}(.{12})/.exec(key)?.[1] ?? '').replace(/..(?=.)/g, '$&:');
