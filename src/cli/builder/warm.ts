// The commands that readers run first, run before the snapshot is taken, so that they are quick in the page.
import type { LabMachine } from '../../lab/lab-file.ts';
import type { V86Machine } from '../../machine/v86/v86-machine.ts';
import type { InGuest } from './in-guest.ts';
import { dropPageCache } from './tidy-up.ts';

export type Tell = (fraction: number, detail: string) => void;

/**
 * Everything that the commands load is loaded now, then thrown out of memory, then loaded again: what is left in the page cache
 * is what a reader's first command needs, and no more. A machine that is made from another one throws nothing out: what that one
 * has loaded costs it nothing, and would be loaded again to another place.
 *
 * @param script text of the file that `warm.run` names
 */
export async function warm(machine: V86Machine, file: LabMachine, script: string | null, run: InGuest, tell: Tell) {
  const steps: (readonly [string, () => Promise<unknown>])[] = [];
  if (script !== null) {
    steps.push(['rehearsing the first commands', () => run(script)]);
    if (file.from === undefined)
      steps.push(['dropping the page cache', () => run(dropPageCache)], ['rehearsing them again', () => run(script)]);
  }
  for (const command of file.warm?.type ?? []) steps.push([`typing ${command}`, () => type(machine, command, run)]);
  for (const [index, [detail, work]] of steps.entries()) {
    tell(index / steps.length, detail);
    await work();
  }
}

/** Types a command as a reader does, for the page cache of the shell's own machinery. */
async function type(machine: V86Machine, command: string, run: InGuest): Promise<void> {
  const done = '/run/typed';
  for (const key of `${command}; touch ${done}\r`) {
    machine.consoles[0]?.write(new TextEncoder().encode(key));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await run(
    `until [ -e ${done} ]; do sleep 0.2; done; rm ${done} # "${command.replaceAll('\n', ' ')}", typed into the terminal`,
  );
}
