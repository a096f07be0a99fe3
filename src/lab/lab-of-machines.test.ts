import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlainMachine, report } from '../../tests/support/lab.ts';
import { BareMachine } from '../machine/bare-machine.ts';
import type { MachineState } from '../machine/machine.ts';
import type { HopBatch } from './lab.ts';
import { LabOfMachines } from './lab-of-machines.ts';

const stateOf = (...states: MachineState[]) =>
  new LabOfMachines(
    'l',
    'L',
    states.map((state, index) => new PlainMachine(`m${index}`, state)),
  ).state.value;

const off: MachineState = { kind: 'off' };
const running: MachineState = { kind: 'running' };
const hidden: MachineState = { kind: 'frozen', reason: 'hidden' };
const failed: MachineState = { kind: 'failed', reason: 'download', message: 'no connection' };
const loading = (step: string, done: number, total: number): MachineState => ({ kind: 'loading', step, done, total });

describe('the state of a lab', () => {
  it.each<[string, MachineState[], MachineState]>([
    ['running when all run', [running, running], running],
    ['off when none was started', [off, off], off],
    ['running while another one is off', [running, off], running],
    ['frozen when one is, with its reason', [running, hidden], hidden],
    ['running while another one starts again', [running, loading('a', 1, 10)], running],
    [
      'loading, bytes added up, named by the first that loads',
      [off, loading('a', 1, 10), loading('b', 20, 300)],
      loading('a', 21, 310),
    ],
    ['loading while the others are off', [off, loading('a', 1, 0)], loading('a', 1, 0)],
    [
      'running with what its machines remark, each remark once',
      [
        { ...running, remark: 'The storage is full.' },
        { ...running, remark: 'The agent of b does not report.' },
        { ...running, remark: 'The storage is full.' },
      ],
      { ...running, remark: 'The storage is full. The agent of b does not report.' },
    ],
    [
      'frozen, and says what another one remarks',
      [{ ...running, remark: 'Full.' }, hidden],
      { ...hidden, remark: 'Full.' },
    ],
    ['running while another one has failed', [failed, running], running],
    ['frozen while another one has failed, or loads', [loading('a', 1, 2), failed, hidden], hidden],
    ['failed when the others are off', [off, failed], failed],
    ['loading while another one has failed', [failed, loading('a', 1, 2)], loading('a', 1, 2)],
  ])('%s', (_, states, together) => {
    expect(stateOf(...states)).toEqual(together);
  });

  it('is of the same kind in whatever order its machines are', () => {
    const any = fc.constantFrom(off, running, hidden, failed, loading('a', 1, 2));
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 5 }), (states) => {
        expect(stateOf(...states.toReversed()).kind).toBe(stateOf(...states).kind);
      }),
    );
  });

  it('is loading until the last machine has loaded, when all of it starts', async () => {
    const [a, b] = [new PlainMachine('a'), new PlainMachine('b')];
    const lab = new LabOfMachines('l', 'L', [a, b]);
    lab.state.subscribe(() => undefined);
    let arrive = (): void => undefined;
    a.start = async () => {
      a.state.value = loading('RAM', 5, 5);
      a.state.value = running;
    };
    b.start = async () => {
      b.state.value = loading('RAM', 3, 7);
      await new Promise<void>((resolve) => {
        arrive = resolve;
      });
      b.state.value = running;
    };
    const started = lab.start();
    expect(a.state.value).toEqual(running);
    expect(lab.state.value).toEqual(loading('RAM', 8, 12));
    arrive();
    await started;
    expect(lab.state.value).toEqual(running);
  });

  it('follows its machines through start, freeze, thaw and reset', async () => {
    const machines = [new PlainMachine('a'), new PlainMachine('b')];
    const lab = new LabOfMachines('l', 'L', machines);
    const seen: string[] = [];
    lab.state.subscribe(({ kind }) => {
      if (seen.at(-1) !== kind) seen.push(kind);
    });
    await lab.start();
    await lab.freeze('hidden');
    expect(lab.state.value).toEqual(hidden);
    await lab.thaw();
    await lab.reset();
    expect(seen).toEqual(['off', 'running', 'frozen', 'running', 'off', 'running']);
  });
});

