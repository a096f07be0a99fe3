// Evidence that holds a packet's own bytes, and the packet that they are of.
import { append } from '../../basics/append.ts';
import { isCutInKey, mayBeEqual } from '../../hop/content.ts';
import { type Identity, identify } from '../../hop/identity.ts';
import { withoutPorts } from '../../hop/tuple.ts';
import { ArpLayer } from '../../packet/arp.ts';
import { dissect } from '../../packet/dissect.ts';
import { ETHERTYPE } from '../../packet/numbers.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet, Store } from '../store.ts';
import type { DropEvidence, GapEvidence, SocketEvidence } from './drop.ts';
import { gapsFor } from './latest.ts';

export type Named = DropEvidence | SocketEvidence;

/** Seconds by which the kernel may note a drop before its tap notes the packet, or after it: it may have waited in a queue. */
const EARLY = 0.001;
const LATE = 60;
/** Pieces that are kept: the latest. */
const MOST = 20_000;
/** Packets that look alike: among more, nothing names one. */
const MOST_ALIKE = 64;
/** Words about one place that are told apart by what the earlier ones name. */
const MOST_IN_TURN = 16;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;

/** A piece of evidence, and what its bytes are. */
export interface Known<E extends Named> {
  readonly evidence: E;
  readonly identity: Identity;
}

/** What one machine said of packets that differ in their data at most. */
interface Heads<E extends Named> {
  readonly all: Known<E>[];
  /** By key, those with as many bytes as a key holds; the others. */
  readonly byKey: Map<string, Known<E>[]>;
  readonly cut: Known<E>[];
}

export interface Naming<E extends Named> {
  readonly evidence: E;
  /** What its bytes are. */
  readonly identity: Identity;
  /** Its addresses or ports are others than the packet's when it was last seen, and conntrack does not say why: a new connection's NAT. */
  readonly isTranslated: boolean;
}

/** All evidence of one kind. */
export class NamedEvidence<E extends Named> {
  readonly #heads = new Map<string, Heads<E>>();
  /** Of packets in one piece, by machine and train: what their fragments have in common with them. */
  readonly #wholes = new Map<string, Known<E>[]>();
  /** In the order in which it was told. */
  #order: Known<E>[] = [];
  /** What was worked out already. */
  readonly #namings = new Map<Known<E>, Map<Packet, Naming<E> | 'perhaps' | null>>();
  readonly #forgot: (forgotten: GapEvidence) => void;

  /** @param forgot is told of what is not kept */
  constructor(forgot: (forgotten: GapEvidence) => void = () => {}) {
    this.#forgot = forgot;
  }

