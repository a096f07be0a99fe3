// That a packet arrived where the kernel there, which names every packet that it drops, did not name it.

import { placeOf } from '../../hop/hop.ts';
import type { DropEvidence } from '../evidence/drop.ts';
import { isLoss, meaningOf } from '../evidence/kernel-drops.ts';
import type { Packet, Store } from '../store.ts';
import { endsBranch } from './branches.ts';
import { type Found, inferred, type Proofs } from './end.ts';
import { dropped } from './freed.ts';
import { type Reached, reachedBy } from './reached.ts';
import { isBeginning } from './tcp-flags.ts';

/** It got to where its address is, and the kernel there, which names every packet that it drops, has not named it. */
export function takenIn(packet: Packet, reached: Reached | null, store: Store, proofs: Proofs): Found | null {
  const { watches, drops } = proofs;
  if (reached === null || packet.identity.group !== null) return null;
  // A fragment waits for the others there, for half a minute, and what lacks one is no packet.
  if (packet.identity.fragment !== null && !haveOthersCome(packet, reached.place, store, proofs)) return null;
  const { machine, time } = reached.hop;
  const places = store.world.places.of(packet.sightings);
  if (!watches.isComplete(machine, time) || places.device(reached.place) === undefined) return null;
  // It freed one that may be this one, or this one, without saying whether it was lost.
  if (isMaybeLost(packet, machine, store, proofs)) return null;
  if (drops.of(packet, store).some(({ evidence }) => meaningOf(evidence).ends === 'either')) return null;
  // A question that nobody answered has got there at most.
  if (packet.identity.asks !== '' && (packet.identity.tcp === null || isBeginning(packet))) return null;
  // It named a branch of it that may be this one.
  const isThis = (evidence: DropEvidence): boolean =>
    isLoss(evidence) && packet.ends.some((end) => end.hop === reached.hop && endsBranch(evidence, end, places));
  if (drops.of(packet, store).some(({ evidence }) => isThis(evidence))) return null;
  return inferred(
    'delivered',
    `it arrived at ${reached.place}: ${reached.address || 'its destination'} is an address there, and the kernel of ${machine} did not drop it`,
    reached.isSeen
      ? `it was seen in at ${reached.place}`
      : `it was seen leaving through ${placeOf(reached.hop)}, whose other end ${reached.place} is`,
    `the kernel of ${machine} names every packet that it drops, and this one it did not name`,
  );
}

/** The kernel freed one that may be this one: equal, or this one after NAT that nothing else tells of. */
const isMaybeLost = (packet: Packet, machine: string, store: Store, { drops }: Proofs): boolean =>
  drops.mayName(packet, machine, store) ||
  drops.of(packet, store).some(({ evidence, isTranslated }) => isTranslated && isLoss(evidence));

/** Fragments of one packet that are looked at: 64 kB in pieces of 576 bytes. */
const MOST_FRAGMENTS = 128;

/** All fragments of its packet, and each of them once, came to that place, and the kernel dropped none. */
function haveOthersCome(fragment: Packet, place: string, store: Store, proofs: Proofs): boolean {
  const { train, tuple } = fragment.identity;
  if (store.fragments.size(train) > MOST_FRAGMENTS) return false;
  let end = 0;
  const all = store.fragments
    .packets(train, store.world)
    .filter(({ identity }) => identity.tuple === tuple)
    .sort((a, b) => (a.identity.fragment?.offset ?? 0) - (b.identity.fragment?.offset ?? 0));
  for (const { identity } of all) {
    if (identity.fragment?.offset !== end) return false;
    end += identity.fragment.length;
  }
  const hasCome = (one: Packet): boolean => {
    const there = reachedBy(one, store);
    if (there?.place !== place || dropped(one, there, store, proofs) !== null) return false;
    return !isMaybeLost(one, there.hop.machine, store, proofs);
  };
  return all.at(-1)?.identity.fragment?.more === false && all.every(hasCome);
}