describe('the hops of a lab', () => {
  async function open() {
    const [a, b] = [new PlainMachine('a'), new PlainMachine('b')];
    const lab = new LabOfMachines('l', 'L', [a, b]);
    const batches: HopBatch[] = [];
    const end = lab.onHops((batch) => batches.push(batch));
    await lab.start();
    a.kernel.value = report(100, [1, 2]);
    b.kernel.value = report(200, [1]);
    const hops = () => batches.flatMap((batch) => batch.hops);
    return { lab, a, b, batches, hops, end };
  }

  it('are numbered in order of arrival over all machines, and know machine and device', async () => {
    const { lab, a, b, batches, hops } = await open();
    a.saw([2, 1]);
    b.saw([1], [{ from: 1, until: 2, count: 3 }]);
    a.saw([9]);
    expect(hops().map(({ n, machine, deviceId }) => [n, machine, deviceId])).toEqual([
      [1, 'a', 'a/100/2'],
      [2, 'a', 'a/100/1'],
      [3, 'b', 'b/200/1'],
      [4, 'a', ''],
    ]);
    expect(batches.map(({ lost }) => lost)).toEqual([[], [{ machine: 'b', from: 1, until: 2, count: 3 }], []]);
    const devices = new Set(lab.graph.value.devices.map(({ id }) => id));
    for (const { deviceId } of hops().slice(0, 3)) expect(devices).toContain(deviceId);
  });

  it('still know a device that the kernel has just taken away', async () => {
    const { a, hops } = await open();
    a.kernel.value = report(100, [1]);
    a.saw([2]);
    expect(hops()[0]?.deviceId).toBe('a/100/2');
  });

  it('are counted from 1 again in a new run, which their batch says, and go on when a part of the lab is started', async () => {
    const { lab, a, b, batches, hops } = await open();
    a.saw([1]);
    await lab.start();
    a.saw([1]);
    b.state.value = failed;
    await lab.start();
    a.saw([1]);
    await lab.reset();
    a.saw([1]);
    expect(hops().map(({ n }) => n)).toEqual([1, 2, 3, 1]);
    expect(batches.map(({ run }) => run)).toEqual([1, 1, 1, 2]);
  });

  it('are all told when time stands, also those that wait for their sender’s word', async () => {
    const machines = [new PlainMachine('a'), new PlainMachine('b')];
    const lab = new LabOfMachines('l', 'L', machines, [{ name: 'lan', machines: ['a', 'b'] }]);
    const told: string[] = [];
    lab.onHops(({ hops }) => told.push(...hops.map(({ machine }) => machine)));
    await lab.start();
    machines[0]?.sends(new Uint8Array(60).fill(0xff, 0, 6));
    expect(told).toEqual([]);
    lab.clock.hold();
    expect(told).toEqual(['wire']);
    await lab.dispose();
  });

  it('reach nobody who has left, and nobody at all when the lab is disposed of', async () => {
    const { lab, a, b, batches, end } = await open();
    end();
    end();
    a.saw([1]);
    expect(batches).toEqual([]);
    lab.onHops((batch) => batches.push(batch));
    await lab.dispose();
    expect([a, b].map(({ disposed, taps }) => [disposed, taps.size])).toEqual([
      [true, 0],
      [true, 0],
    ]);
    const before = lab.graph.value;
    a.kernel.value = report(100, [1, 2, 3]);
    expect(lab.graph.value).toBe(before);
  });
});

it('the picture has every machine’s part, and keeps nodes that did not change as the same objects', async () => {
  const [a, b] = [new PlainMachine('a'), new PlainMachine('b')];
  const lab = new LabOfMachines('l', 'L', [a, b]);
  expect(lab.graph.value.machines.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(lab.graph.value.devices).toEqual([]);
  a.kernel.value = report(100, [1]);
  b.kernel.value = report(100, [1]);
  expect(lab.graph.value.devices.map(({ id }) => id)).toEqual(['a/100/1', 'b/100/1']);
  const [first] = lab.graph.value.devices;
  b.kernel.value = report(100, [1, 2]);
  expect(lab.graph.value.devices).toHaveLength(3);
  expect(lab.graph.value.devices[0]).toBe(first);
  const same = lab.graph.value;
  b.kernel.value = { ...report(100, [1, 2]), time: 2 };
  expect(lab.graph.value).toBe(same);
  await a.stop();
  expect(lab.graph.value.machines.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(lab.graph.value.devices.map(({ machine }) => machine)).toEqual(['b', 'b']);
});

it('machines that cannot be frozen, slowed or unplugged are citizens all the same: the wire between them can be held', async () => {
  const one = new EchoMachine('echo-01');
  const other = new EchoMachine('echo-02');
  const lab = new LabOfMachines('echo', 'Echo', [one, other], [{ name: 'lan', machines: ['echo-01', 'echo-02'] }]);
  const hops: string[] = [];
  lab.onHops((batch) => hops.push(...batch.hops.map(({ machine, device }) => `${machine}/${device}`)));
  await lab.start();
  one.send(new Uint8Array(60).fill(0xff, 0, 6));
  expect(other.frames).toBe(1);
  expect(one.frames).toBe(1);
  // Told after the machines have their frames.
  await null;
  expect(hops).toEqual(['wire/lan', 'wire/lan']);
  await lab.freeze();
  one.send(new Uint8Array(60).fill(0xff, 0, 6));
  expect(other.frames).toBe(1);
  await lab.thaw();
  expect(other.frames).toBe(2);
  lab.setCable('echo-02', false);
  one.send(new Uint8Array(60).fill(0xff, 0, 6));
  expect(other.frames).toBe(2);
  expect(() => lab.setSpeed(0.5)).toThrow('echo-01 cannot run slowly');
  await expect(lab.checkpoint('here')).rejects.toThrow('echo-01 cannot go back to an earlier moment');
  expect(lab.state.value.kind).toBe('running');
  await lab.dispose();
});

/** A driver's machine at its smallest: it sends back what comes to it for everybody, once. */
class EchoMachine extends BareMachine {
  frames = 0;

  send(frame: Uint8Array): void {
    this.sent.emit(frame);
  }

  protected receive(frame: Uint8Array): void {
    if (this.frames++ === 0 && frame[6] === 0) this.send(frame.slice().fill(1, 6, 12));
  }
}
