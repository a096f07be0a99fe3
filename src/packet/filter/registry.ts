// Every field and protocol that a filter may name. Most come from the protocols' own tables, which exist once dissect.ts is
// loaded: a new protocol's table joins by itself, its name in PROTOCOLS and what it lists without a table (listed-fields.ts)
// by a line each.
import '../dissect.ts';
import { type FieldType, knownFields } from '../field.ts';
import type { Layer } from '../layer.ts';
import { FRAME_FIELDS } from './frame.ts';
import { LISTED_FIELDS } from './listed-fields.ts';

/** Wireshark's types. A protocol's value is its bytes. */
export type ValueType = FieldType | 'protocol';

export interface FieldInfo {
  /** "ip.src" */
  readonly name: string;
  readonly type: ValueType;
  /** One sentence: what it is for. */
  readonly about: string;
  /** Names that some of its values have: ip.proto == "TCP". */
  readonly names: Readonly<Record<number, string>> | null;
  /** The fields that it stands for, as ip.addr stands for ip.src and ip.dst; null: only for itself. */
  readonly parts: readonly string[] | null;
}

type ProtocolName = Layer['protocol'];

const PROTOCOLS: Readonly<Record<ProtocolName, string>> = {
  eth: 'Ethernet: from one network card to the next.',
  sll: 'What a tap on all interfaces (tcpdump -i any) has in place of each device’s own header: of an Ethernet frame the sender’s address is kept, the receiver’s is not. On a wire, or with tcpdump -i DEVICE, the frame is whole.',
  null: 'BSD loopback.',
  vlan: '802.1Q: which virtual LAN a frame belongs to.',
  ieee8021ad: '802.1ad: a provider’s virtual LAN, around others.',
  llc: 'What follows the length of an 802.3 frame.',
  stp: 'How bridges agree on a tree.',
  arp: 'Who has this IP address?',
  ip: 'IPv4: from host to host.',
  ipv6: 'IPv6: from host to host.',
  'ipv6.hopopts': 'Options that every router looks at.',
  'ipv6.routing': 'Nodes to pass on the way.',
  'ipv6.fraghdr': 'Which part of a larger packet this is.',
  'ipv6.dstopts': 'Options for the destination.',
  ah: 'Proves who sent a packet.',
  gre: 'A tunnel: packets or frames in IP.',
  ppp: 'Packets between the two ends of one line.',
  erspan: 'Copies of frames that a switch sends to whoever looks at them.',
  esp: 'Encrypts what a packet carries.',
  igmp: 'Which groups hosts want to hear.',
  vrrp: 'Which of several routers is the one that hosts use.',
  sctp: 'Messages between programs, over several addresses at once.',
  icmp: 'IPv4’s own messages: ping, and errors.',
  icmpv6: 'IPv6’s own messages: ping, errors, neighbours.',
  udp: 'Datagrams between programs.',
  tcp: 'Streams between programs.',
  vxlan: 'A tunnel: Ethernet frames in UDP.',
  geneve: 'A tunnel: frames or packets in UDP, with options.',
  wg: 'A tunnel: encrypted packets in UDP.',
  dhcp: 'How a machine gets its address.',
  dhcpv6: 'How a machine gets its IPv6 address.',
  ntp: 'What time it is.',
  bfd: 'Whether the way to a router works.',
  nbns: 'How Windows found names before DNS.',
  dns: 'Names and their addresses.',
  mdns: 'DNS by multicast, without a server.',
  llmnr: 'DNS by multicast, as Windows speaks it.',
  ssdp: 'Which devices are there, asked by multicast.',
  http: 'The web’s requests and answers.',
  json: 'Data as text: members, lists, values.',
  http2: 'Many requests at once in one connection.',
  grpc: 'Calls of programs, such as etcd’s, in HTTP/2.',
  tls: 'What encrypts the web.',
  bgp: 'Routers tell each other their routes.',
  ssh: 'A shell on another machine, encrypted.',
  data: 'Bytes that nothing here decodes.',
  '_ws.short': 'The capture cut the packet off.',
  '_ws.unreassembled': 'The rest is in other fragments.',
  '_ws.malformed': 'A header that is wrong.',
};

