// What a terminal printed, as text that can be read.
import type { Recording, TypedCommand } from './recording.ts';

/** What a terminal sends besides text: colours, titles, bracketed paste (ECMA-48 control sequences, and xterm's OSC). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROLS = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;

/** Without colours and carriage returns. */
export const plainText = (text: string): string => text.replace(CONTROLS, '').replaceAll('\r', '');

/** What a command printed: from the line after it to the line before the next prompt. */
export function outputOf({ terminal }: Recording, { machine, at, until }: TypedCommand): string {
  const printed = terminal.filter(
    (one) => one.machine === machine && one.console === 0 && one.at >= at && one.at <= until,
  );
  const lines = plainText(printed.map(({ text }) => text).join('')).split('\n');
  return lines.slice(1, -1).join('\n');
}
