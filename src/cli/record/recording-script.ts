// The script of a recording: what a reader would type, a line a command. `# on host-02` sends what follows to that machine's
// terminal; `# record` ends the preparations: what is typed before it is not in the recording. Other lines that begin with #
// are for those who read the script.
import type { LabFile } from '../../lab/lab-file.ts';
import { machineName } from '../exec-argument.ts';
import { UsageError } from '../usage-error.ts';

export interface ScriptLine {
  readonly machine: string;
  readonly text: string;
  /** Typed before the recording begins. */
  readonly prepares: boolean;
}

/** @throws UsageError when there is nothing to type, or a machine that the lab does not have */
export function parseScript(lab: LabFile, source: string, path: string): ScriptLine[] {
  let machine = lab.machines[0]?.name ?? '';
  const lines: ScriptLine[] = [];
  const all = source.split('\n').map((line) => line.trim());
  const begin = all.indexOf('# record');
  for (const [index, text] of all.entries()) {
    const on = /^#\s*on\s+(\S+)$/.exec(text)?.[1];
    if (on !== undefined) machine = machineName(lab, on);
    if (text === '' || text.startsWith('#')) continue;
    if (text.endsWith('\\'))
      throw new UsageError(`${path}: a command is one line here, and "${text}" goes on in the next one. Join them.`);
    lines.push({ machine, text, prepares: index < begin });
  }
  if (!lines.some(({ prepares }) => !prepares))
    throw new UsageError(`${path} has no command to type. One command a line.`);
  return lines;
}
