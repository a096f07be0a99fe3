// A lab of one machine whose shell echoes nothing and marks all: what its ups and downs do to commands of the prose.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GuestConsole } from '../../guest/guest-console.ts';
import { LabOfMachines } from '../../lab/lab-of-machines.ts';
import { BareMachine } from '../../machine/bare-machine.ts';
import type { CommandReport } from '../ui/command-request.ts';
import { LabRuns } from './lab-runs.ts';

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

class ShellMachine extends BareMachine {
  readonly typed: string[] = [];
  override readonly consoles: readonly GuestConsole[] = [0, 1].map(
    (index) =>
      new GuestConsole(
        index,
        (bytes) => this.typed.push(`${index + 1}: ${new TextDecoder().decode(bytes)}`),
        () => {},
      ),
  );

  protected override receive(): void {}

  print(text: string): void {
    this.consoles[0]?.receive(new TextEncoder().encode(text));
  }

  prompt(status = 0): void {
    this.print(`\x1b]133;D;${status}\x07\x1b]133;A\x07root# `);
  }
}

async function begin() {
  const machine = new ShellMachine('host-01');
  const lab = new LabOfMachines('test', 'Test', [machine]);
  const shown: unknown[] = [];
  const runs = new LabRuns(lab, {
    seen: () => {},
    typed: (...where) => shown.push(where),
    show: (...what) => shown.push(what),
  });
  await lab.start();
  machine.prompt();
  await vi.advanceTimersByTimeAsync(1000);
  const ask = (command: string, more: { machine?: string; terminal?: number } = {}) => {
    const reports: CommandReport[] = [];
    runs.run({ machine: 'host-01', command, report: (report) => reports.push(report), ...more });
    return { last: () => reports.at(-1) };
  };
  return { machine, lab, runs, shown, ask };
}

it('a command goes into the terminal that was asked for, and its output can be shown', async () => {
  const { machine, shown, ask } = await begin();
  const first = ask('ls');
  ask('tcpdump', { terminal: 2 });
  expect(machine.typed).toEqual(['1: ls\r', '2: tcpdump\r']);
  machine.print('\x1b]133;C\x07');
  machine.prompt();
  machine.print('\x1b]133;C\x07');
  const report = first.last();
  if (report?.kind !== 'ended') throw new Error(`it has not ended: ${JSON.stringify(report)}`);
  report.place.show();
  // One command has begun since.
  expect(shown.at(-1)).toEqual(['host-01', 1, 1]);
});

it('a machine that is not there, or has no terminal, is named', async () => {
  const { ask } = await begin();
  expect(ask('ls', { machine: 'host-02' }).last()).toEqual({
    kind: 'failed',
    words: 'This lab has no machine host-02; it has host-01.',
  });
});

it('time that stands holds commands back, and says so', async () => {
  const { machine, ask } = await begin();
  machine.state.value = { kind: 'frozen', reason: 'reader' };
  const asked = ask('ls');
  expect(asked.last()).toMatchObject({ kind: 'queued', words: expect.stringContaining('Press Go on') });
  machine.state.value = { kind: 'running' };
  expect(machine.typed).toEqual(['1: ls\r']);
});

it('a machine that is switched off forgets what waits, and its next shell is waited for', async () => {
  const { machine, ask } = await begin();
  const [runsNow, waits] = [ask('sleep 5'), ask('ls')];
  machine.print('\x1b]133;C\x07');
  machine.state.value = { kind: 'off' };
  expect(runsNow.last()).toMatchObject({ kind: 'failed', words: expect.stringContaining('not known') });
  expect(waits.last()).toMatchObject({ kind: 'failed', words: expect.stringContaining('Not typed') });
  const early = ask('early');
  expect(early.last()).toMatchObject({ kind: 'queued', words: expect.stringContaining('is off') });
  machine.state.value = { kind: 'loading', step: 'switching on', done: 0, total: 0 };
  machine.state.value = { kind: 'running' };
  await vi.advanceTimersByTimeAsync(1000);
  expect(machine.typed).toEqual(['1: sleep 5\r']);
  machine.prompt();
  await vi.advanceTimersByTimeAsync(1000);
  expect(machine.typed).toEqual(['1: sleep 5\r', '1: early\r']);
});

it('what was said of commands is void when the machine was set back', async () => {
  const { machine, runs, ask } = await begin();
  const asked = ask('ls');
  machine.print('\x1b]133;C\x07');
  machine.prompt();
  expect(asked.last()?.kind).toBe('ended');
  runs.clear('host-02');
  expect(asked.last()?.kind).toBe('ended');
  runs.clear('host-01');
  expect(asked.last()?.kind).toBe('cleared');
});
