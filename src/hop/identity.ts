// What of a packet survives a hop, and so tells that two taps saw the same one. Tunnels are stripped: the packet is the
// innermost one. A router takes one off the TTL, NAT writes other addresses, ports and ICMP ids, and both make checksums
// anew; none of these is part of the key.
//
//   IPv4   identification, protocol, length and  TCP: seq, ack, flags, window, timestamps    UDP: nothing more
//   IPv6   flow label, next header, length and   ICMP: type, code, seq                       ICMP errors: which packet they are about
//   ARP    all of it                             fragments: identification and place         the rest: nothing more
//   and the data of all of them: every byte that was captured
import { dissect } from '../packet/dissect.ts';
import type { Layer } from '../packet/layer.ts';
import type { LayerBase } from '../packet/layer-base.ts';
import { type Content, contentOf, NO_CONTENT } from './content.ts';
import type { Hop } from './hop.ts';
import { addressKey, type Tuple, tupleKey } from './tuple.ts';

export interface Identity {
  /**
   * Equal at every tap that saw the packet, and seldom at any other: all that survives, and the first bytes of the data. Where a capture
   * cut the data before those, it is another. Whether the rest of the data is equal, `content` says.
   */
  readonly key: string;
  /** The same without the data: what even a few bytes of the packet show. */
  readonly head: string;
  /** Of an ICMP error: of what it quotes. */
  readonly content: Content;
  /** True when the sender numbers its packets, so that two with one key are copies of one. */
  readonly numbered: boolean;
  /** Who talks to whom, as far as NAT may rewrite it (tuple.ts); of an ICMP error, the packet that it is about. "": nobody. */
  readonly tuple: string;
  /** The innermost addresses. */
  readonly source: string;
  readonly destination: string;
  /** The innermost TTL or hop limit; −1: there is none. */
  readonly ttl: number;
  /** TTLs of the headers around it, added up. */
  readonly outerTtl: number;
  /** Headers with addresses around it. */
  readonly depth: number;
  /** What hops may change, and copies have in common: TTLs and the tunnels' ends. */
  readonly form: string;
  /** Equal for a packet and its fragments; "" when it cannot be in fragments. */
  readonly train: string;
  /** Where in the content's bytes what IP carries begins, and how long it is. */
  readonly payload: { readonly at: number; readonly length: number };
  readonly fragment: { readonly offset: number; readonly length: number; readonly more: boolean } | null;
  /** The part of a TCP stream that it carries, SYN and FIN counted. */
  readonly tcp: {
    readonly sequence: number;
    readonly length: number;
    readonly acknowledgment: number;
    /** With SYN: the stream begins with it. */
    readonly begins: boolean;
    /** With RST: there is no such stream. */
    readonly resets: boolean;
  } | null;
  /** What an answer to it has as `answers`; "" when none is expected. */
  readonly asks: string;
  readonly answers: string;
  /** Of an ICMP error: what the packet that it is about has as `known`. Errors quote 8 bytes beyond the IP header at least (RFC 792). */
  readonly about: string;
  readonly known: string;
  /** Of an ICMP error about a tunnel's packet: the innermost packet that this carried, as far as the quote shows it. */
  readonly aboutCarried: { readonly known: string; readonly tuple: string; readonly content: Content } | null;
  /** The packets around it, from the outside in: an ICMP error may be about one of them. */
  readonly carriers: readonly { readonly known: string; readonly tuple: string }[];
  /** TSval and TSecr (RFC 7323); null: no such option. An echo of a value names the segment that had it. */
  readonly stamps: { readonly value: number; readonly echo: number } | null;
  readonly group: 'broadcast' | 'multicast' | null;
}

const TCP_FIN = 0x01;
const TCP_SYN = 0x02;
const TCP_RST = 0x04;
const TCP_ACK = 0x10;
/** ECE, CWR and AE are left alone by NAT, but a router's ECN marking is answered in them. */
const TCP_FLAGS = 0x3f;

type Ipv4 = Extract<Layer, { protocol: 'ip' }>;
type Ipv6 = Extract<Layer, { protocol: 'ipv6' }>;

const known = new WeakMap<Hop, Identity>();

/** Worked out once for each hop, whoever asks: the order of a lab’s hops (cause-order.ts), the picture, the journeys. */
export function identityOf(hop: Hop): Identity {
  let identity = known.get(hop);
  if (identity === undefined) {
    identity = identify(dissect(hop.bytes, hop.linkType, hop.originalLength));
    known.set(hop, identity);
  }
  return identity;
}

