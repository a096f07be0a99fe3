// What the kernel says of a packet with the packet's own bytes: that a socket got it, or that it was freed, and where.
import { placeOf, WIRE } from '../../hop/hop.ts';
import { destinationOf } from '../../hop/tuple.ts';
import type { DropEvidence } from '../evidence/drop.ts';
import { dropWords, isLoss, meaningOf } from '../evidence/kernel-drops.ts';
import type { Naming } from '../evidence/named.ts';
import { layersOf } from '../journey.ts';
import type { Packet, Store } from '../store.ts';
import type { Places } from '../topology.ts';
import { lastLoss } from './branches.ts';
import { type Found, inferred, type Proofs, seen, unknown } from './end.ts';
import type { Reached } from './reached.ts';
import { rewrittenWords } from './rewritten.ts';
import { isBeginning } from './tcp-flags.ts';

/** The kernel gave it to a socket, or has worked through it itself. */
export function taken(packet: Packet, store: Store, { sockets, drops }: Proofs): Found | null {
  const worked = drops.of(packet, store).find(({ evidence }) => meaningOf(evidence).ends === 'taken');
  const all = sockets.of(packet, store).filter(({ isTranslated }) => !isTranslated);
  const [found] = all;
  // A socket that listens passes over what begins a connection for which it has no room, and the kernel does not call that a drop.
  if (isBeginning(packet)) {
    const machine = worked?.evidence.machine ?? found?.evidence.machine;
    return machine === undefined ? null : unansweredBeginning(machine);
  }
  if (worked !== undefined && !worked.isTranslated)
    return seen(
      'delivered',
      `on ${worked.evidence.machine}, ${meaningOf(worked.evidence).words}`,
      `the kernel of ${worked.evidence.machine} freed this very packet after that, in ${worked.evidence.location} (where it notes ${worked.evidence.reason} also of what was not lost)`,
    );
  if (found === undefined) return null;
  const { machine, location, time } = found.evidence;
  // The kernel says so on its way to the socket, which may then have no room for it.
  const lost = drops
    .of(packet, store)
    .filter(({ evidence }) => isLoss(evidence) && evidence.machine === machine && evidence.time >= time);
  if (lost.length >= all.length) return null;
  return seen(
    'delivered',
    `the kernel of ${machine} gave it to a socket`,
    `the kernel of ${machine} was in ${location} with this very packet`,
  );
}

const unansweredBeginning = (machine: string): Found =>
  unknown(
    `TCP of ${machine} got it, and nobody was seen to answer: the queue of connections that wait for the program may be full`,
    `the kernel of ${machine} gave this very packet to TCP`,
  );

/** The kernel dropped it. */
export function dropped(packet: Packet, reached: Reached | null, store: Store, { drops }: Proofs): Found | null {
  const places = store.world.places.of(packet.sightings);
  const goal = reached === null ? null : { place: reached.place, machine: reached.hop.machine };
  const loss = lastLoss(packet, drops.of(packet, store), goal, places);
  if (loss === null) return null;
  const { evidence, isTranslated } = loss;
  const { machine, location } = evidence;
  const { at, space } = whereOf(evidence, places);
  const inside = space === '' ? '' : ` in ${space}`;
  const why = `the kernel of ${machine} dropped it${inside}${withinWords(packet, loss)}: ${lossWords(packet, evidence)}${rewrittenWords(packet, loss)}${othersWords(packet, loss, places)}`;
  const says = `the kernel freed a packet with its headers and its first bytes, at ${at}${location === '' ? '' : ` in ${location}`}`;
  if (!isTranslated) return seen('dropped', why, says);
  const changed = 'it had other addresses or ports by then: NAT, of a connection that conntrack never confirmed';
  return inferred('dropped', why, says, changed);
}

/**
 * The place of a drop, and the network namespace in which it is: "" for the machine's own, and where it is not known (then isKnown is
 * false). One eth0 is not another one.
 */
