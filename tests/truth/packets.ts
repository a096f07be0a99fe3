// Packets as bytes, with checksums that hold: a kernel passes them on.

export interface Ends {
  readonly source: string;
  readonly destination: string;
}

export interface NetworkHead extends Ends {
  readonly protocol: number;
  readonly ttl: number;
  /** IPv4's identification; IPv6's flow label. */
  readonly identification: number;
  readonly dontFragment: boolean;
}

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMP6 = 58;

/** IPv4 or IPv6, as the addresses are. */
export function packet(head: NetworkHead, payload: Uint8Array): Uint8Array {
  return head.source.includes(':') ? ipv6(head, payload) : ipv4(head, payload);
}

/**
 * An IPv4 packet in fragments.
 *
 * @param size bytes of data in each but the last, a multiple of 8
 */
export function fragments(head: NetworkHead, payload: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const more = at + size < payload.length ? 0x2000 : 0;
    pieces.push(ipv4({ ...head, dontFragment: false }, payload.subarray(at, at + size), more | (at >> 3)));
  }
  return pieces;
}

function ipv4(head: NetworkHead, payload: Uint8Array, fragment = 0): Uint8Array {
  const bytes = new Uint8Array(20 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  view.setUint16(2, bytes.length);
  view.setUint16(4, head.identification);
  view.setUint16(6, fragment | (head.dontFragment ? 0x4000 : 0));
  bytes[8] = head.ttl;
  bytes[9] = head.protocol;
  bytes.set(addressBytes(head.source), 12);
  bytes.set(addressBytes(head.destination), 16);
  view.setUint16(10, checksum(bytes.subarray(0, 20)));
  bytes.set(payload, 20);
  return bytes;
}

function ipv6(head: NetworkHead, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(40 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x60000000 | (head.identification & 0xfffff));
  view.setUint16(4, payload.length);
  bytes[6] = head.protocol;
  bytes[7] = head.ttl;
  bytes.set(addressBytes(head.source), 8);
  bytes.set(addressBytes(head.destination), 24);
  bytes.set(payload, 40);
  return bytes;
}

export function udp(ends: Ends, sourcePort: number, destinationPort: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, bytes.length);
  bytes.set(data, 8);
  view.setUint16(6, checksum(bytes, pseudo(ends, UDP, bytes.length)) || 0xffff);
  return bytes;
}

export interface Segment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
}

export function tcp(ends: Ends, segment: Segment, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(20 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, segment.sourcePort);
  view.setUint16(2, segment.destinationPort);
  view.setUint32(4, segment.sequence);
  view.setUint32(8, segment.acknowledgment);
  bytes[12] = 0x50;
  bytes[13] = segment.flags;
  view.setUint16(14, 8192);
  bytes.set(data, 20);
  view.setUint16(16, checksum(bytes, pseudo(ends, TCP, bytes.length)));
  return bytes;
}

/** ICMP's or ICMPv6's echo request, as the addresses are. */
export function ping(ends: Ends, id: number, sequence: number, data: Uint8Array): Uint8Array {
  const isV6 = ends.source.includes(':');
  const bytes = new Uint8Array(8 + data.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = isV6 ? 128 : 8;
  view.setUint16(4, id);
  view.setUint16(6, sequence);
  bytes.set(data, 8);
  view.setUint16(2, checksum(bytes, isV6 ? pseudo(ends, ICMP6, bytes.length) : 0));
  return bytes;
}

function pseudo({ source, destination }: Ends, protocol: number, length: number): number {
  return add(addressBytes(destination), add(addressBytes(source), protocol + length));
}

function add(bytes: Uint8Array, start: number): number {
  let sum = start;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return sum;
}

/** RFC 1071. */
function checksum(bytes: Uint8Array, start = 0): number {
  let sum = add(bytes, start);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = groups(tail);
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
