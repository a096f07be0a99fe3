// What ICMP errors may be about: packets by the ends of their conversation, the first bytes of their data, and their time. An error is told
// by what it quotes, never by addresses alone.
import { firstIndex } from '../basics/first-index.ts';
import { type Content, isCutInKey, mayBeEqual } from '../hop/content.ts';
import { withoutPorts } from '../hop/tuple.ts';
import { CLOCK_ERROR } from './clocks.ts';
import type { NatTable } from './evidence/conntrack.ts';
import { byTime, type Packet, type Store } from './store.ts';

/** Seconds after which what an error quotes may be another packet. */
const LATEST = 60;
/** Packets that are looked at for one error: among more that look alike, nothing says which it is about. */
const MOST = 1024;

/** What an error says of the packet that it is about. */
export interface Quote {
  readonly tuple: string;
  readonly content: Content;
}

export class Quotable {
  readonly #nat: NatTable;
  readonly #about: string;
  /** In order of time. */
  readonly #groups = new Map<string, readonly Packet[]>();

  /** @param about what the errors quote (Identity.about) */
  constructor(about: string, { known, world }: Store) {
    this.#nat = world.nat;
    this.#about = about;
    const groups = new Map<string, Set<Packet>>();
    const put = (tuple: string, kind: string, packet: Packet): void => {
      for (const ends of [tuple, withoutPorts(tuple)]) {
        const name = this.#name(ends, kind);
        const group = groups.get(name);
        if (group === undefined) groups.set(name, new Set([packet]));
        else group.add(packet);
      }
    };
    for (const packet of known.packets(about, world)) {
      if (packet.identity.about !== '') continue;
      for (const { identity } of packet.sightings) {
        for (const carrier of identity.carriers) if (carrier.known === about) put(carrier.tuple, 'carrier', packet);
        if (identity.known !== about) continue;
        put(identity.tuple, 'any', packet);
        if (!isCutInKey(identity.content)) put(identity.tuple, String(identity.content.prefix), packet);
      }
    }
    for (const [name, group] of groups) this.#groups.set(name, [...group].sort(byTime));
  }

  /** Those that an error with this quote may be about; none when they are too many. */
  by(quote: Quote, error: Packet): readonly Packet[] {
    const around = this.#around(this.kindOf(quote), error);
    const inside = this.#around(this.#name(quote.tuple, 'carrier'), error);
    if (around === null || inside === null) return [];
    return [...new Set([...around.filter((packet) => this.#isQuoted(packet, quote)), ...inside])];
  }

  /** Equal for quotes of the same conversation, and the same first bytes of data. An error quotes as much of it as it likes. */
  kindOf({ tuple, content }: Quote): string {
    return this.#name(tuple, isCutInKey({ ...content, cut: true }) ? 'any' : String(content.prefix));
  }

  #around(name: string, { time }: Packet): readonly Packet[] | null {
    const group = this.#groups.get(name) ?? [];
    const low = firstIndex(group.length, (index) => (group[index] as Packet).time >= time - LATEST);
    let end = low;
    while ((group[end]?.time ?? Infinity) <= time + CLOCK_ERROR) if (++end - low > MOST) return null;
    return group.slice(low, end);
  }

  #isQuoted(packet: Packet, { tuple, content }: Quote): boolean {
    return packet.sightings.some(
      ({ identity }) =>
        identity.known === this.#about &&
        this.#connects(identity.tuple, tuple) &&
        mayBeEqual(identity.content, { ...content, cut: true }) &&
        content.length <= identity.content.length,
    );
  }

  /** A fragment that is quoted has no ports. */
  #connects(one: string, other: string): boolean {
    return this.#nat.connected(one, other) || (!other.includes('#') && this.#nat.connected(withoutPorts(one), other));
  }

  #name(ends: string, kind: string): string {
    return `${this.#nat.root(ends)}|${kind}`;
  }
}