export function whereOf(
  { machine, device, namespace }: DropEvidence,
  places: Places,
): { readonly at: string; readonly space: string; readonly isKnown: boolean } {
  const isKnown = namespace === 0 || places.knowsSpace(machine, namespace);
  if (device === '') return { at: machine, space: places.spaceName(machine, namespace), isKnown };
  const place = places.inNamespace(machine, namespace, device);
  if (place !== undefined) return { at: place, space: places.device(place)?.namespace ?? '', isKnown: true };
  const own = placeOf({ machine, device });
  const known = places.device(own);
  // Some device of that name: nobody knows whose, where the kernel named a namespace that the topology does not have.
  const isOwn = known !== undefined && (namespace === 0 || known.inode === undefined);
  if (isOwn) return { at: own, space: '', isKnown: true };
  return { at: `a device ${device} of ${machine}`, space: places.spaceName(machine, namespace), isKnown };
}

/** A frame for a MAC address that its receiver does not have: whom is the packet in it for? */
function othersWords({ sightings }: Packet, { identity, evidence }: Naming<DropEvidence>, places: Places): string {
  const { group, carriers } = identity;
  const { reason, machine, device } = evidence;
  const [carrier] = carriers;
  const destination = carrier === undefined ? identity.destination : destinationOf(carrier.tuple);
  if (reason !== 'OTHERHOST' || group !== null || destination === '') return '';
  // Of a machine of which no devices are known, nothing is known of others.
  if (!places.knowsMachine(machine) || device === '') return '';
  const owners = places.owners(destination);
  if (owners.length === 0) return `; no device that is known here has ${destination} now`;
  // One who is on that machine may have it under another MAC address.
  if (owners.some((owner) => owner.startsWith(`${machine}/`) || sightings.some(({ place }) => place === owner)))
    return '';
  return `; ${destination} is at ${owners.join(' and ')}, where it was not seen`;
}

/** By then it was in the packet of a tunnel: rules and routes that had to do with it were those for that one. */
function withinWords({ identity }: Packet, { identity: freed }: Naming<DropEvidence>): string {
  const [carrier] = freed.carriers;
  return carrier === undefined || identity.depth > 0 ? '' : ` in a packet to ${destinationOf(carrier.tuple)}`;
}

/** No tap saw what a fragment was put together to with the others, but the kernel says what became of that. */
export function putTogether(packet: Packet, store: Store, { sockets, drops }: Proofs): Found | null {
  const together = 'it was put together with the other fragments';
  const [socket] = sockets.ofWhole(packet, store);
  const lost = drops.ofWhole(packet, store).filter(isLoss);
  const number = 'it has the identification and the addresses of the fragments, and no other packet has';
  if (socket !== undefined && lost.length === 0)
    return seen(
      'delivered',
      `${together}, and the kernel of ${socket.machine} gave that to a socket`,
      `the kernel of ${socket.machine} was in ${socket.location} with the whole packet: ${number}`,
    );
  const [drop] = lost;
  if (drop === undefined || socket !== undefined) return null;
  return seen(
    'dropped',
    `${together}, and the kernel of ${drop.machine} dropped that: ${dropWords(drop)}`,
    `the kernel of ${drop.machine} freed the whole packet: ${number}`,
  );
}

/**
 * The kernel says of a frame in a VLAN that no device here is in, what it says of one for another MAC address (net/core/dev.c). A cooked
 * capture does not show the VLAN: the wire does.
 */
function lossWords({ steps }: Packet, evidence: DropEvidence): string {
  if (evidence.reason !== 'OTHERHOST') return dropWords(evidence);
  const wire = steps.findLast(({ sighting: { hop } }) => hop.machine === WIRE)?.sighting.hop;
  const vlan =
    wire === undefined ? undefined : layersOf(wire).find(({ protocol, quoted }) => protocol === 'vlan' && !quoted);
  if (vlan?.protocol !== 'vlan') return dropWords(evidence);
  return `it is in VLAN ${vlan.named('vlan.id')[0]?.shown ?? ''}, for which ${evidence.machine}/${evidence.device} has no device, or for another MAC address (OTHERHOST)`;
}
