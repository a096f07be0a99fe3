// A line as a shell shows it while it is typed, against a command as it is written: without what only moves or colours, and
// without blanks, for where a terminal is narrow the line is broken.
// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control sequences are what is taken out

const sequences = /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-Z\\^_=>]/g;

export const withoutBlanks = (shown: string): string => shown.replace(sequences, '').replace(/[\s\x00-\x1f\x7f]/g, '');

/** What was typed behind the prompt, in one line; "" when there is no prompt of ours before it. */
export function typedIn(shown: string): string {
  const line = shown.replace(sequences, '').replace(/[\s\x00-\x1f\x7f]+/g, ' ');
  const end = line.search(/[#$]/);
  return end < 0 ? '' : line.slice(end + 1).trim();
}

/**
 * Whether a line that a shell showed, prompt and all, is this command and no other.
 *
 * @param line as withoutBlanks gives it
 */
export function isLineOf(line: string, command: string): boolean {
  // "root@host-01:~#": a prompt of ours has one such sign, at its end.
  const end = line.search(/[#$]/);
  const typed = withoutBlanks(command);
  return end >= 0 && typed !== '' && line.slice(end + 1) === typed;
}
