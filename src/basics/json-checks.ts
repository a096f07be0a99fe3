// The one way in which JSON that somebody else wrote is read: a machine's report, a recording that a reader drops on the
// page, a file of a server. A reader is a function made of the checks below. Each check takes a value and the path at which
// it was found (`hops[3].way`), and gives it back with its type, or throws a Mismatch that names the place; what no check
// asked for is not copied. By hand: a schema library would weigh more on a page than all that it checks.
//
//   const wire = (value: unknown, path: string) => {
//     const from = object(value, path, ['id', 'mtu']);
//     return { id: string(from.id, `${path}.id`), ...optional(from, 'mtu', path, natural) };
//   };
//   const read = readJson('wires', text, 10_000, (value) => list(value, '', 100, wire));
//   if (!read.ok) console.error(read.error);                   // wires: [2].id: expected a string, got 7

import { visible } from './visible.ts';

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  /** For people: what was read, where in it, what was expected and what was there. */
  | { readonly ok: false; readonly error: string };

/** A check: gives the value back as what it is. @throws Mismatch */
export type Check<T> = (value: unknown, path: string) => T;

/** Text of at most `longest` characters -> what `check` makes of it. `what` begins the error. Never throws, whatever the text is. */
export function readJson<T>(what: string, text: string, longest: number, check: Check<T>): Read<T> {
  if (text.length > longest)
    return { ok: false, error: `${what}: ${text.length} characters, more than the ${longest} that are read` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, error: `${what}: not JSON (${shorten(visible(reason), 200)})` };
  }
  return readValue(what, value, check);
}

/** The same for JSON that has been parsed already. Throws only what is a fault of `check` itself. */
export function readValue<T>(what: string, value: unknown, check: Check<T>): Read<T> {
  try {
    return { ok: true, value: check(value, '') };
  } catch (error) {
    if (error instanceof Mismatch) return { ok: false, error: `${what}: ${error.message}` };
    throw error;
  }
}

/** What was expected where, and what was there. */
export class Mismatch extends Error {}

/** @throws Mismatch, always. `expected` goes on after "expected ": "a list", "at most 3 items". */
export function mismatch(path: string, expected: string, value: unknown): never {
  throw new Mismatch(
    visible(`${shorten(path, 200) || 'top level'}: expected ${expected}, got ${shorten(textOf(value), 60)}`),
  );
}

function textOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // Nested so deep that writing it down takes more stack than there is.
    return 'something nested too deep';
  }
}

const shorten = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

export type Fields = Readonly<Record<string, unknown>>;

/** An object; with `keys`: one that has no others. Whether one may be missing is for its own check to say. */
export function object<K extends string = string>(
  value: unknown,
  path: string,
  keys?: readonly K[],
): Readonly<Record<K, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch(path, 'an object', value);
  const known: readonly string[] | undefined = keys;
  const strange = known && Object.keys(value).find((key) => !known.includes(key));
  if (strange !== undefined) mismatch(path, `only ${keys?.join(', ')}`, { [strange]: 'unknown key' });
  return value as Readonly<Record<K, unknown>>;
}

/** A list of at most `most` items. */
export function list<T>(value: unknown, path: string, most: number, item: Check<T>): T[] {
  if (!Array.isArray(value)) return mismatch(path, 'a list', value);
  if (value.length > most) return mismatch(path, `at most ${most} items`, value.length);
  return value.map((entry: unknown, index) => item(entry, `${path}[${index}]`));
}

/** The same, and an empty list where there is none. */
export const optionalList = <T>(value: unknown, path: string, most: number, item: Check<T>): T[] =>
  value === undefined ? [] : list(value, path, most, item);

const LONGEST = 512;

/** Text of at most `longest` characters: as it is, so that whoever shows it makes it harmless (basics/visible.ts). */
export function string(value: unknown, path: string, longest: number = LONGEST): string {
  if (typeof value !== 'string') return mismatch(path, 'a string', value);
  if (value.length > longest) return mismatch(path, `at most ${longest} characters`, value.length);
  return value;
}

/** Text of the usual length that has a form; `expected` says which. */
export function matching(value: unknown, path: string, form: RegExp, expected: string): string {
  const text = string(value, path);
  return form.test(text) ? text : mismatch(path, expected, value);
}

/** A string of the usual length, as a Check: for `optional` and `list`. */
export const name: Check<string> = (value, path) => string(value, path);

export function integer(value: unknown, path: string, least = 0, most: number = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
    return mismatch(path, `an integer from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}`, value);
  return value as number;
}

/** An integer from 0, as a Check: for `optional` and `list`. */
export const natural: Check<number> = (value, path) => integer(value, path);

export function number(value: unknown, path: string, least: number, most: number): number {
  if (typeof value !== 'number' || !(value >= least && value <= most))
    return mismatch(path, `a number from ${least} to ${most}`, value);
  return value;
}

export function boolean(value: unknown, path: string): boolean {
  return typeof value === 'boolean' ? value : mismatch(path, 'true or false', value);
}

export function oneOf<T extends string>(value: unknown, path: string, values: readonly T[]): T {
  const found = values.find((one) => one === value);
  return found ?? mismatch(path, values.join(' or '), value);
}

/** { key: check(value) } when the field is there, {} when it is not: what exactOptionalPropertyTypes asks for. */
export function optional<K extends string, T>(from: Fields, key: K, path: string, check: Check<T>): { [P in K]?: T } {
  const value = from[key];
  return value === undefined ? {} : ({ [key]: check(value, `${path}.${key}`) } as { [P in K]?: T });
}
