// A moment as Wireshark prints one.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** "Nov  7, 2023 11:45:04.375000000 UTC", from seconds since 1970 and nanoseconds. */
export function formatTime(seconds: number, nanoseconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = String(at.getUTCDate()).padStart(2, ' ');
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  return `${MONTHS[at.getUTCMonth()]} ${day}, ${at.getUTCFullYear()} ${clock}.${String(nanoseconds).padStart(9, '0')} UTC`;
}
