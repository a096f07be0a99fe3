// Of a packet that went several ways at once, since a bridge or a wire flooded it, a kernel frees each copy by itself. One copy that is
// dropped is not the packet's end: all of them are, when each of them has been told of.
import { isForOthers } from '../../hop/packet-type.ts';
import type { DropEvidence } from '../evidence/drop.ts';
import { isLoss } from '../evidence/kernel-drops.ts';
import type { Naming } from '../evidence/named.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet } from '../store.ts';
import type { Places } from '../topology.ts';

/** Seconds that a tap may note a packet after the kernel noted its drop. */
const LATER = 0.001;

type Loss = Naming<DropEvidence>;

/**
 * The loss with which a packet ended; null when none of them is its end: some branch of its way may have gone on.
 *
 * @param told what kernels said about this packet, the earliest first
 * @param goal the place that has its destination's address, if it got there
 */
export function lastLoss(
  packet: Packet,
  told: readonly Loss[],
  goal: { readonly machine: string; readonly place: string } | null,
  places: Places,
): Loss | null {
  if (packet.identity.group !== null) return null;
  const losses = told.filter(({ evidence }) => isLoss(evidence));
  const { ends } = packet;
  // A copy for another MAC address goes nowhere, whether its machine's kernel says so or not.
  const own = ends.filter(({ hop }) => !isForOthers(hop));
  const branches = own.length === 0 ? ends : own;
  if (branches.length > 1) return everyBranch(branches, losses, goal, places);
  // Nor has it ended where it was seen to go on from.
  const wentOn = ({ machine, time }: DropEvidence): boolean =>
    branches.some(({ hop }) => hop.machine !== machine || hop.time > time + LATER);
  // What is said of copies is not said of this branch, unless it is said of where this one went.
  const isOfCopy = (evidence: DropEvidence): boolean =>
    evidence.reason === 'OTHERHOST' &&
    ends.length > branches.length &&
    !branches.some((branch) => endsBranch(evidence, branch, places));
  const fits = losses.filter(
    ({ evidence }) => !isOfCopy(evidence) && !wentOn(evidence) && (goal === null || goal.machine === evidence.machine),
  );
  return fits[0] ?? null;
}

/** A loss of its own for each branch, by the device at its end; then the one at the goal is the one that counts, or the first. */
function everyBranch(
  branches: readonly Sighting[],
  losses: readonly Loss[],
  goal: { readonly place: string } | null,
  places: Places,
): Loss | null {
  const left = [...losses];
  let first: Loss | null = null;
  let atGoal: Loss | null = null;
  for (const branch of branches) {
    const index = left.findIndex(({ evidence }) => endsBranch(evidence, branch, places));
    const [loss] = index < 0 ? [] : left.splice(index, 1);
    if (loss === undefined) return null;
    first ??= loss;
    if (goal !== null && (goal.place === branch.place || goal.place === places.peer(branch.place))) atGoal ??= loss;
  }
  return atGoal ?? first;
}

/** It may have been freed behind the place at which this branch was seen last: on that device, or at the other end of its veth pair. */
export function endsBranch(
  { machine, time, device, namespace }: DropEvidence,
  { hop, place }: Sighting,
  places: Places,
): boolean {
  if (machine !== hop.machine || time < hop.time - LATER) return false;
  const peer = hop.direction === 'in' ? undefined : places.peer(place);
  const isOn = (at: string, name: string | undefined): boolean => {
    const inode = places.device(at)?.inode;
    return device === name && (namespace === 0 || inode === undefined || inode === namespace);
  };
  return isOn(place, hop.device) || (peer !== undefined && isOn(peer, places.device(peer)?.name));
}
