// What one packet's sightings say of the clocks that saw it (clocks.ts): which of two came first, and how far apart they read.
import { WIRE } from '../hop/hop.ts';
import type { Sighting } from './sighting.ts';
import type { Places } from './topology.ts';

export interface SeenDelay {
  readonly from: string;
  readonly to: string;
  /** Reading of the later one less that of the earlier. */
  readonly seconds: number;
  /** False when the sightings may be of different copies. */
  readonly sure: boolean;
}

/** Of sightings that have one key. */
export function delaysOf(sightings: readonly Sighting[], places: Places): SeenDelay[] {
  const tracks = new Map<string, Sighting[]>();
  let several = false;
  for (const sighting of sightings) {
    several ||= sighting.hop.machine !== sightings[0]?.hop.machine;
    const track = tracks.get(sighting.track);
    if (track === undefined) tracks.set(sighting.track, [sighting]);
    else track.push(sighting);
  }
  if (!several) return [];
  const delays: SeenDelay[] = [];
  const groups = [...tracks.values()];
  const sides = sidesOf(groups);
  for (const leaving of groups) {
    for (const entering of groups) {
      const before = leaving[0] as Sighting;
      const after = entering[0] as Sighting;
      if (before.hop.machine !== after.hop.machine && crosses(before, after, sides, places))
        delays.push(delayBetween(leaving, entering));
    }
  }
  return delays;
}

/** By machine and form: the directions in which it saw the packet. */
function sidesOf(groups: readonly (readonly Sighting[])[]): ReadonlyMap<string, ReadonlySet<string>> {
  const sides = new Map<string, Set<string>>();
  for (const [first] of groups) {
    if (first === undefined) continue;
    const key = sideKey(first);
    sides.set(key, (sides.get(key) ?? new Set()).add(first.hop.direction));
  }
  return sides;
}

const sideKey = ({ hop, identity }: Sighting): string => `${hop.machine} ${identity.form} ${identity.tuple}`;

/** True when the packet left one machine and then entered the other, with the wire alone in between. */
function crosses(
  before: Sighting,
  after: Sighting,
  sides: ReadonlyMap<string, ReadonlySet<string>>,
  places: Places,
): boolean {
  if (before.identity.form !== after.identity.form || before.identity.tuple !== after.identity.tuple) return false;
  const leaves = side(before, 'out', sides, places);
  const enters = side(after, 'in', sides, places);
  if (leaves === null || enters === null) return false;
  return leaves === '' || enters === '' || leaves === enters;
}

/** The wire that a sighting stands at on this side of it ("": not known which); null when it does not stand at one. */
function side(
  sighting: Sighting,
  direction: 'in' | 'out',
  sides: ReadonlyMap<string, ReadonlySet<string>>,
  places: Places,
): string | null {
  const { hop, place } = sighting;
  if (hop.machine === WIRE) return hop.device;
  if (hop.direction !== direction) return null;
  const device = places.device(place);
  if (device !== undefined) return device.kind === 'nic' ? (device.wire ?? '') : null;
  // Without a topology: a machine that saw it go both ways alike stands in the middle, and which way is first is not known.
  return sides.get(sideKey(sighting))?.size === 1 ? '' : null;
}

function delayBetween(leaving: readonly Sighting[], entering: readonly Sighting[]): SeenDelay {
  const from = (leaving[0] as Sighting).hop.machine;
  const to = (entering[0] as Sighting).hop.machine;
  const sent = times(leaving);
  const came = times(entering);
  if (sent.length === 1 && came.length === 1) {
    const sure = (leaving[0] as Sighting).identity.numbered;
    return { from, to, seconds: (came[0] ?? 0) - (sent[0] ?? 0), sure };
  }
  // Copies keep their order. Where some are missing, the last ones are taken for one.
  const count = sent.length === came.length ? sent.length : 1;
  let seconds = Infinity;
  for (let i = 1; i <= count; i++) seconds = Math.min(seconds, (came.at(-i) ?? 0) - (sent.at(-i) ?? 0));
  return { from, to, seconds, sure: false };
}

const times = (sightings: readonly Sighting[]): number[] => sightings.map(({ hop }) => hop.time).sort((a, b) => a - b);
