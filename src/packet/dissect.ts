// A packet's bytes -> its layers, from the outside in. The one place that knows which header follows which.
// Tunnels come back here (what VXLAN, Geneve, GRE and UDP 8285 carry, IP in IP), and so does the packet quoted in an ICMP error.
import { AhLayer } from './ah.ts';
import { ArpLayer } from './arp.ts';
import { BGP_PORT, BgpLayer, startsBgp } from './bgp.ts';
import { DataLayer } from './data.ts';
import { DNS_PORT, DnsLayer, wholeDnsMessage } from './dns.ts';
import { ErspanLayer } from './erspan.ts';
import { EspLayer } from './esp.ts';
import { EthernetLayer } from './ethernet.ts';
import { GreLayer } from './gre.ts';
import { GrpcLayer } from './grpc.ts';
import { HttpLayer, startsHttp } from './http.ts';
import { Http2Layer, startsHttp2 } from './http2.ts';
import { IcmpLayer } from './icmp.ts';
import { Icmpv6Layer } from './icmpv6.ts';
import { IgmpLayer } from './igmp.ts';
import { innermost, MOST_LAYERS } from './innermost.ts';
import { Ipv4Layer } from './ipv4.ts';
import { Ipv6Layer } from './ipv6.ts';
import { extensionProtocol, Ipv6ExtensionLayer } from './ipv6-extension.ts';
import { JsonLayer } from './json.ts';
import type { Layer } from './layer.ts';
import type { LayerBase, Problem } from './layer-base.ts';
import { LlcLayer } from './llc.ts';
import type { MalformedLayer } from './malformed.ts';
import { NullLayer } from './null.ts';
import { ETHERTYPE, IP_PROTOCOL } from './numbers.ts';
import { PppLayer } from './ppp.ts';
import { SctpLayer } from './sctp.ts';
import { SllLayer } from './sll.ts';
import { Sll2Layer } from './sll2.ts';
import { SSH_PORT, SshLayer, startsSsh } from './ssh.ts';
import { cutOff, stoppedBy, tooLong } from './stopped.ts';
import { StpLayer } from './stp.ts';
import type { MessageKind } from './stream/message-ends.ts';
import type { Messages } from './stream/message-flow.ts';
import type { TcpFacts } from './stream/tcp-facts.ts';
import { TcpLayer } from './tcp.ts';
import { startsTls, TlsLayer } from './tls.ts';
import { UdpLayer } from './udp.ts';
import { byUdpPort } from './udp-payload.ts';
import { VlanLayer } from './vlan.ts';
import { VrrpLayer } from './vrrp.ts';

/** A cooked capture's type of a frame that has a length where others have a type (ETH_P_802_2, linux/if_ether.h). */
const COOKED_LLC = 0x0004;

/**
 * The layers of a packet. Never throws and never reads outside `bytes`; where decoding stops, the last layer says why and where.
 *
 * @param linkType LINKTYPE_ number of the capture (src/capture/link-type.ts)
 * @param originalLength bytes of the packet before the capture cut it; tells "cut off" from "malformed"
 * @param facts what the packets before this one tell of its TCP segment (stream/conversations.ts); null: it is looked at alone
 */
export function dissect(
  bytes: Uint8Array,
  linkType: number,
  originalLength: number = bytes.length,
  facts: TcpFacts | null = null,
): Layer[] {
  return layersFrom(firstLayer(bytes, linkType), 0, originalLength, facts);
}

/** The last of the same layers: those that a line about the packet speaks of. */
export function dissectInnermost(
  bytes: Uint8Array,
  linkType: number,
  originalLength: number = bytes.length,
  facts: TcpFacts | null = null,
): Layer[] {
  const place = innermost(bytes, linkType);
  if (place === null) return dissect(bytes, linkType, originalLength, facts);
  const { frame, ip, end, depth } = place;
  // Whether it ends there because the capture does, or because a header around it says so, shows in the layers around it alone.
  if (depth > 0 && end === bytes.length && originalLength > end) return dissect(bytes, linkType, originalLength, facts);
  if (ip >= 0) return layersFrom(new Ipv4Layer(bytes, ip, end, null), depth + 1, originalLength, facts);
  const first = depth === 0 ? firstLayer(bytes, linkType) : new EthernetLayer(bytes, frame, end, null);
  return layersFrom(first, depth, originalLength, facts);
}

