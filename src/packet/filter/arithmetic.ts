// Sums in filters, as Wireshark 4.0 does them (epan/ftypes): 32 bits wide, never around the edge. A result that does not fit is no value at all,
// and so is a division by zero. Unsigned numbers are numbers; what became signed, by a minus or a difference below zero, is a bigint.
import type { ValueType } from './registry.ts';
import type { Arithmetic } from './syntax.ts';
import { bytesOf, kindOf, type Value } from './values.ts';

const MOST_UNSIGNED = 0xffff_ffff;
const MOST_SIGNED = 0x7fff_ffff;
const LEAST_SIGNED = -0x8000_0000;

/** Whether values of that type can stand on the sides of that operator. */
export function canCalculate(type: ValueType, op: Arithmetic): boolean {
  const kind = kindOf(type);
  if (kind === 'number') return true;
  if (kind === 'time') return op === '+' || op === '-';
  return op === '&' && (kind === 'bytes' || kind === 'ipv4' || kind === 'ipv6');
}

/** null: no value, because it does not fit, or would be divided by zero. The sides are of one kind, `type` is the left one's. */
export function calculate(op: Arithmetic, type: ValueType, left: Value, right: Value): Value | null {
  if (kindOf(type) === 'time') return op === '+' ? Number(left) + Number(right) : Number(left) - Number(right);
  if (isNumber(left) && isNumber(right)) {
    // The sum inside this one did not fit.
    if (!Number.isInteger(Number(left)) || !Number.isInteger(Number(right))) return null;
    if (kindOf(type) === 'ipv4') return (Number(left) & Number(right)) >>> 0;
    return type === 'int32' || typeof left === 'bigint'
      ? signed(op, Number(left), Number(right) | 0)
      : unsigned(op, left, type === 'uint64' ? Number(right) : Number(right) >>> 0, type === 'uint64');
  }
  const mask = bytesOf(right);
  return bytesOf(left).map((byte, i) => byte & (mask[i] ?? 0));
}

/** null: too large to have a sign. */
export function negative(type: ValueType, value: Value): Value | null {
  if (kindOf(type) === 'time') return -Number(value);
  if (type === 'uint64' || typeof value === 'bigint') return BigInt(-Number(value));
  return Number(value) > MOST_SIGNED ? null : BigInt(-Number(value));
}

/** Wireshark 4.0 leaves what has no sign as it is. */
export function absolute(value: Value): Value {
  if (typeof value === 'bigint') return value < 0n ? -value : value;
  return Math.abs(Number(value));
}

const isNumber = (value: Value): value is number | bigint => typeof value === 'number' || typeof value === 'bigint';

const fitsSigned = (value: number): bigint | null =>
  value >= LEAST_SIGNED && value <= MOST_SIGNED ? BigInt(value) : null;

/** @param wide 64 bits, as exact as a number can be */
function unsigned(op: Arithmetic, left: number, right: number, wide: boolean): Value | null {
  if (op === '-' && right > left) {
    const fit = wide || (left <= MOST_SIGNED && right <= MOST_SIGNED);
    return fit ? BigInt(left - right) : null;
  }
  if (op === '&') return wide ? Number(BigInt(left) & BigInt(right)) : (left & right) >>> 0;
  const result = apply(op, left, right);
  return result === null || result > (wide ? 2 ** 64 : MOST_UNSIGNED) ? null : result;
}

function signed(op: Arithmetic, left: number, right: number): Value | null {
  const result = op === '&' ? left & right : apply(op, left, right);
  return result === null ? null : fitsSigned(result);
}

function apply(op: Exclude<Arithmetic, '&'>, left: number, right: number): number | null {
  switch (op) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? null : Math.trunc(left / right);
    case '%':
      return right === 0 ? null : left % right;
  }
}
