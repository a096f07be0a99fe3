// What a layer is called on the page; protocols that are written as they are spoken of need no entry.
const NAMES: Readonly<Record<string, string>> = {
  eth: 'Ethernet',
  sll: 'The tap’s own header',
  null: 'The tap’s own header',
  vlan: '802.1Q',
  ieee8021ad: '802.1ad',
  arp: 'ARP',
  ip: 'IPv4',
  ipv6: 'IPv6',
  icmpv6: 'ICMPv6',
  geneve: 'Geneve',
  wg: 'WireGuard',
  dhcpv6: 'DHCPv6',
  data: 'Data',
  http2: 'HTTP/2',
  grpc: 'gRPC',
  '_ws.short': 'Cut off',
  '_ws.unreassembled': 'In other fragments',
  '_ws.malformed': 'Malformed',
};

export const layerName = (protocol: string): string => NAMES[protocol] ?? protocol.toUpperCase();

/** One hue a protocol family, where the layer has one of its own. */
const HUES: Readonly<Record<string, string>> = {
  arp: 'arp',
  icmp: 'icmp',
  icmpv6: 'icmp',
  udp: 'udp',
  tcp: 'tcp',
  dns: 'dns',
  http: 'http',
};

export const layerHue = (protocol: string): string => HUES[protocol] ?? 'other';