/** @param depth how many layers lie around the first one */
function layersFrom(first: Layer, depth: number, originalLength: number, facts: TcpFacts | null): Layer[] {
  const layers: Layer[] = [];
  let layer: Layer | null = first;
  let odd: MalformedLayer | null = null;
  let siblings = 0; // layers beside the one before rather than in it
  if (originalLength > first.bytes.length && first.end === first.bytes.length) first.wireEnd = originalLength;
  while (layer !== null) {
    // Also of a header that is there in part only: its numbers are.
    if (facts !== null && layer.protocol === 'tcp' && layer.offset === facts.at) layer.facts = facts;
    const problem: Problem | null =
      depth + layers.length - siblings < MOST_LAYERS
        ? layer.problem()
        : { at: layer.offset, reason: `more than ${MOST_LAYERS} headers inside each other` };
    if (layer.offset < layer.end || problem === null) layers.push(layer);
    if (problem !== null) {
      const stopped = stoppedBy(layer, problem, originalLength);
      if (stopped !== null) layers.push(stopped);
      break;
    }
    if (layer.protocol === 'udp' && layer.isTooLong) odd = tooLong(layer);
    if (facts !== null && facts.http2 !== null && layer.protocol === 'http2') layer.known = facts.http2;
    if (layer.protocol === 'tcp' && layer.facts?.messages) {
      for (const first of messagesOf(layer, layer.facts.messages))
        layers.push(...layersFrom(first, depth + layers.length, first.bytes.length, facts));
      break;
    }
    const child = childOf(layer);
    if (child === null && originalLength > layer.bytes.length) {
      const short = cutOff(layer);
      if (short !== null) layers.push(short);
    }
    if (child !== null && child.parent === layer.parent) siblings++;
    layer = child;
  }
  if (odd !== null) layers.push(odd);
  return layers;
}

/**
 * The messages of a segment that is not all whole messages: those that it completes, or those before the one that goes on. They have no
 * layer around them: their bytes are those of several packets.
 */
function messagesOf(tcp: TcpLayer, { kind, bytes, whole }: Messages): Layer[] {
  if (bytes !== null) return byKind(kind, bytes, 0, bytes.length);
  const start = tcp.offset + tcp.headerLength;
  return byKind(kind, tcp.bytes, start, Math.min(start + whole, tcp.end));
}

function byKind(kind: MessageKind, bytes: Uint8Array, start: number, end: number): Layer[] {
  if (start >= end) return [];
  switch (kind) {
    case 'bgp':
      return [new BgpLayer(bytes, start, end, null)];
    case 'tls':
      return [new TlsLayer(bytes, start, end, null)];
    case 'http':
      return [new HttpLayer(bytes, start, end, null)];
    case 'http2':
      return [new Http2Layer(bytes, start, end, null)];
    case 'dns': {
      const layers: Layer[] = [];
      for (let at = start; at < end; at = layers.at(-1)?.end ?? end) {
        const next = at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
        layers.push(new DnsLayer('dns', 2, bytes, at, Math.min(next, end), null));
      }
      return layers;
    }
  }
}

function firstLayer(bytes: Uint8Array, linkType: number): Layer {
  const end = bytes.length;
  switch (linkType) {
    case 0: // LINKTYPE_NULL
      return new NullLayer(bytes, 0, end, null);
    case 1: // LINKTYPE_ETHERNET
      return new EthernetLayer(bytes, 0, end, null);
    case 12: // DLT_RAW, as some programs write it into files
    case 101: // LINKTYPE_RAW
      return (bytes[0] ?? 0) >>> 4 === 6 ? new Ipv6Layer(bytes, 0, end, null) : new Ipv4Layer(bytes, 0, end, null);
    case 113: // LINKTYPE_LINUX_SLL
      return new SllLayer(bytes, 0, end, null);
    case 228: // LINKTYPE_IPV4
      return new Ipv4Layer(bytes, 0, end, null);
    case 229: // LINKTYPE_IPV6
      return new Ipv6Layer(bytes, 0, end, null);
    case 276: // LINKTYPE_LINUX_SLL2
      return new Sll2Layer(bytes, 0, end, null);
    default:
      return new DataLayer(bytes, 0, end, null);
  }
}

