// Numbers that are equal when two taps saw the same packet. Two of them, because a bridge hands a packet on as it is,
// and a router does not: it lowers the TTL, and NAT writes other addresses, ports and ICMP ids, with new checksums.
//
// LINUX_SLL2 (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html):
//    0 protocol (2) | 2 reserved (2) | 4 ifindex (4) | 8 ARPHRD (2) | 10 packet type (1) | 11 address length (1) | 12 address (8) | 20 packet

export interface Fingerprint {
  /** The same at every tap that a packet passes unchanged: a hash of the ethertype and the packet's bytes. */
  readonly bridged: number;
  /** The same before and after routing and NAT; 0 when the packet is not one that an IP layer would hand on. */
  readonly routed: number;
}

const SLL2_HEADER = 20;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
/** Enough to tell packets apart, and little enough for 20 000 packets a second; the length is hashed as well. */
const HASHED_BYTES = 256;

/** `bytes` from the SLL2 header on. Reads nothing beyond their end. */
export function fingerprint(bytes: Uint8Array): Fingerprint {
  const protocol = at16(bytes, 0);
  const end = Math.min(bytes.length, SLL2_HEADER + HASHED_BYTES);
  const seed = mix(mix(BASIS, protocol), bytes.length & 0xffff);
  const bridged = hashRange(seed, bytes, SLL2_HEADER, end);
  const routed =
    protocol === IPV4 ? routedIpv4(seed, bytes, end) : protocol === IPV6 ? routedIpv6(seed, bytes, end) : 0;
  return { bridged, routed };
}

/** RFC 791 section 3.1: what a router leaves alone is the length, the identification, the fragment's place and the protocol. */
function routedIpv4(seed: number, bytes: Uint8Array, end: number): number {
  const header = ((bytes[SLL2_HEADER] ?? 0) & 0x0f) * 4;
  const transport = SLL2_HEADER + header;
  if (header < 20 || transport > end) return 0;
  let hash = hashRange(seed, bytes, SLL2_HEADER + 2, SLL2_HEADER + 8);
  const protocol = bytes[SLL2_HEADER + 9] ?? 0;
  hash = mix(hash, protocol);
  const fragmentOffset = at16(bytes, SLL2_HEADER + 6) & 0x1fff;
  return fragmentOffset === 0
    ? hashTransport(hash, protocol, bytes, transport, end)
    : hashRange(hash, bytes, transport, end);
}

/** RFC 8200 section 3: everything but the hop limit, and the addresses for the sake of NAT66. */
function routedIpv6(seed: number, bytes: Uint8Array, end: number): number {
  const transport = SLL2_HEADER + 40;
  if (transport > end) return 0;
  const protocol = bytes[SLL2_HEADER + 6] ?? 0;
  return hashTransport(hashRange(seed, bytes, SLL2_HEADER, SLL2_HEADER + 7), protocol, bytes, transport, end);
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
