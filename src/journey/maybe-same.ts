// Packets that look like one before and after NAT, where no conntrack entry says that they are.

import { tupleWordsOf } from '../hop/tuple.ts';
import type { World } from './copies.ts';
import { succession } from './sighting.ts';
import type { Packet } from './store.ts';

/** Seconds in which a machine would have handed it on. */
const NEAR = 0.1;

/** A flood of what looks alike tells nothing. */
const MOST_NEAR = 64;

/** A sentence for each journey that this one may continue, or be continued by. */
export function maybeSame(packet: Packet, world: World): string[] {
  // Nobody translates what is for a group.
  if (packet.identity.group !== null || !packet.bucket.severalTuples) return [];
  const near: Packet[] = [];
  for (const other of packet.bucket.around(packet, NEAR, world)) if (near.push(other) === MOST_NEAR) break;
  return near
    .filter((other) => !world.nat.connected(other.identity.tuple, packet.identity.tuple))
    .filter((other) => continues(packet, other, world) || continues(other, packet, world))
    .sort((a, b) => a.id - b.id)
    .map(
      (other) =>
        `It may be the same packet as journey ${other.id} (${tupleWordsOf(other.identity.tuple)}): conntrack does not say.`,
    );
}

function continues(early: Packet, late: Packet, { places }: World): boolean {
  const { first } = late;
  return early.ends.some(
    (end) =>
      end.hop.machine === first.hop.machine &&
      Math.abs(first.hop.time - end.hop.time) <= NEAR &&
      succession(end, first, places.of([end, first])) < 40,
  );
}
