// The sightings of packets that are equal in all that survives a hop, divided into packets. Mostly there is one. There are
// several when somebody asks again in the very same words (ARP, a datagram without identification), or when a frame was doubled.
//
//   host-01/eth0 out   ─a────────────b──────────────▶ time
//   host-02/eth0 in    ──a′───────────b′─b″─────────▶     a′ can only be a: b was not sent yet. b′ and b″ are b, doubled
//
//   host-01/eth0 out   ─a──b────────────────────────▶
//   host-02/eth0 in    ───────x─────────────────────▶     x may be a or b: nothing in the packet, and no order, says which.
//                                                         It is a packet of its own then, with a note
//
// Which came first decides, never how long something took: equal packets are told apart by cause and effect alone.

import { groupsBy } from '../basics/append.ts';
import { hashOf, mayBeEqual } from '../hop/content.ts';
import { CLOCK_ERROR, type Clocks } from './clocks.ts';
import type { NatTable } from './evidence/conntrack.ts';
import type { PlacesInTime } from './places-in-time.ts';
import { compareSightings, mayFollow, type Sighting } from './sighting.ts';
import { divideWhole, extended, type Strand, type Timed } from './strands.ts';
import type { Stretches } from './stretches.ts';
import { WAIT_FOR_NEIGHBOUR } from './waits.ts';

export interface World {
  readonly places: PlacesInTime;
  readonly nat: NatTable;
  readonly clocks: Clocks;
  readonly missed: Stretches;
}

/** One packet's sightings. */
export interface Copy {
  readonly sightings: readonly Sighting[];
  /** Nothing else is equal to it: what names such a packet names this one. */
  readonly isAlone: boolean;
  /** What was seen elsewhere may be where it came from, or where it went on, or it may not: nothing says which of equal packets. */
  readonly isTornBefore: boolean;
  readonly isTornAfter: boolean;
  /** A machine whose tap lost packets just then, so that one that is equal to this may be among those; "": there is none. */
  readonly missed: string;
}

/** Seconds that a question who has an address waits in a machine at most: for nobody, and it comes again a second later. */
const WAIT_OF_ARP = 0.5;
/** Seconds after which an identification means another packet. */
const REUSED = 60;
/** Offsets are rounded for this purpose: that they become a little better must not put everything in question. */
const OFFSET_STEP = 0.001;

/** Seconds to add to a clock's reading, as coarse as dividing into packets needs it. */
const coarseOffset = (clocks: Clocks, clock: string): number =>
  Math.round(clocks.offset(clock) / OFFSET_STEP) * OFFSET_STEP;

/**
 * Seconds by which the readings of several clocks may be apart once their coarse offsets are added. In steps of two to one, for the
 * same reason.
 */
function coarseError(clocks: Clocks, names: readonly string[]): number {
  let most = 0;
  for (const a of names) {
    for (const b of names) {
      if (a >= b) continue;
      const rounded = [a, b].map((name) => Math.abs(clocks.offset(name) - coarseOffset(clocks, name)));
      most = Math.max(most, clocks.error(a, b) + (rounded[0] ?? 0) + (rounded[1] ?? 0));
    }
  }
  return most === 0 ? 0 : Math.min(CLOCK_ERROR, 2 ** Math.ceil(Math.log2(most)));
}

/** What dividing into packets depends on of the clocks; it is done anew when this changes. */
export const coarseClocks = (clocks: Clocks): string =>
  `${clocks.names.map((name) => `${name} ${coarseOffset(clocks, name)} ${clocks.group(name)}`)} ${clocks.names.flatMap((a) => clocks.names.map((b) => coarseError(clocks, [a, b])))}`;

/** Divides sightings of one key. The result depends on the set alone, not on the order of the array. Costs n log n. */
export function divide(sightings: readonly Sighting[], world: World): Copy[] {
  if (sightings.length === 1 && world.missed.isNone) return [alone(sightings)];
  return groupsBy(sightings, ({ identity }) => world.nat.root(identity.tuple))
    .flatMap(byContent)
    .flatMap((equal) => divideEqual(equal, world));
}

const alone = (sightings: readonly Sighting[]): Copy => ({
  sightings: [...sightings],
  isAlone: true,
  isTornBefore: false,
  isTornAfter: false,
  missed: '',
});

