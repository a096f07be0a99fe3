// What an ICMP error says of the packet that it quotes, or of the tunnel's packet around it: who said it, what, and why, as far as the
// kernel's own word about the packet tells closed ports from rules, and routes from neighbours that do not answer.

import { destinationOf } from '../../hop/tuple.ts';
import type { Layer } from '../../packet/layer.ts';
import { IP_PROTOCOL } from '../../packet/numbers.ts';
import type { DropEvidence } from '../evidence/drop.ts';
import { isLoss, meaningOf } from '../evidence/kernel-drops.ts';
import type { NamedEvidence, Naming } from '../evidence/named.ts';
import type { RuledPackets } from '../evidence/ruled.ts';
import { dropOf, type RuleEvidence, stepWords } from '../evidence/rules.ts';
import { layersOf } from '../journey.ts';
import type { Neighbours } from '../neighbours.ts';
import { errorsAbout } from '../relations.ts';
import type { Packet, Store } from '../store.ts';
import { WAIT_FOR_NEIGHBOUR } from '../waits.ts';
import { rewrittenWords } from './rewritten.ts';

type Drops = NamedEvidence<DropEvidence>;

/** What besides the error is known. */
interface Known {
  readonly drops: Drops;
  readonly neighbours: Neighbours;
  readonly rules: RuledPackets;
}

export const arpWords = (machine: string, address: string, asked: number): string =>
  `nobody answered ARP: ${machine} asked ${asked === 1 ? 'once' : `${asked} times`} who has ${address}`;

export interface Refused {
  readonly why: string;
  readonly from: string;
}

/** The first ICMP error that says that this packet went no further; null: none does. */
export function refusalOf(packet: Packet, store: Store, known: Known): Refused | null {
  for (const error of errorsAbout(packet, store)) {
    const layers = layersOf(error.first.hop);
    const outer = layers.findLast((layer) => (layer.protocol === 'ip' || layer.protocol === 'ipv6') && !layer.quoted);
    const icmp = layers.findLast(
      (layer) => (layer.protocol === 'icmp' || layer.protocol === 'icmpv6') && !layer.quoted,
    );
    if (outer === undefined || icmp === undefined) continue;
    const source = outer.protocol === 'ip' || outer.protocol === 'ipv6' ? outer.source : '';
    const isCarrier = packet.identity.known !== error.identity.about;
    if (isCarrier && wentToSeveral(packet)) continue;
    const { tuple } = error.identity;
    const quoted = { protocol: Number.parseInt(tuple, 10), destination: destinationOf(tuple) };
    const why = errorWhy(icmp, { source, ...quoted, isCarrier }, packet, store, known);
    if (why === null) continue;
    const carried = isCarrier ? ', about the packet that carried it' : '';
    return {
      why: `${why}${carried} (journey ${error.id})`,
      from: `journey ${error.id} is an ICMP error that quotes it${carried}`,
    };
  }
  return null;
}

/** What a tunnel's device sends to several far ends, one of them may refuse. */
function wentToSeveral({ sightings, identity }: Packet): boolean {
  const ends = new Set(sightings.flatMap((seen) => seen.identity.carriers.map(({ tuple }) => destinationOf(tuple))));
  return identity.group !== null || ends.size > Math.max(...sightings.map((seen) => seen.identity.carriers.length), 1);
}

interface Refusal {
  /** Who says so. */
  readonly source: string;
  /** Of the packet that is quoted: IP's number, and who it was for. */
  readonly protocol: number;
  readonly destination: string;
  /** It is the tunnel's packet around this one that is quoted. */
  readonly isCarrier: boolean;
}

function errorWhy(icmp: Layer, refusal: Refusal, packet: Packet, store: Store, known: Known): string | null {
  const type = icmp.u8(0);
  const code = icmp.u8(1);
  const { source } = refusal;
  if (icmp.protocol === 'icmpv6') {
    if (type === 1 && code === 4) return portWhy(refusal, packet, store, known);
    if (type === 1) return `${source} answered: destination unreachable, ${V6_UNREACHABLE[code] ?? `code ${code}`}`;
    if (type === 2) return `${source} answered: too big, the next link takes ${icmp.u32(4)} bytes`;
    return type === 3
      ? `the hop limit ran out at ${source}`
      : `${source} answered with ICMPv6 type ${type}, code ${code}`;
  }
  // A redirect comes with the packet's being handed on, and a source quench may (RFC 792).
  if (type === 5 || type === 4) return null;
  if (type === 11)
    return code === 0 ? `the TTL ran out at ${source}` : `${source} waited in vain for the other fragments`;
  if (type !== 3) return `${source} answered with ICMP type ${type}, code ${code}`;
  if (code === 3) return portWhy(refusal, packet, store, known);
  if (code === 4) return `${source} answered: too big and not to be cut, the next link takes ${icmp.u16(6)} bytes`;
  if (code === 1) return hostWhy(refusal, packet, store, known);
  const said = `${source} answered: ${UNREACHABLE[code] ?? `destination unreachable, code ${code}`}`;
  return FORBIDDEN.has(code) ? said + byWhom(packet, store, known) : said;
}

