// Packets that are equal to the last byte, of taps that saw all there was: which of a place's sightings are which of another one's.
// Said in strands: what the first place saw first, and so on, joined wherever cause and effect leave one way only.
import { append, groupsBy } from '../basics/append.ts';
import { firstIndex } from '../basics/first-index.ts';
import type { Sighting } from './sighting.ts';

export interface Timed {
  readonly sighting: Sighting;
  readonly time: number;
  /** Seconds by which it may be wrong against those of other clocks. */
  readonly error: number;
}

/** Copies in the making: of places that saw equally many. */
export interface Strand {
  readonly sightings: Sighting[];
  /** Its clock's name; null: several clocks saw it. */
  clock: string | null;
  /** Timed.error */
  readonly error: number;
  from: number;
  until: number;
  tornBefore: boolean;
  tornAfter: boolean;
  /** Copy.missed */
  missed: string;
}

/** Of taps that saw all there was. */
export function divideWhole(timed: readonly Timed[], isNumbered: boolean, wait: number): Strand[] {
  const machines = groupsBy(timed, ({ sighting }) => sighting.hop.machine).sort(nearerToSender);
  const source = machines[0]?.[0]?.sighting.track;
  // What its sender numbered, and sent once, was doubled on the way: either is as good as the other.
  const areDoubles = isNumbered && timed.filter(({ sighting }) => sighting.track === source).length === 1;
  if (areDoubles) return divideTracks(timed, wait, (same) => alongside(same, 0, same[0]?.length ?? 0));
  const [base = [], ...others] = machines.map((own) => divideTracks(own, wait, strandsOf));
  const times = timesOf(timed);
  const inOrder = (strands: readonly Strand[]): Strand[] =>
    byCauses(strands, base, wait, times)
      .flat()
      .sort((a, b) => a.from - b.from);
  return [...base, ...others.flatMap((strands) => relate(base, inOrder(strands), wait))];
}

/**
 * Of what two machines saw, the earliest first: by TTL, which never goes up, then who sent it first, then by their clocks, which may be
 * wrong by more than a packet takes.
 */
function nearerToSender(one: readonly Timed[], other: readonly Timed[]): number {
  const ttl = (own: readonly Timed[]): number =>
    own.reduce((most, { sighting }) => Math.max(most, sighting.identity.ttl), -1);
  const first = ([timed]: readonly Timed[]): number => (timed?.sighting.hop.direction === 'out' ? 0 : 1);
  return ttl(other) - ttl(one) || first(one) - first(other);
}

/** A machine's kernel loses packets, and may not double them: what it saw at several of its places is in order. */
function divideTracks(
  timed: readonly Timed[],
  wait: number,
  together: (same: readonly (readonly Timed[])[]) => Strand[],
): Strand[] {
  const tracks = groupsBy(timed, ({ sighting }) => sighting.track).sort(earlier);
  const [base = [], ...others] = groupsBy(tracks, ({ length }) => length).map(together);
  const times = timesOf(timed);
  const left = others
    .flatMap((strands) => byCauses(strands, base, wait, times))
    .map((strands) => join(base, strands, wait));
  return [...base, ...left.flat()];
}

/** By when it saw its first; of a pair of devices that did at one moment, the one that it left. */
function earlier([one]: readonly Timed[], [other]: readonly Timed[]): number {
  if (one === undefined || other === undefined) return 0;
  return one.time - other.time || leaves(other) - leaves(one);
}

const leaves = ({ sighting }: Timed): number => Number(sighting.hop.direction === 'out');

const timesOf = (timed: readonly Timed[]): ReadonlyMap<Sighting, number> =>
  new Map(timed.map(({ sighting, time }) => [sighting, time]));

/**
 * Places that saw fewer packets than one before them need not have seen the same ones, though they saw equally many: what may be of other
 * packets is no strand. Gives strands of the same places in one list, in order of time.
 */
function byCauses(
  strands: readonly Strand[],
  base: readonly Strand[],
  longest: number,
  times: ReadonlyMap<Sighting, number>,
): readonly (readonly Strand[])[] {
  if (strands.length >= base.length) return [strands];
  const timeOf = (sighting: Sighting): number => times.get(sighting) ?? 0;
  const clock = base[0]?.clock ?? null;
  const causesOf = (sighting: Sighting, isFlooded: boolean): string => {
    const time = timeOf(sighting);
    const apart = sighting.hop.machine === clock ? 0 : (base[0]?.error ?? 0);
    const error = isFlooded ? Math.max(FLOODED_WITHIN, apart) : apart;
    const first = firstIndex(base.length, (index) => (base[index] as Strand).from >= time - error - longest);
    const end = firstIndex(base.length, (index) => (base[index] as Strand).from > time + error);
    return `${first} ${end}`;
  };
  const lists = new Map<string, Strand[]>();
  for (const strand of strands) {
    const isFlooded = base[0] !== undefined && beginsOut(base[0]) && beginsOut(strand);
    for (const sightings of groupsBy(strand.sightings, (sighting) => causesOf(sighting, isFlooded))) {
      const own = sightings.map(timeOf);
      const piece = { ...strand, sightings, from: Math.min(...own), until: Math.max(...own) };
      append(lists, sightings.map(({ track }) => track).join('|'), piece);
    }
  }
  return [...lists.values()].map((list) => list.sort((a, b) => a.from - b.from));
}

