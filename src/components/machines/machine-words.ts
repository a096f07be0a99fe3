// One machine's state, in the words of the picture, its menu and those who listen.
import { cannotWords, whyNot } from '../../machine/abilities.ts';
import type { Machine, MachineState } from '../../machine/machine.ts';
import { plural } from '../ui/words.ts';

/** What is known of a machine besides its name. */
export interface MachineFacts {
  readonly state: MachineState;
  /** Whether its cable is in; left out: it has none. */
  readonly cable: boolean | undefined;
  /** Its kernel has reported since it was switched on. */
  readonly reported: boolean;
  /** Packets that its tap has lost; left out: none, as far as is known. */
  readonly lost?: number;
}

/** "off", "no report yet", "" when there is nothing to say: it runs, and its cable is in. A frozen lab is told of once, for all. */
export function machineNote({ state, cable, reported, lost = 0 }: MachineFacts): string {
  const quiet = state.kind === 'frozen' || (state.kind === 'running' && reported);
  const word = state.kind === 'running' ? 'no report yet' : machineWord(state);
  const missing = lost === 0 ? '' : `${plural(lost, 'packet')} lost by its tap`;
  const parts = [quiet ? '' : word, cable === false ? 'cable pulled' : '', missing];
  return parts.filter((part) => part !== '').join(', ');
}

export function machineWord(state: MachineState): string {
  switch (state.kind) {
    case 'off':
      return 'off';
    case 'loading':
      return 'starting';
    case 'running':
      return 'running';
    case 'frozen':
      return 'frozen';
    case 'failed':
      return 'stopped';
  }
}

export interface MachineAction {
  readonly name: 'off' | 'on' | 'reboot' | 'reset' | 'pull' | 'plug';
  readonly label: string;
  /** What it does, where the label alone does not say it. */
  readonly about: string;
  /** Why nobody can do it to this machine, a sentence; "" when one can. */
  readonly whyNot: string;
}

/** What there is to do to a machine now, also when this one cannot; nothing while time stands, or it is on its way. */
export function actionsFor(
  machine: Pick<Machine, 'name' | 'can'>,
  state: MachineState,
  cable: boolean | undefined,
): readonly MachineAction[] {
  if (state.kind === 'frozen' || state.kind === 'loading') return [];
  const always = { whyNot: '' };
  const byPower = { whyNot: whyNot([machine], 'power') };
  const reset: MachineAction = {
    name: 'reset',
    label: 'Reset…',
    about: 'Back to how it was at the start of the lab',
    ...always,
  };
  if (state.kind === 'failed') {
    // After a panic its disk is still there (Machine.start).
    const about = state.reason === 'guest-panic' ? 'It boots, with its disk as it is' : 'From how it was at the start';
    return [{ name: 'on', label: 'Start again', about, ...always }];
  }
  if (state.kind === 'off')
    return [{ name: 'on', label: 'Switch on', about: 'It boots, with its disk as it is', ...always }, reset];
  // The wire is cut all the same: what the machine does not see of it, is said.
  const pulled = machine.can.carrier ? 'Its NIC loses the wire' : cannotWords(machine, 'carrier');
  const cabling: MachineAction[] =
    cable === undefined
      ? []
      : cable
        ? [{ name: 'pull', label: 'Pull the cable', about: pulled, ...always }]
        : [{ name: 'plug', label: 'Plug the cable in', about: 'Its NIC is on the wire again', ...always }];
  return [
    ...cabling,
    { name: 'reboot', label: 'Reboot', about: 'Power off and on: its disk stays, what ran is gone', ...byPower },
    { name: 'off', label: 'Switch off', about: 'At once, as if the power failed', ...byPower },
    reset,
  ];
}

/** What stands in the box of a machine of which nothing can be drawn, or that has stopped; "" when there is no need. */
export function boxWords({ state, reported }: Pick<MachineFacts, 'state' | 'reported'>): string {
  switch (state.kind) {
    case 'off':
      return 'Off';
    case 'loading':
      return state.total > 0 ? `Starting, ${Math.floor((100 * state.done) / state.total)} %` : 'Starting';
    case 'failed':
      return `Stopped: ${state.message}`;
    case 'running':
      return reported ? '' : 'Waiting for its kernel’s first report';
    case 'frozen':
      return '';
  }
}
