// How long the rest of a page takes, from what is in it: words to read and commands to run, in proportion to the minutes that
// its author measured for all of it.

/** What stands under one heading. */
export interface SectionLoad {
  readonly words: number;
  readonly commands: number;
}

const wordsAMinute = 200;
/** Minutes: pressing Run, waiting, looking. */
const perCommand = 0.4;

/** In minutes, as they would be without an author's measurement. */
const raw = ({ words, commands }: SectionLoad): number => words / wordsAMinute + commands * perCommand;

/**
 * Minutes from a place in the page on.
 *
 * @param at which section the reader is in; -1: before the first of them
 * @param read how much of it has been read, 0 to 1
 * @param minutes of the whole page
 */
export function minutesLeft(sections: readonly SectionLoad[], at: number, read: number, minutes: number): number {
  const all = sections.reduce((sum, section) => sum + raw(section), 0);
  if (all === 0) return 0;
  const left = sections.reduce((sum, section, index) => {
    if (index < at) return sum;
    return sum + raw(section) * (index === at ? 1 - Math.min(1, Math.max(0, read)) : 1);
  }, 0);
  return (minutes * left) / all;
}

/** "about 14 min left"; "" at the end. */
export const leftWords = (minutes: number): string => {
  const whole = Math.ceil(minutes);
  return minutes < 0.5 ? '' : `about ${whole} min left`;
};