  /** False when nothing can be told by its bytes. */
  add(evidence: E): boolean {
    const identity = identityOfBytes(evidence.protocol, evidence.packet);
    if (identity === null) return false;
    const known = { evidence, identity };
    this.#order.push(known);
    this.renew();
    if (this.#order.length > 2 * MOST) this.#forget();
    else this.#index(known);
    return true;
  }

  /** All that is kept. */
  *latestFirst(): Generator<Known<E>> {
    for (let i = this.#order.length - 1; i >= 0; i--) yield this.#order[i] as Known<E>;
  }

  /** There are other packets, or more is known of them: whose a piece is may have changed. */
  renew(): void {
    this.#namings.clear();
  }

  /** What names the packet that a fragment was put together to, where no tap saw that one, and no other has its number. */
  ofWhole(fragment: Packet, store: Store): readonly E[] {
    const { identity, copy } = fragment;
    const { train, tuple } = identity;
    if (this.#order.length === 0 || identity.fragment === null || !copy.isAlone || copy.missed !== '') return [];
    const end = identity.fragment.offset + identity.fragment.length;
    const alike = store.fragments
      .packets(train, store.world)
      .some((other) => other !== fragment && other.identity.tuple === tuple && overlap(other, fragment));
    if (alike || store.trains.packets(train, store.world).some((whole) => withoutPorts(whole.identity.tuple) === tuple))
      return [];
    const found = new Set<E>();
    for (const machine of new Set(fragment.sightings.map(({ hop }) => hop.machine))) {
      const last = Math.max(...fragment.sightings.map(({ hop }) => (hop.machine === machine ? hop.time : -Infinity)));
      for (const known of this.#wholes.get(keyOf(machine, train)) ?? []) {
        const waited = known.evidence.time - last;
        const isLonger = known.identity.payload.length >= end;
        if (withoutPorts(known.identity.tuple) === tuple && isLonger && waited > -EARLY && waited <= LATE)
          found.add(known.evidence);
      }
    }
    return [...found].sort((a, b) => a.time - b.time);
  }

  /** What names this packet and no other, the earliest first. */
  of(packet: Packet, store: Store): readonly Naming<E>[] {
    const found: Naming<E>[] = [];
    if (this.#order.length === 0 || this.#isOneOfMany(packet, store)) return found;
    for (const known of this.#about(packet)) {
      const naming = this.#namingOf(packet, known, store);
      if (naming !== null && naming !== 'perhaps') found.push(naming);
    }
    return found.sort((a, b) => a.evidence.time - b.evidence.time);
  }

  /** True when something that a machine said may be of this packet, and may be of another one. */
  mayName(packet: Packet, machine: string, store: Store): boolean {
    if (this.#order.length === 0) return false;
    const isOneOfMany = this.#isOneOfMany(packet, store);
    for (const known of this.#about(packet))
      if (known.evidence.machine === machine && (isOneOfMany || this.#namingOf(packet, known, store) === 'perhaps'))
        return true;
    return false;
  }

  /** Among so many packets, or words, that look alike, nothing names one. */
  #isOneOfMany(packet: Packet, store: Store): boolean {
    const { identity, sightings } = packet;
    const machines = new Set(sightings.map(({ hop }) => hop.machine));
    const isVague = [...machines].some(
      (machine) => (this.#heads.get(keyOf(machine, identity.head))?.cut.length ?? 0) > MOST_ALIKE,
    );
    return isVague || isCrowded(packet, store);
  }

  /** What may be of this packet as far as headers and first bytes tell. */
  *#about({ identity, sightings }: Packet): Generator<Known<E>> {
    for (const machine of new Set(sightings.map(({ hop }) => hop.machine))) {
      const heads = this.#heads.get(keyOf(machine, identity.head));
      if (heads === undefined) continue;
      if (isCutInKey(identity.content)) yield* heads.all;
      else {
        yield* heads.byKey.get(identity.key) ?? [];
        yield* heads.cut;
      }
    }
  }

  #namingOf(packet: Packet, known: Known<E>, store: Store): Naming<E> | 'perhaps' | null {
    const namings = this.#namings.get(known) ?? new Map<Packet, Naming<E> | 'perhaps' | null>();
    this.#namings.set(known, namings);
    let naming = namings.get(packet);
    if (naming === undefined) {
      naming = namingOf(packet, known, store, (other) => this.#hadEnded(other, known, store));
      namings.set(packet, naming);
    }
    return naming;
  }

  /**
   * A packet is freed once in one place: what is freed there again is another one. Its flooded copies are freed in several namespaces, and
   * as other words.
   */
  #hadEnded(packet: Packet, { evidence }: Known<E>, store: Store): boolean {
    const before: Known<E>[] = [];
    for (const other of this.#about(packet)) {
      if (other.evidence.time >= evidence.time || !isSameSpot(other.evidence, evidence)) continue;
      if (before.push(other) > MOST_IN_TURN) return false;
    }
    return before.some((other) => {
      const naming = this.#namingOf(packet, other, store);
      return naming !== null && naming !== 'perhaps';
    });
  }

  #index(known: Known<E>): void {
    const { evidence, identity } = known;
    const key = keyOf(evidence.machine, identity.head);
    const heads = this.#heads.get(key) ?? { all: [], byKey: new Map<string, Known<E>[]>(), cut: [] };
    this.#heads.set(key, heads);
    heads.all.push(known);
    if (identity.fragment === null && identity.train !== '')
      append(this.#wholes, keyOf(evidence.machine, identity.train), known);
    if (isCutInKey(identity.content)) heads.cut.push(known);
    else append(heads.byKey, identity.key, known);
  }

  /** The older half. */
  #forget(): void {
    for (const gap of gapsFor(this.#order.splice(0, MOST).map(({ evidence }) => evidence))) this.#forgot(gap);
    this.#heads.clear();
    this.#wholes.clear();
    for (const known of this.#order) this.#index(known);
  }
}

function overlap({ identity: { fragment: a } }: Packet, { identity: { fragment: b } }: Packet): boolean {
  return a !== null && b !== null && a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

const keyOf = (machine: string, head: string): string => `${machine} ${head}`;

/** Where the packet was seen, if it has these bytes, before the kernel said so. */
function fitting(packet: Packet, { machine, time }: Named, { content }: Identity): readonly Sighting[] {
  if (!mayBeEqual(packet.identity.content, { ...content, cut: true })) return [];
  return packet.sightings.filter(
    ({ hop }) => hop.machine === machine && hop.time <= time + EARLY && time - hop.time <= LATE,
  );
}

/** 'perhaps': it may be of this packet, and of another. null: it is not of this one. */
function namingOf<E extends Named>(
  packet: Packet,
  { evidence, identity }: Known<E>,
  store: Store,
  hadEnded: (other: Packet) => boolean,
): Naming<E> | 'perhaps' | null {
  const { nat } = store.world;
  const fits = (one: Packet): readonly Sighting[] => fitting(one, evidence, identity);
  const seen = fits(packet);
  if (seen.length === 0) return null;
  // It may be of an equal one that no tap saw.
  if (packet.copy.missed !== '') return wentOn(packet, evidence) ? null : 'perhaps';
  const isTranslated = !seen.some(
    (sighting) => sighting.identity.tuple === identity.tuple || nat.connected(sighting.identity.tuple, identity.tuple),
  );
  // Any other that it may be: equal, or with other addresses.
  const others = othersLike(packet, isCutInKey(identity.content), store);
  if (others === null) return wentOn(packet, evidence) ? null : 'perhaps';
  const rivals = others
    .filter((other) => isTranslated || nat.connected(other.identity.tuple, identity.tuple))
    .filter((other) => fits(other).length > 0);
  const naming = { evidence, identity, isTranslated };
  if (rivals.length === 0) return naming;
  if (wentOn(packet, evidence)) return null;
  if (isTranslated || packet.copy.isTornAfter) return 'perhaps';
  // Of equal packets, those that went on elsewhere are not the one that ended here; nor are those that had ended in this very place.
  const isNotThis = (other: Packet): boolean =>
    wentOn(other, evidence) || (rivals.length <= MOST_IN_TURN && !other.copy.isTornAfter && hadEnded(other));
  if (rivals.length <= MOST_IN_TURN && hadEnded(packet)) return null;
  return rivals.every(isNotThis) ? naming : 'perhaps';
}

/** Packets that may be equal to one, as far as headers and first bytes tell; null: too many to be told apart. */
function othersLike(packet: Packet, byHead: boolean, { heads, cutHeads, world }: Store): readonly Packet[] | null {
  const { head, content } = packet.identity;
  const index = byHead || isCutInKey(content) ? heads : cutHeads;
  if (index.size(head) > MOST_ALIKE) return null;
  const others = new Set(index.packets(head, world));
  for (const other of packet.bucket.around(packet, 2 * LATE, world, 2 * LATE)) others.add(other);
  others.delete(packet);
  return others.size > MOST_ALIKE ? null : [...others];
}

/** One of so many equal ones that nothing names it. */
function isCrowded(packet: Packet, { heads, world }: Store): boolean {
  const { content, head } = packet.identity;
  if (isCutInKey(content) && heads.size(head) > MOST_ALIKE) return true;
  if (packet.bucket.packets(world).length <= MOST_ALIKE) return false;
  let count = 0;
  for (const _ of packet.bucket.around(packet, 2 * LATE, world, 2 * LATE)) if (++count > MOST_ALIKE) return true;
  return false;
}

const isSameSpot = (one: Named, other: Named): boolean =>
  one.machine === other.machine &&
  one.device === other.device &&
  one.namespace === other.namespace &&
  one.location === other.location &&
  (one.kind === 'drop' && other.kind === 'drop' ? one.reason === other.reason : one.kind === other.kind);

/** It was seen on another machine after this one, or here later than that. */
const wentOn = (packet: Packet, { machine, time }: Named): boolean =>
  packet.ends.every(({ hop }) => hop.machine !== machine || hop.time > time + EARLY);

/** null: nothing can be told by so few bytes. */
function identityOfBytes(protocol: number, bytes: Uint8Array): Identity | null {
  if (protocol === ETHERTYPE.arp) return identify([new ArpLayer(bytes, 0, bytes.length, null)]);
  if (protocol !== ETHERTYPE.ipv4 && protocol !== ETHERTYPE.ipv6) return null;
  const linkType = protocol === ETHERTYPE.ipv4 ? LINKTYPE_IPV4 : LINKTYPE_IPV6;
  const identity = identify(dissect(bytes, linkType, Number.MAX_SAFE_INTEGER));
  return identity.head === '' || identity.ttl < 0 ? null : identity;
}