/**
 * Between machines a packet may be lost as well as doubled, so that equal numbers say nothing: what another machine saw is a packet only
 * where it can be no other one. Gives what is left: doubles, and what may be one or another.
 */
function relate(base: readonly Strand[], others: readonly Strand[], longest: number): Strand[] {
  const left: Strand[] = [];
  let first = 0;
  let last = 0;
  let torn = 0;
  for (const strand of others) {
    while (first < base.length && strand.from - (base[first] as Strand).from > longest) first++;
    for (let next = base[last]; next !== undefined; next = base[++last])
      if (next.from - aheadBetween(strand, next) > strand.until) break;
    const only = base[first];
    // What may be one or another of its own machine's packets is none of them for certain, whatever another machine saw.
    if (only !== undefined && last - first === 1 && !strand.tornBefore && areDisjoint(only, strand)) {
      merge(only, strand);
      continue;
    }
    left.push(strand);
    if (last - first < 2) continue;
    strand.tornBefore = true;
    for (torn = Math.max(torn, first); torn < last; torn++) (base[torn] as Strand).tornAfter = true;
  }
  return left;
}

function areDisjoint(one: Strand, other: Strand): boolean {
  const tracks = new Set(one.sightings.map(({ track }) => track));
  return !other.sightings.some(({ track }) => tracks.has(track));
}

function merge(into: Strand, from: Strand): void {
  into.sightings.push(...from.sightings);
  into.tornBefore ||= from.tornBefore;
  into.tornAfter ||= from.tornAfter;
  into.from = Math.min(into.from, from.from);
  into.until = Math.max(into.until, from.until);
  if (into.clock !== from.clock) into.clock = null;
}

/**
 * Places that saw equally many saw the same ones. Which is which is certain where one had been seen everywhere before the next one was
 * seen anywhere: what is on its way at the same time may overtake. Those are divided among the places that saw each other's apart.
 */
function strandsOf(tracks: readonly (readonly Timed[])[]): Strand[] {
  const all = alongside(tracks, 0, tracks[0]?.length ?? 0);
  // Where they saw them in another order than the first one, they did not see the same ones.
  if (!areInOneOrder(tracks)) return apart(tracks, 0, all.length);
  const strands: Strand[] = [];
  for (let start = 0, end = 1; start < all.length; start = end, end++) {
    for (let last = all[end - 1]; end < all.length && last !== undefined; last = all[end++])
      if (isBefore(last, all[end] as Strand)) break;
    if (end - start === 1) strands.push(all[start] as Strand);
    else strands.push(...apart(tracks, start, end));
  }
  return strands;
}

/** True when each packet got to the places, as far as clocks show, in the order in which the first one got there. */
function areInOneOrder(tracks: readonly (readonly Timed[])[]): boolean {
  return tracks.every((track, index) => {
    const before = tracks[index - 1];
    if (before === undefined) return true;
    return before.every((one, nth) => {
      const other = track[nth] as Timed;
      const error = one.sighting.hop.machine === other.sighting.hop.machine ? 0 : one.error;
      return one.time <= other.time + error;
    });
  });
}

/** The first of each, the second of each, and so on. */
function alongside(tracks: readonly (readonly Timed[])[], start: number, end: number): Strand[] {
  const strands: Strand[] = [];
  for (let index = start; index < end; index++) {
    let strand: Strand | null = null;
    for (const track of tracks) {
      const one = track[index];
      if (one !== undefined) strand = extended(strand, one);
    }
    if (strand !== null) strands.push(strand);
  }
  return strands;
}

export function extended(strand: Strand | null, { sighting, time, error }: Timed): Strand {
  const clock = sighting.hop.machine;
  if (strand === null)
    return {
      sightings: [sighting],
      clock,
      error,
      from: time,
      until: time,
      tornBefore: false,
      tornAfter: false,
      missed: '',
    };
  strand.sightings.push(sighting);
  if (strand.clock !== clock) strand.clock = null;
  strand.from = Math.min(strand.from, time);
  strand.until = Math.max(strand.until, time);
  return strand;
}

