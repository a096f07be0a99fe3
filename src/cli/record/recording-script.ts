// The script of a recording: what a reader would type, a line a command. `# on host-02` sends what follows to that machine's
// terminal; other lines that begin with # are for those who read the script.
import type { LabFile } from '../../lab/lab-file.ts';
import { machineName } from '../exec-argument.ts';
import { UsageError } from '../usage-error.ts';

export interface ScriptLine {
  readonly machine: string;
  readonly text: string;
}

/** @throws UsageError when there is nothing to type, or a machine that the lab does not have */
export function parseScript(lab: LabFile, source: string, path: string): ScriptLine[] {
  let machine = lab.machines[0]?.name ?? '';
  const lines: ScriptLine[] = [];
  for (const line of source.split('\n')) {
    const text = line.trim();
    const on = /^#\s*on\s+(\S+)$/.exec(text)?.[1];
    if (on !== undefined) machine = machineName(lab, on);
    if (text === '' || text.startsWith('#')) continue;
    if (text.endsWith('\\'))
      throw new UsageError(`${path}: a command is one line here, and "${text}" goes on in the next one. Join them.`);
    lines.push({ machine, text });
  }
  if (lines.length === 0) throw new UsageError(`${path} has no command to type. One command a line.`);
  return lines;
}
