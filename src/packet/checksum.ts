// The Internet checksum (RFC 1071) and what a capture lets one say about it.
import { derived, type FieldDef } from './field.ts';
import type { LayerBase } from './layer-base.ts';

/**
 * 'offloaded': the sum over the pseudo-header alone stands in the field (Linux's CHECKSUM_PARTIAL, linux/skbuff.h): the NIC, or
 * nobody on a veth pair, was to finish it. 'unverified': not all the bytes are there. 'absent': the sender made none.
 * 'illegal': it made none, and should have (UDP over IPv6, RFC 8200 section 8.1; tunnels may leave it out, RFC 6935).
 */
export type ChecksumStatus = 'bad' | 'good' | 'unverified' | 'absent' | 'illegal' | 'offloaded';

/** Wireshark's numbers for checksum.status (epan/proto.h). It has none for 'offloaded', and counts that as bad. */
const STATUS_NUMBERS: Readonly<Record<ChecksumStatus, number>> = {
  bad: 0,
  good: 1,
  unverified: 2,
  absent: 3,
  illegal: 4,
  offloaded: 0,
};
const STATUS_NAMES: Readonly<Record<ChecksumStatus, string>> = {
  bad: 'Bad',
  good: 'Good',
  unverified: 'Unverified',
  absent: 'Not present',
  illegal: 'Not present, which IPv6 does not allow',
  offloaded: 'Offloaded: left for the NIC to fill in',
};

interface Checked extends LayerBase {
  readonly checksum: ChecksumStatus;
}

/** The field that says what became of the two-byte checksum at `at`. */
export function checksumStatus(name: string, at: number): FieldDef<Checked> {
  return derived(
    name,
    at,
    0,
    'Whether the checksum fits.',
    (layer) => (layer.has(at, 2) ? STATUS_NUMBERS[layer.checksum] : undefined),
    { type: 'uint8', names: (_, layer) => STATUS_NAMES[layer.checksum] },
  );
}

/** The one's complement sum of 16-bit words, folded, not yet complemented. An odd last byte is padded with zero. */
export function onesSum(bytes: Uint8Array, from: number, to: number, start = 0): number {
  let sum = start;
  let i = from;
  for (; i + 1 < to; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  if (i < to) sum += (bytes[i] ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum;
}

/** What a transport's checksum covers besides its own bytes (RFC 9293 section 3.1, RFC 8200 section 8.1). */
export interface PseudoHeader {
  /** The folded sum of addresses, protocol and length. */
  readonly sum: (protocol: number, length: number) => number;
  /** Where the destination stands in the IP header, in bytes from the beginning of the packet. */
  readonly destinationAt: number;
  /** False for a fragment: the segment's other bytes are in other packets. */
  readonly whole: boolean;
}

/** The IP layer that carries `layer`, as its pseudo-header. */
export function pseudoHeaderOf(layer: LayerBase): PseudoHeader | null {
  let carrier = layer.parent;
  while (carrier !== null && !('pseudoHeader' in carrier)) carrier = carrier.parent;
  return carrier === null ? null : (carrier.pseudoHeader as PseudoHeader);
}

/**
 * The state of a transport checksum at `at` bytes into `layer`, over `length` bytes from the layer's beginning.
 * The sum over good bytes, checksum included, is 0xffff.
 */
export function transportChecksum(layer: LayerBase, protocol: number, at: number, length: number): ChecksumStatus {
  const pseudo = pseudoHeaderOf(layer);
  if (pseudo === null || !pseudo.whole || !layer.has(0, length)) return 'unverified';
  const start = pseudo.sum(protocol, length);
  if (onesSum(layer.bytes, layer.offset, layer.offset + length, start) === 0xffff) return 'good';
  return layer.u16(at) === start ? 'offloaded' : 'bad';
}
