// Dates with a time, as filters write them and columns show them. Always UTC: what a filter finds does not depend on where it is typed.

/** Since the epoch; in two numbers, because one cannot hold nanoseconds. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** 2026-11-29 12:34:56.789, with a T between, or without a time. */
const ISO = /^(?<year>\d{4})-(?<month>\d\d?)-(?<day>\d\d?)(?:[T ]+(?<clock>.+))?$/;
/** Nov 29, 2026 12:34:56.789 */
const WORDS = /^(?<word>[A-Za-z]{3}) +(?<day>\d\d?), +(?<year>\d{4})(?: +(?<clock>.+))?$/;
const CLOCK =
  /^(?<hour>\d\d?):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,9}))?)? *(?<zone>Z|UTC|[+-]\d\d:?\d\d)?$/;

export const nanosecondsOf = ({ seconds, nanoseconds }: Timestamp): bigint =>
  BigInt(Math.floor(seconds)) * 1_000_000_000n + BigInt(Math.floor(nanoseconds));

/** "Nov 29, 2026 12:34:56.789000000 UTC", as tshark prints it where the clock is UTC's. */
export function formatMoment({ seconds, nanoseconds }: Timestamp): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = String(date.getUTCDate()).padStart(2);
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const fraction = String(nanoseconds).padStart(9, '0');
  return `${MONTHS[date.getUTCMonth()]} ${day}, ${date.getUTCFullYear()} ${clock}.${fraction} UTC`;
}

/** Nanoseconds since the epoch; null: the text is no date. Without a zone it is UTC's. */
export function parseMoment(text: string): bigint | null {
  const date = (ISO.exec(text.trim()) ?? WORDS.exec(text.trim()))?.groups;
  if (date === undefined) return null;
  const clock = CLOCK.exec(date['clock'] ?? '00:00:00')?.groups;
  if (clock === undefined) return null;
  const month = date['word'] === undefined ? Number(date['month']) - 1 : monthOf(date['word']);
  const [year, day] = [Number(date['year']), Number(date['day'])];
  const [hour, minute, second] = [Number(clock['hour']), Number(clock['minute']), Number(clock['second'] ?? 0)];
  const midnight = new Date(Date.UTC(year, month, day));
  if (midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day) return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const seconds = midnight.getTime() / 1000 + hour * 3600 + minute * 60 + second - zoneOf(clock['zone']);
  return nanosecondsOf({ seconds, nanoseconds: Number((clock['fraction'] ?? '').padEnd(9, '0')) });
}

const monthOf = (word: string): number => MONTHS.findIndex((name) => name.toLowerCase() === word.toLowerCase());

/** Seconds that a zone's clock is ahead. */
function zoneOf(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'UTC') return 0;
  const digits = zone.replace(/\D/g, '');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