/** Fields that stand for others, mostly for two in the order of the header: "either end". A host is an address as text; names are not looked up. */
const STAND_INS: readonly (readonly [name: string, parts: readonly string[], about: string])[] = [
  ['eth.addr', ['eth.dst', 'eth.src'], 'The MAC address of either end.'],
  ['eth.lg', ['eth.dst.lg', 'eth.src.lg'], 'Either end’s address was made up locally.'],
  ['eth.ig', ['eth.dst.ig', 'eth.src.ig'], 'Either end is a group.'],
  ['ip.addr', ['ip.src', 'ip.dst'], 'The IPv4 address of either end.'],
  ['ip.host', ['ip.src', 'ip.dst'], 'The IPv4 address of either end, as text.'],
  ['ip.src_host', ['ip.src'], 'Who sent the packet, as text.'],
  ['ip.dst_host', ['ip.dst'], 'Whom the packet is for, as text.'],
  ['ipv6.addr', ['ipv6.src', 'ipv6.dst'], 'The IPv6 address of either end.'],
  ['tcp.port', ['tcp.srcport', 'tcp.dstport'], 'The TCP port of either end.'],
  ['udp.port', ['udp.srcport', 'udp.dstport'], 'The UDP port of either end.'],
  ['sctp.port', ['sctp.srcport', 'sctp.dstport'], 'The SCTP port of either end.'],
];

/** The field or protocol of that name; null when there is none. */
export function fieldInfo(name: string): FieldInfo | null {
  return everything().get(name) ?? null;
}

/** Every field and protocol, sorted by name. */
export const allFields = (): readonly FieldInfo[] => [...everything().values()];

/** Whether a layer of that protocol can have the field: names begin with their protocol's, with few exceptions. */
export function canHave(protocol: string, field: string): boolean {
  return (
    field.startsWith(`${protocol}.`) ||
    field === protocol ||
    (GUESTS[protocol]?.some((prefix) => field.startsWith(prefix)) ?? false)
  );
}

/** Fields that have another protocol's name. */
const GUESTS: Readonly<Record<string, readonly string[]>> = {
  mdns: ['dns.'],
  llmnr: ['dns.'],
  ssdp: ['http.'],
  grpc: ['etcd.'],
  ipv6: ['ip.version'],
  'ipv6.hopopts': ['ipv6.opt.'],
  'ipv6.dstopts': ['ipv6.opt.'],
};

/** Wireshark's; it counts what was left for the NIC as bad. */
const CHECKSUM_STATES = { 0: 'Bad', 1: 'Good', 2: 'Unverified', 3: 'Not present', 4: 'Illegal' } as const;

let built: ReadonlyMap<string, FieldInfo> | null = null;

/** Built when the first filter is: until then a page pays nothing for it. */
function everything(): ReadonlyMap<string, FieldInfo> {
  built ??= build();
  return built;
}

function build(): ReadonlyMap<string, FieldInfo> {
  const all = new Map<string, FieldInfo>();
  const add = (info: FieldInfo): void => {
    if (!all.has(info.name)) all.set(info.name, info);
  };
  const plain = { names: null, parts: null };
  for (const { name, type, about } of FRAME_FIELDS) add({ ...plain, name, type, about });
  for (const [name, about] of Object.entries(PROTOCOLS)) add({ ...plain, name, type: 'protocol', about });
  for (const { name, type, about, names = null } of knownFields())
    add({ name, type, about, names: name.endsWith('.checksum.status') ? CHECKSUM_STATES : names, parts: null });
  for (const [type, fields] of Object.entries(LISTED_FIELDS) as [FieldType, Readonly<Record<string, string>>][])
    for (const [name, about] of Object.entries(fields)) add({ ...plain, name, type, about });
  for (const [name, parts, about] of STAND_INS) {
    const type = name.endsWith('host') ? 'string' : (all.get(parts[0] ?? '')?.type ?? 'bytes');
    add({ name, type, about, names: null, parts });
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}
