// How packets belong together: sent again, doubled, cut into pieces and put together, answered.

import { inverseKey } from '../hop/tuple.ts';
import type { NatTable } from './evidence/conntrack.ts';
import type { Parts, Repeat } from './journey.ts';
import { byTime, LARGE, type Packet, type Store } from './store.ts';

/** Seconds within which copies of one packet are doubles of each other, and not asked again. */
const DOUBLED = 0.1;
/** The same for TCP, whose shortest timers are shorter (tail loss probes, RFC 8985 section 7). */
const DOUBLED_TCP = 0.005;
/** Seconds after which an identification or a sequence number may mean another packet. */
const REUSED = 60;
/** Pieces of one packet that are looked for: 64 kB in the smallest segments anybody sends. */
const MOST_PIECES = 200;

/** The packet that this one repeats; null when it is the first of its kind. */
export function repeatOf(packet: Packet, store: Store): Repeat | null {
  const { identity } = packet;
  const copies = packet.bucket
    .around(packet, REUSED, store.world)
    .filter((other) => sameSender(packet, other, store.world.nat) && cameFirst(other, packet));
  const original = copies.find((other) => other.isAt(packet.first.place)) ?? copies[0];
  if (original !== undefined) {
    const sentAgain = original.first.place === packet.first.place;
    const wait = packet.time - original.time;
    const kind =
      !sentAgain || wait < (identity.tcp === null ? DOUBLED : DOUBLED_TCP)
        ? 'duplicate'
        : identity.tcp === null
          ? 'repeat'
          : 'retransmission';
    return { kind, of: original.id };
  }
  const sent = sentBefore(packet, store);
  return sent === undefined ? null : { kind: 'retransmission', of: sent.id };
}

/** At the places that saw both, on one clock. Copies that no place saw both of say nothing of each other. */
function cameFirst(early: Packet, late: Packet): boolean {
  for (const { track, hop } of late.sightings) {
    const before = early.sightings.find((seen) => seen.track === track)?.hop;
    if (before !== undefined) return before.time < hop.time || (before.time === hop.time && before.n < hop.n);
  }
  return false;
}

/** TCP: who sent some of the same bytes from the same place before, under whatever identification. */
function sentBefore(packet: Packet, store: Store): Packet | undefined {
  const { tcp } = packet.identity;
  if (tcp === null || tcp.length === 0) return undefined;
  return [...store.starts.packets(String(tcp.sequence), store.world), ...largeOf(packet, store)]
    .filter(
      (other) =>
        other.bucket !== packet.bucket &&
        overlaps(other, packet) &&
        sameSender(packet, other, store.world.nat) &&
        other.isAt(packet.first.place) &&
        isAfter(packet, other, REUSED),
    )
    .sort(byTime)[0];
}

function largeOf(packet: Packet, { large, world }: Store): Packet[] {
  return world.nat.members(packet.identity.tuple).flatMap((tuple) => large.packets(tuple, world));
}

const sameSender = (a: Packet, b: Packet, nat: NatTable): boolean => nat.connected(a.identity.tuple, b.identity.tuple);
const isAfter = (late: Packet, early: Packet, most: number): boolean =>
  byTime(early, late) < 0 && late.time - early.time <= most;

function overlaps(a: Packet, b: Packet): boolean {
  const one = a.identity.tcp;
  const other = b.identity.tcp;
  if (one === null || other === null) return false;
  // Sequence numbers go round (RFC 9293 section 3.4).
  const ahead = (other.sequence - one.sequence) | 0;
  return ahead < one.length && -ahead < other.length;
}

export interface Pieces {
  readonly kind: Parts['kind'];
  readonly whole: Packet | null;
  readonly from: readonly Packet[];
  readonly into: readonly Packet[];
}

/** Pieces seen before the whole one were put together; those seen after it were cut off it. */
function pieces(kind: Parts['kind'], whole: Packet | null, all: readonly Packet[]): Pieces {
  const early = (piece: Packet): boolean => whole !== null && byTime(piece, whole) < 0;
  return { kind, whole, from: all.filter(early), into: all.filter((piece) => !early(piece)) };
}

/** The pieces that a packet was cut into, or that it is one of; null when it stayed in one. */
export function piecesOf(packet: Packet, store: Store): Pieces | null {
  const { fragment, tcp } = packet.identity;
  if (fragment !== null || packet.identity.train !== '') {
    const fragments = fragmentsOf(packet, store);
    if (fragments !== null) return fragments;
  }
  return tcp === null || tcp.length === 0 ? null : segmentsOf(packet, store);
}

/** RFC 791 section 3.2: fragments have identification, protocol and addresses in common. NAT changes the addresses of all alike. */
function fragmentsOf(packet: Packet, store: Store): Pieces | null {
  const { nat } = store.world;
  const addresses = withoutPorts(packet.identity.tuple);
  const train = store.trains
    .packets(packet.identity.train, store.world)
    .filter(
      (other) =>
        nat.connected(withoutPorts(other.identity.tuple), addresses) && Math.abs(other.time - packet.time) <= REUSED,
    );
  const all = train.filter(({ identity }) => identity.fragment !== null);
  if (all.length === 0) return null;
  all.sort((a, b) => (a.identity.fragment?.offset ?? 0) - (b.identity.fragment?.offset ?? 0) || byTime(a, b));
  const whole = train.filter(({ identity }) => identity.fragment === null).sort(byTime)[0] ?? null;
  return pieces('fragments', whole, all);
}

