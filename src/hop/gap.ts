// What no tap told of: packets went by, and nobody knows which.

import { clockWords } from './clock-words.ts';

/** Packets that a machine's tap lost: there was no room for them in its kernel, or what it told was cut off. */
export interface Gap {
  readonly machine: string;
  /** Seconds since the epoch, by the clock of the machine's hops: they went by between these two moments. */
  readonly from: number;
  readonly until: number;
  /** How many, at least. A packet that several devices see counts at each. */
  readonly count: number;
}

/** Packets that are missing in all of them. */
export const missingIn = (gaps: readonly Pick<Gap, 'count'>[]): number =>
  gaps.reduce((sum, { count }) => sum + count, 0);

/** "The tap of host-01 lost at least 937 packets between 13:00:01.204 and 13:00:05.710 (UTC)." */
export function gapWords({ machine, from, until, count }: Gap): string {
  const packets = count === 1 ? '1 packet' : `${count.toLocaleString('en')} packets`;
  return `The tap of ${machine} lost at least ${packets} between ${clockWords(from, 3)} and ${clockWords(until, 3)} (UTC).`;
}
