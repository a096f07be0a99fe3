// How a packet's way ended, and how that is known. First what names the packet: an ICMP error that quotes it, a trace of the rule
// that dropped it, the wire's own word, an answer, the kernel's word with the packet's bytes; then what can be concluded. Without either,
// the end is unknown, and how far it was seen to come is said.

import { placeOf, WIRE } from '../hop/hop.ts';
import { isForOthers } from '../hop/packet-type.ts';
import type { Layer } from '../packet/layer.ts';
import type { Answers } from './answers.ts';
import type { DropEvidence, SocketEvidence } from './evidence/drop.ts';
import type { TraceEvidence } from './evidence/evidence.ts';
import { dropWords, isLoss, meaningOf } from './evidence/kernel-drops.ts';
import type { NamedEvidence } from './evidence/named.ts';
import type { Watches } from './evidence/watches.ts';
import { type Grade, type JourneyEnd, layersOf } from './journey.ts';
import { askedFor, errorsAbout, piecesOf } from './relations.ts';
import type { Sighting } from './sighting.ts';
import type { Packet, Store } from './store.ts';

export interface End {
  readonly end: JourneyEnd;
  readonly grade: Grade;
  readonly why: string;
  /** What shows it, a sentence each: how do you know? */
  readonly from: readonly string[];
  /** The place with its destination's address that took it in, "host-01/eth0"; null: it was not seen to get so far. */
  readonly reached: string | null;
}

export interface Proofs {
  readonly answers: Answers;
  /** By "machine identification". */
  readonly traces: ReadonlyMap<string, readonly TraceEvidence[]>;
  readonly drops: NamedEvidence<DropEvidence>;
  readonly sockets: NamedEvidence<SocketEvidence>;
  readonly watches: Watches;
}

/** Seconds in which a machine asks three times for a neighbour (net.ipv4.neigh.*.retrans_time_ms and mcast_solicit). */
const ARP_PATIENCE = 4;
/** So often it asks. */
const ARP_QUESTIONS = 3;

export function endOf(packet: Packet, store: Store, proofs: Proofs): End {
  const reached = reachedBy(packet, store);
  const end =
    refused(packet, store, proofs) ??
    answered(packet, proofs) ??
    equalToOthers(packet) ??
    traced(packet, reached !== null, proofs) ??
    lostOnWire(packet, reached !== null) ??
    taken(packet, store, proofs) ??
    dropped(packet, store, proofs) ??
    divided(packet, store, proofs) ??
    unresolved(packet, store) ??
    takenIn(packet, reached, store, proofs) ??
    unknown(lastSeen(packet, reached, store));
  return { ...end, reached: reached?.place ?? null };
}

type Found = Omit<End, 'reached'>;

const seen = (end: JourneyEnd, why: string, ...from: readonly string[]): Found => ({ end, grade: 'seen', why, from });
const inferred = (end: JourneyEnd, why: string, ...from: readonly string[]): Found => ({
  end,
  grade: 'inferred',
  why,
  from,
});
const unknown = (why: string, ...from: readonly string[]): Found => ({ end: 'unknown', grade: 'unknown', why, from });

/** What may have gone on as one of several equal packets: whatever is known of them, it is not known of which. */
function equalToOthers(packet: Packet): Found | null {
  if (!packet.copy.isTornAfter) return null;
  return unknown(
    `it is equal to another one, to the last byte, and nothing says which of them went on: it ${lastSeenWords(packet)}`,
  );
}

/** An ICMP error. */
function refused(packet: Packet, store: Store, proofs: Proofs): Found | null {
  for (const error of errorsAbout(packet, store)) {
    const layers = layersOf(error.first.hop);
    const outer = layers.findLast((layer) => (layer.protocol === 'ip' || layer.protocol === 'ipv6') && !layer.quoted);
    const icmp = layers.findLast(
      (layer) => (layer.protocol === 'icmp' || layer.protocol === 'icmpv6') && !layer.quoted,
    );
    if (outer === undefined || icmp === undefined) continue;
    const source = outer.protocol === 'ip' || outer.protocol === 'ipv6' ? outer.source : '';
    const why = errorWhy(icmp, source, packet, store, proofs);
    if (why === null) continue;
    const carried = packet.identity.known !== error.identity.about ? ', about the packet that carried it' : '';
    return seen(
      'dropped',
      `${why} (journey ${error.id})`,
      `journey ${error.id} is an ICMP error that quotes it${carried}`,
    );
  }
  return null;
}

