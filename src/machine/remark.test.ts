import { expect, it } from 'vitest';
import type { MachineState } from './machine.ts';
import { remarkOf, withRemarks } from './remark.ts';

it('a machine that goes on says what is the matter, once, and nothing when nothing is', () => {
  const states: MachineState[] = [
    { kind: 'loading', step: 'loading memory', done: 1, total: 2 },
    { kind: 'running' },
    { kind: 'frozen', reason: 'hidden' },
  ];
  for (const state of states) {
    expect(withRemarks(state, ['', ''])).toBe(state);
    expect(remarkOf(state)).toBe('');
    const remarked = withRemarks(state, ['Full.', '', 'Silent.', 'Full.']);
    expect(remarked).toEqual({ ...state, remark: 'Full. Silent.' });
    expect(remarkOf(remarked)).toBe('Full. Silent.');
  }
});

it('one that is off or failed has other worries', () => {
  const states: MachineState[] = [{ kind: 'off' }, { kind: 'failed', reason: 'guest-panic', message: 'panic' }];
  for (const state of states) expect(withRemarks(state, ['Full.'])).toBe(state);
});