function childOf(layer: Layer): Layer | null {
  const { bytes } = layer;
  const start = layer.offset + layer.headerLength;
  const end = layer.payloadEnd;
  // Over TCP a question may follow the first at once.
  if (layer.protocol === 'dns' && layer.message === 2 && layer.parent?.protocol === 'tcp') {
    const { end: last } = layer.parent;
    return layer.end < last ? dnsOverTcp(bytes, layer.end, last, layer.parent) : null;
  }
  // So does the body of an HTTP message lie inside it; what follows the message follows its body.
  if (layer.protocol === 'http' && layer.json !== null)
    return new JsonLayer(bytes, layer.json.at, layer.json.end, layer);
  if (layer.protocol === 'json') return layer.parent instanceof HttpLayer ? afterHttp(layer.parent) : null;
  // gRPC's messages lie inside HTTP/2's frames rather than after them.
  if (layer.protocol === 'http2') return layer.messages.length > 0 ? new GrpcLayer(layer.messages, bytes, layer) : null;
  if (start >= end) return null;
  switch (layer.protocol) {
    case 'eth':
      return layer.hasLength
        ? new LlcLayer(bytes, start, end, layer)
        : byEtherType(layer.type, bytes, start, end, layer);
    case 'llc':
      if (layer.carriesSpanningTree) return new StpLayer(bytes, start, end, layer);
      return layer.carriesEtherType
        ? byEtherType(layer.type, bytes, start, end, layer)
        : new DataLayer(bytes, start, end, layer);
    case 'sll':
      return layer.type === COOKED_LLC
        ? new LlcLayer(bytes, start, end, layer)
        : byEtherType(layer.type, bytes, start, end, layer);
    case 'vlan':
    case 'ieee8021ad':
      return layer.hasLength
        ? new LlcLayer(bytes, start, end, layer)
        : byEtherType(layer.type, bytes, start, end, layer);
    case 'gre':
      if (layer.type === ETHERTYPE.ppp) return new PppLayer(bytes, start, end, layer);
      if (layer.type === ETHERTYPE.erspan3) return new ErspanLayer(bytes, start, end, layer);
      if (layer.type !== ETHERTYPE.erspan) return byEtherType(layer.type, bytes, start, end, layer);
      return layer.isNumbered ? new ErspanLayer(bytes, start, end, layer) : new EthernetLayer(bytes, start, end, layer);
    case 'geneve':
      return byEtherType(layer.type, bytes, start, end, layer);
    case 'null':
    case 'ppp':
    case 'vxlan':
    case 'erspan':
      return byName(layer.carries, bytes, start, end, layer);
    case 'ip':
      if (layer.fragmentOffset > 0) return new DataLayer(bytes, start, end, layer);
      return byIpProtocol(layer.proto, bytes, start, end, layer);
    case 'ipv6':
      return byIpProtocol(layer.nextHeader, bytes, start, end, layer);
    case 'ipv6.hopopts':
    case 'ipv6.routing':
    case 'ipv6.dstopts':
    case 'ipv6.fraghdr':
      if (layer.fragmentOffset > 0) return new DataLayer(bytes, start, end, layer);
      return byIpProtocol(layer.nextHeader, bytes, start, end, layer);
    case 'ah':
      return byIpProtocol(layer.nextHeader, bytes, start, end, layer);
    case 'icmp':
      return layer.quotes ? new Ipv4Layer(bytes, start, end, layer) : new DataLayer(bytes, start, end, layer);
    case 'icmpv6':
      if (layer.quotes) return new Ipv6Layer(bytes, start, end, layer);
      // Neighbour discovery's options are part of its own message; only a ping carries something.
      return layer.type === 128 || layer.type === 129 ? new DataLayer(bytes, start, end, layer) : null;
    case 'udp':
      return byUdpPort(layer, bytes, start, end);
    case 'tcp':
      return byTcpPayload(layer, bytes, start, end);
    case 'http':
      return afterHttp(layer);
    default:
      return null;
  }
}

/** Of headers that name what they carry in numbers of their own. */
function byName(
  carries: 'eth' | 'ip' | 'ipv6' | 'other',
  bytes: Uint8Array,
  start: number,
  end: number,
  parent: LayerBase,
): Layer {
  switch (carries) {
    case 'eth':
      return new EthernetLayer(bytes, start, end, parent);
    case 'ip':
      return new Ipv4Layer(bytes, start, end, parent);
    case 'ipv6':
      return new Ipv6Layer(bytes, start, end, parent);
    default:
      return new DataLayer(bytes, start, end, parent);
  }
}

/** Another message in the same segment, or something else. */
function afterHttp(http: HttpLayer): Layer | null {
  const { bytes, end } = http;
  const start = http.offset + http.headerLength;
  if (start >= end) return null;
  return startsHttp(bytes, start, end)
    ? new HttpLayer(bytes, start, end, http)
    : new DataLayer(bytes, start, end, http);
}