/** Reads whatever layers there are: a packet that is cut off or malformed still has an identity, of what is left. */
export function identify(layers: readonly Layer[]): Identity {
  let network: Ipv4 | Ipv6 | null = null;
  let at = -1;
  let depth = -1;
  let outerTtl = 0;
  let form = '';
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i] as Layer;
    // A header that the capture cut says nothing of which packet it is: the one around it does, as far as it can.
    if (isWhole(layer) && (layer.protocol === 'ip' || layer.protocol === 'ipv6')) {
      if (network !== null) {
        outerTtl += ttlOf(network);
        form += `${network.source}>${network.destination} `;
      }
      network = layer;
      at = i;
      depth++;
    }
    // What a fragment holds of a packet is not a packet, and what an error quotes is another one.
    if (layer.quotes || isFragment(layer)) break;
  }
  const arp = layers.find((layer) => layer.protocol === 'arp' && isWhole(layer));
  if (network === null || (arp !== undefined && layers.indexOf(arp) > at)) {
    return {
      ...linkOnly(layers, arp),
      depth: depth + 1,
      form,
      outerTtl: outerTtl + (network === null ? 0 : ttlOf(network)),
    };
  }
  const inner = { ...innermost(network, layers.slice(at + 1)), depth, outerTtl };
  const carriers = depth > 0 ? carriersOf(layers, network) : [];
  return { ...inner, carriers, form: `${inner.ttl} ${outerTtl} ${form}` };
}

/** Bytes of the headers that the key is made of. */
const HEADERS: Readonly<Record<string, number>> = { ip: 20, ipv6: 40, arp: 28, tcp: 20, udp: 8, icmp: 8, icmpv6: 8 };
/** What an ICMP error quotes of a packet's data, at least (RFC 792). */
const QUOTED = 8;

/** False when the capture cut the header. */
function isWhole(layer: Layer): boolean {
  const bytes = HEADERS[layer.protocol] ?? 0;
  return layer.has(0, bytes) || (layer.protocol === 'tcp' && layer.has(0, QUOTED) && layer.quoted);
}

function carriersOf(layers: readonly Layer[], inner: Layer): Identity['carriers'] {
  const carriers: Identity['carriers'][number][] = [];
  for (const [index, layer] of layers.entries()) {
    if (layer === inner) break;
    if (layer.protocol !== 'ip' && layer.protocol !== 'ipv6') continue;
    const { known, tuple } = innermost(layer, layers.slice(index + 1));
    carriers.push({ known, tuple });
  }
  return carriers;
}

const ttlOf = (layer: Ipv4 | Ipv6): number => (layer.protocol === 'ip' ? layer.ttl : layer.hopLimit);

function isFragment(layer: Layer): boolean {
  if (layer.protocol === 'ip') return layer.fragmentOffset > 0 || layer.moreFragments;
  return layer.protocol === 'ipv6.fraghdr' && (layer.fragmentOffset > 0 || layer.moreFragments);
}

const NOTHING = {
  content: NO_CONTENT,
  carriers: [],
  stamps: null,
  numbered: false,
  tuple: '',
  source: '',
  destination: '',
  ttl: -1,
  train: '',
  payload: { at: 0, length: 0 },
  fragment: null,
  tcp: null,
  asks: '',
  answers: '',
  about: '',
  known: '',
  aboutCarried: null,
  group: null,
} as const;

type Inner = Omit<Identity, 'depth' | 'outerTtl' | 'form'>;

/** ARP, or a frame without an IP packet: spanning tree, LLDP. */
function linkOnly(layers: readonly Layer[], arp: Layer | undefined): Inner {
  const cooked = layers.find((layer) => layer.protocol === 'eth' || layer.protocol === 'sll');
  const group = groupOf(layers);
  if (arp?.protocol === 'arp') {
    const named = (name: string): string => arp.named(name)[0]?.shown ?? '';
    const source = named('arp.src.proto_ipv4');
    const destination = named('arp.dst.proto_ipv4');
    const key = `arp ${hex(arp, 0, 28)}`;
    const ends = { key, head: key, source, destination, tuple: `arp ${source}>${destination}` };
    if (arp.u16(6) === 1) return { ...NOTHING, ...ends, asks: `arp ${destination}>${source}`, group };
    return { ...NOTHING, ...ends, answers: `arp ${source}>${destination}`, group };
  }
  const content = layers.find((layer) => layer !== cooked && layer.protocol !== 'vlan') ?? cooked;
  const data = content === undefined ? NO_CONTENT : contentOf(content.bytes, content.offset, content.end, content.end);
  const head = `link ${cooked?.u16(cooked.protocol === 'eth' ? 12 : 0) ?? 0}`;
  return { ...NOTHING, key: keyed(head, data), head, content: data, group };
}

