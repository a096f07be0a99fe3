// Evidence that holds a packet's own bytes, and the packet that they are of.
import { mayBeEqual } from '../../hop/content.ts';
import { type Identity, identify } from '../../hop/identity.ts';
import { ArpLayer } from '../../packet/arp.ts';
import { dissect } from '../../packet/dissect.ts';
import { ETHERTYPE } from '../../packet/numbers.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet, Store } from '../store.ts';
import type { DropEvidence, SocketEvidence } from './drop.ts';

export type Named = DropEvidence | SocketEvidence;

/** Seconds by which the kernel may note a drop before its tap notes the packet, or after it: it may have waited in a queue. */
const EARLY = 0.001;
const LATE = 60;
/** Pieces kept of a machine: the latest. */
const MOST = 20_000;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;

interface Known<E extends Named> {
  readonly evidence: E;
  readonly identity: Identity;
}

export interface Naming<E extends Named> {
  readonly evidence: E;
  /** Its addresses or ports are others than the packet's when it was last seen, and conntrack does not say why: a new connection's NAT. */
  readonly isTranslated: boolean;
}

/** All evidence of one kind. */
export class NamedEvidence<E extends Named> {
  readonly #known = new Map<string, Known<E>[]>();
  #count = 0;

  add(evidence: E): void {
    const identity = identityOfBytes(evidence.protocol, evidence.packet);
    if (identity === null) return;
    const key = keyOf(evidence.machine, identity.head);
    const known = this.#known.get(key);
    if (known === undefined) this.#known.set(key, [{ evidence, identity }]);
    else known.push({ evidence, identity });
    if (++this.#count > 2 * MOST) this.#forget();
  }

  /** What names this packet and no other, the earliest first. */
  of(packet: Packet, store: Store): readonly Naming<E>[] {
    if (this.#count === 0) return [];
    const found: Naming<E>[] = [];
    for (const machine of new Set(packet.sightings.map(({ hop }) => hop.machine))) {
      for (const { evidence, identity } of this.#known.get(keyOf(machine, packet.identity.head)) ?? []) {
        const naming = namingOf(packet, evidence, identity, store);
        if (naming !== null) found.push(naming);
      }
    }
    return found.sort((a, b) => a.evidence.time - b.evidence.time);
  }

  #forget(): void {
    for (const [key, known] of this.#known) {
      if (this.#count <= MOST) return;
      this.#count -= known.length;
      this.#known.delete(key);
    }
  }
}

const keyOf = (machine: string, head: string): string => `${machine} ${head}`;

function namingOf<E extends Named>(packet: Packet, evidence: E, identity: Identity, store: Store): Naming<E> | null {
  const { nat } = store.world;
  const fits = (one: Packet): readonly Sighting[] =>
    mayBeEqual(one.identity.content, { ...identity.content, cut: true })
      ? one.sightings.filter(
          ({ hop }) =>
            hop.machine === evidence.machine && hop.time <= evidence.time + EARLY && evidence.time - hop.time <= LATE,
        )
      : [];
  const seen = fits(packet);
  if (seen.length === 0) return null;
  const isTranslated = !seen.some(
    (sighting) => sighting.identity.tuple === identity.tuple || nat.connected(sighting.identity.tuple, identity.tuple),
  );
  // Any other that it may be: equal, or with other addresses.
  const rivals = store.heads
    .packets(packet.identity.head, store.world)
    .filter((other) => other !== packet && fits(other).length > 0)
    .filter((other) => isTranslated || nat.connected(other.identity.tuple, identity.tuple));
  if (rivals.length === 0) return { evidence, isTranslated };
  if (isTranslated || packet.copy.isTornAfter) return null;
  // Of equal packets, those that went on elsewhere are not the one that ended here.
  return rivals.every((other) => wentOn(other, evidence)) && !wentOn(packet, evidence)
    ? { evidence, isTranslated }
    : null;
}

/** It was seen on another machine after this one, or here later than that. */
function wentOn(packet: Packet, { machine, time }: Named): boolean {
  if (packet.copy.isTornAfter) return false;
  return packet.ends.every(({ hop }) => hop.machine !== machine || hop.time > time + EARLY);
}

/** null: nothing can be told by so few bytes. */
function identityOfBytes(protocol: number, bytes: Uint8Array): Identity | null {
  if (protocol === ETHERTYPE.arp) return identify([new ArpLayer(bytes, 0, bytes.length, null)]);
  if (protocol !== ETHERTYPE.ipv4 && protocol !== ETHERTYPE.ipv6) return null;
  const linkType = protocol === ETHERTYPE.ipv4 ? LINKTYPE_IPV4 : LINKTYPE_IPV6;
  const identity = identify(dissect(bytes, linkType, Number.MAX_SAFE_INTEGER));
  return identity.head === '' || identity.ttl < 0 ? null : identity;
}
