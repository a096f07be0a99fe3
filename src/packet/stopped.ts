// Where decoding stops, and why: the packet is wrong, the capture cut it, or the rest of it is in other fragments.
import { BGP_PORT } from './bgp.ts';
import { DNS_PORT } from './dns.ts';
import type { Layer } from './layer.ts';
import type { LayerBase, Problem } from './layer-base.ts';
import { MalformedLayer } from './malformed.ts';
import { SSH_PORT } from './ssh.ts';
import { TcpLayer } from './tcp.ts';
import type { UdpLayer } from './udp.ts';

/** What an ICMP error must quote of the transport header (RFC 792); many routers quote no more. */
const QUOTED_MINIMUM = 8;

/** The layer that reports a problem; null where a quoted packet simply ends, as quoted packets do. */
export function stoppedBy(layer: Layer, problem: Problem, originalLength: number): MalformedLayer | null {
  const { bytes, end, parent } = layer;
  const ranOut = problem.at >= end;
  const cut = ranOut && end === bytes.length && originalLength > bytes.length;
  if (ranOut && !cut && layer.quoted && end - layer.offset >= QUOTED_MINIMUM) return null;
  const kind = cut ? '_ws.short' : ranOut && isFirstFragment(parent) ? '_ws.unreassembled' : '_ws.malformed';
  return new MalformedLayer(kind, layer.protocol, problem, bytes, end, parent);
}

/** What such a packet lacks is in the fragments after it. */
function isFirstFragment(carrier: LayerBase | null): boolean {
  for (let layer = carrier; layer !== null; layer = layer.parent)
    if ('moreFragments' in layer && layer.moreFragments === true) return true;
  return false;
}

/** Where a UDP header says the length. */
const UDP_LENGTH_AT = 4;

/** What is wrong with a datagram whose length cannot be: what it carries is decoded all the same. */
export function tooLong(udp: UdpLayer): MalformedLayer {
  const { bytes, offset, datagramLength, room } = udp;
  const at = offset + UDP_LENGTH_AT;
  const reason = `UDP length is ${datagramLength} bytes, its packet has ${room} for it`;
  return new MalformedLayer('_ws.malformed', 'udp', { at, reason, line: '' }, bytes, at + 2, udp.parent);
}

/** What ends where the capture cut the packet, though more was on the wire: all of what it carries is missing, or some of its message. */
export function cutOff(last: Layer): MalformedLayer | null {
  const { bytes, end, parent, protocol } = last;
  if (end !== bytes.length) return null;
  const isCarrier = CARRIERS.has(protocol) || last.quotes;
  const carriesMore = isCarrier && last.offset + last.headerLength >= end && last.declaredEnd > end;
  const saysMore =
    (parent?.declaredEnd ?? end) > end &&
    (MESSAGES.has(protocol) ||
      (protocol === 'data' && parent instanceof TcpLayer && isMessagePort(parent.sourcePort, parent.destinationPort)));
  if (!carriesMore && !saysMore) return null;
  return new MalformedLayer(
    '_ws.short',
    protocol,
    { at: end, reason: 'the capture cut the rest off' },
    bytes,
    end,
    parent,
  );
}

/** Headers that are of no use without what follows them. */
const CARRIERS: ReadonlySet<string> = new Set<Layer['protocol']>([
  ...([
    'eth',
    'sll',
    'null',
    'vlan',
    'ieee8021ad',
    'llc',
    'ip',
    'ipv6',
    'ipv6.hopopts',
    'ipv6.routing',
    'ipv6.fraghdr',
  ] as const),
  ...(['ipv6.dstopts', 'ah', 'gre', 'ppp', 'erspan', 'udp', 'vxlan', 'geneve'] as const),
]);

/** What fills the rest of its packet: bytes that are missing there are missing here. */
const MESSAGES: ReadonlySet<string> = new Set<Layer['protocol']>([
  ...(['igmp', 'vrrp', 'icmpv6', 'sctp', 'dns', 'mdns', 'llmnr', 'nbns', 'dhcp', 'dhcpv6', 'ntp', 'bfd'] as const),
  ...(['http', 'ssdp', 'json', 'http2', 'grpc', 'tls', 'bgp', 'ssh'] as const),
]);

/** TCP ports whose segments are read as messages; what is left of one that was cut may not look like one any more. */
const MESSAGE_PORTS: ReadonlySet<number> = new Set([SSH_PORT, DNS_PORT, BGP_PORT, 80, 443]);

/** True when a segment to or from these ports should hold a message. */
export const isMessagePort = (sourcePort: number, destinationPort: number): boolean =>
  MESSAGE_PORTS.has(sourcePort) || MESSAGE_PORTS.has(destinationPort);
