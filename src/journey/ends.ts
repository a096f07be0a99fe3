// How a packet's way ended, and how that is known. First what names the packet: an ICMP error that quotes it, a trace of the rule
// that dropped it, the wire's own word, an answer, the kernel's word with the packet's bytes; then what can be concluded. Without either,
// the end is unknown, and how far it was seen to come is said.

import { WIRE } from '../hop/hop.ts';
import { onlyReset, refusedOrAnswered } from './ends/answered.ts';
import { type End, type Found, type Proofs, unknown } from './ends/end.ts';
import { dropped, putTogether, taken } from './ends/freed.ts';
import { lastSeen, lastSeenWords, lostOnWire, unresolved } from './ends/last-seen.ts';
import { type Reached, reachedBy } from './ends/reached.ts';
import { ruled, traced } from './ends/rules.ts';
import { takenIn } from './ends/taken-in.ts';
import type { Grade } from './journey.ts';
import { piecesOf } from './relations.ts';
import type { Packet, Store } from './store.ts';

export function endOf(packet: Packet, store: Store, proofs: Proofs): End {
  const reached = reachedBy(packet, store);
  const others = (): Found | null =>
    divided(packet, store, proofs) ?? putTogether(packet, store, proofs) ?? unresolved(packet, store, proofs);
  const end = ownEnd(packet, reached, store, proofs, others) ?? unknown(lastSeen(packet, reached, store));
  return { ...end, reached: reached?.place ?? null };
}

/**
 * What is known of this packet itself; null: nothing.
 *
 * @param others what is known by what became of others: its pieces, or what it is a piece of, and by who was asked for. Left out of a packet
 *   that is looked at for another one's sake: that it was not seen to go on says nothing where its pieces went on.
 */
const ownEnd = (
  packet: Packet,
  reached: Reached | null,
  store: Store,
  proofs: Proofs,
  others: () => Found | null = () => null,
): Found | null =>
  refusedOrAnswered(packet, store, proofs) ??
  equalToOthers(packet) ??
  ruled(packet, store, proofs) ??
  traced(packet, reached !== null, store, proofs) ??
  lostOnWire(packet, reached !== null) ??
  taken(packet, store, proofs) ??
  dropped(packet, reached, store, proofs) ??
  others() ??
  onlyReset(packet, proofs) ??
  takenIn(packet, reached, store, proofs);

const endOfPart = (packet: Packet, store: Store, proofs: Proofs): Found =>
  ownEnd(packet, reachedBy(packet, store), store, proofs) ?? unknown('');

/** What may have gone on as one of several equal packets: whatever is known of them, it is not known of which. */
function equalToOthers(packet: Packet): Found | null {
  const { isTornAfter, missed } = packet.copy;
  // Of what is only known from a wire, which of several equal ones it was is not known either, nor what became of those.
  const isOfWire = packet.copy.isTornBefore && packet.sightings.every(({ hop }) => hop.machine === WIRE);
  if (!isTornAfter && !isOfWire) return null;
  if (missed !== '')
    return unknown(
      `the tap of ${missed} lost packets just then, and one that is equal to this may be among them: it ${lastSeenWords(packet)}`,
    );
  return unknown(
    `it is equal to another one, to the last byte, and nothing says which of them went on: it ${lastSeenWords(packet)}`,
  );
}

/** What became of its pieces, or of the packet that it was a piece of. */
function divided(packet: Packet, store: Store, proofs: Proofs): Found | null {
  const parts = piecesOf(packet, store);
  if (parts === null) return null;
  const { kind, whole, from, into } = parts;
  if (whole === packet) {
    if (into.length === 0) return null;
    const ends = into.map((piece) => endOfPart(piece, store, proofs));
    const lost = ends.findIndex(({ end }) => end === 'dropped');
    const went = `it went on as ${into.length} ${kind}`;
    const grade = weakest(ends);
    const by = ends.flatMap(({ from: sources }, index) => sources.map((one) => `journey ${into[index]?.id}: ${one}`));
    if (lost >= 0 && ends[lost] !== undefined)
      return {
        end: 'dropped',
        grade: ends[lost].grade,
        why: `${went}, and of journey ${into[lost]?.id}, ${ends[lost].why}`,
        from: ends[lost].from,
      };
    if (ends.every(({ end }) => end === 'delivered') && complete(into, packet))
      return { end: 'delivered', grade, why: `${went}, which all arrived`, from: by };
    return unknown(`${went}, and not all of them were seen to arrive`);
  }
  if (whole === null) return null;
  if (!from.includes(packet)) {
    // Put together again further on: the whole one was seen there as well.
    const { end, grade, from: sources } = endOfPart(whole, store, proofs);
    const why = `it was put together with the other ${kind} again, in journey ${whole.id}, which arrived`;
    return end === 'delivered' ? { end, grade, why, from: sources } : null;
  }
  const own = endOfPart(whole, store, proofs);
  const { end, grade, why, from: sources } = own.end === 'unknown' ? (divided(whole, store, proofs) ?? own) : own;
  const together = `it was put together with the other ${kind}, as journey ${whole.id}`;
  if (end === 'unknown') return unknown(`${together}; nothing shows what became of that`);
  return {
    end,
    grade,
    why: end === 'delivered' ? `${together}, which arrived` : `${together}, and ${why}`,
    from: sources,
  };
}

const weakest = (ends: readonly Found[]): Grade =>
  ends.every(({ grade }) => grade === 'seen')
    ? 'seen'
    : ends.some(({ grade }) => grade === 'unknown')
      ? 'unknown'
      : 'inferred';

/** True when the pieces are all that the whole one was made of. */
function complete(pieces: readonly Packet[], whole: Packet): boolean {
  const { tcp } = whole.identity;
  let at = 0;
  for (const { identity } of pieces) {
    const { fragment } = identity;
    if (fragment !== null) {
      if (fragment.offset > at) return false;
      at = Math.max(at, fragment.offset + fragment.length);
      if (!fragment.more) return true;
    } else if (tcp !== null && identity.tcp !== null) {
      if (((identity.tcp.sequence - tcp.sequence) | 0) > at) return false;
      at = Math.max(at, ((identity.tcp.sequence - tcp.sequence) | 0) + identity.tcp.length);
    }
  }
  return tcp !== null && at >= tcp.length;
}
