/** Seconds: the year 10000, from which on a date is written otherwise. */
const LATEST = 253_402_300_800;

/**
 * The time of day, UTC: "13:00:01.204310". A capture may have any number for a time: one that is no time of day is said as it is.
 *
 * @param time seconds since the epoch
 * @param digits behind the second, 6 at most: a number of this size holds no more
 */
export function clockWords(time: number, digits: number): string {
  const parts = Math.round(time * 10 ** digits);
  if (!Number.isSafeInteger(parts) || time < 0 || time >= LATEST - 1) return String(time);
  const seconds = Math.floor(parts / 10 ** digits);
  const rest = String(parts - seconds * 10 ** digits).padStart(digits, '0');
  return `${new Date(seconds * 1000).toISOString().slice(11, 19)}.${rest}`;
}
