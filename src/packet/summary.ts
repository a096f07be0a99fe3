// One packet in one line, as Wireshark's columns have it.
import { dissectInnermost } from './dissect.ts';
import type { Layer } from './layer.ts';
import type { TcpFacts } from './stream/tcp-facts.ts';

/** One hue each on the page. */
export type Family = 'arp' | 'icmp' | 'udp' | 'tcp' | 'dns' | 'http' | 'ipv6' | 'other';

export interface PacketSummary {
  /** Wireshark's Protocol column: "ICMP". */
  readonly protocol: string;
  readonly family: Family;
  /** The innermost addresses: what a tunnel carries is what the line is about. "" where the capture does not say. */
  readonly source: string;
  readonly destination: string;
  readonly info: string;
}

const COLUMNS: Readonly<Record<Layer['protocol'], readonly [protocol: string, family: Family]>> = {
  eth: ['Ethernet', 'other'],
  sll: ['SLL', 'other'],
  null: ['Null/Loopback', 'other'],
  vlan: ['VLAN', 'other'],
  ieee8021ad: ['802.1ad', 'other'],
  llc: ['LLC', 'other'],
  stp: ['STP', 'other'],
  arp: ['ARP', 'arp'],
  ip: ['IPv4', 'other'],
  ipv6: ['IPv6', 'ipv6'],
  'ipv6.hopopts': ['IPv6', 'ipv6'],
  'ipv6.routing': ['IPv6', 'ipv6'],
  'ipv6.fraghdr': ['IPv6', 'ipv6'],
  'ipv6.dstopts': ['IPv6', 'ipv6'],
  ah: ['AH', 'other'],
  gre: ['GRE', 'other'],
  ppp: ['PPP', 'other'],
  erspan: ['ERSPAN', 'other'],
  esp: ['ESP', 'other'],
  igmp: ['IGMP', 'other'],
  vrrp: ['VRRP', 'other'],
  sctp: ['SCTP', 'other'],
  icmp: ['ICMP', 'icmp'],
  icmpv6: ['ICMPv6', 'ipv6'],
  udp: ['UDP', 'udp'],
  tcp: ['TCP', 'tcp'],
  vxlan: ['VXLAN', 'udp'],
  geneve: ['Geneve', 'udp'],
  wg: ['WireGuard', 'udp'],
  dhcp: ['DHCP', 'udp'],
  dhcpv6: ['DHCPv6', 'udp'],
  ntp: ['NTP', 'udp'],
  bfd: ['BFD Control', 'udp'],
  nbns: ['NBNS', 'dns'],
  dns: ['DNS', 'dns'],
  mdns: ['MDNS', 'dns'],
  llmnr: ['LLMNR', 'dns'],
  ssdp: ['SSDP', 'http'],
  http: ['HTTP', 'http'],
  json: ['JSON', 'http'],
  tls: ['TLS', 'tcp'],
  http2: ['HTTP2', 'http'],
  grpc: ['GRPC', 'http'],
  bgp: ['BGP', 'tcp'],
  ssh: ['SSH', 'tcp'],
  data: ['Data', 'other'],
  '_ws.short': ['', 'other'],
  '_ws.unreassembled': ['', 'other'],
  '_ws.malformed': ['', 'other'],
};

/** The hue of a layer, and of a packet whose line is about it. */
export const familyOf = (protocol: Layer['protocol']): Family => COLUMNS[protocol][1];

/**
 * A packet's line in the list. Without `facts`, what the packets before it tell (stream/conversations.ts), TCP's numbers are the ones in
 * the header: absolute, the window not scaled.
 */
export function summarize(
  bytes: Uint8Array,
  linkType: number,
  originalLength: number = bytes.length,
  facts: TcpFacts | null = null,
): PacketSummary {
  return summarizeLayers(dissectInnermost(bytes, linkType, originalLength, facts));
}

/** The same for a packet that was dissected already. */
export function summarizeLayers(layers: readonly Layer[]): PacketSummary {
  // Of the layers with addresses the last one counts; those of a tunnel outside are not even put into words.
  let addressed: Addressed | null = null;
  let outside: Addressed | null = null; // the one before it, should the last not be whole
  let routedTo = '';
  let about: Layer | null = null;
  let trouble = '';
  let line: string | null = null;
  let pipelined = ''; // further requests in the same segment
  for (const layer of layers) {
    const { protocol } = layer;
    if (protocol === '_ws.short' || protocol === '_ws.unreassembled' || protocol === '_ws.malformed') {
      if (layer.line === '') continue;
      trouble = layer.info();
      line = layer.line;
      continue;
    }
    if (protocol === 'grpc' && layer.etcd !== '') pipelined += ` [etcd: ${layer.etcd}]`;
    if ((protocol === 'data' || protocol === 'grpc' || protocol === 'json') && about !== null) continue;
    if (protocol === 'http' && about?.protocol === 'http') {
      pipelined += ` ${layer.info()}`;
      continue;
    }
    about = layer;
    if (protocol === 'ip' || protocol === 'ipv6' || protocol === 'eth' || protocol === 'sll') {
      outside = addressed;
      addressed = layer;
      routedTo = '';
    } else if (protocol === 'ipv6.routing') routedTo = layer.finalDestination || routedTo;
    else if (layer.quotes) break; // an error is about itself, whatever it quotes
  }
  // Of a header that cannot be, the addresses count no more than the rest.
  if (line !== null && addressed === about) addressed = null;
  const source = addressed?.source || outside?.source || '';
  const destination = routedTo || destinationOf(addressed) || destinationOf(outside);
  if (about === null) return { protocol: 'Data', family: 'other', source, destination, info: trouble };
  const [usual, family] = COLUMNS[about.protocol];
  const protocol = about.column ?? usual;
  if (line !== null) return { protocol, family, source, destination, info: line };
  const isWhole = trouble === '' || about.headerLength <= about.end - about.offset;
  const info = isWhole ? about.info() + pipelined : about.partialInfo();
  return { protocol, family, source, destination, info: `${info}${trouble}` };
}

type Addressed = Extract<Layer, { readonly source: string }>;

const destinationOf = (layer: Addressed | null): string =>
  layer !== null && 'destination' in layer ? layer.destination : '';
