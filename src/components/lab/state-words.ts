// The state of a lab in words: what the toolbar says, and what a failure means for the reader.
import type { FailureReason, MachineState } from '../../machine/machine.ts';
import type { SessionState } from './lab-session.ts';

/** A few words, for the toolbar and for screen readers. `machines`: of a lab that has several. */
export function stateWords(state: SessionState, machines: readonly MachineState[] = []): string {
  switch (state.kind) {
    case 'off':
      return 'Off';
    case 'building':
      return 'Being built on this server';
    case 'loading':
      return 'Starting';
    case 'running':
      return machines.length > 1 ? runningWords(machines) : 'Running';
    case 'frozen':
      return state.reason === 'reader' ? 'Time stands still' : 'Time stands still while nobody sees it';
    case 'failed':
      return 'Stopped';
  }
}

/** "3 machines running", "2 of 3 machines running" */
function runningWords(machines: readonly MachineState[]): string {
  const running = machines.filter(({ kind }) => kind === 'running').length;
  return running === machines.length
    ? `${running} machines running`
    : `${running} of ${machines.length} machines running`;
}

/** What to do about a failure, beside what its own message says. */
export function adviceFor(reason: FailureReason | 'build'): string {
  const advice: Record<FailureReason | 'build', string> = {
    // The message of a failed build says it itself.
    build: '',
    'no-webassembly':
      'Use a browser with WebAssembly switched on (a lockdown mode switches it off). The text needs neither.',
    'out-of-memory': 'Close other tabs, or use a computer with more memory, then try again.',
    download: 'Check the connection and try again: what has arrived is kept.',
    mismatch: 'Reload the page: the machine and its disk on this server changed between two downloads.',
    'guest-panic':
      'Under Undo are the checkpoints that you have kept. Try again boots the machine, with its disk as it is.',
    'worker-gone': 'The browser ended the machine, mostly for lack of memory. Close other tabs and try again.',
  };
  return advice[reason];
}
