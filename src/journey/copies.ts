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
import { hashOf, mayBeEqual } from '../hop/content.ts';
import { WIRE } from '../hop/hop.ts';
import { CLOCK_ERROR, type Clocks } from './clocks.ts';
import type { NatTable } from './evidence/conntrack.ts';
import { compareSightings, NEVER, type Sighting, succession } from './sighting.ts';
import type { Places } from './topology.ts';

export interface World {
  readonly places: Places;
  readonly nat: NatTable;
  readonly clocks: Clocks;
}

/** One packet's sightings. */
export interface Copy {
  readonly sightings: readonly Sighting[];
  /** Nothing else is equal to it: what names such a packet names this one. */
  readonly isAlone: boolean;
  /** What was seen elsewhere may be where it came from, or where it went on, or it may not: nothing says which of equal packets. */
  readonly isTornBefore: boolean;
  readonly isTornAfter: boolean;
}

/**
 * Seconds that a packet waits in a machine at most: a neighbour is asked for three times, a second apart (net.ipv4.neigh.*.retrans_time_ms
 * and mcast_solicit), and what is sent waits for it. Only packets that cannot be taken for others are looked for longer: for REUSED.
 */
const LONGEST_WAIT = 4;
/** The same of a question who has an address: it waits for nobody, and comes again a second later. */
const LONGEST_WAIT_OF_ARP = 0.5;
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
  if (sightings.length === 1) return [alone(sightings)];
  return groupsBy(sightings, ({ identity }) => world.nat.root(identity.tuple))
    .flatMap(byContent)
    .flatMap((equal) => divideEqual(equal, world));
}

const alone = (sightings: readonly Sighting[]): Copy => ({
  sightings: [...sightings],
  isAlone: true,
  isTornBefore: false,
  isTornAfter: false,
});