function errorWhy(icmp: Layer, source: string, packet: Packet, store: Store, proofs: Proofs): string | null {
  const type = icmp.u8(0);
  const code = icmp.u8(1);
  const byGoal = packet.sightings.some(({ identity }) => identity.destination === source);
  if (icmp.protocol === 'icmpv6') {
    if (type === 1 && code === 4) return portWhy(source, byGoal, packet, store, proofs);
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
  if (code === 3) return portWhy(source, byGoal, packet, store, proofs);
  if (code === 4) return `${source} answered: too big and not to be cut, the next link takes ${icmp.u16(6)} bytes`;
  if (code === 1) {
    const { destination } = packet.identity;
    for (const end of packet.ends) {
      const { machine } = end.hop;
      const at = packet.timeOf(end);
      const { asked, answered } = askedFor(
        end.identity.destination,
        machine,
        at - ARP_PATIENCE,
        at + ARP_PATIENCE,
        store,
      );
      if (asked > 0 && !answered)
        return `${arpWords(machine, end.identity.destination || destination, asked)}, and ${source} answered: host unreachable`;
    }
  }
  const said = `${source} answered: ${UNREACHABLE[code] ?? `destination unreachable, code ${code}`}`;
  return FORBIDDEN.has(code) ? said + byWhom(packet, store, proofs) : said;
}

/** Codes that a firewall's rule and a route both give (RFC 1812 section 5.2.7.1). */
const FORBIDDEN: ReadonlySet<number> = new Set([9, 10, 13]);

/** Who forbade it, where the kernel's own word about the packet says so: a rule, or a route. */
function byWhom(packet: Packet, store: Store, { drops }: Proofs): string {
  const [known] = drops.of(packet, store);
  return known === undefined || !isLoss(known.evidence) ? '' : `; ${meaningOf(known.evidence).words}`;
}

/** Port unreachable is what a machine says without a program at that port, and what a firewall's REJECT says, wherever it stands. */
function portWhy(source: string, byGoal: boolean, packet: Packet, store: Store, { drops }: Proofs): string {
  const [known] = drops.of(packet, store);
  const said = `${source} answered: port unreachable`;
  if (known?.evidence.reason === 'NO_SOCKET') return `${said}, no program listens there`;
  if (known?.evidence.reason === 'NETFILTER_DROP') return `${said}, a rule of the firewall there rejected it`;
  const protocol = packet.identity.key.split(' ', 3)[2];
  if (!byGoal) return `${said}; it is not who the packet is for, so a rule of its firewall rejected it`;
  if (protocol !== '17') return `${said}, of a packet without ports: a rule of its firewall rejected it`;
  return `${said}: no program listens there, or a rule of its firewall rejected it`;
}

const UNREACHABLE: readonly string[] = [
  'no route to that network',
  'host unreachable',
  'nothing there speaks that protocol',
  'port unreachable',
  '',
  'source route failed',
  'destination network unknown',
  'destination host unknown',
  'source host isolated',
  'network administratively prohibited',
  'host administratively prohibited',
  'network unreachable for this type of service',
  'host unreachable for this type of service',
  'administratively filtered',
];
const V6_UNREACHABLE: readonly string[] = [
  'no route',
  'administratively prohibited',
  'beyond the scope of its source',
  'address unreachable',
  'port unreachable',
];

const arpWords = (machine: string, address: string, asked: number): string =>
  `nobody answered ARP: ${machine} asked ${asked === 1 ? 'once' : `${asked} times`} who has ${address}`;

/** nft's trace: the line names identification, addresses and ports. */
function traced(packet: Packet, arrived: boolean, { traces }: Proofs): Found | null {
  // Of a flood that reached somebody, one branch may be dropped: that is not the packet's end.
  if ((arrived && packet.ends.length > 1) || !packet.copy.isAlone) return null;
  for (const { identity, hop } of packet.sightings) {
    // Without a number, others may be like it.
    const number = identity.numbered ? /^4 (\d+) /.exec(identity.key)?.[1] : undefined;
    if (number === undefined) continue;
    for (const trace of traces.get(`${hop.machine} ${number}`) ?? []) {
      const ports = /#(\d+)>.*#(\d+)$/.exec(identity.tuple);
      const fits = (wanted: number, is: string | undefined): boolean =>
        wanted < 0 || is === undefined || Number(is) === wanted;
      if (trace.source !== identity.source || trace.destination !== identity.destination) continue;
      if (!fits(trace.sourcePort, ports?.[1]) || !fits(trace.destinationPort, ports?.[2])) continue;
      const by = trace.rule === '' ? `the policy of ${trace.chain}` : `the rule “${trace.rule}” in ${trace.chain}`;
      const from = `nft monitor trace on ${trace.machine} names its identification ${number}, its addresses and ports`;
      return seen('dropped', `${by} on ${trace.machine} dropped it (nft trace)`, from);
    }
  }
  return null;
}

/** Of a flood that reached somebody another way, one branch may end on a wire: that is not the packet's end. */
function lostOnWire(packet: Packet, arrived: boolean): Found | null {
  if (arrived) return null;
  for (const { hop } of packet.ends) {
    if (hop.undelivered === undefined) continue;
    return seen(
      'dropped',
      `the wire ${hop.device} did not deliver it: ${hop.undelivered}`,
      `the wire ${hop.device} says so of this frame`,
    );
  }
  return null;
}

/** Whoever answers has received. */
function answered(packet: Packet, { answers }: Proofs): Found | null {
  const answer = answers.to(packet);
  if (answer === null) return null;
  const { tcp } = packet.identity;
  const from =
    tcp === null
      ? `journey ${answer.id} answers it, and nothing else that was open there`
      : `journey ${answer.id} acknowledges all its bytes, which were in no other packet`;
  return seen('delivered', `it was answered: journey ${answer.id}`, from);
}

/** The kernel gave it to a socket, or has worked through it itself. */
function taken(packet: Packet, store: Store, { sockets, drops }: Proofs): Found | null {
  const worked = drops.of(packet, store).find(({ evidence }) => meaningOf(evidence).ends === 'taken');
  if (worked !== undefined && !worked.isTranslated)
    return seen(
      'delivered',
      `the kernel of ${worked.evidence.machine} has had it: ${dropWords(worked.evidence)}`,
      `the kernel of ${worked.evidence.machine} freed this very packet after that, in ${worked.evidence.location}`,
    );
  const found = sockets.of(packet, store).find(({ isTranslated }) => !isTranslated);
  if (found === undefined) return null;
  const { machine, location } = found.evidence;
  return seen(
    'delivered',
    `the kernel of ${machine} gave it to a socket`,
    `the kernel of ${machine} was in ${location} with this very packet`,
  );
}

/** The kernel dropped it. */
function dropped(packet: Packet, store: Store, { drops }: Proofs): Found | null {
  for (const { evidence, isTranslated } of drops.of(packet, store)) {
    if (!isLoss(evidence) || !endsThere(packet, evidence, store)) continue;
    const { machine, location } = evidence;
    const at = evidence.device === '' ? machine : `${machine}/${evidence.device}`;
    const why = `the kernel of ${machine} dropped it: ${dropWords(evidence)}`;
    const says = `the kernel freed a packet with its headers and its first bytes, at ${at}${location === '' ? '' : ` in ${location}`}`;
    if (!isTranslated) return seen('dropped', why, says);
    const changed = 'it had other addresses or ports by then: NAT, of a connection that conntrack never confirmed';
    return inferred('dropped', why, says, changed);
  }
  return null;
}

/** What a bridge floods, and what is for a group, has other ends as well: one that is dropped is not the packet's. */
function endsThere(packet: Packet, { machine, time, reason }: DropEvidence, store: Store): boolean {
  if (packet.identity.group !== null) return false;
  const { ends } = packet;
  if (ends.length > 1 && reason === 'OTHERHOST') return false;
  if (ends.some(({ hop }) => hop.machine === machine && hop.time > time + LATER)) return false;
  const reached = reachedBy(packet, store);
  return reached === null || reached.hop.machine === machine;
}

/** Seconds that a tap may note a packet after the kernel noted its drop. */
const LATER = 0.001;

/** Where it was taken in, in the namespace that has its destination address, or that it went into through a veth pair without a tap. */
interface Reached {
  readonly place: string;
  readonly hop: Sighting['hop'];
}

function reachedBy(packet: Packet, store: Store): Reached | null {
  const { places } = store.world;
  for (const { hop, place, identity } of packet.ends) {
    const { destination } = identity;
    if ((identity.fragment === null && identity.depth > 0) || hop.machine === WIRE || destination === '') continue;
    if (isForOthers(hop)) continue;
    const isGroup = identity.group !== null && !identity.key.startsWith('arp ');
    const isHere = (at: string): boolean => (isGroup ? places.device(at) !== undefined : places.owns(at, destination));
    if (hop.direction !== 'out' && !places.isPort(place) && isHere(place) && !(isGroup && place === packet.first.place))
      return { place, hop };
    const peer = places.peer(place);
    if (hop.direction !== 'in' && peer !== undefined && !store.taps.has(peer) && isHere(peer))
      return { place: peer, hop };
  }
  return null;
}

/** It got to where its address is, and the kernel there, which names every packet that it drops, has not named it. */
function takenIn(packet: Packet, reached: Reached | null, store: Store, { watches }: Proofs): Found | null {
  if (reached === null || packet.identity.group !== null) return null;
  const { machine, time } = reached.hop;
  if (!watches.isComplete(machine, time) || store.world.places.device(reached.place) === undefined) return null;
  // A question that nobody answered has got there at most.
  if (packet.identity.asks !== '' && packet.identity.tcp === null) return null;
  const { destination } = packet.identity;
  return inferred(
    'delivered',
    `it arrived: ${reached.place} took it in, ${destination || 'its destination'} is an address there, and the kernel of ${machine} did not drop it`,
    `it was seen in at ${reached.place}`,
    `the kernel of ${machine} names every packet that it drops, and this one it did not name`,
  );
}

/** What became of its pieces, or of the packet that it was a piece of. */
function divided(packet: Packet, store: Store, proofs: Proofs): Found | null {
  const parts = piecesOf(packet, store);
  if (parts === null) return null;
  const { kind, whole, from, into } = parts;
  if (whole === packet) {
    if (into.length === 0) return null;
    const ends = into.map((piece) => ownEnd(piece, store, proofs));
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
    const { end, grade, from: sources } = ownEnd(whole, store, proofs);
    const why = `it was put together with the other ${kind} again, in journey ${whole.id}, which arrived`;
    return end === 'delivered' ? { end, grade, why, from: sources } : null;
  }
  const own = ownEnd(whole, store, proofs);
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

function ownEnd(packet: Packet, store: Store, proofs: Proofs): Found {
  const reached = reachedBy(packet, store);
  return (
    refused(packet, store, proofs) ??
    answered(packet, proofs) ??
    equalToOthers(packet) ??
    traced(packet, false, proofs) ??
    lostOnWire(packet, false) ??
    taken(packet, store, proofs) ??
    dropped(packet, store, proofs) ??
    takenIn(packet, reached, store, proofs) ??
    unknown('')
  );
}

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

/** Routed to a neighbour that does not answer: then no tap sees the packet leave, but the questions are seen. */
function unresolved(packet: Packet, store: Store): Found | null {
  if (packet.identity.ttl < 0) return null;
  const { ends } = packet;
  for (const end of ends) {
    const at = packet.timeOf(end);
    const { machine, direction } = end.hop;
    // Where it went on, nobody had to be asked any more.
    if (ends.some(({ hop }) => hop.machine !== machine || hop.direction === 'out') || machine === WIRE) continue;
    if (direction === 'out' || store.world.places.owns(end.place, end.identity.destination)) continue;
    const { destination } = end.identity;
    const until = at + ARP_PATIENCE;
    const { asked, answered } = askedFor(destination, machine, at - ARP_PATIENCE, until, store);
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

function lastSeenWords(packet: Packet): string {
  const end = packet.ends.at(-1) as Sighting;
  const at = placeOf(end.hop);
  if (end.hop.direction === 'in') return `was last seen coming in at ${at}`;
  return end.hop.direction === 'out' ? `was last seen leaving through ${at}` : `was last seen at ${at}`;
}

function lastSeen(packet: Packet, reached: Reached | null, store: Store): string {
  const { identity } = packet;
  if (identity.key.startsWith('arp ') && identity.asks !== '')
    return `nobody was seen to answer: no ARP reply from ${identity.destination} to this question`;
  if (reached !== null)
    return identity.group === null
      ? `it got as far as ${reached.place}, where ${identity.destination} is an address; nothing shows what became of it there`
      : `it got as far as ${reached.place}; who takes what is for a group, nothing shows`;
  const owner = store.world.places.owners(identity.destination)[0];
  const goal = owner === undefined || identity.destination === '' ? '' : `, not at ${owner}, which has its address`;
  return `nothing shows why: it ${lastSeenWords(packet)}${goal}`;
}
