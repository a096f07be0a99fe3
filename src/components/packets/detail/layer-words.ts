// Layers as they are called on the page, and their hues.
import { fieldInfo } from '../../../packet/filter/registry.ts';
import type { Layer } from '../../../packet/layer.ts';
import type { Family } from '../../../packet/summary.ts';

type Protocol = Layer['protocol'];

const WORDS: Readonly<Record<Protocol, readonly [title: string, family: Family]>> = {
  eth: ['Ethernet', 'other'],
  sll: ['Linux cooked capture', 'other'],
  null: ['BSD loopback', 'other'],
  vlan: ['802.1Q VLAN', 'other'],
  llc: ['LLC', 'other'],
  stp: ['Spanning tree', 'other'],
  arp: ['ARP', 'arp'],
  ip: ['IPv4', 'other'],
  ipv6: ['IPv6', 'ipv6'],
  'ipv6.hopopts': ['IPv6 hop-by-hop options', 'ipv6'],
  'ipv6.routing': ['IPv6 routing header', 'ipv6'],
  'ipv6.fraghdr': ['IPv6 fragment header', 'ipv6'],
  'ipv6.dstopts': ['IPv6 destination options', 'ipv6'],
  ah: ['Authentication header', 'other'],
  gre: ['GRE', 'other'],
  icmp: ['ICMP', 'icmp'],
  icmpv6: ['ICMPv6', 'icmp'],
  udp: ['UDP', 'udp'],
  tcp: ['TCP', 'tcp'],
  vxlan: ['VXLAN', 'udp'],
  geneve: ['Geneve', 'udp'],
  dhcp: ['DHCP', 'udp'],
  dns: ['DNS', 'dns'],
  mdns: ['Multicast DNS', 'dns'],
  http: ['HTTP', 'http'],
  tls: ['TLS', 'tcp'],
  http2: ['HTTP/2', 'http'],
  grpc: ['gRPC', 'http'],
  bgp: ['BGP', 'tcp'],
  data: ['Data', 'other'],
  '_ws.short': ['Cut off', 'other'],
  '_ws.malformed': ['Malformed', 'other'],
};

export const layerTitle = ({ protocol }: Layer): string => WORDS[protocol][0];
export const layerFamily = ({ protocol }: Layer): Family => WORDS[protocol][1];

/** One sentence: what the protocol is for. */
export const layerAbout = ({ protocol }: Layer): string => fieldInfo(protocol)?.about ?? '';

/** Written by whoever captured the packet: it never was on a wire. */
export const isOfCapture = ({ protocol }: Layer): boolean => protocol === 'sll' || protocol === 'null';
