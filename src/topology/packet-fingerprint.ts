// Numbers that are equal when two taps saw the same packet. Two of them, because a bridge hands a packet on as it is,
// and a router does not: it lowers the TTL, and NAT writes other addresses, ports and ICMP ids, with new checksums.
//
// LINUX_SLL2 (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html):
//    0 protocol (2) | 2 reserved (2) | 4 ifindex (4) | 8 ARPHRD (2) | 10 packet type (1) | 11 address length (1) | 12 address (8) | 20 packet
// A wire has Ethernet frames: 0 destination (6) | 6 source (6) | 12 protocol (2) | 14 packet
import { IP_PROTOCOL } from '../packet/numbers.ts';
import { VXLAN_PORTS } from '../packet/vxlan.ts';

export interface Fingerprint {
  /** The same at every tap that a packet passes unchanged: a hash of the ethertype and the packet's bytes. */
  readonly bridged: number;
  /** The same before and after routing and NAT; 0 when the packet is not one that an IP layer would hand on. */
  readonly routed: number;
  /** The same wherever a packet is seen, on this machine, on the wire, or on the next machine. */
  readonly any: number;
  /** `any` of the packet that this one carries in a tunnel; 0 when it carries none. */
  readonly inner: number;
}

const SLL2_HEADER = 20;
const ETHERNET_HEADER = 14;
const ETHERNET = 1;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ARP = 0x0806;
/** RFC 826, for IPv4 over Ethernet: what follows is padding to Ethernet's shortest frame. */
const ARP_LENGTH = 28;
const FLANNEL_UDP_PORT = 8285;
/** Enough to tell packets apart, and little enough for 20 000 packets a second; the length is hashed as well. */
const HASHED_BYTES = 256;

/** `bytes` from the SLL2 header on, or from the Ethernet header on. Reads nothing beyond their end. */
export function fingerprint(bytes: Uint8Array, linkType?: number): Fingerprint {
  const framed = linkType === ETHERNET;
  const start = framed ? ETHERNET_HEADER : SLL2_HEADER;
  const protocol = at16(bytes, framed ? 12 : 0);
  return { ...keys(bytes, protocol, start), inner: inside(bytes, protocol, start) };
}

function keys(bytes: Uint8Array, protocol: number, start: number): Omit<Fingerprint, 'inner'> {
  const all = Math.max(0, bytes.length - start);
  const length = protocol === ARP ? Math.min(ARP_LENGTH, all) : protocol === IPV4 ? at16(bytes, start + 2) : all;
  const end = Math.min(bytes.length, start + length, start + HASHED_BYTES);
  const seed = mix(mix(BASIS, protocol), length & 0xffff);
  const bridged = hashRange(seed, bytes, start, end);
  const routed =
    protocol === IPV4
      ? routedIpv4(seed, bytes, start, end)
      : protocol === IPV6
        ? routedIpv6(seed, bytes, start, end)
        : 0;
  return { bridged, routed, any: routed === 0 ? bridged : routed };
}

/** RFC 7348: an Ethernet frame behind the UDP and VXLAN headers, 8 bytes each. flannel's UDP backend has the packet itself there. */
function inside(bytes: Uint8Array, protocol: number, start: number): number {
  const udp = start + ((bytes[start] ?? 0) & 0x0f) * 4;
  const isWhole = (at16(bytes, start + 6) & 0x1fff) === 0;
  if (protocol !== IPV4 || bytes[start + 9] !== IP_PROTOCOL.udp || !isWhole) return 0;
  const port = at16(bytes, udp + 2);
  if (VXLAN_PORTS.has(port) && udp + 30 < bytes.length) return keys(bytes, at16(bytes, udp + 28), udp + 30).any;
  if (port === FLANNEL_UDP_PORT && udp + 8 < bytes.length) return keys(bytes, IPV4, udp + 8).any;
  return 0;
}

/** RFC 791 section 3.1: what a router leaves alone is the length, the identification, the fragment's place and the protocol. */
function routedIpv4(seed: number, bytes: Uint8Array, start: number, end: number): number {
  const header = ((bytes[start] ?? 0) & 0x0f) * 4;
  const transport = start + header;
  if (header < 20 || transport > end) return 0;
  let hash = hashRange(seed, bytes, start + 2, start + 8);
  const protocol = bytes[start + 9] ?? 0;
  hash = mix(hash, protocol);
  const fragmentOffset = at16(bytes, start + 6) & 0x1fff;
  return fragmentOffset === 0
    ? hashTransport(hash, protocol, bytes, transport, end)
    : hashRange(hash, bytes, transport, end);
}

/** RFC 8200 section 3: everything but the hop limit, and the addresses for the sake of NAT66. */
function routedIpv6(seed: number, bytes: Uint8Array, start: number, end: number): number {
  const transport = start + 40;
  if (transport > end) return 0;
  const protocol = bytes[start + 6] ?? 0;
  return hashTransport(hashRange(seed, bytes, start, start + 7), protocol, bytes, transport, end);
}

/** Without what NAT rewrites: ports and checksum, or the ICMP id (which stands in for a port, RFC 5508 section 3.1). */
function hashTransport(hash: number, protocol: number, bytes: Uint8Array, at: number, end: number): number {
  switch (protocol) {
    case 1: // ICMP: type, code, then checksum and id left out
    case 58:
      return hashRange(hashRange(hash, bytes, at, Math.min(at + 2, end)), bytes, at + 6, end);
    case 6: // TCP: seq to window, then checksum left out
      return hashRange(hashRange(hash, bytes, at + 4, Math.min(at + 16, end)), bytes, at + 18, end);
    case 17: // UDP: length, then checksum left out
      return hashRange(hashRange(hash, bytes, at + 4, Math.min(at + 6, end)), bytes, at + 8, end);
    default:
      return hashRange(hash, bytes, at, end);
  }
}

/** FNV-1a, 32 bits: seldom wrong among the few thousand packets that are compared at a time. */
const BASIS = 0x811c9dc5;
const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193) >>> 0;

function hashRange(seed: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

const at16 = (bytes: Uint8Array, offset: number): number => ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