/** SLL does not keep the destination's MAC, but says whether the frame was for everybody. */
function groupOf(layers: readonly Layer[]): Identity['group'] {
  const link = layers.find((layer) => layer.protocol === 'eth' || layer.protocol === 'sll');
  if (link === undefined) return null;
  if (link.protocol === 'eth') {
    if ((link.u8(0) & 1) === 0) return null;
    return link.destination === 'ff:ff:ff:ff:ff:ff' ? 'broadcast' : 'multicast';
  }
  const type = link.named('sll.pkttype')[0]?.value;
  return type === 1 ? 'broadcast' : type === 2 ? 'multicast' : null;
}

function innermost(network: Ipv4 | Ipv6, inside: readonly Layer[]): Inner {
  const { source, destination } = network;
  const extension = inside.find((layer) => layer.protocol === 'ipv6.fraghdr');
  const protocol = network.protocol === 'ip' ? network.proto : lastNextHeader(network, inside);
  const number = network.protocol === 'ip' ? network.identification : network.u32(0) & 0xfffff;
  const numbered = network.protocol === 'ip' && number !== 0;
  const length = network.declaredEnd - network.offset;
  const train = `${network.protocol === 'ip' ? 4 : 6} ${number} ${protocol}`;
  const head = `${train} ${length}`;
  const ends = { source, destination, ttl: ttlOf(network), numbered, group: groupOfAddress(destination) };
  const bare: Tuple = { protocol, source, destination, sourcePort: 0, destinationPort: 0 };
  const fragment = fragmentOf(network, extension);
  if (fragment !== null) {
    const own = extension === undefined ? train : `6f ${extension.u32(4)} ${protocol}`;
    const from =
      extension === undefined ? network.offset + network.headerLength : extension.offset + extension.headerLength;
    const content = contentOf(network.bytes, from, network.payloadEnd, network.declaredEnd);
    const place = `${own} ${fragment.offset} ${fragment.length} ${fragment.more}`;
    // Only the first fragment has ports, and NAT rewrites them in there.
    return {
      ...NOTHING,
      ...ends,
      key: place,
      head: place,
      content: fragment.offset === 0 ? NO_CONTENT : content,
      train: own,
      fragment,
      numbered: true,
      tuple: addressKey(bare),
      known: place,
    };
  }
  const from = network.offset + network.headerLength;
  const payload = { at: from, length: network.declaredEnd - from };
  const packet = { ...NOTHING, ...ends, payload, train: network.protocol === 'ip' ? train : '' };
  const whole = (
    rest: string,
    known: string,
    content: Content,
    tuple: Tuple,
  ): Omit<Inner, 'key'> & { key: string } => ({
    ...packet,
    head: `${head} ${rest}`,
    key: keyed(`${head} ${rest}`, content),
    content,
    tuple: tupleKey(tuple),
    known: `${head} ${known}`,
  });
  const after = (layer: LayerBase, from: number): Content =>
    contentOf(layer.bytes, layer.offset + from, layer.payloadEnd, layer.declaredEnd);
  const found = inside.find((layer) => !layer.protocol.startsWith('ipv6.'));
  const transport = found !== undefined && isWhole(found) ? found : undefined;
  switch (transport?.protocol) {
    case 'tcp': {
      const { sequence, acknowledgment, flags, dataLength, window } = transport;
      const span = dataLength + ((flags & TCP_SYN) === 0 ? 0 : 1) + ((flags & TCP_FIN) === 0 ? 0 : 1);
      const tuple = { ...bare, sourcePort: transport.sourcePort, destinationPort: transport.destinationPort };
      const { stamps } = transport;
      const rest = `tcp ${sequence} ${acknowledgment} ${flags & TCP_FLAGS} ${window}${stamps === null ? '' : ` ${stamps.value} ${stamps.echo}`}`;
      return {
        ...whole(rest, `tcp ${sequence}`, after(transport, transport.headerLength), tuple),
        tcp: {
          sequence,
          length: span,
          acknowledgment,
          begins: (flags & TCP_SYN) !== 0,
          resets: (flags & TCP_RST) !== 0,
        },
        stamps,
        asks: span > 0 ? `tcp ${(sequence + span) >>> 0}` : '',
        answers: (flags & TCP_ACK) === 0 ? '' : `tcp ${acknowledgment}`,
      };
    }
    case 'udp': {
      const tuple = { ...bare, sourcePort: transport.sourcePort, destinationPort: transport.destinationPort };
      return whole('udp', 'udp', after(transport, UDP_HEADER), tuple);
    }
    case 'icmp':
    case 'icmpv6': {
      if (transport.quotes) return errorAbout(packet, head, transport, inside);
      const { type } = transport;
      const echo = transport.protocol === 'icmp' ? type === 8 || type === 0 : type === 128 || type === 129;
      const request = type === 8 || type === 128;
      const id = echo ? transport.u16(4) : 0;
      const tuple = { ...bare, sourcePort: id, destinationPort: id };
      // Neighbour discovery has no identifier: everything but the checksum is its content.
      const content = after(transport, echo ? ECHO_HEADER : 4);
      const sequence = echo ? transport.u16(6) : 0;
      const rest = `icmp ${type} ${transport.code} ${sequence}`;
      const exchange = `echo ${sequence} ${length} ${content.prefix}`;
      return {
        ...whole(rest, rest, content, tuple),
        asks: echo && request ? exchange : '',
        answers: echo && !request ? exchange : '',
      };
    }
    default: {
      return whole('', '', contentOf(network.bytes, from, network.payloadEnd, network.declaredEnd), bare);
    }
  }
}