/** Data that differ are of different packets. What a capture cut joins those that it may be, if these are all alike. */
function byContent(sightings: readonly Sighting[]): Sighting[][] {
  const [first] = sightings;
  if (first === undefined) return [];
  if (sightings.every(({ identity }) => !identity.content.cut && mayBeEqual(identity.content, first.identity.content)))
    return [[...sightings]];
  const whole = sightings.filter(({ identity }) => !identity.content.cut);
  const groups = groupsBy(whole, ({ identity }) => `${identity.content.length} ${hashOf(identity.content)}`);
  // The longest first: what is shorter joins it.
  const cut = sightings
    .filter(({ identity }) => identity.content.cut)
    .sort((a, b) => b.identity.content.length - a.identity.content.length || compareSightings(a, b));
  const torn: Sighting[] = [];
  for (const sighting of cut) {
    const fitting = groups.filter(
      ([one]) => one !== undefined && mayBeEqual(one.identity.content, sighting.identity.content),
    );
    if (fitting.length === 0) groups.push([sighting]);
    else if (fitting.length === 1) fitting[0]?.push(sighting);
    else torn.push(sighting);
  }
  return torn.length === 0 ? groups : [...groups, torn];
}

/** Packets that are equal to the last byte. */
function divideEqual(sightings: readonly Sighting[], world: World): Copy[] {
  const isNumbered = sightings.every(({ identity }) => identity.numbered || identity.stamps !== null);
  const isArp = sightings[0]?.identity.key.startsWith('arp ') === true;
  // Only what cannot be taken for another packet is looked for longer than anything waits.
  const wait = isNumbered ? REUSED : isArp ? WAIT_OF_ARP : WAIT_FOR_NEIGHBOUR;
  if (isOnce(sightings) && spreadOf(sightings, world) <= wait && !mayBeMissing(sightings, isNumbered, wait, world))
    return isNumbered ? [alone(sightings)] : onWays(alone(sightings), world);
  if (isNumbered) {
    const [own, twins] = withoutTwins(sightings);
    // Where a place saw it at other moments as well, it was sent again: then two may have come at one moment.
    if (twins.length > 0 && isOnce(own))
      return [...divideEqual(own, world), ...twins.map((twin) => alone([twin]))].map((copy) => ({
        ...copy,
        isAlone: false,
      }));
  }
  // Who sends TCP's segments again waits for longer than clocks are wrong, once packets have shown how far they are apart.
  const isTcp = sightings.every(({ identity }) => identity.stamps !== null);
  const error = isTcp ? coarseError(world.clocks, [...new Set(sightings.map(({ hop }) => hop.machine))]) : CLOCK_ERROR;
  const byClock = groupsBy(
    sightings.map((sighting) => ({ sighting, time: timeOf(sighting, world), error })),
    ({ sighting }) => world.clocks.group(sighting.hop.machine),
  ).map((timed) => bursts(timed, wait).map((burst) => divideBurst(burst, isNumbered, wait, world)));
  // Clocks that cannot be compared say nothing of what came first, or of which belongs to which.
  const copies = copiesOf(byClock.flat(2), byClock.length > 1);
  return isNumbered ? copies : copies.flatMap((copy) => onWays(copy, world));
}

/** @param isTorn nothing relates them to each other */
function copiesOf(strands: readonly Strand[], isTorn: boolean): Copy[] {
  return strands.map(({ sightings, tornBefore, tornAfter, missed }) => ({
    sightings,
    missed,
    isAlone: strands.length === 1,
    isTornBefore: tornBefore || isTorn,
    isTornAfter: tornAfter || isTorn,
  }));
}

const timeOf = ({ hop }: Sighting, { clocks }: World): number => hop.time + coarseOffset(clocks, hop.machine);

/** Every place saw it once. */
const isOnce = (sightings: readonly Sighting[]): boolean =>
  new Set(sightings.map(({ track }) => track)).size === sightings.length;

function spreadOf(sightings: readonly Sighting[], world: World): number {
  if (groupsBy(sightings, ({ hop }) => world.clocks.group(hop.machine)).length > 1) return 0;
  const times = sightings.map((sighting) => timeOf(sighting, world));
  return Math.max(...times) - Math.min(...times);
}

/** Seconds by which processors of one machine may note what they saw in another order. */
const MOMENT = 0.0005;
/** Beyond this it is not looked whether ways lead from place to place: a flood in a large network. */
const MOST_ON_WAYS = 64;

