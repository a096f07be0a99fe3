// A machine that is asked for one thing while another is on its way.
import { effect } from '@preact/signals-core';
import { expect, it, vi } from 'vitest';
import { emptyWasm, manifestOf, SpokenThread } from '../../../tests/support/v86-thread.ts';
import { LabOfMachines } from '../../lab/lab-of-machines.ts';
import type { ToMachine } from './thread/messages.ts';
import { V86Machine } from './v86-machine.ts';

function machineOf(name: string) {
  const workers: SpokenThread[] = [];
  const machine = new V86Machine({
    name,
    start: { from: 'snapshot', manifest: manifestOf(name), base: '/' },
    wasm: async () => emptyWasm,
    thread: () => {
      const w = new SpokenThread();
      w.auto = true;
      workers.push(w);
      return w;
    },
  });
  const worker = () => workers.at(-1) as SpokenThread;
  return { machine, worker };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));
const turns = async () => {
  for (let i = 0; i < 15; i++) await turn();
};

it('hidden while it loads: machines and clock stand', async () => {
  const { machine, worker } = machineOf('host-01');
  const lab = new LabOfMachines('a', 'A', [machine]);
  const end = effect(() => {
    if (lab.state.value.kind === 'running') void lab.freeze('hidden');
  });
  const started = lab.start();
  await turn();
  worker().say({ type: 'running' });
  await started;
  await turns();
  end();
  expect(lab.state.value).toEqual({ kind: 'frozen', reason: 'hidden' });
  expect(lab.clock.held).toBe(true);
});

it('frozen while it is let go on: the clock stands', async () => {
  const { machine, worker } = machineOf('host-01');
  const lab = new LabOfMachines('a', 'A', [machine]);
  const started = lab.start();
  await turn();
  worker().say({ type: 'running' });
  await started;
  await lab.freeze();
  const thawing = lab.thaw();
  await Promise.resolve();
  await Promise.all([lab.freeze(), thawing]);
  await turns();
  expect(lab.state.value.kind).toBe('frozen');
  expect(lab.clock.held).toBe(true);
});

it('back to a moment at which a machine was off, while it is being switched on', async () => {
  const one = machineOf('host-01');
  const two = machineOf('host-02');
  const lab = new LabOfMachines('a', 'A', [one.machine, two.machine]);
  const started = lab.start();
  await turn();
  one.worker().say({ type: 'running' });
  two.worker().say({ type: 'running' });
  await started;
  await two.machine.powerOff();
  const checkpoint = await lab.checkpoint('');
  void two.machine.start();
  await turns();
  const back = lab.goBackTo(checkpoint);
  await turns();
  two.worker().say({ type: 'running' });
  await back;
  await turns();
  expect(two.machine.state.value.kind).toBe('off');
});

it('switched off while its kernel resets it, it stays off', async () => {
  const { machine, worker } = machineOf('host-01');
  const started = machine.start();
  await turn();
  worker().say({ type: 'running' });
  await started;
  worker().auto = false;
  const off = machine.powerOff();
  await turn();
  worker().say({ type: 'rebooting' }); // said before it heard "power-off"
  const question = worker().posted.findLast(({ type }) => type === 'power-off') as Extract<ToMachine, { id: number }>;
  worker().answerOne(question);
  await off;
  worker().say({ type: 'running' }); // power.ts: #powerOn goes on behind off()'s back
  expect(machine.state.value.kind).toBe('off');
});

it('a report that is nested too deep costs itself, not the thread’s listener', async () => {
  const { machine, worker } = machineOf('host-01');
  const started = machine.start();
  await turn();
  worker().say({ type: 'running' });
  await started;
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  expect(() =>
    worker().say({ type: 'agent', line: `report {"time":${'['.repeat(20000)}${']'.repeat(20000)}}` }),
  ).not.toThrow();
});
it('thaw while it goes back', async () => {
  const { machine, worker } = machineOf('host-01');
  const started = machine.start();
  await turn();
  worker().say({ type: 'running' });
  await started;
  await machine.freeze();
  await machine.checkpoint(1);
  worker().auto = false;
  const back = machine.goBackTo(1);
  await turns();
  const thaw = machine.thaw();
  await turns();
  // While the engine takes it back nothing else is asked of it.
  const order = worker()
    .posted.map(({ type }) => type)
    .filter((t) => t === 'go-back' || t === 'thaw');
  expect(order).toEqual(['go-back']);
  void back;
  void thaw;
});

it('is let go on only when it is back: what is asked meanwhile waits', async () => {
  const { machine, worker } = machineOf('host-01');
  const lab = new LabOfMachines('a', 'A', [machine]);
  const started = lab.start();
  await turn();
  worker().say({ type: 'running' });
  await started;
  const checkpoint = await lab.checkpoint('');
  worker().posted.length = 0;
  const back = lab.goBackTo(checkpoint);
  await Promise.resolve();
  await Promise.all([lab.thaw(), back]);
  const order = worker().posted.map(({ type }) => type);
  expect(order.filter((type) => type === 'freeze' || type === 'go-back' || type === 'thaw').slice(0, 3)).toEqual([
    'freeze',
    'go-back',
    'thaw',
  ]);
  expect([lab.state.value.kind, lab.clock.held]).toEqual(['running', false]);
});