/** "6 10.0.0.1#80>10.0.0.2#99" -> "6 10.0.0.1>10.0.0.2" */
const withoutPorts = (tuple: string): string => tuple.replace(/#\d+/g, '');

/**
 * A kernel hands itself segments of up to 64 kB, and cuts them where a device cannot (Documentation/networking/segmentation-offloads).
 * The pieces carry parts of the same bytes and are never where the whole one is: what is seen there again was sent again.
 */
function segmentsOf(packet: Packet, store: Store): Pieces | null {
  const length = packet.identity.tcp?.length ?? 0;
  const whole = largeOf(packet, store)
    .filter(
      (other) =>
        (other === packet || (other.identity.tcp?.length ?? 0) > length) &&
        contains(other, packet) &&
        Math.abs(other.time - packet.time) <= REUSED &&
        (other === packet || apart(other, packet)),
    )
    .sort((a, b) => (b.identity.tcp?.length ?? 0) - (a.identity.tcp?.length ?? 0) || byTime(a, b))[0];
  if (whole === undefined || (whole === packet && length <= LARGE)) return null;
  const all = segmentsIn(whole, store);
  return all.length === 0 ? null : pieces('segments', whole, all);
}

function segmentsIn(whole: Packet, store: Store): Packet[] {
  const { tcp } = whole.identity;
  const found: Packet[] = [];
  if (tcp === null) return found;
  let step = 0;
  for (let at = 0, n = 0; at < tcp.length && n < MOST_PIECES; n++) {
    const here = store.starts
      .packets(String((tcp.sequence + at) >>> 0), store.world)
      .filter(
        (other) =>
          other !== whole &&
          (other.identity.tcp?.length ?? 0) < tcp.length &&
          contains(whole, other) &&
          sameSender(whole, other, store.world.nat) &&
          Math.abs(other.time - whole.time) <= REUSED &&
          apart(whole, other),
      )
      .sort(byTime);
    found.push(...here);
    const length = here[0]?.identity.tcp?.length ?? 0;
    if (step === 0) step = length;
    // One that was not captured leaves a gap of the same size; without a first one there is nothing to go by.
    if (length === 0 && step === 0) return found;
    at += length === 0 ? step : length;
  }
  return found;
}

function contains(whole: Packet, part: Packet): boolean {
  const one = whole.identity.tcp;
  const other = part.identity.tcp;
  if (one === null || other === null) return false;
  const ahead = (other.sequence - one.sequence) | 0;
  return ahead >= 0 && ahead + other.length <= one.length;
}

const apart = (a: Packet, b: Packet): boolean => !a.sightings.some(({ place }) => b.isAt(place));

/** The first answer to a packet: an echo reply, an ARP reply, an acknowledgment of exactly its bytes. */
export function answerTo(packet: Packet, store: Store): Packet | null {
  const { asks, tuple } = packet.identity;
  if (asks === '') return null;
  const turned = asks.startsWith('arp ') ? '' : inverseKey(tuple);
  const answers = store.answers
    .packets(asks, store.world)
    .filter(
      (other) =>
        isAfter(other, packet, REUSED) && (turned === '' || store.world.nat.connected(other.identity.tuple, turned)),
    );
  return answers.sort(byTime)[0] ?? null;
}

/** ICMP errors about a packet, the first one first. */
export function errorsAbout(packet: Packet, store: Store): Packet[] {
  const { known, tuple, fragment } = packet.identity;
  if (known === '' || packet.identity.about !== '') return [];
  return store.errors
    .packets(known, store.world)
    .filter(
      (error) =>
        isAfter(error, packet, REUSED) && concerns(error.identity.tuple, tuple, fragment !== null, store.world.nat),
    )
    .sort(byTime);
}

/** The packet that an ICMP error is about: the latest one before it. */
export function subjectOf(error: Packet, store: Store): Packet | null {
  const { about, tuple } = error.identity;
  if (about === '') return null;
  return (
    store.known
      .packets(about, store.world)
      .filter((packet) => packet.identity.about === '' && isAfter(error, packet, REUSED))
      .filter(({ identity }) => concerns(tuple, identity.tuple, identity.fragment !== null, store.world.nat))
      .sort(byTime)
      .at(-1) ?? null
  );
}

function concerns(quoted: string, tuple: string, fragment: boolean, nat: NatTable): boolean {
  return fragment ? nat.connected(withoutPorts(quoted), tuple) : nat.connected(quoted, tuple);
}

/** ARP questions of a machine for an address around some moment, and whether anybody answered. */
export function askedFor(
  address: string,
  machine: string,
  from: number,
  until: number,
  store: Store,
): { asked: number; answered: boolean } {
  const questions = store.wanted
    .packets(address, store.world)
    .filter((question) => question.first.hop.machine === machine && question.time >= from && question.time <= until);
  return { asked: questions.length, answered: questions.some((question) => answerTo(question, store) !== null) };
}
