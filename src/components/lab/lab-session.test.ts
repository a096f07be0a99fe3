import { expect, test, vi } from 'vitest';
import { PlainMachine } from '../../../tests/support/lab.ts';
import type { Lab } from '../../lab/lab.ts';
import { LabOfMachines } from '../../lab/lab-of-machines.ts';
import { canNothing } from '../../machine/abilities.ts';
import { ManifestError } from '../../machine/driver.ts';

const opened: Lab[] = [];
let refusal: Error | undefined;
let machine = new PlainMachine('host-01');
vi.mock('../../lab/open-lab.ts', () => ({
  openLab: async () => {
    if (refusal !== undefined) throw refusal;
    machine = new PlainMachine('host-01');
    const lab = new LabOfMachines('a', 'A', [machine]);
    opened.push(lab);
    return lab;
  },
}));
vi.mock('./build-status.ts', async (o) => ({ ...(await o<object>()), whenBuilt: async () => {} }));
const { LabSession } = await import('./lab-session.ts');
const turn = () => new Promise((r) => setImmediate(r));
const session = () => new LabSession({ lab: 'a', base: '/', onState: () => {}, onLab: async () => () => {} });

test('its kernel resets it while nobody looks; seen again before it has loaded, it goes on', async () => {
  const s = session();
  await s.start();
  await s.seen(false);
  expect(s.state).toMatchObject({ kind: 'frozen', reason: 'hidden' });
  // v86-machine.ts, 'rebooting': said before the thread heard "freeze"
  machine.state.value = { kind: 'loading', step: '', done: 0, total: 0 };
  await s.seen(true);
  machine.state.value = { kind: 'frozen', reason: 'hidden' }; // #arrived, with #toFreeze
  await turn();
  expect(s.state.kind).toBe('running');
});
test('cancelled while the lab before it is given up: nothing starts', async () => {
  const s = session();
  await s.start();
  machine.state.value = { kind: 'failed', reason: 'guest-panic', message: '' };
  opened.length = 0;
  const started = s.start();
  await s.cancel();
  await started;
  await turn();
  expect(opened).toHaveLength(0);
  expect(s.state.kind).toBe('off');
});
test('start, cancel, start: one lab', async () => {
  const s = session();
  opened.length = 0;
  const a = s.start();
  const b = s.cancel();
  await Promise.all([a, b]);
  await s.start();
  await turn();
  expect(opened).toHaveLength(1);
});

test('panels that cannot be loaded end the lab, and it can be started again', async () => {
  opened.length = 0;
  let fails = true;
  const s = new LabSession({
    lab: 'a',
    base: '/',
    onState: () => {},
    onLab: async () => {
      if (fails) throw new Error('A part of the page could not be loaded.');
      return () => {};
    },
  });
  await s.start();
  expect(s.state).toMatchObject({
    kind: 'failed',
    reason: 'download',
    message: 'A part of the page could not be loaded.',
  });
  expect(machine.disposed).toBe(true);
  fails = false;
  await s.start();
  expect(s.state.kind).toBe('running');
  expect(opened).toHaveLength(2);
});

test('nobody looks at a lab in which nothing can be frozen: it goes on, and so do its wires', async () => {
  const s = session();
  await s.start();
  Object.assign(machine, { can: canNothing });
  await s.seen(false);
  expect(s.state.kind).toBe('running');
  expect(opened.at(-1)?.clock.held).toBe(false);
  await s.seen(true);
  expect(s.state.kind).toBe('running');
});

test('a description that is not understood ends the start with what to do: that is no broken connection', async () => {
  const s = session();
  refusal = new ManifestError('The lab a is described in format 2, and this page knows format 3');
  await s.start();
  refusal = undefined;
  expect(s.state).toEqual({
    kind: 'failed',
    reason: 'mismatch',
    message:
      'The lab a is described in format 2, and this page knows format 3. Reload the page; if that does not help, build the lab again (npm run build).',
  });
});

test('where there is nothing to keep a lab in, it runs and says so; going on from there says why not', async () => {
  const said: unknown[] = [];
  const s = new LabSession({
    lab: 'a',
    base: '/',
    onState: () => {},
    onLab: async () => () => {},
    onKept: (kept) => said.push(kept),
    onRefused: (why) => said.push(why),
  });
  await s.start('kept');
  expect(s.state.kind).toBe('off');
  await s.start();
  expect(s.state.kind).toBe('running');
  expect(s.safe).toBe(false);
  expect(said).toEqual(['Nothing is kept of this lab any more.', 'none']);
});
