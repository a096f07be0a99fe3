import { expect, test } from 'vitest';
import { PlainMachine } from '../../tests/support/lab.ts';
import { LabOfMachines } from './lab-of-machines.ts';

function twoHosts() {
  const machines = [new PlainMachine('host-01'), new PlainMachine('host-02')] as const;
  const lab = new LabOfMachines('two-hosts', 'Two hosts', machines, [
    { name: 'lan', machines: ['host-01', 'host-02'] },
  ]);
  return { lab, machines };
}

test('a checkpoint is taken of all machines while they stand, and they go on; so they do after going back', async () => {
  const { lab, machines } = twoHosts();
  await lab.start();
  const checkpoint = await lab.checkpoint('before the mistake');
  expect(lab.checkpoints.value).toEqual([checkpoint]);
  expect(lab.state.value.kind).toBe('running');
  await lab.goBackTo(checkpoint);
  expect(machines.map(({ wentBackTo }) => wentBackTo)).toEqual([[checkpoint.id], [checkpoint.id]]);
  expect(lab.state.value.kind).toBe('running');
  expect(lab.clock.held).toBe(false);
});

test('of a lab that is frozen it leaves it frozen; going back lets it go on', async () => {
  const { lab } = twoHosts();
  await lab.start();
  await lab.freeze();
  const checkpoint = await lab.checkpoint('');
  expect(lab.state.value.kind).toBe('frozen');
  await lab.goBackTo(checkpoint);
  expect(lab.state.value.kind).toBe('running');
});

test('cables are as they were, and so is what was under way on the wire', async () => {
  const { lab, machines } = twoHosts();
  await lab.start();
  await lab.freeze();
  const frame = new Uint8Array(60);
  frame.fill(0xff, 0, 6);
  machines[0].sends(frame);
  expect(lab.wires[0]?.waiting.value).toHaveLength(1);
  const checkpoint = await lab.checkpoint('');
  await lab.thaw();
  expect(machines[1].received).toHaveLength(1);
  lab.setCable('host-02', false);
  expect(machines[1].carrier).toBe(false);
  await lab.goBackTo(checkpoint);
  expect(machines[1].carrier).toBe(true);
  expect(lab.cables.value.get('host-02')).toBe(true);
  expect(machines[1].received).toHaveLength(2);
});

test.each([
  ['host-01', 1],
  ['host-02', 0],
] as const)(
  'what was on the wire when the cable of %s was pulled fares the same after going back',
  async (name, got) => {
    const { lab, machines } = twoHosts();
    const lost: boolean[] = [];
    lab.onHops(({ hops }) => lost.push(...hops.map(({ undelivered }) => undelivered !== undefined)));
    await lab.start();
    await lab.freeze();
    const frame = new Uint8Array(60);
    frame.fill(0xff, 0, 6);
    machines[0].sends(frame);
    lab.setCable(name, false);
    const checkpoint = await lab.checkpoint('');
    await lab.thaw();
    await expect.poll(() => lost).toEqual([got === 0]);
    expect(machines[1].received).toHaveLength(got);
    await lab.goBackTo(checkpoint);
    await expect.poll(() => lost).toEqual([got === 0, got === 0]);
    expect(machines[1].received).toHaveLength(2 * got);
    expect(lab.cables.value.get(name)).toBe(false);
  },
);

test('a machine that was off is switched off again', async () => {
  const { lab, machines } = twoHosts();
  await lab.start();
  await machines[1].powerOff();
  const checkpoint = await lab.checkpoint('');
  await machines[1].start();
  await lab.goBackTo(checkpoint);
  expect(machines[1].state.value.kind).toBe('off');
  expect(machines[0].wentBackTo).toEqual([checkpoint.id]);
});

test('when a machine cannot be kept, none is, and the lab goes on', async () => {
  const { lab, machines } = twoHosts();
  await lab.start();
  machines[1].checkpoint = () => Promise.reject(new Error('the storage is full'));
  await expect(lab.checkpoint('')).rejects.toThrow('the storage is full');
  expect(machines[0].checkpoints.size).toBe(0);
  expect(lab.checkpoints.value).toEqual([]);
  expect(lab.state.value.kind).toBe('running');
});

test('the reset of a machine, or of the lab, ends them: there is nothing of it to go back to', async () => {
  const { lab } = twoHosts();
  await lab.start();
  const checkpoint = await lab.checkpoint('first');
  await lab.resetMachine('host-01');
  expect(lab.checkpoints.value).toEqual([]);
  await expect(lab.goBackTo(checkpoint)).rejects.toThrow('There is no checkpoint "first" any more');
  await expect(lab.resetMachine('host-3')).rejects.toThrow(RangeError);
});

test('a machine without a wire has no cable to pull', () => {
  const lab = new LabOfMachines('alone', 'Alone', [new PlainMachine('host-01')]);
  expect(() => lab.setCable('host-01', false)).toThrow(RangeError);
  expect(lab.cables.value.size).toBe(0);
});

test('when one machine has lost its part, none goes back, and the lab goes on as it was', async () => {
  const { lab, machines } = twoHosts();
  await lab.start();
  const checkpoint = await lab.checkpoint('before');
  machines[1].checkpoints.clear();
  await expect(lab.goBackTo(checkpoint)).rejects.toThrow(
    'The lab cannot go back to "before". host-02 has no such checkpoint: it was reset since.',
  );
  expect(machines[0].wentBackTo).toEqual([]);
  expect(lab.state.value.kind).toBe('running');
  expect(lab.clock.held).toBe(false);
});

test('a machine that cannot be kept is named, and nothing is', async () => {
  const { lab, machines } = twoHosts();
  Object.assign(machines[1], { can: { ...machines[1].can, checkpoint: false } });
  await lab.start();
  await expect(lab.checkpoint('before')).rejects.toThrow('host-02 cannot go back to an earlier moment');
  expect(lab.checkpoints.value).toEqual([]);
  expect(lab.state.value.kind).toBe('running');
});