function byEtherType(type: number, bytes: Uint8Array, start: number, end: number, parent: LayerBase): Layer {
  switch (type) {
    case ETHERTYPE.ipv4:
      return new Ipv4Layer(bytes, start, end, parent);
    case ETHERTYPE.arp:
      return new ArpLayer(bytes, start, end, parent);
    case ETHERTYPE.ipv6:
      return new Ipv6Layer(bytes, start, end, parent);
    case ETHERTYPE.transparentEthernet:
      return new EthernetLayer(bytes, start, end, parent);
    case ETHERTYPE.vlan:
      return new VlanLayer('vlan', bytes, start, end, parent);
    case ETHERTYPE.qinq:
      return new VlanLayer('ieee8021ad', bytes, start, end, parent);
    default:
      return new DataLayer(bytes, start, end, parent);
  }
}

function byIpProtocol(
  protocol: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  parent: LayerBase,
): Layer | null {
  switch (protocol) {
    case IP_PROTOCOL.icmp:
      return new IcmpLayer(bytes, start, end, parent);
    case IP_PROTOCOL.tcp:
      return new TcpLayer(bytes, start, end, parent);
    case IP_PROTOCOL.udp:
      return new UdpLayer(bytes, start, end, parent);
    case IP_PROTOCOL.ipv4:
      return new Ipv4Layer(bytes, start, end, parent);
    case IP_PROTOCOL.ipv6:
      return new Ipv6Layer(bytes, start, end, parent);
    case IP_PROTOCOL.gre:
      return new GreLayer(bytes, start, end, parent);
    case IP_PROTOCOL.authentication:
      return new AhLayer(bytes, start, end, parent);
    case IP_PROTOCOL.encapsulatingSecurity:
      return new EspLayer(bytes, start, end, parent);
    case IP_PROTOCOL.sctp:
      return new SctpLayer(bytes, start, end, parent);
    case IP_PROTOCOL.igmp:
      return new IgmpLayer(bytes, start, end, parent);
    case IP_PROTOCOL.vrrp:
      return new VrrpLayer(bytes, start, end, parent);
    case IP_PROTOCOL.icmpv6:
      return new Icmpv6Layer(bytes, start, end, parent);
    case IP_PROTOCOL.noNext:
      return null;
    default: {
      // Protocol 0 is the hop-by-hop header in IPv6 only.
      const extension = parent.protocol.startsWith('ipv6') ? extensionProtocol(protocol) : null;
      return extension === null
        ? new DataLayer(bytes, start, end, parent)
        : new Ipv6ExtensionLayer(extension, bytes, start, end, parent);
    }
  }
}

/** A message, up to its own end; the rest of one that began before, or goes on after this segment, is data. */
function dnsOverTcp(bytes: Uint8Array, start: number, end: number, tcp: LayerBase): Layer {
  const next = wholeDnsMessage(bytes, start, end);
  return next === null ? new DataLayer(bytes, start, end, tcp) : new DnsLayer('dns', 2, bytes, start, next, tcp);
}

function byTcpPayload(tcp: TcpLayer, bytes: Uint8Array, start: number, end: number): Layer {
  switch (tcpPayload(tcp.sourcePort, tcp.destinationPort, bytes, start, end)) {
    case 'dns':
      return dnsOverTcp(bytes, start, end, tcp);
    case 'bgp':
      return new BgpLayer(bytes, start, end, tcp);
    case 'ssh':
      return new SshLayer(bytes, start, end, tcp);
    case 'tls':
      return new TlsLayer(bytes, start, end, tcp);
    case 'http':
      return new HttpLayer(bytes, start, end, tcp);
    case 'http2':
      return new Http2Layer(bytes, start, end, tcp);
    default:
      return new DataLayer(bytes, start, end, tcp);
  }
}

/** What a segment carries, as far as the segment itself tells. */
export function tcpPayload(
  sourcePort: number,
  destinationPort: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): 'dns' | 'bgp' | 'ssh' | 'tls' | 'http' | 'http2' | 'data' {
  if (sourcePort === DNS_PORT || destinationPort === DNS_PORT) {
    // Only a message that is whole in this segment: the others need the stream.
    if (wholeDnsMessage(bytes, start, end) !== null) return 'dns';
  }
  if (startsSsh(bytes, start, end, sourcePort === SSH_PORT || destinationPort === SSH_PORT)) return 'ssh';
  if ((sourcePort === BGP_PORT || destinationPort === BGP_PORT) && startsBgp(bytes, start, end)) return 'bgp';
  if (startsTls(bytes, start, end)) return 'tls';
  if (startsHttp(bytes, start, end)) return 'http';
  return startsHttp2(bytes, start, end) ? 'http2' : 'data';
}
