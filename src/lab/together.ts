// The states of several machines as one: what the lab's toolbar says, and whether there is anything to see in its panes.
import type { MachineState } from '../machine/machine.ts';
import { remarkOf, withRemarks } from '../machine/remark.ts';

/**
 * As long as one machine runs or is frozen, so does the lab: what is the matter with another one is said where that machine
 * is. `starting`: while the whole lab is, it loads until the last machine has loaded; `loaded` is what those that have did
 * load, bytes.
 */
export function together(states: readonly MachineState[], starting: boolean, loaded = 0): MachineState {
  return withRemarks(asOne(states, starting, loaded), states.map(remarkOf));
}

function asOne(states: readonly MachineState[], starting: boolean, loaded: number): MachineState {
  const first = <Kind extends MachineState['kind']>(kind: Kind) =>
    states.find((state): state is Extract<MachineState, { kind: Kind }> => state.kind === kind);
  const alive = first('frozen') ?? first('running');
  const loading = states.filter((state) => state.kind === 'loading');
  if (loading.length > 0 && (starting || alive === undefined)) {
    return {
      kind: 'loading',
      step: loading[0]?.step ?? '',
      done: loading.reduce((sum, state) => sum + state.done, loaded),
      total: loading.reduce((sum, state) => sum + state.total, loaded),
    };
  }
  if (alive === undefined) return first('failed') ?? { kind: 'off' };
  return alive.kind === 'frozen' ? alive : { kind: 'running' };
}