const UDP_HEADER = 8;
const ECHO_HEADER = 8;

/** The error is told by what it quotes: NAT rewrites addresses and ports in there as well (RFC 5508 section 4). */
function errorAbout(
  packet: Omit<Inner, 'key' | 'head'>,
  head: string,
  error: LayerBase,
  inside: readonly Layer[],
): Inner {
  const quoted = inside.findIndex((layer) => layer.quoted && (layer.protocol === 'ip' || layer.protocol === 'ipv6'));
  const name = `${head} error ${error.u16(0)}`;
  if (quoted < 0) {
    const tuple = `${packet.source}>${packet.destination}`;
    return { ...packet, key: name, head: name, tuple };
  }
  const of = innermost(inside[quoted] as Ipv4 | Ipv6, inside.slice(quoted + 1));
  const own = `${name} ${of.known}`;
  return {
    ...packet,
    key: own,
    head: own,
    content: of.content,
    tuple: of.tuple,
    about: of.known,
    aboutCarried: of.about === '' ? carriedIn(inside.slice(quoted)) : null,
  };
}

function carriedIn(quoted: readonly Layer[]): Identity['aboutCarried'] {
  const { depth, ttl, known, tuple, content } = identify(quoted);
  return depth > 0 && ttl >= 0 && known !== '' ? { known, tuple, content } : null;
}

const keyed = (head: string, content: Content): string => `${head} ${content.prefix}`;

function fragmentOf(network: Ipv4 | Ipv6, extension: Layer | undefined): Identity['fragment'] {
  if (network.protocol === 'ip') {
    if (!isFragment(network)) return null;
    const length = network.declaredEnd - network.offset - network.headerLength;
    return { offset: network.fragmentOffset, length, more: network.moreFragments };
  }
  if (extension?.protocol !== 'ipv6.fraghdr' || !isFragment(extension)) return null;
  const length = network.declaredEnd - extension.offset - extension.headerLength;
  return { offset: extension.fragmentOffset, length, more: extension.moreFragments };
}

function lastNextHeader(network: Ipv6, inside: readonly Layer[]): number {
  let next = network.nextHeader;
  for (const layer of inside) {
    if (
      layer.protocol !== 'ipv6.hopopts' &&
      layer.protocol !== 'ipv6.routing' &&
      layer.protocol !== 'ipv6.fraghdr' &&
      layer.protocol !== 'ipv6.dstopts'
    )
      break;
    next = layer.nextHeader;
  }
  return next;
}

function groupOfAddress(address: string): Identity['group'] {
  if (address === '255.255.255.255') return 'broadcast';
  const first = Number.parseInt(address, 10);
  return address.startsWith('ff') || (first >= 224 && first <= 239 && address.includes('.')) ? 'multicast' : null;
}

function hex(layer: LayerBase, at: number, length: number): string {
  return Array.from(layer.view(at, length), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
