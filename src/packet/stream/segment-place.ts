// Where in a packet the TCP segment lies that the packet is about: the innermost one, and not one that an ICMP error quotes.
import { dissect } from '../dissect.ts';
import { innermost } from '../innermost.ts';
import type { Layer } from '../layer.ts';
import type { LayerBase } from '../layer-base.ts';
import { IP_PROTOCOL } from '../numbers.ts';
import { TUNNELS } from '../tunnels.ts';

/** Places are bytes from the packet's beginning. */
export class SegmentPlace {
  bytes: Uint8Array = NOTHING;
  /** The addresses, the sender's first, each of 4 or 16 bytes. */
  addresses = 0;
  addressLength: 4 | 16 = 4;
  tcp = 0;
  /** One past the last byte of it that the capture kept. */
  end = 0;
  /** Bytes of header and data, as they were sent. */
  length = 0;
}

const NOTHING = new Uint8Array();

const TUNNEL_PORTS: ReadonlySet<number> = new Set(TUNNELS.flatMap(({ udpPorts }) => udpPorts));

const IPV4_HEADER = 20;
const UDP_HEADER = 8;
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;

/**
 * null: there is none, or a part of one only.
 *
 * @param place where the answer goes, for who asks about one packet after the other
 */
export function findSegment(
  bytes: Uint8Array,
  linkType: number,
  originalLength: number,
  place: SegmentPlace = new SegmentPlace(),
): SegmentPlace | null {
  const inner = innermost(bytes, linkType);
  if (inner === null || inner.ip < 0) return segmentOf(dissect(bytes, linkType, originalLength), place);
  const { ip, end, depth } = inner;
  // Whether it ends there because the capture does, or because a header around it says so, shows in the layers alone.
  if (depth > 0 && end === bytes.length && originalLength > end)
    return segmentOf(dissect(bytes, linkType, originalLength), place);
  switch (bytes[ip + 9]) {
    case IP_PROTOCOL.tcp: {
      if (((((bytes[ip + 6] ?? 0) << 8) | (bytes[ip + 7] ?? 0)) & MORE_FRAGMENTS_OR_OFFSET) !== 0) return null;
      const said = ((bytes[ip + 2] ?? 0) << 8) | (bytes[ip + 3] ?? 0);
      // A length of more than was on the wire is not true.
      const length = Math.min(said, (end === bytes.length ? Math.max(originalLength, end) : end) - ip);
      place.bytes = bytes;
      place.addresses = ip + 12;
      place.addressLength = 4;
      place.tcp = ip + IPV4_HEADER;
      place.end = Math.min(end, ip + length);
      place.length = length - IPV4_HEADER;
      return place;
    }
    case IP_PROTOCOL.udp:
      return isTunnel(bytes, ip + IPV4_HEADER) ? segmentOf(dissect(bytes, linkType, originalLength), place) : null;
    case IP_PROTOCOL.ipv4:
    case IP_PROTOCOL.ipv6:
    case IP_PROTOCOL.gre:
    case IP_PROTOCOL.authentication:
      return segmentOf(dissect(bytes, linkType, originalLength), place);
    default:
      return null;
  }
}

/** Whether a datagram to one of its ports, or from it, may carry packets. */
function isTunnel(bytes: Uint8Array, udp: number): boolean {
  if (udp + UDP_HEADER > bytes.length) return false;
  const source = ((bytes[udp] ?? 0) << 8) | (bytes[udp + 1] ?? 0);
  const destination = ((bytes[udp + 2] ?? 0) << 8) | (bytes[udp + 3] ?? 0);
  return TUNNEL_PORTS.has(source) || TUNNEL_PORTS.has(destination);
}

/** The same of a packet that was dissected already. */
export function segmentOf(layers: readonly Layer[], place: SegmentPlace = new SegmentPlace()): SegmentPlace | null {
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i];
    if (layer?.protocol !== 'tcp' || layer.quoted) continue;
    const ip = internetLayer(layer);
    if (ip === null) return null;
    place.bytes = layer.bytes;
    place.addressLength = ip.protocol === 'ip' ? 4 : 16;
    place.addresses = ip.offset + (ip.protocol === 'ip' ? 12 : 8);
    place.tcp = layer.offset;
    place.end = layer.end;
    place.length = layer.segmentLength;
    return place;
  }
  return null;
}

/** The header with the addresses; null where the segment is one part of several. */
function internetLayer(layer: LayerBase): LayerBase | null {
  for (let at = layer.parent; at !== null; at = at.parent) {
    if (at.protocol === 'ip') return (at.u16(6) & MORE_FRAGMENTS_OR_OFFSET) === 0 ? at : null;
    if (at.protocol === 'ipv6.fraghdr' && (at.u16(2) & 0xfff9) !== 0) return null;
    if (at.protocol === 'ipv6') return at;
  }
  return null;
}
