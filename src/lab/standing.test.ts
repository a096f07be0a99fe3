// Time in a lab while its machines are on their way: stopped, let go on, kept and taken back in any order.
import { expect, test } from 'vitest';
import { PlainMachine, report } from '../../tests/support/lab.ts';
import { frame } from '../../tests/support/wire.ts';
import type { FreezeReason } from '../machine/machine.ts';
import { LabOfMachines } from './lab-of-machines.ts';
import { TimeControl } from './time-control.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** As V86Machine: one thing after another, and an answer takes a while. */
class SlowMachine extends PlainMachine {
  #queue: Promise<void> = Promise.resolve();
  answers: (() => void)[] = [];
  /** Answers come when answerAll() is called; or else after so many turns of the event loop. */
  slow = true;
  takes = 0;
  #one(work: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }
  #ask = async () => {
    if (this.slow) await new Promise<void>((resolve) => this.answers.push(resolve));
    for (let left = this.takes; left > 0; left--) await turn();
  };
  override freeze = (reason: FreezeReason = 'reader') =>
    this.#one(async () => {
      if (this.state.value.kind !== 'running') return;
      this.state.value = { kind: 'frozen', reason };
      await this.#ask();
    });
  override thaw = () =>
    this.#one(async () => {
      if (this.state.value.kind !== 'frozen') return;
      await this.#ask();
      this.state.value = { kind: 'running' };
    });
  async answerAll() {
    for (let i = 0; i < 20; i++) {
      for (const answer of this.answers.splice(0)) answer();
      await turn();
    }
  }
}

function lab(...machines: PlainMachine[]) {
  return new LabOfMachines('two', 'Two', machines, [{ name: 'lan', machines: machines.map(({ name }) => name) }]);
}

test('a lab that is stopped while it is being let go on stands, machines and clock', async () => {
  const m = new SlowMachine('host-01');
  const l = lab(m);
  await l.start();
  const f = l.freeze();
  await m.answerAll();
  await f;
  expect(l.clock.held).toBe(true);
  const thawing = l.thaw();
  await turn();
  const freezing = l.freeze('hidden');
  await m.answerAll();
  await Promise.all([thawing, freezing]);
  expect(m.state.value.kind).toBe('frozen');
  expect(l.clock.held).toBe(true);
});

test('what was under way when a running lab was kept is under way again after going back', async () => {
  const one = new PlainMachine('host-01');
  const two = new PlainMachine('host-02');
  const l = lab(one, two);
  await l.start();
  // It sends a frame before it stands: "What a machine sends before it stands is held, too" (lab-of-machines.ts).
  const freeze = two.freeze;
  two.freeze = async (reason) => {
    two.sends(frame(2, 255));
    await freeze(reason);
    two.freeze = freeze;
  };
  const checkpoint = await l.checkpoint('');
  expect(one.received).toHaveLength(1);
  await l.goBackTo(checkpoint);
  expect(one.received).toHaveLength(2);
});

test('what a machine sends after the checkpoint is not part of it', async () => {
  const one = new SlowMachine('host-01');
  one.slow = false;
  const two = new PlainMachine('host-02');
  const l = lab(one, two);
  await l.start();
  l.wires[0]?.port('host-02')?.setLink({ delay: 50 } as never);
  const thaw = two.thaw;
  two.thaw = async () => {
    await thaw();
    two.sends(frame(2, 255, 7));
    two.thaw = thaw;
  };
  const checkpoint = await l.checkpoint('');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(one.received).toHaveLength(1);
  await l.goBackTo(checkpoint); // it would send it again by itself
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(one.received).toHaveLength(1);
});

test('one machine fails to go back: the other gets there before it goes on, and no part stays frozen', async () => {
  const one = new PlainMachine('host-01');
  const two = new PlainMachine('host-02');
  const l = lab(one, two);
  await l.start();
  const checkpoint = await l.checkpoint('');
  const log: string[] = [];
  one.goBackTo = () => Promise.reject(new Error('emulator'));
  const back = two.goBackTo;
  two.goBackTo = async (id) => {
    await turn();
    await turn();
    await back(id);
    log.push('two is back');
  };
  const thaw = two.thaw;
  two.thaw = async () => {
    log.push('two is thawed');
    await thaw();
  };
  await expect(l.goBackTo(checkpoint)).rejects.toThrow('emulator');
  for (let i = 0; i < 5; i++) await turn();
  expect(log).toEqual(['two is back', 'two is thawed']);
  expect(l.state.value.kind).toBe('running');
});

test('going back twice at once is done one after the other', async () => {
  const one = new PlainMachine('host-01');
  const two = new PlainMachine('host-02');
  const l = lab(one, two);
  await l.start();
  const a = await l.checkpoint('a');
  const b = await l.checkpoint('b');
  const log: string[] = [];
  for (const m of [one, two]) {
    const back = m.goBackTo;
    m.goBackTo = async (id) => {
      log.push(`${m.name} begins ${id}`);
      for (let i = 0; i < (m === one ? 2 : id === b.id ? 9 : 4); i++) await turn();
      await back(id);
      log.push(`${m.name} ends ${id}`);
    };
  }
  await Promise.all([l.goBackTo(a), l.goBackTo(b)]);
  expect(log).toEqual([
    'host-01 begins 1',
    'host-02 begins 1',
    'host-01 ends 1',
    'host-02 ends 1',
    'host-01 begins 2',
    'host-02 begins 2',
    'host-01 ends 2',
    'host-02 ends 2',
  ]);
});

test('two checkpoints at once are taken one after the other', async () => {
  const one = new PlainMachine('host-01');
  const l = lab(one);
  await l.start();
  const take = one.checkpoint;
  one.checkpoint = async (id) => {
    for (let i = 0; i < 3; i++) await turn();
    await take(id);
  };
  const results = await Promise.allSettled([l.checkpoint('a'), turn().then(() => l.checkpoint('b'))]);
  expect(results.map((r) => (r.status === 'rejected' ? String(r.reason) : 'ok'))).toEqual(['ok', 'ok']);
});

test('a machine that is reset or started in a lab that stands does not run', async () => {
  const one = new PlainMachine('host-01');
  const two = new PlainMachine('host-02');
  const l = lab(one, two);
  await l.start();
  await l.freeze();
  await l.resetMachine('host-02');
  expect(two.state.value.kind).toBe('frozen');
  await two.powerOff();
  await l.startMachine('host-02');
  expect(two.state.value.kind).toBe('frozen');
  await l.thaw();
  expect([one.state.value.kind, two.state.value.kind, l.clock.held]).toEqual(['running', 'running', false]);
});

test('a breakpoint matches what the first machine sees while the second is still being let go on', async () => {
  const one = new SlowMachine('host-01');
  const two = new SlowMachine('host-02');
  one.slow = two.slow = false;
  one.takes = 1;
  two.takes = 6;
  const l = lab(one, two);
  const time = new TimeControl(l);
  await l.start();
  one.kernel.value = report(1, [2]);
  expect(time.addBreakpoint('frame.len >= 0')).toMatchObject({ ok: true });
  await time.freeze();
  const going = time.goOn();
  for (let i = 0; i < 3; i++) await turn();
  expect(one.state.value.kind).toBe('running');
  one.saw([2]);
  for (let i = 0; i < 30; i++) await turn();
  await going;
  expect([one.state.value.kind, two.state.value.kind]).toEqual(['frozen', 'frozen']);
  expect(time.state.value.frozen).toBe(true);
  expect(l.clock.held).toBe(true);
});
