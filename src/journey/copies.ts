// The sightings of packets that have all in common which survives a hop, divided into packets. Mostly there is one. There
// are several when somebody asks again in the very same words (ARP, a TCP segment without identification), or when a frame
// was doubled on its way.
//
//   host-01/eth0 out   ─x────────────x───────────────▶ time
//   host-02/eth0 in    ───────────────x─x────────────▶       two packets, the first one lost, the second one doubled:
//                       1            2 2 2'                   the copy is a packet of its own, seen from there on
//
// A sighting joins the packet that it continues. Whatever is seen a second time at the same place is another copy.
import type { Clocks } from './clocks.ts';
import type { NatTable } from './evidence/conntrack.ts';
import { compareSightings, NEVER, type Sighting, succession } from './sighting.ts';
import type { Places } from './topology.ts';

export interface World {
  readonly places: Places;
  readonly nat: NatTable;
  readonly clocks: Clocks;
}

/** Seconds within which a machine hands a packet on, unless it waits for something: what is that close is one burst. */
const NEAR = 0.1;
/** Seconds that a packet waits at most: for the answer to an ARP question, or because a reader has stopped time. */
const LONGEST_WAIT = 60;
/** Seconds that a clock is wrong at most, once all are set as well as they can be. */
const MOST_DRIFT = 1;
/** Seconds between two copies made on the way; what is sent again comes later. */
const COPIED = 0.005;
/** Copies that are kept open: frames that repeat for ever (spanning tree) must not make each other slow. */
const MOST_OPEN = 32;
/** Offsets are rounded for this purpose: that they become a little better must not put everything in question. */
const OFFSET_STEP = 0.001;

/** Seconds to add to a clock's reading, as coarse as dividing into packets needs it. */
export const coarseOffset = (clocks: Clocks, clock: string): number =>
  Math.round(clocks.offset(clock) / OFFSET_STEP) * OFFSET_STEP;

interface Copy {
  readonly sightings: Sighting[];
  readonly tracks: Set<string>;
  last: number;
}

/** Divides sightings of one key. The result depends on the set alone, not on the order of the array. */
export function divide(sightings: readonly Sighting[], world: World): Sighting[][] {
  if (sightings.length === 1) return [[...sightings]];
  const groups = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const root = world.nat.root(sighting.identity.tuple);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [sighting]);
    else group.push(sighting);
  }
  return [...groups.values()].flatMap((group) => divideConversation(group, world));
}

function divideConversation(sightings: readonly Sighting[], world: World): Sighting[][] {
  const groups = new Map<string, Timed[]>();
  for (const sighting of sightings) {
    const { machine, time } = sighting.hop;
    const timed = { sighting, time: time + coarseOffset(world.clocks, machine) };
    const name = world.clocks.group(machine);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [timed]);
    else group.push(timed);
  }
  const [first = [], ...others] = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]) => divideTimed(group, world.places));
  // Clocks that cannot be compared say nothing of when: the first copy here is the first one there.
  for (const copies of others) {
    for (const [index, copy] of copies.entries()) {
      const same = first[index];
      if (same !== undefined && disjoint(same, copy)) absorb(same, copy);
      else first.push(copy);
    }
  }
  return first.map((copy) => copy.sightings);
}

interface Timed {
  readonly sighting: Sighting;
  readonly time: number;
}

/** Burst by burst: what comes long after may still be a packet that had to wait. */
function divideTimed(timed: Timed[], places: Places): Copy[] {
  timed.sort((a, b) => a.time - b.time || compareSightings(a.sighting, b.sighting));
  const copies: Copy[] = [];
  let open: Copy[] = [];
  for (let from = 0, to = 0; from < timed.length; from = to) {
    for (to = from + 1; to < timed.length && (timed[to]?.time ?? 0) - (timed[to - 1]?.time ?? 0) <= NEAR; ) to++;
    const start = timed[from]?.time ?? 0;
    open = open.filter(({ last }) => start - last <= LONGEST_WAIT).slice(-MOST_OPEN);
    for (const copy of divideBurst(timed.slice(from, to))) {
      const waiting = open.findLast(
        (before) => disjoint(before, copy) && (continues(before, copy, places) || drifted(before, copy, start, places)),
      );
      if (waiting !== undefined) absorb(waiting, copy);
      else {
        copies.push(copy);
        open.push(copy);
      }
    }
  }
  return copies;
}

function divideBurst(timed: readonly Timed[]): Copy[] {
  const copies: Copy[] = [];
  for (const { sighting, time } of timed) {
    let best: Copy | undefined;
    for (const copy of copies.slice(-MOST_OPEN)) {
      if (copy.tracks.has(sighting.track)) continue;
      // The latest, as the others got lost; of copies that were made together the first, as they keep their order.
      if (best === undefined || copy.last - best.last > COPIED) best = copy;
    }
    if (best === undefined) {
      best = { sightings: [], tracks: new Set(), last: time };
      copies.push(best);
    }
    best.sightings.push(sighting);
    best.tracks.add(sighting.track);
    best.last = time;
  }
  return copies;
}

function disjoint(a: Copy, b: Copy): boolean {
  for (const track of b.tracks) if (a.tracks.has(track)) return false;
  return true;
}

function absorb(copy: Copy, more: Copy): void {
  copy.sightings.push(...more.sightings);
  for (const track of more.tracks) copy.tracks.add(track);
  copy.last = Math.max(copy.last, more.last);
}

/** Clocks that drift can show the end of a packet's way long before its beginning. Numbered packets cannot be taken for others. */
function drifted(late: Copy, early: Copy, start: number, places: Places): boolean {
  const numbered = late.sightings.every(({ identity }) => identity.numbered);
  const machines = new Set(late.sightings.map(({ hop }) => hop.machine));
  const apart = early.sightings.every(({ hop }) => !machines.has(hop.machine));
  return numbered && apart && start - late.last <= MOST_DRIFT && continues(early, late, places);
}

const continues = (before: Copy, after: Copy, places: Places): boolean =>
  before.sightings.some((early) =>
    after.sightings.some((late) => {
      const steps = succession(early, late, places);
      return steps < ONWARD || (steps >= 20 && steps < 20 + ONWARD);
    }),
  );

/** Steps that speak for one packet even after a wait. */
const ONWARD = 4;

export interface Step {
  readonly sighting: Sighting;
  /** The step before, as an index of the list; −1 for where the packet was first seen. */
  readonly after: number;
}

/** On one clock the kernel may note the second of two taps first by this much, seconds. */
const JITTER = 0.001;
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
function linkPairs(sorted: readonly Sighting[], { places, nat }: World): number[] {
  const parents = sorted.map(() => -1);
  if (sorted.length > MOST_COMPARED) return parents.map((_, i) => i - 1);
  const pairs: Pair[] = [];
  for (let to = 0; to < sorted.length; to++) {
    const after = sorted[to] as Sighting;
    for (let from = 0; from < sorted.length; from++) {
      const before = sorted[from] as Sighting;
      if (from === to) continue;
      if (before.hop.machine === after.hop.machine && before.hop.time > after.hop.time + JITTER) continue;
      if (!explained(before, after, nat)) continue;
      const ways = succession(before, after, places);
      if (ways === NEVER) continue;
      const known = Math.floor(ways / 20);
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
  if (nat.entry(machine, from, to) !== undefined) return true;
  return before.identity.about !== '' && nat.entry(machine, to, from) !== undefined;
}
