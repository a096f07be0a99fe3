// What does not work as it should in a machine that goes on all the same: said beside its state for as long as it is so.
import type { MachineState } from './machine.ts';

/** Sentences, "" when there is nothing to say. Takes the page's own states too. */
export function remarkOf(state: { readonly kind: string; readonly remark?: string }): string {
  return state.remark ?? '';
}

/** The state with these sentences, each said once; one that is off or failed has other worries. */
export function withRemarks(state: MachineState, remarks: Iterable<string>): MachineState {
  const remark = [...new Set(remarks)].filter((words) => words !== '').join(' ');
  return remark === '' || state.kind === 'off' || state.kind === 'failed' ? state : { ...state, remark };
}
