// What a kernel dropped before any tap saw it: by a rule in OUTPUT, by a queue that loses on purpose, for want of a neighbour. No
// hop tells of it, and so no journey: only the kernel's own word does.

import { inverseKey } from '../hop/tuple.ts';
import { dissect } from '../packet/dissect.ts';
import { ETHERTYPE } from '../packet/numbers.ts';
import { summarizeLayers } from '../packet/summary.ts';
import { whereOf } from './ends/freed.ts';
import type { DropEvidence } from './evidence/drop.ts';
import { dropWords, isLoss } from './evidence/kernel-drops.ts';
import type { Known, NamedEvidence } from './evidence/named.ts';
import { largeName, type Packet, type Store, startName } from './store.ts';
import { WAIT_FOR_NEIGHBOUR } from './waits.ts';

export interface UnseenDrop {
  /** Seconds since the epoch, the clock of that machine's hops. */
  readonly time: number;
  readonly machine: string;
  /** The network namespace in which it was; "" for the machine's own; null: not known, as of a container that is gone. */
  readonly space: string | null;
  /** "172.17.0.2 → 10.0.0.12 ICMP Echo (ping) request …" */
  readonly summary: string;
  /** What the kernel says of it: "a rule of the firewall dropped it, … (NETFILTER_DROP in nf_hook_slow)". */
  readonly words: string;
}

/** Seconds in which a tap has told of what the kernel saw. */
const TOLD_WITHIN = 2;
const MOST = 200;
const LINKTYPE = new Map<number, number>([
  [ETHERTYPE.ipv4, 228],
  [ETHERTYPE.ipv6, 229],
]);

/**
 * The latest of them. What may be of some packet that was seen, or lost by a tap, is left out, and so is what is for many: a machine
 * that has no route for multicast says so all day.
 *
 * @param since seconds: of what was before, hops are missing
 * @param now seconds, by the machines' clocks
 */
export function unseenDrops(
  drops: NamedEvidence<DropEvidence>,
  store: Store,
  { since, now }: { readonly since: number; readonly now: number },
): readonly UnseenDrop[] {
  const found: UnseenDrop[] = [];
  for (const known of drops.latestFirst()) {
    const { evidence } = known;
    const { time, machine } = evidence;
    if (time < since + WAIT_FOR_NEIGHBOUR) break;
    if (time > now - TOLD_WITHIN || !isLoss(evidence) || !isUnseen(known, store)) continue;
    const { space: name, isKnown } = whereOf(evidence, store.world.places.at(evidence.time));
    const space = isKnown ? name : null;
    if (found.push({ time, machine, space, summary: summaryOf(evidence), words: dropWords(evidence) }) === MOST) break;
  }
  return found.reverse();
}

/** Drops that are looked at for an answer: the latest. */
const MOST_LOOKED_AT = 512;
/** Seconds in which an answer comes, if it does. */
const ANSWERED_WITHIN = 5;

/** Of a question of which no answer was seen: a kernel dropped one, in a sentence; nothing otherwise. */
export function lostAnswer({ identity, time }: Packet, drops: NamedEvidence<DropEvidence>): string[] {
  const { asks, tuple } = identity;
  if (asks === '') return [];
  const back = inverseKey(tuple);
  let left = MOST_LOOKED_AT;
  for (const { evidence, identity: dropped } of drops.latestFirst()) {
    if (left-- === 0) break;
    if (dropped.answers !== asks || dropped.tuple !== back || !isLoss(evidence)) continue;
    if (evidence.time < time || evidence.time > time + ANSWERED_WITHIN) continue;
    return [`The kernel of ${evidence.machine} dropped an answer to a question like it: ${dropWords(evidence)}.`];
  }
  return [];
}

/** Nothing that any tap saw looks like it, is a piece of it, or has it as a piece. */
function isUnseen({ evidence, identity }: Known<DropEvidence>, store: Store): boolean {
  const { head, train, tuple, tcp, group } = identity;
  const { machine, time } = evidence;
  if (group !== null || store.heads.has(head) || store.known.has(identity.known)) return false;
  if (train !== '' && (store.trains.has(train) || store.fragments.has(train))) return false;
  if (store.world.missed.overlaps(machine, time - WAIT_FOR_NEIGHBOUR, time + TOLD_WITHIN)) return false;
  if (tcp === null || tcp.length === 0) return true;
  const block = tcp.sequence >>> 16;
  return (
    !store.starts.has(startName(tuple, tcp.sequence)) &&
    [block, block - 1].every((one) => !store.large.has(largeName(tuple, one)))
  );
}

function summaryOf({ protocol, packet }: DropEvidence): string {
  const linkType = LINKTYPE.get(protocol);
  if (linkType === undefined) return 'ARP';
  const { source, destination, protocol: name, info } = summarizeLayers(dissect(packet, linkType, packet.length));
  return `${source} → ${destination} ${name} ${info}`.trim();
}
