import { expect, test } from 'vitest';
import { canAll, canNothing } from '../../machine/abilities.ts';
import type { MachineState } from '../../machine/machine.ts';
import { actionsFor, boxWords, machineNote } from './machine-words.ts';

const running: MachineState = { kind: 'running' };
const off: MachineState = { kind: 'off' };
const failed: MachineState = { kind: 'failed', reason: 'guest-panic', message: 'Its kernel stopped.' };
const frozen: MachineState = { kind: 'frozen', reason: 'reader' };
const host = { name: 'host-01', can: canAll };
const names = (state: MachineState, cable?: boolean) => actionsFor(host, state, cable).map(({ name }) => name);

test('a machine that runs with its cable in needs no words', () => {
  expect(machineNote({ state: running, cable: true, reported: true })).toBe('');
  expect(machineNote({ state: running, cable: undefined, reported: true })).toBe('');
  expect(machineNote({ state: running, cable: false, reported: true })).toBe('cable pulled');
  expect(machineNote({ state: off, cable: false, reported: false })).toBe('off, cable pulled');
  expect(machineNote({ state: running, cable: true, reported: false })).toBe('no report yet');
  expect(machineNote({ state: frozen, cable: true, reported: true })).toBe('');
});

test('a machine whose tap lost packets says how many, whatever else is the matter', () => {
  expect(machineNote({ state: running, cable: true, reported: true, lost: 937 })).toBe('937 packets lost by its tap');
  expect(machineNote({ state: off, cable: true, reported: false, lost: 1 })).toBe('off, 1 packet lost by its tap');
});

test('what can be done follows from the state', () => {
  expect(names(running, true)).toEqual(['pull', 'reboot', 'off', 'reset']);
  expect(names(running, false)).toEqual(['plug', 'reboot', 'off', 'reset']);
  expect(names(running)).toEqual(['reboot', 'off', 'reset']);
  expect(names(off, true)).toEqual(['on', 'reset']);
  expect(names(failed, true)).toEqual(['on']);
  expect(names(frozen, true)).toEqual([]);
  expect(names({ kind: 'loading', step: 'booting', done: 0, total: 0 }, true)).toEqual([]);
});

test('a machine that is off, starts or failed says so in its box', () => {
  expect(boxWords({ state: off, reported: false })).toBe('Off');
  expect(boxWords({ state: failed, reported: true })).toBe('Stopped: Its kernel stopped.');
  expect(boxWords({ state: { kind: 'loading', step: 'RAM', done: 21, total: 84 }, reported: false })).toBe(
    'Starting, 25 %',
  );
  expect(boxWords({ state: running, reported: false })).toBe('Waiting for its kernel’s first report');
  expect(boxWords({ state: running, reported: true })).toBe('');
});

test('what is said of starting again is what happens: after a panic the disk is still there', () => {
  const about = (reason: 'guest-panic' | 'worker-gone') =>
    actionsFor(host, { kind: 'failed', reason, message: '' }, true).map((action) => action.about);
  expect(about('guest-panic')).toEqual(['It boots, with its disk as it is']);
  expect(about('worker-gone')).toEqual(['From how it was at the start']);
});

test('what a machine cannot do is there all the same, with the reason; a reset it can always do', () => {
  const bare = { name: 'host-01', can: canNothing };
  const why = actionsFor(bare, running, true).map(({ name, whyNot }) => [name, whyNot]);
  const noPower = 'host-01 cannot be switched off and on: it can only be reset.';
  expect(why).toEqual([
    ['pull', ''],
    ['reboot', noPower],
    ['off', noPower],
    ['reset', ''],
  ]);
  expect(actionsFor(host, running, true).every(({ whyNot }) => whyNot === '')).toBe(true);
  expect(actionsFor(bare, off, true).every(({ whyNot }) => whyNot === '')).toBe(true);
});

test('a cable can be pulled though the machine does not notice, which is said', () => {
  const about = (can: typeof canAll) => actionsFor({ name: 'host-01', can }, running, true)[0]?.about;
  expect(about(canAll)).toBe('Its NIC loses the wire');
  expect(about(canNothing)).toBe(
    'host-01 cannot see that its cable was pulled: its link stays up, and what it sends is lost.',
  );
});
