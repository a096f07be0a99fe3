// The numbers by which one header names the next, and their names as Wireshark shows them.

/** EtherTypes (IEEE 802; linux/if_ether.h). */
export const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  qinq: 0x88a8,
  ipv6: 0x86dd,
  transparentEthernet: 0x6558,
  ppp: 0x880b,
  erspan: 0x88be,
  erspan3: 0x22eb,
} as const;

export const ETHERTYPE_NAMES: Readonly<Record<number, string>> = {
  2048: 'IPv4',
  2054: 'ARP',
  25944: 'Transparent Ethernet bridging',
  33024: '802.1Q Virtual LAN',
  34525: 'IPv6',
  34827: 'PPP',
  34887: 'MPLS label switched packet',
  34984: '802.1ad Provider Bridge (Q-in-Q)',
  35020: '802.1 Link Layer Discovery Protocol (LLDP)',
};

/** Protocols above IP (IANA, Assigned Internet Protocol Numbers). */
export const IP_PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  encapsulatingSecurity: 50,
  authentication: 51,
  icmpv6: 58,
  noNext: 59,
  destinationOptions: 60,
  vrrp: 112,
  sctp: 132,
} as const;

export const IP_PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  0: 'IPv6 Hop-by-Hop Option',
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPIP',
  6: 'TCP',
  17: 'UDP',
  41: 'IPv6',
  43: 'Routing Header for IPv6',
  44: 'Fragment Header for IPv6',
  47: 'Generic Routing Encapsulation',
  50: 'Encap Security Payload',
  51: 'Authentication Header',
  58: 'ICMPv6',
  59: 'IPv6 no next header',
  60: 'Destination Options for IPv6',
  89: 'OSPF IGP',
  112: 'VRRP',
  132: 'SCTP',
};

/** ARP hardware types, which Linux's cooked headers use too (IANA; linux/if_arp.h). */
export const HARDWARE_NAMES: Readonly<Record<number, string>> = {
  1: 'Ethernet',
  772: 'Loopback',
  776: 'IPv6-in-IPv4 tunnel',
  778: 'GRE over IP',
  768: 'IPIP tunnel',
  65534: 'None',
};
