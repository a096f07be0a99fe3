// The data of a packet, as far as a capture has it: what it carries is the same at every hop, and mostly nothing else has it.
import { hashBytes } from './hop.ts';

export interface Content {
  /** The bytes that it lies in, from `at` on; `length` of them were captured. */
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
  /** The capture cut some of it off. */
  readonly cut: boolean;
  /** Of its first bytes, for keys: equal for equal data unless a capture cut even those. */
  readonly prefix: number;
}

/** Bytes of data in a key: as many as captures hold that cut packets at all. */
const IN_KEY = 16;

export const NO_CONTENT: Content = { bytes: new Uint8Array(), at: 0, length: 0, cut: false, prefix: 0 };

/**
 * @param at of its first byte
 * @param end one past the last byte that was captured
 * @param declaredEnd one past the last byte that there was
 */
export function contentOf(bytes: Uint8Array, at: number, end: number, declaredEnd: number): Content {
  const length = Math.max(0, Math.min(end, bytes.length) - at);
  const compared = Math.min(IN_KEY, length);
  return { bytes, at, length, cut: declaredEnd > at + length, prefix: hashBytes(bytes, at, compared) ^ compared };
}

/** False when a byte that both have is another one, or when one is longer and neither was cut. */
export function mayBeEqual(one: Content, other: Content): boolean {
  if (one === other) return true;
  const shared = Math.min(one.length, other.length);
  if (one.length < other.length && !one.cut) return false;
  if (other.length < one.length && !other.cut) return false;
  for (let i = 0; i < shared; i++) if (one.bytes[one.at + i] !== other.bytes[other.at + i]) return false;
  return true;
}

/** True when a capture cut it before all that a key holds: equal data may have another key. */
export const isCutInKey = ({ cut, length }: Content): boolean => cut && length < IN_KEY;

/** A hash of all of it that was captured. */
export const hashOf = ({ bytes, at, length }: Content): number => hashBytes(bytes, at, length);
