// What NAT had made of a packet by the time its machine's kernel freed it.
import { endWords, portsOf, tupleOf } from '../../hop/tuple.ts';
import type { DropEvidence } from '../evidence/drop.ts';
import type { Naming } from '../evidence/named.ts';
import type { Packet } from '../store.ts';

/** NAT had rewritten it by then, since a tap saw it last: what became of it is that of a packet with other ends. */
export function rewrittenWords({ ends }: Packet, { identity }: Naming<DropEvidence>): string {
  const before = ends.at(-1)?.identity.tuple ?? '';
  const now = tupleOf(identity.tuple);
  const was = tupleOf(before);
  if (now === null || was === null || identity.about !== '') return '';
  // Of a fragment, and where the kernel told of too few bytes, ports are not known.
  if ((portsOf(identity.tuple) === null) !== (portsOf(before) === null)) return '';
  const to = endWords(now.destination, now.destinationPort, now);
  const from = endWords(now.source, now.sourcePort, now);
  const isElsewhere = to !== endWords(was.destination, was.destinationPort, was);
  const isAnothers = from !== endWords(was.source, was.sourcePort, was);
  const words = [isElsewhere ? `for ${to}` : '', isAnothers ? `from ${from}` : ''].filter((word) => word !== '');
  return words.length === 0 ? '' : `; by then it was ${words.join(' and ')} (NAT)`;
}
