// How packets belong together: sent again, doubled, cut into pieces and put together, answered.

import { append } from '../basics/append.ts';
import { mayBeEqual } from '../hop/content.ts';
import { withoutPorts } from '../hop/tuple.ts';
import type { NatTable } from './evidence/conntrack.ts';
import type { Parts, Repeat } from './journey.ts';
import { Quotable, type Quote } from './quotable.ts';
import { byTime, LARGE, largeName, type Packet, type Store, type Subjects, startName } from './store.ts';

/** Seconds after which an identification or a sequence number may mean another packet. */
const REUSED = 60;
/** Pieces of one packet that are looked for: 64 kB in the smallest segments anybody sends. */
const MOST_PIECES = 200;

/** The packet that this one repeats; null when it is the first of its kind, or nothing says which of several it is. */
export function repeatOf(packet: Packet, store: Store): Repeat | null {
  const { copy, identity } = packet;
  if (!copy.isAlone) {
    if (copy.isTornBefore) return null;
    // Of a packet with a number of its own there are few; its clocks may not be set.
    const others = identity.numbered
      ? packet.bucket.packets(store.world)
      : packet.bucket.around(packet, REUSED, store.world);
    const original = firstOf(
      others,
      (other) =>
        other !== packet &&
        cameFirst(other, packet) &&
        sameSender(packet, other, store.world.nat) &&
        mayBeEqual(other.identity.content, identity.content),
    );
    if (original !== undefined) return { kind: kindOf(packet, original, store), of: original.id };
  }
  const sent = sentBefore(packet, store);
  return sent === undefined ? null : { kind: 'retransmission', of: sent.id };
}

const isTorn = ({ isTornBefore, isTornAfter }: Packet['copy']): boolean => isTornBefore || isTornAfter;

/** Seconds in which what is equal to a packet may be that one, doubled on the way: whoever numbers his packets sends none again. */
const DOUBLED = 4;
/** ARP's answers are all equal. */
const DOUBLED_ARP = 0.5;

/** True when it may be another packet, doubled on the way. */
export function mayBeDouble(packet: Packet, store: Store): boolean {
  const { bucket, copy, identity } = packet;
  if (copy.isAlone) return false;
  const seconds = identity.numbered ? REUSED : identity.key.startsWith('arp ') ? DOUBLED_ARP : DOUBLED;
  const isEarlier = (other: Packet): boolean =>
    byTime(other, packet) < 0 &&
    sameSender(packet, other, store.world.nat) &&
    mayBeEqual(other.identity.content, identity.content);
  return firstOf(bucket.around(packet, seconds, store.world), isEarlier) !== undefined;
}

/**
 * Who sends again numbers it anew; so of equal packets with a number, one that begins further on is the other, doubled. Whoever leaves his
 * device twice may have sent it twice, whatever its number: those may be either, unless the sender was told that the first did not arrive.
 */
function kindOf({ identity, first, time, copy }: Packet, original: Packet, store: Store): Repeat['kind'] {
  const beginsFurtherOn =
    original.first.place !== first.place && original.isAt(first.place) && ![original.copy, copy].some(isTorn);
  if (identity.numbered && beginsFurtherOn) return 'duplicate';
  if (original.first.place !== first.place) return 'repeat';
  const wasTold = identity.tcp !== null && errorsAbout(original, store).some((error) => error.time <= time);
  return wasTold ? 'retransmission' : 'repeat';
}

