// The commands of the prose in a lab: which terminal each is typed into, and what the lab's own ups and downs mean for them.
import { effect, untracked } from '@preact/signals-core';
import { frontProgram } from '../../guest/ask/front-program.ts';
import { ShellWatch } from '../../guest/shell-watch.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine, MachineState } from '../../machine/machine.ts';
import type { CommandRequest, CommandSeen } from '../ui/command-request.ts';
import { ConsoleRuns } from './console-runs.ts';

export interface RunsShown {
  /** A command was typed into this terminal of a machine; its number counts from 1. */
  typed(machine: string, terminal: number): void;
  /** A command has ended that nobody pressed Run for. */
  seen(seen: CommandSeen): void;
  /** Shows what was printed for the command that began as the last but `since`-th; undefined: the end of the terminal. */
  show(machine: string, terminal: number, since: number | undefined): void;
}

interface MachineRuns {
  readonly machine: Machine;
  readonly shells: readonly ShellWatch[];
  readonly runs: readonly ConsoleRuns[];
}

export class LabRuns {
  readonly #machines: ReadonlyMap<string, MachineRuns>;
  readonly #ends: (() => void)[] = [];

  constructor(lab: Lab, shown: RunsShown) {
    this.#machines = new Map(lab.machines.map((machine) => [machine.name, runsOf(machine, shown)]));
    for (const one of this.#machines.values()) this.#ends.push(follow(one));
  }

  run(request: CommandRequest): void {
    const found = this.#machines.get(request.machine);
    const runs = found?.runs[(request.terminal ?? 1) - 1] ?? found?.runs[0];
    if (runs) runs.add(request);
    else if (found)
      request.report({
        kind: 'failed',
        words: `${request.machine} has no terminal: nothing can be typed into it.`,
      });
    else {
      const names = [...this.#machines.keys()].join(', ');
      request.report({ kind: 'failed', words: `This lab has no machine ${request.machine}; it has ${names}.` });
    }
  }

  /** A machine was set back to its start; all of them, if none is named. */
  clear(machine?: string): void {
    for (const [name, { runs }] of this.#machines)
      if (machine === undefined || name === machine) for (const one of runs) one.clear();
  }

  dispose(): void {
    for (const end of this.#ends.splice(0)) end();
    for (const { runs, shells } of this.#machines.values()) {
      for (const one of runs) one.dispose();
      for (const shell of shells) shell.dispose();
    }
  }
}

function runsOf(machine: Machine, shown: RunsShown): MachineRuns {
  const shells = machine.consoles.map((console) => new ShellWatch(console));
  const runs: ConsoleRuns[] = [];
  for (const [at, console] of machine.consoles.entries()) {
    const shell = shells[at];
    if (!shell) continue;
    const number = console.index + 1;
    runs.push(
      new ConsoleRuns({
        machine: machine.name,
        console,
        shell,
        front: () => frontProgram(machine, console.index),
        other: () => runs.find((_, other) => other !== at) ?? null,
        onSeen: (seen) => shown.seen(seen),
        onTyped: () => shown.typed(machine.name, number),
        show: (begun) =>
          shown.show(
            machine.name,
            number,
            begun === undefined || begun > shell.begun ? undefined : shell.begun - begun,
          ),
      }),
    );
  }
  return { machine, shells, runs };
}

/** Follows the machine's ups and downs until it is told to end. */
function follow({ machine, shells, runs }: MachineRuns): () => void {
  let before: MachineState['kind'] | undefined;
  return effect(() => {
    const state = machine.state.value;
    const isNew = state.kind !== before;
    const ran = before === 'running' || before === 'frozen';
    before = state.kind;
    // Of one that is loaded, what its terminals showed when it was saved may be there already, with its marks.
    if (isNew && (state.kind === 'off' || state.kind === 'failed' || (state.kind === 'loading' && ran))) {
      for (const shell of shells) shell.forget();
      if (ran) for (const one of runs) one.lose(`${machine.name} was switched off, or stopped.`);
    }
    const why = whyNotNow(machine.name, state);
    // Whatever is looked at while they are told is no reason to tell them again.
    untracked(() => {
      for (const one of runs) one.stand(why);
    });
  });
}

/** "" when it runs. */
function whyNotNow(name: string, state: MachineState): string {
  switch (state.kind) {
    case 'running':
      return '';
    case 'frozen':
      return state.reason === 'reader'
        ? 'Waits: time stands still. Press Go on in the lab.'
        : 'Waits for the lab to go on.';
    case 'loading':
      return `Waits for ${name} to start.`;
    case 'off':
      return `Waits: ${name} is off. Its menu is in the lab, over the picture.`;
    case 'failed':
      return `Waits: ${name} has stopped. The lab says why.`;
  }
}