function groupsBy<T>(items: readonly T[], name: (item: T) => string | number): T[][] {
  const groups = new Map<string | number, T[]>();
  for (const item of items) {
    const key = name(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

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

interface Timed {
  readonly sighting: Sighting;
  readonly time: number;
  /** Seconds by which it may be wrong against those of other clocks. */
  readonly error: number;
}

/** Packets that are equal to the last byte. */
function divideEqual(sightings: readonly Sighting[], world: World): Copy[] {
  const isNumbered = sightings.every(({ identity }) => identity.numbered || identity.stamps !== null);
  const isArp = sightings[0]?.identity.key.startsWith('arp ') === true;
  const wait = isNumbered ? REUSED : isArp ? LONGEST_WAIT_OF_ARP : LONGEST_WAIT;
  if (isOnce(sightings) && spreadOf(sightings, world) <= wait) return [alone(sightings)];
  if (isNumbered) {
    const [own, twins] = withoutTwins(sightings);
    if (twins.length > 0)
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
  ).map((timed) => bursts(timed, wait).map((burst) => divideBurst(burst, isNumbered, wait)));
  const [first = [], ...others] = byClock;
  if (others.length === 0) return copiesOf(first.flat(), false);
  // Clocks that cannot be compared say nothing of what came first, or of which belongs to which.
  return copiesOf(byClock.flat(2), true);
}

/** @param isTorn nothing relates them to each other */
function copiesOf(strands: readonly Strand[], isTorn: boolean): Copy[] {
  return strands.map(({ sightings, tornBefore, tornAfter }) => ({
    sightings,
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

/** Copies in the making: of places that saw equally many. */
interface Strand {
  readonly sightings: Sighting[];
  /** Its clock's name; null: several clocks saw it. */
  clock: string | null;
  /** Timed.error */
  readonly error: number;
  from: number;
  until: number;
  tornBefore: boolean;
  tornAfter: boolean;
}

function divideBurst(timed: readonly Timed[], isNumbered: boolean, wait: number): Strand[] {
  const source = timed[0]?.sighting.track;
  // What its sender numbered, and sent once, was doubled on the way: either is as good as the other.
  const areDoubles = isNumbered && timed.filter(({ sighting }) => sighting.track === source).length === 1;
  if (areDoubles) return divideTracks(timed, wait, (same) => alongside(same, 0, same[0]?.length ?? 0));
  // The earliest first.
  const [base = [], ...others] = groupsBy(timed, ({ sighting }) => sighting.hop.machine).map((own) =>
    divideTracks(own, wait, strandsOf),
  );
  return [...base, ...others.flatMap((strands) => relate(base, strands, wait))];
}

/** A machine's kernel loses packets, and may not double them: what it saw at several of its places is in order. */
function divideTracks(
  timed: readonly Timed[],
  wait: number,
  together: (same: readonly (readonly Timed[])[]) => Strand[],
): Strand[] {
  const tracks = groupsBy(timed, ({ sighting }) => sighting.track);
  const [base = [], ...others] = groupsBy(tracks, ({ length }) => length).map(together);
  const left = others.map((strands) => join(base, strands, wait));
  return [...base, ...left.flat()];
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
      if (next.from - errorBetween(strand, next) > strand.until) break;
    const only = base[first];
    if (only !== undefined && last - first === 1 && areDisjoint(only, strand)) {
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

function extended(strand: Strand | null, { sighting, time, error }: Timed): Strand {
  const clock = sighting.hop.machine;
  if (strand === null)
    return { sightings: [sighting], clock, error, from: time, until: time, tornBefore: false, tornAfter: false };
  strand.sightings.push(sighting);
  if (strand.clock !== clock) strand.clock = null;
  strand.from = Math.min(strand.from, time);
  strand.until = Math.max(strand.until, time);
  return strand;
}

/** Seconds by which two may be shown in the wrong order. */
const errorBetween = (one: Strand, other: Strand): number =>
  one.clock !== null && one.clock === other.clock ? 0 : one.error;

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
      isFewer ? one.from - other.from > longest : other.until < one.from - errorBetween(one, other);
    const isTooLate = (other: Strand): boolean =>
      isFewer ? one.until < other.from - errorBetween(one, other) : other.from - one.from > longest;
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

export interface Step {
  readonly sighting: Sighting;
  /** The step before, as an index of the list; −1 for where the packet was first seen. */
  readonly after: number;
}

/** Beyond this a flood is a list: comparing every pair would take too long. */
const MOST_COMPARED = 128;

/**
 * The way of one packet as a tree: each sighting after the one that it follows. Where a bridge floods, several follow one.
 * In an order in which nothing comes before what it follows.
 */
export function link(sightings: readonly Sighting[], world: World): Step[] {
  const time = (sighting: Sighting): number => sighting.hop.time + world.clocks.offset(sighting.hop.machine);
  const sorted = [...sightings].sort((a, b) => time(a) - time(b) || compareSightings(a, b));
  const parents = linkPairs(sorted, world);
  // The earliest first among those whose predecessor is there.
  const children = new Map<number, number[]>();
  for (let i = 0; i < sorted.length; i++) {
    const parent = parents[i] ?? -1;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [i]);
    else siblings.push(i);
  }
  const steps: Step[] = [];
  const ready = (children.get(-1) ?? []).map((index) => ({ index, after: -1 }));
  while (ready.length > 0) {
    let first = 0;
    for (let i = 1; i < ready.length; i++) if ((ready[i]?.index ?? 0) < (ready[first]?.index ?? 0)) first = i;
    const [next] = ready.splice(first, 1);
    if (next === undefined) break;
    const at = steps.push({ sighting: sorted[next.index] as Sighting, after: next.after }) - 1;
    for (const index of children.get(next.index) ?? []) ready.push({ index, after: at });
  }
  return steps;
}

/** For each sighting the one that it follows: the surest pairs first; a pair that would close a circle is left out. */
function linkPairs(sorted: readonly Sighting[], world: World): number[] {
  const { places, nat } = world;
  const parents = sorted.map(() => -1);
  if (sorted.length > MOST_COMPARED) return parents.map((_, i) => i - 1);
  const pairs: Pair[] = [];
  for (let to = 0; to < sorted.length; to++) {
    const after = sorted[to] as Sighting;
    for (let from = 0; from < sorted.length; from++) {
      const before = sorted[from] as Sighting;
      if (from === to) continue;
      const wait = waitBetween(before, after, world);
      if (wait !== null && wait < (before.hop.machine === after.hop.machine ? 0 : -CLOCK_ERROR)) continue;
      if (!explained(before, after, nat)) continue;
      const ways = succession(before, after, places);
      if (ways === NEVER) continue;
      const known = Math.floor(ways / 20);
      // Where no way is known, and clocks do not tell, it takes a cable between them, if there may be one, to say which was first.
      if (
        known > 0 &&
        (known > 1 || !isCable(before, after)) &&
        wait !== null &&
        wait < CLOCK_ERROR &&
        before.hop.machine !== after.hop.machine
      )
        continue;
      // The TTL never goes up: of two predecessors, the one that was routed more often already is the later one.
      const routed = before.identity.ttl - after.identity.ttl;
      // A bridge hands on what came in first; a router what came in last.
      const same = before.identity.form === after.identity.form;
      pairs.push({ from, to, score: [known, routed, ways], near: same && known > 0 ? from : -from });
    }
  }
  pairs.sort(surer);
  for (const { from, to } of pairs) {
    if (parents[to] !== -1) continue;
    let root = from;
    while (root !== -1 && root !== to) root = parents[root] ?? -1;
    if (root !== to) parents[to] = from;
  }
  return parents;
}

/** Seconds from the one to the other; null where their clocks cannot be compared. */
function waitBetween(before: Sighting, after: Sighting, { clocks }: World): number | null {
  const [from, to] = [before.hop.machine, after.hop.machine];
  if (from === to) return after.hop.time - before.hop.time;
  if (clocks.group(from) !== clocks.group(to)) return null;
  return after.hop.time + clocks.offset(to) - before.hop.time - clocks.offset(from);
}

/** What left the one and came in at the other, or was seen on the wire. */
const isCable = ({ hop: before }: Sighting, { hop: after }: Sighting): boolean =>
  (before.direction !== 'in' && after.direction !== 'out') || before.machine === WIRE || after.machine === WIRE;

interface Pair {
  readonly from: number;
  readonly to: number;
  /** The less, the surer; the first number counts most. */
  readonly score: readonly [known: number, routed: number, ways: number];
  readonly near: number;
}

const surer = (a: Pair, b: Pair): number =>
  a.score[0] - b.score[0] ||
  a.score[1] - b.score[1] ||
  a.score[2] - b.score[2] ||
  Number(a.from > a.to) - Number(b.from > b.to) ||
  a.near - b.near ||
  a.to - b.to ||
  a.from - b.from;

/** Another tuple needs an entry: of the machine itself, or, between machines, of those in between. */
function explained(before: Sighting, after: Sighting, nat: NatTable): boolean {
  const from = before.identity.tuple;
  const to = after.identity.tuple;
  if (from === to) return true;
  if (before.hop.machine !== after.hop.machine) return nat.connected(from, to);
  const { machine } = before.hop;
  const { time } = after.hop;
  if (nat.entry(machine, from, to, time) !== undefined) return true;
  return before.identity.about !== '' && nat.entry(machine, to, from, time) !== undefined;
}
