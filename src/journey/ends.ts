// How a packet's way ended, and what shows it. From the surest evidence down: an ICMP error that quotes the packet, a trace of
// the rule that dropped it, the wire's own word; then where it was seen last; then what speaks for it indirectly.

import { placeOf, WIRE } from '../hop/hop.ts';
import { destinationOf } from '../hop/tuple.ts';
import type { Layer } from '../packet/layer.ts';
import type { DropTimes } from './evidence/drop-times.ts';
import type { TraceEvidence } from './evidence/evidence.ts';
import { dropWords } from './evidence/kernel-drops.ts';
import { type JourneyEnd, layersOf } from './journey.ts';
import { answerTo, askedFor, errorsAbout, piecesOf } from './relations.ts';
import type { Sighting } from './sighting.ts';
import type { Packet, Store } from './store.ts';

export interface End {
  readonly end: JourneyEnd;
  readonly why: string;
  /**
   * What a rule's counter may know better. 'inside': the machine that it is for took it in, where its firewall may have
   * dropped it. 'firewall': the kernel says that a rule dropped it, not which.
   */
  readonly open?: 'inside' | 'firewall';
}

export interface Proofs {
  /** By "machine identification". */
  readonly traces: ReadonlyMap<string, readonly TraceEvidence[]>;
  readonly kernel: DropTimes;
}

/** Seconds in which a machine asks three times for a neighbour (net.ipv4.neigh.*.retrans_time_ms and mcast_solicit). */
const ARP_PATIENCE = 4;

/** Without counters, which need all packets: see counted(). */
export function endOf(packet: Packet, store: Store, proofs: Proofs): End {
  const arrived = arrival(packet, store);
  return (
    refused(packet, store) ??
    traced(packet, arrived !== null, proofs) ??
    lostOnWire(packet, arrived !== null) ??
    (arrived?.open === 'inside' && answered(packet, store) === null ? droppedByKernel(packet, store, proofs) : null) ??
    arrived ??
    divided(packet, store, proofs) ??
    answered(packet, store) ??
    droppedByKernel(packet, store, proofs) ??
    unresolved(packet, store) ?? { end: 'unknown', why: lastSeen(packet, store) }
  );
}

/** An ICMP error. */
function refused(packet: Packet, store: Store): End | null {
  for (const error of errorsAbout(packet, store)) {
    const layers = layersOf(error.first.hop);
    const outer = layers.findLast((layer) => (layer.protocol === 'ip' || layer.protocol === 'ipv6') && !layer.quoted);
    const icmp = layers.findLast(
      (layer) => (layer.protocol === 'icmp' || layer.protocol === 'icmpv6') && !layer.quoted,
    );
    if (outer === undefined || icmp === undefined) continue;
    const source = outer.protocol === 'ip' || outer.protocol === 'ipv6' ? outer.source : '';
    const why = errorWhy(icmp, source, destinationOf(error.identity.tuple), packet, store);
    if (why !== null) return { end: 'dropped', why: `${why} (journey ${error.id})` };
  }
  return null;
}

function errorWhy(icmp: Layer, source: string, destination: string, packet: Packet, store: Store): string | null {
  const type = icmp.u8(0);
  const code = icmp.u8(1);
  if (icmp.protocol === 'icmpv6') {
    if (type === 1) return `${source} answered: destination unreachable, ${V6_UNREACHABLE[code] ?? `code ${code}`}`;
    if (type === 2) return `${source} answered: too big, the next link takes ${icmp.u32(4)} bytes`;
    return type === 3
      ? `the hop limit ran out at ${source}`
      : `${source} answered with ICMPv6 type ${type}, code ${code}`;
  }
  if (type === 5) return null; // a redirect comes with the packet's being handed on (RFC 792)
  if (type === 11)
    return code === 0 ? `the TTL ran out at ${source}` : `${source} waited in vain for the other fragments`;
  if (type !== 3) return `${source} answered with ICMP type ${type}, code ${code}`;
  if (code === 4) return `${source} answered: too big and not to be cut, the next link takes ${icmp.u16(6)} bytes`;
  if (code === 1) {
    for (const end of packet.ends) {
      const { machine } = end.hop;
      const at = packet.timeOf(end);
      const { asked, answered } = askedFor(destination, machine, at - ARP_PATIENCE, at + ARP_PATIENCE, store);
      if (asked > 0 && !answered)
        return `${arpWords(machine, destination, asked)}, and ${source} answered: host unreachable`;
    }
  }
  return `${source} answered: ${UNREACHABLE[code] ?? `destination unreachable, code ${code}`}`;
}