/** Seconds by which two may be shown in the wrong order. */
const errorBetween = (one: Strand, other: Strand): number =>
  one.clock !== null && one.clock === other.clock ? 0 : one.error;

/** Seconds in which a bridge has handed on all copies of what it floods: of those, any may be seen first. */
const FLOODED_WITHIN = 0.001;

/**
 * Seconds by which what was seen of one packet may be earlier than what is seen of it elsewhere: what left through two ports of a bridge
 * is no cause of each other.
 */
const aheadBetween = (one: Strand, other: Strand): number =>
  beginsOut(one) && beginsOut(other) ? Math.max(FLOODED_WITHIN, errorBetween(one, other)) : errorBetween(one, other);

const beginsOut = ({ sightings: [first] }: Strand): boolean => first?.hop.direction === 'out';

const isBefore = (one: Strand, other: Strand): boolean => one.until + errorBetween(one, other) < other.from;

/** Of packets that were on their way at one time: as many places as possible together, the first ones first. */
function apart(tracks: readonly (readonly Timed[])[], start: number, end: number): Strand[] {
  const clusters: (readonly Timed[])[][] = [];
  for (const track of tracks) {
    const last = clusters.at(-1);
    if (last !== undefined && areApart(alongside([...last, track], start, end))) last.push(track);
    else clusters.push([track]);
  }
  return clusters.flatMap((cluster, index) =>
    alongside(cluster, start, end).map((strand) => ({
      ...strand,
      tornBefore: index > 0,
      tornAfter: index < clusters.length - 1,
    })),
  );
}

const areApart = (strands: readonly Strand[]): boolean =>
  strands.every((strand, index) => index === 0 || isBefore(strands[index - 1] as Strand, strand));

/**
 * Joins what was seen elsewhere to the packets that it can only be. Gives what is left: packets that were doubled, and those that may
 * be one or another.
 */
function join(base: readonly Strand[], others: readonly Strand[], longest: number): Strand[] {
  const isFewer = others.length <= base.length;
  const [few, many] = isFewer ? [others, base] : [base, others];
  const only = partners(few, many, isFewer, longest);
  const isDoubled = !isFewer && few.length === 1;
  const taken = new Set<Strand>();
  let torn = 0;
  for (const [index, strand] of few.entries()) {
    const { first, last, partner } = only[index] as Partners;
    if (first > last) continue;
    const sole = isDoubled ? many[first] : partner;
    if (sole === undefined) {
      for (const one of [strand, ...many.slice(Math.max(first, torn), last + 1)]) {
        if (isFewer === (one === strand)) one.tornBefore = true;
        else one.tornAfter = true;
      }
      torn = Math.max(torn, last + 1);
      continue;
    }
    const [into, from] = isFewer ? [sole, strand] : [strand, sole];
    merge(into, from);
    taken.add(from);
  }
  return others.filter((strand) => !taken.has(strand));
}

interface Partners {
  /** Those that it may be, as places in the list; none when the first is beyond the last. */
  readonly first: number;
  readonly last: number;
  /** The only one that is left of them when those before it have got theirs. */
  readonly partner: Strand | undefined;
}

/** For each of the few, in order of time, which of the many it may be: an effect comes after its cause, and not later than a packet waits. */
function partners(few: readonly Strand[], many: readonly Strand[], isFewer: boolean, longest: number): Partners[] {
  // Of a place in the list, the first at or behind it that nobody has.
  const free = Array.from({ length: many.length + 1 }, (_, index) => index);
  const freeFrom = (start: number): number => {
    let at = start;
    while (free[at] !== at) at = free[at] = free[free[at] ?? 0] ?? many.length;
    return at;
  };
  let first = 0;
  let last = -1;
  return few.map((one) => {
    const isTooEarly = (other: Strand): boolean =>
      isFewer ? one.from - other.from > longest : other.until < one.from - aheadBetween(one, other);
    const isTooLate = (other: Strand): boolean =>
      isFewer ? one.until < other.from - aheadBetween(one, other) : other.from - one.from > longest;
    while (first < many.length && isTooEarly(many[first] as Strand)) first++;
    last = Math.max(last, first - 1);
    while (last + 1 < many.length && !isTooLate(many[last + 1] as Strand)) last++;
    const own = freeFrom(first);
    const another = own < many.length ? freeFrom(own + 1) : many.length;
    const isSole = own <= last && another > last;
    if (isSole) free[own] = own + 1;
    return { first, last, partner: isSole ? many[own] : undefined };
  });
}