function firstOf<T>(items: Iterable<T>, isIt: (item: T) => boolean): T | undefined {
  for (const item of items) if (isIt(item)) return item;
  return undefined;
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
  return [...startingAt(packet.identity.tuple, tcp.sequence, store), ...largeOf(packet, store)]
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

/** Segments of a conversation whose first byte this is; none when they are too many to be told apart. */
function startingAt(tuple: string, sequence: number, { starts, world }: Store): Packet[] {
  const found: Packet[] = [];
  for (const member of world.nat.members(tuple)) {
    const name = startName(member, sequence);
    if (starts.size(name) > MOST_PIECES) return [];
    found.push(...starts.packetsOf(name, member, world));
    if (found.length > MOST_PIECES) return [];
  }
  return [...new Set(found)];
}

/** Large segments that may have bytes in common with a packet; none when they are too many to be told apart. */
function largeOf(packet: Packet, { large, world }: Store): Packet[] {
  const { tcp, tuple } = packet.identity;
  if (tcp === null) return [];
  const from = (tcp.sequence >>> 16) - 1;
  const until = ((tcp.sequence + tcp.length) >>> 16) + (tcp.sequence + tcp.length > 0xffff_ffff ? 0x1_0000 : 0);
  const found = new Set<Packet>();
  for (const member of world.nat.members(tuple))
    for (let block = from; block <= until; block++)
      if (large.size(largeName(member, block)) <= MOST_PIECES)
        for (const other of large.packetsOf(largeName(member, block), member, world)) found.add(other);
  return [...found];
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
  const count = store.fragments.size(packet.identity.train);
  if (count === 0 || count > MOST_PIECES || store.trains.size(packet.identity.train) > MOST_PIECES) return null;
  const addresses = withoutPorts(packet.identity.tuple);
  const near = (other: Packet): boolean =>
    nat.connected(withoutPorts(other.identity.tuple), addresses) && Math.abs(other.time - packet.time) <= REUSED;
  const all = store.fragments.packets(packet.identity.train, store.world).filter(near);
  if (all.length === 0 || all.some(({ copy }) => !copy.isAlone) || sharesBytes(all)) return null;
  all.sort((a, b) => (a.identity.fragment?.offset ?? 0) - (b.identity.fragment?.offset ?? 0) || byTime(a, b));
  // Of several with one identification, nothing says whose fragments they are.
  const [whole = null, ...others] = store.trains.packets(packet.identity.train, store.world).filter(near);
  return others.length > 0 || (whole !== null && !fits(whole, all)) ? null : pieces('fragments', whole, all);
}

/** Fragments of one packet that some place saw have no byte in common. (Where they were cut up once more, they have, elsewhere.) */
function sharesBytes(sorted: readonly Packet[]): boolean {
  const ends = new Map<string, number>();
  for (const { identity, sightings } of [...sorted].sort(
    (a, b) => (a.identity.fragment?.offset ?? 0) - (b.identity.fragment?.offset ?? 0),
  )) {
    const { offset = 0, length = 0 } = identity.fragment ?? {};
    for (const { track } of sightings) {
      const tap = track.split(' ', 2).join(' ');
      if (offset < (ends.get(tap) ?? 0)) return true;
      ends.set(tap, offset + length);
    }
  }
  return false;
}

/** As long as its fragments, and with their bytes: an identification alone may be another packet's. */
function fits({ identity: { payload, content } }: Packet, all: readonly Packet[]): boolean {
  return all.every(({ identity: { fragment, content: part } }) => {
    if (fragment === null) return true;
    const end = fragment.offset + fragment.length;
    if (fragment.more ? end > payload.length : end !== payload.length) return false;
    // NAT changes the ports in the first.
    if (fragment.offset === 0) return true;
    const from = payload.at + fragment.offset;
    const shared = Math.min(part.length, Math.max(0, content.at + content.length - from));
    for (let i = 0; i < shared; i++) if (content.bytes[from + i] !== part.bytes[part.at + i]) return false;
    return true;
  });
}

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
    const here = startingAt(whole.identity.tuple, (tcp.sequence + at) >>> 0, store)
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

/** ICMP errors that are about this packet and no other, the first one first. */
export function errorsAbout(packet: Packet, store: Store): Packet[] {
  const { known, carriers, about } = packet.identity;
  if (about !== '') return [];
  const names = new Set([known, ...carriers.map((carrier) => carrier.known)]);
  for (const { identity } of packet.sightings) for (const carrier of identity.carriers) names.add(carrier.known);
  return [...names]
    .filter((name) => name !== '' && store.errors.has(name))
    .flatMap((name) => [subjectsOf, carriedSubjectsOf].flatMap((of) => of(name, store).errors.get(packet) ?? []))
    .sort(byTime);
}

/**
 * The packet that an ICMP error is about: the only one that may be what it quotes. Of several, the only one that its sender's machine
 * has seen before. Null when there is none, and when nothing says which.
 */
export function subjectOf(error: Packet, store: Store): Packet | null {
  const { about, aboutCarried } = error.identity;
  if (about === '') return null;
  const subject = subjectsOf(about, store).of.get(error);
  // Of a tunnel's packet that no tap saw, what it carried was seen before.
  if (subject !== undefined || aboutCarried === null) return subject ?? null;
  return carriedSubjectsOf(aboutCarried.known, store).of.get(error) ?? null;
}

/** Of all errors that quote the same, at once. */
const subjectsOf = (about: string, store: Store): Subjects =>
  kept(about, store, () => {
    const errors = store.errors.packets(about, store.world).filter(({ identity }) => identity.about === about);
    return quotedIn(about, errors, ({ identity }) => identity, store);
  });

/** Of all errors about tunnels' packets that no tap saw, which carried the same. */
const carriedSubjectsOf = (known: string, store: Store): Subjects =>
  kept(`carried ${known}`, store, () => {
    const errors = store.errors
      .packets(known, store.world)
      .filter(
        (error) =>
          error.identity.aboutCarried?.known === known &&
          subjectsOf(error.identity.about, store).of.get(error) === undefined,
      );
    return quotedIn(known, errors, ({ identity }) => identity.aboutCarried ?? identity, store);
  });

function kept(name: string, { subjects }: Store, make: () => Subjects): Subjects {
  const known = subjects.get(name);
  if (known !== undefined) return known;
  const made = make();
  subjects.set(name, made);
  return made;
}

function quotedIn(about: string, errors: readonly Packet[], quoteOf: (error: Packet) => Quote, store: Store): Subjects {
  const candidates = new Quotable(about, store);
  // More errors of one kind than packets: of some of these nothing but their fragments was seen.
  const alike = new Map<string, number>();
  const kindOf = (error: Packet): string => `${error.first.place} ${candidates.kindOf(quoteOf(error))}`;
  for (const error of errors) alike.set(kindOf(error), (alike.get(kindOf(error)) ?? 0) + 1);
  const of = new Map<Packet, Packet>();
  const errorsOf = new Map<Packet, Packet[]>();
  for (const error of errors) {
    const possible = candidates.by(quoteOf(error), error);
    // Packets are missing, one that is equal to these may be among them.
    if (possible.some(({ copy }) => copy.missed !== '')) continue;
    if ((alike.get(kindOf(error)) ?? 0) > possible.length) continue;
    const { hop } = error.first;
    const there =
      possible.length === 1
        ? possible
        : possible.filter((packet) =>
            packet.sightings.some((seen) => seen.hop.machine === hop.machine && seen.hop.time <= hop.time),
          );
    const [subject] = there;
    if (subject === undefined || there.length > 1) continue;
    of.set(error, subject);
    append(errorsOf, subject, error);
  }
  return { of, errors: errorsOf };
}
