import type { MachineState } from './machine.ts';

/** "host-01 is frozen: …": why a machine in this state runs no command, and what to do first. */
export function whyNoCommand(name: string, state: Exclude<MachineState, { kind: 'running' }>): string {
  switch (state.kind) {
    case 'off':
      return `${name} is off. Start it, then run the command again.`;
    case 'loading':
      return `${name} is still starting. Run the command again when it runs.`;
    case 'frozen':
      return `${name} is frozen: nothing happens in it. Let it go on, then run the command again.`;
    case 'failed':
      return `${name} has stopped. ${state.message}`;
  }
}
