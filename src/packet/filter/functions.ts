// The functions of the language, as Wireshark 4.0 has them.
import { formatIpv4, formatIpv6, formatMac } from '../format.ts';
import { absolute } from './arithmetic.ts';
import type { ValueType } from './registry.ts';
import { bytesOf, kindOf, order, sizeOf, type Value } from './values.ts';

export interface FilterFunction {
  readonly about: string;
  readonly args: { readonly min: number; readonly max: number };
  /** Only fields themselves, not what another function makes of one. */
  readonly fieldsOnly: boolean;
  /** What is wrong with arguments of these types, or null. */
  readonly refuses: (types: readonly ValueType[], name: string) => string | null;
  readonly result: (types: readonly ValueType[]) => ValueType;
  /** All values of all arguments -> the function's. Not asked when there are none. */
  readonly apply: (values: readonly Value[], type: ValueType) => readonly Value[];
}

const one = { min: 1, max: 1 };
/** What string() does not take: text, and what Wireshark does not make text of. */
const WITHOUT_TEXT: ReadonlySet<ValueType> = new Set([
  'string',
  'bytes',
  'protocol',
  'boolean',
  'absolute_time',
  'none',
]);
const anything = (): null => null;
const needsText = ([type]: readonly ValueType[], name: string): string | null =>
  type === 'string' ? null : `${name}() takes a field that is text.`;
const needsNumbers = (types: readonly ValueType[], name: string): string | null =>
  types.every((type) => kindOf(type) === 'number' || type === 'time' || (type === 'absolute_time' && name !== 'abs'))
    ? null
    : `${name}() takes fields that are numbers.`;

/** The largest or the smallest of numbers. */
const extreme = (of: 'max' | 'min'): FilterFunction => ({
  about: of === 'max' ? 'The largest of some numbers.' : 'The smallest of some numbers.',
  args: { min: 1, max: 20 },
  fieldsOnly: false,
  refuses: needsNumbers,
  result: ([type = 'uint32']) => type,
  apply: (values) => {
    let best = values[0] as Value;
    for (const value of values) if (of === 'max' ? order(best, value) < 0 : order(best, value) > 0) best = value;
    return [best];
  },
});

export const FUNCTIONS: Readonly<Record<string, FilterFunction>> = {
  len: {
    about: 'How many bytes a value has.',
    args: one,
    fieldsOnly: true,
    refuses: anything,
    result: () => 'uint32',
    apply: (values, type) =>
      values.map((value) =>
        typeof value === 'number' || typeof value === 'bigint' ? (sizeOf(type) ?? 0) : value.length,
      ),
  },
  count: {
    about: 'How often a field is in a packet.',
    args: one,
    fieldsOnly: true,
    refuses: anything,
    result: () => 'uint32',
    apply: (values) => [values.length],
  },
  upper: {
    about: 'Text in capital letters.',
    args: one,
    fieldsOnly: true,
    refuses: needsText,
    result: () => 'string',
    apply: (values) => values.map((value) => String(value).replace(/[a-z]+/g, (letters) => letters.toUpperCase())),
  },
  lower: {
    about: 'Text in small letters.',
    args: one,
    fieldsOnly: true,
    refuses: needsText,
    result: () => 'string',
    apply: (values) => values.map((value) => String(value).replace(/[A-Z]+/g, (letters) => letters.toLowerCase())),
  },
  string: {
    about: 'A number or an address as text.',
    args: one,
    fieldsOnly: true,
    refuses: ([type = 'none'], name) => (WITHOUT_TEXT.has(type) ? `${name}() takes a number or an address.` : null),
    result: () => 'string',
    apply: (values, type) => values.map((value) => asText(value, type)),
  },
  max: extreme('max'),
  min: extreme('min'),
  abs: {
    about: 'A number without its sign.',
    args: one,
    fieldsOnly: false,
    refuses: needsNumbers,
    result: ([type = 'uint32']) => type,
    apply: (values) => values.map(absolute),
  },
};

export const isFunction = (name: string): boolean => Object.hasOwn(FUNCTIONS, name);

function asText(value: Value, type: ValueType): string {
  if (type === 'time') return Number(value).toFixed(9);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return type === 'ipv4' ? formatIpv4(bytesOf(value), 0) : String(value);
  if (typeof value === 'string') return value;
  return type === 'ipv6' ? formatIpv6(value, 0) : formatMac(value, 0);
}
