// Where the headers begin that a line about a packet speaks of. Whole Ethernet, IPv4, UDP and VXLAN headers around an Ethernet frame,
// and what is around IPv4, are stepped over without a layer for each: in a list of tunnelled packets that was most of the work.
import { ETHERTYPE, IP_PROTOCOL } from './numbers.ts';
import { VXLAN } from './tunnels.ts';

/** Headers in headers in headers: more than any real tunnel has, few enough that a hostile packet costs nothing. */
export const MOST_LAYERS = 48;

/** Ethernet, IPv4, UDP, VXLAN. */
const TUNNEL_LAYERS = 4;

const ETHERNET_HEADER = 14;
const COOKED_HEADER = 20;
const IPV4_HEADER = 20;
const UDP_HEADER = 8;
const VXLAN_HEADER = 8;

const VERSION_4_NO_OPTIONS = 0x45;
const FRAGMENT_OFFSET = 0x1fff;

export interface Innermost {
  /** Where the innermost frame begins, in bytes from the packet's beginning. */
  readonly frame: number;
  /** Where the IPv4 header begins that it carries: 20 bytes, all there, and the length in it at least as many. -1: it carries another. */
  readonly ip: number;
  /** One past the last byte of the frame. */
  readonly end: number;
  /** How many layers lie around the frame. */
  readonly depth: number;
}

/** null: the packet begins with neither Ethernet nor LINUX_SLL2. */
export function innermost(bytes: Uint8Array, linkType: number): Innermost | null {
  const isCooked = linkType === 276;
  if (linkType !== 1 && !isCooked) return null;
  let frame = 0;
  let end = bytes.length;
  let type = isCooked ? 0 : 12;
  let ip = isCooked ? COOKED_HEADER : ETHERNET_HEADER;
  let depth = 0;
  for (;;) {
    const length = u16(bytes, ip + 2);
    const isPlain =
      end - ip >= IPV4_HEADER &&
      u16(bytes, type) === ETHERTYPE.ipv4 &&
      bytes[ip] === VERSION_4_NO_OPTIONS &&
      length >= IPV4_HEADER;
    if (!isPlain) return { frame, ip: -1, end, depth };
    const udp = ip + IPV4_HEADER;
    const inner = udp + UDP_HEADER + VXLAN_HEADER;
    const innerEnd = Math.min(end, ip + length, udp + u16(bytes, udp + 4));
    const isTunnel =
      bytes[ip + 9] === IP_PROTOCOL.udp &&
      VXLAN.udpPorts.includes(u16(bytes, udp + 2)) &&
      (u16(bytes, ip + 6) & FRAGMENT_OFFSET) === 0 &&
      innerEnd - inner >= ETHERNET_HEADER &&
      depth < MOST_LAYERS - 2 * TUNNEL_LAYERS;
    if (!isTunnel) return { frame, ip, end, depth };
    frame = inner;
    end = innerEnd;
    type = inner + 12;
    ip = inner + ETHERNET_HEADER;
    depth += TUNNEL_LAYERS;
  }
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
