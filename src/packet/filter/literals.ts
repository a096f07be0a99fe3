// What stands in a filter as a value -> the value that it is for a field of some type. Which characters mean what depends on
// the field: 10 is a number, a byte or a piece of text.
import { parseIpv4, parseIpv6 } from '../address.ts';
import { negative } from './arithmetic.ts';
import { parseMoment } from './moments.ts';
import type { FieldInfo, ValueType } from './registry.ts';
import { FilterFault, type Operand } from './syntax.ts';
import { kindOf, type Value } from './values.ts';

export interface Literal {
  readonly value: Value;
  /** Bits that count of an address in CIDR notation; null: all. */
  readonly prefix: number | null;
}

/** What a value is compared with: a field, or what a function makes of one. */
export type Like = Pick<FieldInfo, 'type' | 'names'> & { readonly text: string };

export const isLiteral = ({ kind }: Operand): boolean => kind === 'word' || kind === 'string' || kind === 'char';

/** The value of a literal operand, or of one with a minus sign before it. Throws FilterFault, with advice. */
export function readLiteral(operand: Operand, like: Like): Literal {
  if (operand.kind === 'negative' && operand.of.kind === 'word') {
    const { value } = readLiteral(operand.of, like);
    if (typeof value === 'number' && (kindOf(like.type) === 'time' || like.type === 'double'))
      return { value: -value, prefix: null };
    if (typeof value === 'number' && like.type === 'int32') return { value: -value, prefix: null };
    if (typeof value === 'number' && like.type.startsWith('uint')) {
      const below = negative(like.type, value);
      return below === null
        ? no(operand, `-${operand.of.text} is too far below zero: -2147483647 is the least.`)
        : { value: below, prefix: null };
    }
  }
  const read = READERS[like.type](operand, like);
  return typeof read === 'object' && 'value' in read ? read : { value: read, prefix: null };
}

type Reader = (operand: Operand, like: Like) => Value | Literal;

function no(operand: Operand, message: string): never {
  throw new FilterFault(operand, message);
}

const number: Reader = (operand, { type, names, text }) => {
  if (operand.kind === 'char') return operand.value;
  const written = operand.kind === 'word' ? operand.text : operand.kind === 'string' ? operand.value : '';
  const named = names === null ? undefined : Object.entries(names).find(([, name]) => sameName(name, written));
  if (named !== undefined) return Number(named[0]);
  if (operand.kind === 'string')
    return names === null
      ? no(operand, `${text} is a number: write it without quotes.`)
      : no(operand, `"${written}" is no value of ${text}. It has ${someNames(names)}.`);
  const value = operand.kind === 'word' ? parseNumber(written) : null;
  if (value === null) {
    return names === null || /^\d/.test(written)
      ? no(operand, `"${written}" is no number: 64, 0x40, 0100 (octal) and 0b1000000 are.`)
      : no(operand, `"${written}" is no number, and no value of ${text}. It has ${someNames(names)}.`);
  }
  const most = LARGEST[type] ?? Number.POSITIVE_INFINITY;
  return value > most ? no(operand, `${written} is too large for ${text}, which is at most ${most}.`) : value;
};

const sameName = (name: string, written: string): boolean => name.toLowerCase() === written.toLowerCase();
const someNames = (names: Readonly<Record<number, string>>): string => {
  const all = Object.values(names).map((name) => `"${name}"`);
  return all.length > 4 ? `${all.slice(0, 4).join(', ')} and others` : all.join(', ');
};

const LARGEST: Partial<Record<ValueType, number>> = {
  uint8: 0xff,
  uint16: 0xffff,
  uint24: 0xffffff,
  uint32: 0xffffffff,
  uint64: 2 ** 64,
  int32: 0x7fffffff,
};

/** Decimal, hexadecimal, octal (a zero before it) or binary, as in C; null: not a number. */
export function parseNumber(text: string): number | null {
  if (/^(?:0[xX][0-9a-fA-F]+|[1-9]\d*|0)$/.test(text)) return Number(text);
  if (/^0[bB][01]+$/.test(text)) return Number.parseInt(text.slice(2), 2);
  return /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : null;
}

const boolean: Reader = (operand, { text }) => {
  const written = operand.kind === 'word' ? operand.text : operand.kind === 'string' ? operand.value : '';
  const quoted = operand.kind === 'string';
  if (/^(set|not set)$/i.test(written)) return /^set$/i.test(written) ? 1 : 0;
  if (!quoted && /^(true|false)$/i.test(written)) return /^true$/i.test(written) ? 1 : 0;
  const value = operand.kind === 'word' ? parseNumber(written) : operand.kind === 'char' ? operand.value : null;
  return value === null ? no(operand, `${text} is true or false: write True, False, 1 or 0.`) : value === 0 ? 0 : 1;
};

const time: Reader = (operand, { text }) => {
  const seconds = operand.kind === 'word' && /^\d+(\.\d+)?$/.test(operand.text) ? Number(operand.text) : null;
  return seconds ?? no(operand, `${text} is a time in seconds, such as 1 or 0.25.`);
};

