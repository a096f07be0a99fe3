// Values as filters compare them, and how two of a kind are put in order.
import type { ValueType } from './registry.ts';

/** Numbers, booleans (0 and 1), times (seconds) and IPv4 addresses are numbers; IPv6 and MAC addresses and protocols are bytes. A bigint is a number that
 * a sum gave a sign (arithmetic.ts), or nanoseconds since the epoch. */
export type Value = number | bigint | string | Uint8Array;

/** What can be compared with what. */
export type Kind =
  | 'number'
  | 'double'
  | 'boolean'
  | 'time'
  | 'moment'
  | 'ipv4'
  | 'ipv6'
  | 'bytes'
  | 'protocol'
  | 'string'
  | 'none';

const KINDS: Readonly<Record<ValueType, Kind>> = {
  uint8: 'number',
  uint16: 'number',
  uint24: 'number',
  uint32: 'number',
  uint64: 'number',
  int32: 'number',
  double: 'double',
  boolean: 'boolean',
  time: 'time',
  absolute_time: 'moment',
  none: 'none',
  ipv4: 'ipv4',
  ipv6: 'ipv6',
  ether: 'bytes',
  bytes: 'bytes',
  protocol: 'protocol',
  string: 'string',
};

/**
 * The values of a sum whose fields are there, none of whose results fits. To "all" of no results everything applies, while of a field that
 * is not there nothing can be said.
 */
export const NOTHING_FITS: readonly Value[] = Object.freeze([]);

export const kindOf = (type: ValueType): Kind => KINDS[type];

/** Bytes of a value; null where they depend on the value. */
export function sizeOf(type: ValueType): number | null {
  const sizes: Partial<Record<ValueType, number>> = {
    uint8: 1,
    uint16: 2,
    uint24: 3,
    uint32: 4,
    uint64: 8,
    int32: 4,
    double: 8,
    boolean: 8,
    time: 16,
    absolute_time: 16,
    none: 0,
    ipv4: 4,
    ipv6: 16,
    ether: 6,
  };
  return sizes[type] ?? null;
}

/** "a MAC address", for messages. */
export function describeType(type: ValueType): string {
  if (type.startsWith('uint') || type === 'int32' || type === 'double') return 'a number';
  const words: Partial<Record<ValueType, string>> = {
    boolean: 'true or false',
    time: 'a time in seconds',
    absolute_time: 'a date with a time',
    none: 'a mark that is there or not',
    ipv4: 'an IPv4 address',
    ipv6: 'an IPv6 address',
    ether: 'a MAC address',
    bytes: 'a sequence of bytes',
    protocol: 'a protocol',
    string: 'text',
  };
  return words[type] ?? type;
}

/**
 * Less than, equal to or greater than 0, as `a` stands before, with or after `b`. `prefix`: only so many leading bits count.
 * NaN: Wireshark 4.0 does not say how an unsigned number stands to one below zero; every comparison fails then.
 */
export function order(a: Value, b: Value, prefix: number | null = null): number {
  if (typeof a === 'bigint') {
    if (typeof b !== 'bigint') return Number(a) - Number(b);
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeof b === 'bigint') return b < 0n ? Number.NaN : Number(a) - Number(b);
  if (typeof a === 'number' && typeof b === 'number') {
    if (prefix === null) return a - b;
    const mask = prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0;
    return ((a & mask) >>> 0) - ((b & mask) >>> 0);
  }
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return orderBytes(bytesOf(a), bytesOf(b), prefix);
}

function orderBytes(a: Uint8Array, b: Uint8Array, prefix: number | null): number {
  const whole = prefix === null ? Math.min(a.length, b.length) : prefix >>> 3;
  for (let i = 0; i < whole; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (prefix === null) return a.length - b.length;
  const shift = 8 - (prefix & 7);
  return shift === 8 ? 0 : ((a[whole] ?? 0) >>> shift) - ((b[whole] ?? 0) >>> shift);
}

/** Strings as their bytes, one a character. An IPv4 address as its four. */
export function bytesOf(value: Value): Uint8Array {
  if (typeof value === 'bigint') return bytesOf(Number(BigInt.asUintN(32, value)));
  if (typeof value === 'number')
    return Uint8Array.of((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
  if (typeof value !== 'string') return value;
  const bytes = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) bytes[i] = value.charCodeAt(i);
  return bytes;
}

/** Whether the needle's bytes stand somewhere in the value's, in one piece. */
export function includes(value: Value, needle: Value): boolean {
  if (typeof value === 'string' && typeof needle === 'string') return value.includes(needle);
  const bytes = bytesOf(value);
  const wanted = bytesOf(needle);
  const [first] = wanted;
  if (first === undefined) return true;
  const last = bytes.length - wanted.length;
  for (let at = bytes.indexOf(first); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    let same = 1;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return true;
  }
  return false;
}
