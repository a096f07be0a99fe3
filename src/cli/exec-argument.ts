// What `--exec "<machine>: <command>"` says.

import { nearest } from '../basics/nearest.ts';
import type { LabFile } from '../lab/lab-file.ts';
import { UsageError } from './usage-error.ts';

export interface ExecArgument {
  readonly machine: string;
  readonly command: string;
}

/** Refuses a machine that the lab does not have. @throws UsageError */
export function machineName(lab: LabFile, name: string): string {
  const names = lab.machines.map((machine) => machine.name);
  if (names.includes(name)) return name;
  const guess = nearest(name, names);
  throw new UsageError(
    `The lab "${lab.id}" has no machine "${name}". ${guess ? `Did you mean "${guess}"?` : `Machines: ${names.join(', ')}.`}`,
  );
}

/** @throws UsageError */
export function parseExec(lab: LabFile, text: string): ExecArgument {
  // A machine's name has no colon, a command may have many: the first one parts them.
  const match = /^\s*([^\s:]+)\s*:\s*(\S.*)$/s.exec(text);
  if (!match) {
    throw new UsageError(
      `--exec "${text}" does not name a machine and a command. Expected "<machine>: <command>", such as "${lab.machines[0]?.name ?? 'host-01'}: ip addr".`,
    );
  }
  return { machine: machineName(lab, match[1] ?? ''), command: match[2] ?? '' };
}
