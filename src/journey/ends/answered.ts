// What others said of a packet to its sender: an ICMP error, an answer, a reset.
import type { Packet, Store } from '../store.ts';
import { type Found, type Proofs, seen, unknown } from './end.ts';
import { taken, whereOf } from './freed.ts';
import { refusalOf, refusingLoss } from './refusals.ts';
import { isReset } from './tcp-flags.ts';

/**
 * Who sends an ICMP error about a packet says that it was dropped, and who answers it, or takes it in, that it was not. Both may be true of
 * copies of it, and anybody can make up an error: then nothing is said.
 */
export function refusedOrAnswered(packet: Packet, store: Store, proofs: Proofs): Found | null {
  const no = refused(packet, store, proofs);
  if (no === null) return answered(packet, store, proofs);
  const yes = answered(packet, store, proofs) ?? taken(packet, store, proofs);
  if (yes?.end !== 'delivered') return no;
  return unknown(`one word contradicts another: ${no.why}; but ${yes.why}`, ...no.from, ...yes.from);
}

function refused(packet: Packet, store: Store, proofs: Proofs): Found | null {
  const refusal = refusalOf(packet, store, proofs);
  return refusal === null ? null : seen('dropped', refusal.why, refusal.from);
}

/** Whoever answers has received, but for a reset: a firewall's rule says it in another's name (REJECT --reject-with tcp-reset). */
function answered(packet: Packet, store: Store, proofs: Proofs): Found | null {
  const answer = proofs.answers.to(packet);
  if (answer === null) return null;
  if (isReset(answer)) return refusedByReset(packet, answer, store, proofs);
  const { tcp } = packet.identity;
  const from =
    tcp === null
      ? `journey ${answer.id} answers it, and nothing else that was open there`
      : `journey ${answer.id} acknowledges all its bytes, which were in no other packet`;
  const how = tcp === null || tcp.begins ? 'answered' : 'acknowledged';
  return seen('delivered', `it was ${how}: journey ${answer.id}`, from);
}

/** What the kernel that freed it says besides: only that tells a closed port from a rule. */
function refusedByReset(packet: Packet, answer: Packet, store: Store, { drops }: Proofs): Found | null {
  const loss = refusingLoss(packet, store, drops);
  if (loss === undefined) return null;
  const { machine, reason, location } = loss.evidence;
  const { space } = whereOf(loss.evidence, store.world.places.of(packet.sightings));
  const { source } = answer.identity;
  const words =
    reason === 'NO_SOCKET'
      ? `${source} answered with a reset: no program listens at that port`
      : reason === 'NETFILTER_DROP'
        ? space === ''
          ? `a rule of the firewall of ${machine} rejected it, with a reset in the name of ${source}`
          : `a rule of the firewall in ${space} on ${machine} rejected it, with a reset`
        : '';
  if (words === '') return null;
  return seen(
    'dropped',
    `${words} (journey ${answer.id})`,
    `journey ${answer.id} is a reset that acknowledges all its bytes`,
    `the kernel of ${machine} freed a packet with its headers and its first bytes, in ${location}`,
  );
}

/** A reset of which no kernel says whose it is. */
export function onlyReset(packet: Packet, { answers }: Proofs): Found | null {
  const answer = answers.to(packet);
  if (answer === null || !isReset(answer)) return null;
  return unknown(
    `a reset answered it (journey ${answer.id}): of who it is for, or of a firewall’s rule in that one’s name`,
  );
}