const moment: Reader = (operand, { text }) => {
  const written = operand.kind === 'word' ? operand.text : operand.kind === 'string' ? operand.value : '';
  return (
    parseMoment(written) ??
    no(operand, `${text} is a date with a time, of UTC: "2026-11-29 12:34:56.789", or "Nov 29, 2026 12:34:56".`)
  );
};

/** It is there or not: nothing compares with it. */
const mark: Reader = (operand, { text }) =>
  no(operand, `${text} is a mark: it is there or not. Ask for it by its name alone.`);

const fraction: Reader = (operand, { text }) => {
  const value = operand.kind === 'word' && /^\d+(\.\d+)?([eE]\d+)?$/.test(operand.text) ? Number(operand.text) : null;
  return value ?? no(operand, `${text} is a number: 2 or 0.25.`);
};

const ipv4: Reader = (operand, { text }) => {
  if (operand.kind !== 'word') return no(operand, `${text} is an IPv4 address: write it without quotes.`);
  const [address = '', prefix] = operand.text.split('/');
  const value = parseIpv4(address);
  if (value === null)
    return no(
      operand,
      `"${operand.text}" is no IPv4 address. One has four numbers, 10.0.0.1, or is a network, 10.0.0.0/8.`,
    );
  return withPrefix(operand, value, prefix, 32);
};

const ipv6: Reader = (operand, { text }) => {
  if (operand.kind !== 'word') return no(operand, `${text} is an IPv6 address: write it without quotes.`);
  const [address = '', prefix] = operand.text.split('/');
  const value = parseIpv6(address);
  if (value === null)
    return no(operand, `"${operand.text}" is no IPv6 address. fe80::1 is one, and fe80::/10 a network.`);
  return withPrefix(operand, value, prefix, 128);
};

function withPrefix(operand: Operand, value: Value, prefix: string | undefined, most: number): Literal {
  if (prefix === undefined) return { value, prefix: null };
  const bits = Number(prefix);
  return bits > most
    ? no(operand, `An address has ${most} bits, a network cannot fix ${prefix} of them.`)
    : { value, prefix: bits };
}

const ether: Reader = (operand, like) => {
  const read = operand.kind === 'word' ? parseBytes(operand.text) : null;
  if (read === null) return no(operand, `${like.text} is a MAC address: 02:42:ac:11:00:02, without quotes.`);
  if (read.length === 6) return read;
  return no(
    operand,
    `A MAC address has six bytes, not ${read.length}. To compare a part of it, cut it: ${like.text}[0:3] == 02:42:ac.`,
  );
};

const bytes: Reader = (operand, { text }) => {
  if (operand.kind === 'string') return Uint8Array.from(operand.value, (character) => character.charCodeAt(0));
  if (operand.kind === 'char') return Uint8Array.of(operand.value);
  const read = operand.kind === 'word' ? parseBytes(operand.text) : null;
  if (read !== null) return read;
  const written = operand.kind === 'word' ? operand.text : '';
  const advice = parseNumber(written) === null ? ` or "${written}" for text` : '';
  return no(operand, `${text} is compared with bytes: write 0a:0b:0c, 0x0a for one${advice}.`);
};

/** Bytes in hexadecimal with ":", "-" or "." between them or nothing, or one as 0x0a; null when they are none. */
export function parseBytes(text: string): Uint8Array | null {
  const hex = text.replace(/^:/, '');
  const one = /^0[xX]([0-9a-fA-F]{2})$/.exec(hex);
  if (one !== null) return Uint8Array.of(Number.parseInt(one[1] ?? '', 16));
  const separated = /^[0-9a-f]{2}(?:(?::[0-9a-f]{2})+|(?:-[0-9a-f]{2})+|(?:\.[0-9a-f]{2})+)$/i;
  if (!/^[0-9a-f]+$/i.test(hex) && !separated.test(hex) && !/^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$/i.test(hex)) return null;
  return Uint8Array.from(hex.replace(/[:.-]/g, '').match(/..?/g) ?? [], (pair) => Number.parseInt(pair, 16));
}

const string: Reader = (operand) => {
  // Without quotes is how people write it, and Wireshark takes it too.
  const value = operand.kind === 'word' ? operand.text : operand.kind === 'string' ? operand.value : null;
  if (value !== null) return value;
  return operand.kind === 'char'
    ? String.fromCharCode(operand.value)
    : no(operand, `Text is compared with text: write it between double quotes.`);
};

const READERS: Readonly<Record<ValueType, Reader>> = {
  uint8: number,
  uint16: number,
  uint24: number,
  uint32: number,
  uint64: number,
  int32: number,
  double: fraction,
  boolean,
  time,
  absolute_time: moment,
  none: mark,
  ipv4,
  ipv6,
  ether,
  bytes,
  protocol: bytes,
  string,
};
