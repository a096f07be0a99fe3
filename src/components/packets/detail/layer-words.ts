// Layers as they are called on the page.
import { fieldInfo } from '../../../packet/filter/registry.ts';
import type { Layer } from '../../../packet/layer.ts';
import { type Family, familyOf } from '../../../packet/summary.ts';

type Protocol = Layer['protocol'];

const TITLES: Readonly<Record<Protocol, string>> = {
  eth: 'Ethernet',
  sll: 'Linux cooked capture',
  null: 'BSD loopback',
  vlan: '802.1Q VLAN',
  ieee8021ad: '802.1ad provider VLAN',
  llc: 'LLC',
  stp: 'Spanning tree',
  arp: 'ARP',
  ip: 'IPv4',
  ipv6: 'IPv6',
  'ipv6.hopopts': 'IPv6 hop-by-hop options',
  'ipv6.routing': 'IPv6 routing header',
  'ipv6.fraghdr': 'IPv6 fragment header',
  'ipv6.dstopts': 'IPv6 destination options',
  ah: 'Authentication header',
  gre: 'GRE',
  ppp: 'PPP',
  erspan: 'ERSPAN',
  esp: 'Encapsulating security payload',
  igmp: 'IGMP',
  vrrp: 'VRRP',
  sctp: 'SCTP',
  icmp: 'ICMP',
  icmpv6: 'ICMPv6',
  udp: 'UDP',
  tcp: 'TCP',
  vxlan: 'VXLAN',
  geneve: 'Geneve',
  wg: 'WireGuard',
  dhcp: 'DHCP',
  dhcpv6: 'DHCPv6',
  ntp: 'NTP',
  bfd: 'BFD',
  nbns: 'NetBIOS names',
  dns: 'DNS',
  mdns: 'Multicast DNS',
  llmnr: 'LLMNR',
  ssdp: 'SSDP',
  http: 'HTTP',
  json: 'JSON',
  tls: 'TLS',
  http2: 'HTTP/2',
  grpc: 'gRPC',
  bgp: 'BGP',
  ssh: 'SSH',
  data: 'Data',
  '_ws.short': 'Cut off',
  '_ws.unreassembled': 'In other fragments',
  '_ws.malformed': 'Malformed',
};

export const layerTitle = ({ protocol }: Layer): string => TITLES[protocol];
export const layerFamily = ({ protocol }: Layer): Family => familyOf(protocol);

/** One sentence: what the protocol is for. */
export const layerAbout = ({ protocol }: Layer): string => fieldInfo(protocol)?.about ?? '';

/** Written by whoever captured the packet: it never was on a wire. */
export const isOfCapture = ({ protocol }: Layer): boolean => protocol === 'sll' || protocol === 'null';

/** What such a layer is, beside its title. */
export const ofCaptureWords = ({ protocol }: Layer): string =>
  protocol === 'sll' ? 'the capture’s own, in place of the device’s header' : 'the capture’s own';
