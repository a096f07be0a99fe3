// What one packet's sightings say of the clocks that saw it (clocks.ts): which of two came first, and how far apart they read.
import { WIRE } from '../hop/hop.ts';
import type { Sighting } from './sighting.ts';
import type { Places } from './topology.ts';

export interface SeenDelay {
  readonly from: string;
  readonly to: string;
  /** Reading of the later one less that of the earlier. */
  readonly seconds: number;
}

/** Of sightings that have one key; nothing of packets that may be taken for others. */
export function delaysOf(sightings: readonly Sighting[], places: Places): SeenDelay[] {
  if (!sightings.every(isCertain)) return [];
  if (new Set(sightings.map(({ track }) => track)).size < sightings.length) return [];
  const delays: SeenDelay[] = [];
  const sides = sidesOf(sightings);
  for (const before of sightings) {
    for (const after of sightings) {
      if (before.hop.machine === after.hop.machine || !crosses(before, after, sides, places)) continue;
      delays.push({
        from: before.hop.machine,
        to: after.hop.machine,
        seconds: after.hop.time - before.hop.time,
      });
    }
  }
  return delays;
}

/** Its sender numbers its packets, or it carries the time: nobody sends the same again. */
const isCertain = ({ identity }: Sighting): boolean =>
  identity.numbered || identity.stamps !== null || (ECHO.test(identity.key) && identity.content.length >= TIMED);

const ECHO = / icmp (?:0|8|128|129) /;
/** Bytes of an echo request that begin with the time it was sent (ping of iputils and of busybox). */
const TIMED = 16;

/** By machine and form: the directions in which it saw the packet. */
function sidesOf(sightings: readonly Sighting[]): ReadonlyMap<string, ReadonlySet<string>> {
  const sides = new Map<string, Set<string>>();
  for (const sighting of sightings) {
    const key = sideKey(sighting);
    sides.set(key, (sides.get(key) ?? new Set()).add(sighting.hop.direction));
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