const UNREACHABLE: readonly string[] = [
  'no route to that network',
  'host unreachable',
  'nothing there speaks that protocol',
  'port unreachable, no program listens there',
  '',
  'source route failed',
  'destination network unknown',
  'destination host unknown',
  'source host isolated',
  'network administratively prohibited, a rule rejected it',
  'host administratively prohibited, a rule rejected it',
  'network unreachable for this type of service',
  'host unreachable for this type of service',
  'administratively filtered, a rule rejected it',
];
const V6_UNREACHABLE: readonly string[] = [
  'no route',
  'administratively prohibited',
  'beyond the scope of its source',
  'address unreachable',
  'no program listens there',
];

const arpWords = (machine: string, address: string, asked: number): string =>
  `nobody answered ARP: ${machine} asked ${asked === 1 ? 'once' : `${asked} times`} who has ${address}`;

/** nft's trace: the line names identification, addresses and ports. */
function traced(packet: Packet, arrived: boolean, { traces }: Proofs): End | null {
  // Of a flood that reached somebody, one branch may be dropped: that is not the packet's end.
  if (arrived && packet.ends.length > 1) return null;
  for (const { identity, hop } of packet.sightings) {
    const number = /^4 (\d+) /.exec(identity.key)?.[1] ?? '-1';
    for (const trace of traces.get(`${hop.machine} ${number}`) ?? []) {
      const ports = /#(\d+)>.*#(\d+)$/.exec(identity.tuple);
      const fits = (wanted: number, is: string | undefined): boolean =>
        wanted < 0 || is === undefined || Number(is) === wanted;
      if (trace.source !== identity.source || trace.destination !== identity.destination) continue;
      if (!fits(trace.sourcePort, ports?.[1]) || !fits(trace.destinationPort, ports?.[2])) continue;
      const by = trace.rule === '' ? `the policy of ${trace.chain}` : `the rule “${trace.rule}” in ${trace.chain}`;
      return { end: 'dropped', why: `${by} on ${trace.machine} dropped it (nft trace)` };
    }
  }
  return null;
}

/** Of a flood that reached somebody another way, one branch may end on a wire: that is not the packet's end. */
function lostOnWire(packet: Packet, arrived: boolean): End | null {
  if (arrived) return null;
  for (const { hop } of packet.ends) {
    if (hop.undelivered === undefined) continue;
    return { end: 'dropped', why: `the wire ${hop.device} did not deliver it: ${hop.undelivered}` };
  }
  return null;
}

/** It was seen in the namespace that has its destination address, or on its way through the veth pair into it. */
function arrival(packet: Packet, store: Store): End | null {
  const { places } = store.world;
  const { first } = packet;
  for (const end of packet.ends) {
    const { hop, place, identity } = end;
    if (identity.fragment === null && identity.depth > 0) continue;
    const { destination } = identity;
    if (identity.group !== null && !identity.key.startsWith('arp ')) {
      const beyond = hop.direction === 'out' ? places.peer(place) : undefined;
      if (beyond !== undefined && !store.taps.has(beyond))
        return { end: 'delivered', why: `${identity.group}: it went through ${place} to ${beyond}` };
      if (hop.direction === 'in' && place !== first.place)
        return { end: 'delivered', why: `${identity.group}: ${place} took it in` };
      continue;
    }
    if (destination === '') continue;
    if (hop.direction !== 'out' && !places.isPort(place) && places.owns(place, destination) && hop.machine !== WIRE) {
      const why = `it arrived: ${place} took it in, and ${destination} is an address there`;
      return { end: 'delivered', why, open: 'inside' };
    }
    const peer = places.peer(place);
    if (hop.direction !== 'in' && peer !== undefined && !store.taps.has(peer) && places.owns(peer, destination))
      return {
        end: 'delivered',
        why: `it arrived: behind ${place} is ${peer}, and ${destination} is an address there`,
      };
  }
  return null;
}