/** Host unreachable: nobody answered ARP, or a route says so (net/ipv4/arp.c, arp_error_report; route.c, ip_error). */
function hostWhy({ source, destination, isCarrier }: Refusal, packet: Packet, store: Store, known: Known): string {
  const { drops, neighbours } = known;
  const said = `${source} answered: host unreachable`;
  const loss = refusingLoss(packet, store, drops);
  if (loss !== undefined && loss.evidence.reason !== 'NEIGH_FAILED') return `${said}; ${refusalWords(loss)}`;
  const far = isCarrier ? ', the far end of the tunnel' : '';
  for (const end of packet.ends) {
    const { machine } = end.hop;
    const at = packet.timeOf(end);
    const { asked, answered } = neighbours.askedFor(
      destination,
      machine,
      at - WAIT_FOR_NEIGHBOUR,
      at + WAIT_FOR_NEIGHBOUR,
    );
    if (asked > 0 && !answered) return `${arpWords(machine, destination, asked)}${far}, and ${said}`;
  }
  return loss === undefined ? said : `${said}; ${meaningOf(loss.evidence).words}${rewrittenWords(packet, loss)}`;
}

/** Codes that a firewall's rule and a route both give (RFC 1812 section 5.2.7.1). */
const FORBIDDEN: ReadonlySet<number> = new Set([9, 10, 13]);

/** Who forbade it, where the kernel's own word about the packet says so: a rule, or a route. */
function byWhom(packet: Packet, store: Store, { drops, rules }: Known): string {
  const rejecting = rejectedBy(rules.of(packet, store));
  if (rejecting !== '') return `; ${rejecting}`;
  const loss = refusingLoss(packet, store, drops);
  return loss === undefined ? '' : `; ${refusalWords(loss)}`;
}

/** Who answers is not silent: a policy, and DROP, are. */
const refusalWords = ({ evidence }: Naming<DropEvidence>): string =>
  evidence.reason === 'NETFILTER_DROP' ? 'a rule of the firewall there rejected it' : meaningOf(evidence).words;

/** What the kernel said of the packet when it, or a rule in it, told the sender. Of a flood, others have said other things. */
export const refusingLoss = (packet: Packet, store: Store, drops: Drops): Naming<DropEvidence> | undefined =>
  drops
    .of(packet, store)
    .find(
      ({ evidence }) =>
        isLoss(evidence) && (REFUSING.has(evidence.reason) || evidence.location.startsWith('ip_error+')),
    );

const REFUSING: ReadonlySet<string> = new Set(['NO_SOCKET', 'NETFILTER_DROP', 'NEIGH_FAILED']);

/** Port unreachable is what a machine says without a program at that port, and what a firewall's REJECT says, wherever it stands. */
function portWhy(refusal: Refusal, packet: Packet, store: Store, { drops, rules }: Known): string {
  const { source, protocol, destination, isCarrier } = refusal;
  const reason = refusingLoss(packet, store, drops)?.evidence.reason;
  const said = `${source} answered: port unreachable`;
  const rejecting = rejectedBy(rules.of(packet, store));
  if (rejecting !== '') return `${said}, ${rejecting}`;
  if (reason === 'NO_SOCKET') return `${said}, no program listens there`;
  if (reason === 'NETFILTER_DROP') return `${said}, a rule of the firewall there rejected it`;
  const byGoal =
    destination === source || (!isCarrier && packet.sightings.some(({ identity }) => identity.destination === source));
  if (!byGoal) return `${said}; it is not who the packet is for, so a rule of its firewall rejected it`;
  if (protocol === IP_PROTOCOL.tcp)
    return `${said}; TCP itself says that with a reset, so a rule of its firewall rejected it`;
  if (protocol !== IP_PROTOCOL.udp) return `${said}, of a packet without ports: a rule of its firewall rejected it`;
  return `${said}: no program listens there, or a rule of its firewall rejected it`;
}

/** The rule whose target rejected it, where its trace says so; "". */
function rejectedBy(ways: readonly RuleEvidence[]): string {
  for (const way of ways) {
    const drop = dropOf(way);
    if (drop !== null && /(?:^| )-j REJECT(?: |$)/.test(drop.step.text))
      return `${stepWords(drop.visit, drop.step)} on ${way.machine} rejected it`;
  }
  return '';
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
