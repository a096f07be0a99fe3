// Numbers, sizes and times as they are written all over the page.

/** "1 packet", "12,345 packets". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** "12.3 of 41.0 MB"; "" when nothing is known. In bytes; shown in decimal megabytes, as browsers show downloads. */
export function bytesWords(done: number, total: number): string {
  const mega = (bytes: number) => (bytes / 1e6).toFixed(1);
  if (total > 0) return `${mega(Math.min(done, total))} of ${mega(total)} MB`;
  return done > 0 ? `${mega(done)} MB` : '';
}

/** "8 s", "2 min 05 s". */
export function durationWords(seconds: number): string {
  const whole = Math.floor(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** A journey has the number of its packet's first sighting: the one that the list of packets shows. */
export const inList = (sentence: string): string => sentence.replaceAll(/\bjourney (\d+)/g, 'no. $1 of the list');