/** What no number says to be one packet is one only as far as ways lead from some of its places to others. */
function onWays(copy: Copy, world: World): Copy[] {
  const { sightings } = copy;
  if (sightings.length === 1 || sightings.length > MOST_ON_WAYS) return [copy];
  const places = world.places.of(sightings);
  // The clock of one machine shows which was first, but for what came within moments.
  const mayBeEarlier = (a: Sighting, b: Sighting): boolean =>
    a.hop.machine !== b.hop.machine || a.hop.time <= b.hop.time + MOMENT;
  const follows = (a: Sighting, b: Sighting): boolean => mayBeEarlier(a, b) && mayFollow(a, b, places);
  const leads = (a: Sighting, b: Sighting): boolean => follows(a, b) || follows(b, a);
  const parts: Sighting[][] = [];
  for (const sighting of [...sightings].sort(compareSightings)) {
    const joined = parts.filter((part) => part.some((other) => leads(other, sighting)));
    const [into] = joined;
    if (into === undefined) parts.push([sighting]);
    else {
      into.push(sighting);
      for (const part of joined.slice(1)) into.push(...parts.splice(parts.indexOf(part), 1).flat());
    }
  }
  if (parts.length === 1) return [copy];
  return parts.map((part) => ({ ...copy, sightings: part, isAlone: false, isTornBefore: true, isTornAfter: true }));
}

/** A tap that saw it, or another one that is equal, lost packets just then. */
function mayBeMissing(sightings: readonly Sighting[], isNumbered: boolean, wait: number, world: World): boolean {
  if (world.missed.isNone) return false;
  return groupsBy(sightings, ({ hop }) => world.clocks.group(hop.machine)).some((comparable) => {
    const times = comparable.map((sighting) => timeOf(sighting, world));
    return lossyOf(comparable, Math.min(...times), Math.max(...times), isNumbered, wait, world).size > 0;
  });
}

/**
 * The machines whose taps may have lost an equal packet. Who numbers his packets seldom sends two with one number: these, each seen once,
 * are two only where each was missed by who saw the other one, between the two; a tap that lost none has seen all there were.
 */
function lossyOf(
  sightings: readonly Sighting[],
  from: number,
  until: number,
  isNumbered: boolean,
  wait: number,
  world: World,
): ReadonlySet<string> {
  if (!isNumbered || !isOnce(sightings)) return missedBy(sightings, from - wait, until + wait, world);
  const lossy = missedBy(sightings, from - CLOCK_ERROR, until + CLOCK_ERROR, world);
  return lossy.size < new Set(sightings.map(({ hop }) => hop.machine)).size ? new Set() : lossy;
}

/** Of the machines that saw them, those whose taps lost packets between two moments. */
function missedBy(sightings: readonly Sighting[], from: number, until: number, { clocks, missed }: World): Set<string> {
  const found = new Set<string>();
  if (missed.isNone) return found;
  for (const machine of new Set(sightings.map(({ hop }) => hop.machine))) {
    const offset = coarseOffset(clocks, machine);
    if (missed.overlaps(machine, from - offset, until - offset)) found.add(machine);
  }
  return found;
}

/**
 * What one tap noted twice at one moment is one sighting: a capture that was put together from two, of a device and of all. Those are
 * told apart from the others.
 */
function withoutTwins(sightings: readonly Sighting[]): readonly [own: Sighting[], twins: Sighting[]] {
  const own: Sighting[] = [];
  const twins: Sighting[] = [];
  const seen = new Set<string>();
  for (const sighting of [...sightings].sort(compareSightings)) {
    const moment = `${sighting.hop.time} ${sighting.track}`;
    (seen.has(moment) ? twins : own).push(sighting);
    seen.add(moment);
  }
  return [own, twins];
}

/** Parted wherever nothing was seen for longer than a packet waits. */
function bursts(timed: Timed[], wait: number): Timed[][] {
  timed.sort((a, b) => a.time - b.time || compareSightings(a.sighting, b.sighting));
  const parts: Timed[][] = [];
  let last = -Infinity;
  for (const one of timed) {
    if (one.time - last > wait) parts.push([]);
    parts.at(-1)?.push(one);
    last = one.time;
  }
  return parts;
}

function divideBurst(timed: readonly Timed[], isNumbered: boolean, wait: number, world: World): Strand[] {
  const sightings = timed.map(({ sighting }) => sighting);
  const [from = 0, until = from] = [timed[0]?.time, timed.at(-1)?.time];
  const lossy = lossyOf(sightings, from, until, isNumbered, wait, world);
  if (lossy.size === 0) return divideWhole(timed, isNumbered, wait);
  const isLossy = ({ sighting }: Timed): boolean => lossy.has(sighting.hop.machine);
  const strands = [
    ...divideWhole(
      timed.filter((one) => !isLossy(one)),
      isNumbered,
      wait,
    ),
    ...timed.filter(isLossy).map((one) => extended(null, one)),
  ];
  // Of what was seen elsewhere and what was missed, nobody knows which belongs to which.
  const [missed = ''] = [...lossy].sort();
  for (const strand of strands) Object.assign(strand, { tornBefore: true, tornAfter: true, missed });
  return strands;
}
