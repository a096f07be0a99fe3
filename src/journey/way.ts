// The way of one packet, out of all its sightings: which of them follows which.
import { append } from '../basics/append.ts';
import { WIRE } from '../hop/hop.ts';
import { CLOCK_ERROR } from './clocks.ts';
import type { World } from './copies.ts';
import type { NatTable } from './evidence/conntrack.ts';
import { compareSightings, NEVER, type Sighting, succession, unknownIn } from './sighting.ts';

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
    append(children, parents[i] ?? -1, i);
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
  const { nat } = world;
  const parents = sorted.map(() => -1);
  if (sorted.length > MOST_COMPARED) return parents.map((_, i) => i - 1);
  const places = world.places.of(sorted);
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
      const unknown = unknownIn(ways);
      // Where no way is known, and clocks do not tell, it takes a cable between them, if there may be one, to say which was first.
      if (
        unknown > 0 &&
        (unknown > 1 || !isCable(before, after)) &&
        (wait === null || wait < CLOCK_ERROR) &&
        before.hop.machine !== after.hop.machine
      )
        continue;
      // The TTL never goes up: of two predecessors, the one that was routed more often already is the later one.
      const routed = before.identity.ttl - after.identity.ttl;
      // A bridge hands on what came in first; a router what came in last.
      const same = before.identity.form === after.identity.form;
      pairs.push({ from, to, score: [unknown, routed, ways], near: same && unknown > 0 ? from : -from });
    }
  }
  pairs.sort(surer);
  // Of each tree, by its root: when each machine saw the packet first.
  const firsts = sorted.map(({ hop }) => new Map([[hop.machine, hop.time]]));
  for (const { from, to } of pairs) {
    if (parents[to] !== -1) continue;
    const below = firsts[to] as Map<string, number>;
    let root = from;
    let isInOrder = true;
    for (let at = from; at !== -1 && at !== to; at = parents[at] ?? -1) {
      const { machine, time } = (sorted[at] as Sighting).hop;
      // What one clock saw earlier does not come later, however many others are in between.
      isInOrder &&= time <= (below.get(machine) ?? time);
      root = at;
    }
    if (parents[root] === to || !isInOrder) continue;
    parents[to] = from;
    const above = firsts[root] as Map<string, number>;
    for (const [machine, time] of below) above.set(machine, Math.min(time, above.get(machine) ?? time));
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
  readonly score: readonly [unknown: number, routed: number, ways: number];
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