/** What became of its pieces, or of the packet that it was a piece of. */
function divided(packet: Packet, store: Store, proofs: Proofs): End | null {
  const parts = piecesOf(packet, store);
  if (parts === null) return null;
  const { kind, whole, from, into } = parts;
  if (whole === packet) {
    if (into.length === 0) return null;
    const ends = into.map((piece) => ownEnd(piece, store, proofs));
    const lost = ends.findIndex(({ end }) => end === 'dropped');
    const went = `it went on as ${into.length} ${kind}`;
    if (lost >= 0) return { end: 'dropped', why: `${went}, and of journey ${into[lost]?.id}, ${ends[lost]?.why}` };
    if (ends.every(({ end }) => end === 'delivered') && complete(into, packet))
      return { end: 'delivered', why: `${went}, which all arrived` };
    return { end: 'unknown', why: `${went}, and not all of them were seen to arrive` };
  }
  if (whole === null) return null;
  if (!from.includes(packet)) {
    // Put together again further on: the whole one was seen there as well.
    const { end } = ownEnd(whole, store, proofs);
    return end === 'delivered'
      ? { end, why: `it was put together with the other ${kind} again, in journey ${whole.id}, which arrived` }
      : null;
  }
  const { end, why } = divided(whole, store, proofs) ?? ownEnd(whole, store, proofs);
  const together = `it was put together with the other ${kind}, as journey ${whole.id}`;
  if (end === 'unknown') return { end, why: `${together}; nothing shows what became of that` };
  return { end, why: end === 'delivered' ? `${together}, which arrived` : `${together}, and ${why}` };
}

const ownEnd = (packet: Packet, store: Store, proofs: Proofs): End =>
  refused(packet, store) ??
  traced(packet, false, proofs) ??
  lostOnWire(packet, false) ??
  arrival(packet, store) ?? { end: 'unknown', why: '' };

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

/** Whoever answers has received. A TCP acknowledgment does not say which of several copies. */
function answered(packet: Packet, store: Store): End | null {
  const answer = answerTo(packet, store);
  if (answer === null) return null;
  const { tcp } = packet.identity;
  if (tcp !== null && store.starts.packets(String(tcp.sequence), store.world).length > 1) return null;
  return { end: 'delivered', why: `it was answered: journey ${answer.id}` };
}

function droppedByKernel(packet: Packet, store: Store, { kernel }: Proofs): End | null {
  for (const end of packet.ends) {
    const found = kernel.after(end, store);
    if (found === null) continue;
    const later = `${Math.round(found.later * 1e6).toLocaleString('en')} µs later`;
    const why = `the kernel of ${end.hop.machine} dropped a packet ${later}: ${dropWords(found.drop)}`;
    return { end: 'dropped', why, ...(found.drop.reason === 'NETFILTER_DROP' ? { open: 'firewall' } : {}) };
  }
  return null;
}

/** Routed to a neighbour that does not answer: then no tap sees the packet leave, but the questions are seen. */
function unresolved(packet: Packet, store: Store): End | null {
  if (packet.identity.ttl < 0) return null;
  for (const end of packet.ends) {
    const at = packet.timeOf(end);
    const { machine, direction } = end.hop;
    if (direction === 'out' || machine === WIRE) continue;
    const { destination } = end.identity;
    const { asked, answered } = askedFor(destination, machine, at - ARP_PATIENCE, at + ARP_PATIENCE, store);
    // One question may be one whose answer was not captured: a machine asks three times before it gives up.
    if (asked > 1 && !answered) return { end: 'dropped', why: arpWords(machine, destination, asked) };
  }
  return null;
}

function lastSeen(packet: Packet, store: Store): string {
  const { identity } = packet;
  const end = packet.ends.at(-1) as Sighting;
  const at = placeOf(end.hop);
  const way =
    end.hop.direction === 'in'
      ? `was last seen coming in at ${at}`
      : end.hop.direction === 'out'
        ? `was last seen leaving through ${at}`
        : `was last seen at ${at}`;
  if (identity.key.startsWith('arp ') && identity.asks !== '')
    return `nobody answered: no ARP reply from ${identity.destination} was seen`;
  const owner = store.world.places.owners(identity.destination)[0];
  const goal = owner === undefined || identity.destination === '' ? '' : `, not at ${owner}, which has its address`;
  return `nothing shows why: it ${way}${goal}`;
}
