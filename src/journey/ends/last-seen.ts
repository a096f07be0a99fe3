// Where a packet was seen last, and what it waited for there.

import { placeOf, WIRE } from '../../hop/hop.ts';
import { isForOthers } from '../../hop/packet-type.ts';
import { piecesOf } from '../relations.ts';
import type { Sighting } from '../sighting.ts';
import type { Packet, Store } from '../store.ts';
import { WAIT_FOR_NEIGHBOUR } from '../waits.ts';
import { type Found, inferred, type Proofs, seen } from './end.ts';
import type { Reached } from './reached.ts';
import { arpWords } from './refusals.ts';

/** Of a flood, one branch may end on a wire while another goes on: that is not the packet's end. */
export function lostOnWire(packet: Packet, arrived: boolean): Found | null {
  const ends = packet.ends.filter(({ hop }) => !isForOthers(hop));
  const [first] = ends;
  if (arrived || first === undefined || ends.some(({ hop }) => hop.undelivered === undefined)) return null;
  const { device, undelivered } = first.hop;
  return seen(
    'dropped',
    `the wire ${device} did not deliver it: ${undelivered}`,
    `the wire ${device} says so of this frame`,
  );
}

/** So often it asks. */
const ARP_QUESTIONS = 3;

/** Routed to a neighbour that does not answer: then no tap sees the packet leave, but the questions are seen. */
export function unresolved(packet: Packet, store: Store, { neighbours }: Proofs): Found | null {
  // What was cut up, or put together, may have gone on in another form.
  const whole = piecesOf(packet, store)?.whole ?? null;
  if (packet.identity.ttl < 0 || whole !== null) return null;
  const { ends } = packet;
  for (const end of ends) {
    const at = packet.timeOf(end);
    const { machine, direction } = end.hop;
    // Where it went on, nobody had to be asked any more.
    if (ends.some(({ hop }) => hop.machine !== machine || hop.direction === 'out') || machine === WIRE) continue;
    if (direction === 'out' || store.world.places.of(packet.sightings).owns(end.place, end.identity.destination))
      continue;
    const { destination } = end.identity;
    const until = at + WAIT_FOR_NEIGHBOUR;
    const { asked, answered } = neighbours.askedFor(destination, machine, at - WAIT_FOR_NEIGHBOUR, until);
    // An answer may not have been captured: a machine asks three times before it gives up.
    if (asked >= ARP_QUESTIONS && !answered)
      return inferred(
        'dropped',
        arpWords(machine, destination, asked),
        `it came in at ${end.place} and was not seen to leave ${machine}`,
        `${machine} asked so often for its destination, and no answer was seen`,
      );
  }
  return null;
}

export function lastSeenWords(packet: Packet): string {
  const end = packet.ends.at(-1) as Sighting;
  const at = placeOf(end.hop);
  if (end.hop.direction === 'in') return `was last seen coming in at ${at}`;
  return end.hop.direction === 'out' ? `was last seen leaving through ${at}` : `was last seen at ${at}`;
}

export function lastSeen(packet: Packet, reached: Reached | null, store: Store): string {
  const { identity } = packet;
  if (identity.key.startsWith('arp ') && identity.asks !== '')
    return `nobody was seen to answer: no ARP reply from ${identity.destination} to this question`;
  if (reached !== null)
    return identity.group === null
      ? `it got as far as ${reached.place}, where ${reached.address} is an address; nothing shows what became of it there`
      : `it got as far as ${reached.place}; who takes what is for a group, nothing shows`;
  const owner = store.world.places.of(packet.sightings).owners(identity.destination)[0];
  const goal = owner === undefined || identity.destination === '' ? '' : `, not at ${owner}, which has its address`;
  return `nothing shows what became of it: it ${lastSeenWords(packet)}${goal}`;
}
