// What a strict reader asks of JSON that it does not trust. Written by hand, as in topology/parse-report.ts: a schema library
// would weigh more on a page than all that it checks.

/** What was expected where, and what was there. */
export class Mismatch extends Error {}

export function mismatch(path: string, expected: string, value: unknown): never {
  const shown = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value));
  throw new Mismatch(
    `recording: ${path || 'top level'}: expected ${expected}, got ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}`,
  );
}

export type Fields = Readonly<Record<string, unknown>>;

/** An object with these keys and no others; whether one may be missing is for its own check to say. */
export function object(value: unknown, path: string, keys: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch(path, 'an object', value);
  for (const key of Object.keys(value))
    if (!keys.includes(key)) mismatch(path, `only ${keys.join(', ')}`, { [key]: 'unknown key' });
  return value as Fields;
}

export function list<T>(value: unknown, path: string, most: number, item: (value: unknown, path: string) => T): T[] {
  if (!Array.isArray(value)) return mismatch(path, 'a list', value);
  if (value.length > most) return mismatch(path, `at most ${most} items`, value.length);
  return value.map((entry: unknown, index) => item(entry, `${path}[${index}]`));
}

export const optionalList = <T>(
  value: unknown,
  path: string,
  most: number,
  item: (value: unknown, path: string) => T,
): T[] => (value === undefined ? [] : list(value, path, most, item));

const LONGEST = 512;

export function string(value: unknown, path: string, longest: number = LONGEST): string {
  if (typeof value !== 'string') return mismatch(path, 'a string', value);
  if (value.length > longest) return mismatch(path, `at most ${longest} characters`, value.length);
  return value;
}

export const name = (value: unknown, path: string): string => string(value, path);

export function integer(value: unknown, path: string, least = 0, most: number = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
    return mismatch(path, `an integer from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}`, value);
  return value as number;
}

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

/** { key: check(value) } when the field is there, {} when it is not. */
export function optional<K extends string, T>(
  from: Fields,
  key: K,
  path: string,
  check: (value: unknown, path: string) => T,
): { [P in K]?: T } {
  const value = from[key];
  return value === undefined ? {} : ({ [key]: check(value, `${path}.${key}`) } as { [P in K]?: T });
}
