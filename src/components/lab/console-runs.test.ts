// A console whose other end is a shell in this file: it echoes, marks its commands as the labs' shells do, and hands the
// keys to the program in front while there is one.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FrontProgram } from '../../guest/ask/front-program.ts';
import { GuestConsole } from '../../guest/guest-console.ts';
import { ShellWatch } from '../../guest/shell-watch.ts';
import type { CommandReport, CommandRequest, CommandSeen } from '../ui/command-request.ts';
import { ConsoleRuns } from './console-runs.ts';

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }),
);
afterEach(() => void vi.useRealTimers());

class Shell {
  readonly console: GuestConsole;
  readonly watch: ShellWatch;
  /** Lines as the shell read them. */
  readonly lines: string[] = [];
  /** What programs in front got. */
  toPrograms = '';
  front: FrontProgram | null = null;
  marks = true;
  echo = false;
  #line = '';
  #killed = '';

  constructor(index = 0) {
    this.console = new GuestConsole(
      index,
      (bytes) => this.#keys(new TextDecoder().decode(bytes)),
      () => {},
    );
    this.watch = new ShellWatch(this.console);
  }

  print(text: string): void {
    this.console.receive(new TextEncoder().encode(text));
  }

  prompt(status = 0): void {
    this.front = null;
    this.print(this.marks ? `\x1b]133;D;${status}\x07\x1b]133;A\x07root# ` : 'root# ');
  }

  /** What the reader types. */
  type(text: string): void {
    this.console.write(new TextEncoder().encode(text));
  }

  #keys(text: string): void {
    if (this.echo) this.print(text.replaceAll('\r', '\r\n'));
    for (const key of text) {
      if (this.front !== null) {
        this.toPrograms += key;
        if (key === '\x03' && !this.front.isShell) this.prompt(130);
      } else if (key === '\x03') {
        this.#line = '';
        this.prompt(130);
      } else if (key === '\x0b') {
        this.#killed = this.#line;
        this.#line = '';
      } else if (key === '\x19') this.#line += this.#killed;
      else if (key === '\r') this.#enter();
      else if (key >= ' ') this.#line += key;
    }
  }

  #enter(): void {
    if (this.#line.endsWith('\\')) {
      this.#line += '\n';
      this.print('> ');
      return;
    }
    const line = this.#line;
    this.#line = '';
    this.lines.push(line);
    if (line === '') this.prompt();
    else if (line.endsWith('do')) this.print('> ');
    else {
      if (this.marks) this.print('\x1b]133;C\x07');
      this.front = { words: line, isOwnShell: false, isShell: / sh$/.test(line) };
    }
  }
}

const seen: CommandSeen[] = [];

function runs(shell: Shell, other: () => ConsoleRuns | null = () => null): ConsoleRuns {
  return new ConsoleRuns({
    machine: 'host-01',
    console: shell.console,
    shell: shell.watch,
    front: async () => shell.front ?? { words: '/bin/bash -l', isOwnShell: true, isShell: true },
    other,
    onTyped: () => {},
    onSeen: (one) => seen.push(one),
    show: () => {},
  });
}

class Asked implements CommandRequest {
  readonly machine = 'host-01';
  readonly command: string;
  readonly reports: CommandReport[] = [];

  constructor(command: string) {
    this.command = command;
  }

  report(report: CommandReport): void {
    this.reports.push(report);
  }

  get last(): CommandReport | undefined {
    return this.reports.at(-1);
  }

  get choices(): string[] {
    return this.last?.kind === 'queued' ? this.last.choices.map(({ label }) => label) : [];
  }

  choose(label: string): void {
    if (this.last?.kind !== 'queued') throw new Error(`it does not wait: ${JSON.stringify(this.last)}`);
    const choice = this.last.choices.find((one) => one.label === label);
    if (!choice) throw new Error(`there is no ${label}, but ${this.choices.join(', ')}`);
    choice.choose();
  }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function atPrompt(): Promise<{ shell: Shell; line: ConsoleRuns }> {
  const shell = new Shell();
  shell.prompt();
  const line = runs(shell);
  await pass(1000);
  return { shell, line };
}

describe('a command of the prose', () => {
  it('is typed at the prompt, runs, and ends with time and status', async () => {
    const { shell, line } = await atPrompt();
    const asked = new Asked('ping -c 1 172.17.0.9');
    line.add(asked);
    expect(shell.lines).toEqual(['ping -c 1 172.17.0.9']);
    await pass(3200);
    expect(asked.last).toMatchObject({ kind: 'running', standing: false, place: { terminal: 'host-01 · 1' } });
    shell.prompt(1);
    expect(asked.last).toMatchObject({ kind: 'ended', status: 1, seconds: expect.closeTo(3.2, 1) });
  });

  it('goes on in the next line after a backslash', async () => {
    const { shell, line } = await atPrompt();
    line.add(new Asked('first \\\n  -v\nsecond'));
    await pass(1000);
    expect(shell.lines).toEqual(['first \\\n  -v']);
  });

  it('of several lines: each is typed when the one before it has ended', async () => {
    const { shell, line } = await atPrompt();
    const asked = new Asked('first\nsecond');
    line.add(asked);
    await pass(1000);
    expect(shell.lines).toEqual(['first']);
    shell.prompt(1);
    await pass(1000);
    expect(shell.lines).toEqual(['first', 'second']);
    expect(asked.last?.kind).toBe('running');
    shell.prompt(0);
    expect(asked.last).toMatchObject({ kind: 'ended', status: 0, seconds: expect.closeTo(2.1, 0) });
  });

  it('does not join what the reader has begun to type, which is not lost', async () => {
    const { shell, line } = await atPrompt();
    shell.type('docker rm ');
    const asked = new Asked('docker ps');
    line.add(asked);
    expect(shell.lines).toEqual(['docker ps']);
    expect(asked.last).toMatchObject({ kind: 'running', place: { remark: expect.stringContaining('Ctrl-Y') } });
    shell.prompt();
    await pass(500);
    shell.type('\x19');
    shell.type('web\r');
    expect(shell.lines).toEqual(['docker ps', 'docker rm web']);
  });

  it('does not join a line in which Ctrl-D was pressed: that ends no line that has something in it', async () => {
    const { shell, line } = await atPrompt();
    shell.type('ls');
    shell.type('\x04');
    const asked = new Asked('docker ps');
    line.add(asked);
    await pass(1000);
    expect(shell.lines).toEqual(['docker ps']);
  });

  it('says nothing of a line where none was begun: what a terminal answers by itself is no typing', async () => {
    const { shell, line } = await atPrompt();
    shell.type('\x1b[?1;2c');
    const asked = new Asked('docker ps');
    line.add(asked);
    expect(asked.last).toMatchObject({ kind: 'running', place: { remark: '' } });
  });

  it('waits for the one before it, in order, and can be cancelled', async () => {
    const { shell, line } = await atPrompt();
    const [first, second, third] = ['one', 'two', 'three'].map((command) => new Asked(command)) as [
      Asked,
      Asked,
      Asked,
    ];
    for (const asked of [first, second, third]) line.add(asked);
    expect(shell.lines).toEqual(['one']);
    expect(second.last).toMatchObject({ kind: 'queued', words: 'Waits for: one' });
    expect(third.last).toMatchObject({ kind: 'queued', words: 'Waits for: two' });
    second.choose('Cancel');
    expect(second.last?.kind).toBe('cancelled');
    expect(third.last).toMatchObject({ kind: 'queued', words: 'Waits for: one' });
    shell.prompt();
    await pass(1000);
    expect(shell.lines).toEqual(['one', 'three']);
    expect(first.last?.kind).toBe('ended');
    expect(shell.toPrograms).toBe('');
  });

  it('time that stands does not count, and is said', async () => {
    const { shell, line } = await atPrompt();
    const asked = new Asked('ping');
    line.add(asked);
    await pass(2000);
    line.stand('Waits: time is frozen.');
    expect(asked.last).toMatchObject({ kind: 'running', standing: true });
    const late = new Asked('late');
    line.add(late);
    expect(late.last).toMatchObject({ kind: 'queued', words: 'Waits: time is frozen.' });
    await pass(60_000);
    line.stand('');
    shell.prompt();
    expect(asked.last).toMatchObject({ kind: 'ended', seconds: expect.closeTo(2, 1) });
    await pass(500);
    expect(shell.lines).toEqual(['ping', 'late']);
  });
});

describe('a command that was typed by hand', () => {
  it('is told of when it has ended, and its block takes what was said of it back with the lab', async () => {
    const { shell, line } = await atPrompt();
    seen.length = 0;
    shell.echo = true;
    shell.type('docker ps\r');
    expect(seen).toEqual([]);
    shell.prompt(2);
    expect(seen.map((one) => [one.machine, one.isOf('docker ps'), one.isOf('ps')])).toEqual([['host-01', true, false]]);
    const asked = new Asked('docker ps');
    seen[0]?.take((report) => asked.report(report));
    expect(asked.last).toMatchObject({ kind: 'ended', status: 2, seconds: null });
    line.clear();
    expect(asked.last?.kind).toBe('cleared');
    await pass(500);
    line.add(asked);
    shell.prompt();
    expect(seen.length).toBe(1);
  });

  it('in a lab that goes on from where it was is told of at once', () => {
    const shell = new Shell();
    shell.prompt();
    shell.echo = true;
    shell.type('ls\r');
    shell.prompt();
    seen.length = 0;
    runs(shell);
    expect(seen.map((one) => one.isOf('ls'))).toEqual([true]);
  });
});

describe('a program in front', () => {
  it('is not typed into: it is named, and can be ended', async () => {
    const { shell, line } = await atPrompt();
    shell.type('cat\r');
    const asked = new Asked('docker ps');
    line.add(asked);
    await pass(300);
    expect(asked.last).toMatchObject({ kind: 'queued', words: expect.stringContaining('“cat” is in front') });
    expect(asked.choices).toEqual(['Cancel', 'Press Ctrl-C and run']);
    await pass(30_000);
    expect(shell.toPrograms).toBe('');
    asked.choose('Press Ctrl-C and run');
    await pass(500);
    expect(shell.lines).toEqual(['cat', 'docker ps']);
  });

  it('that is a shell can be left, or typed into after all', async () => {
    const { shell, line } = await atPrompt();
    shell.type('docker exec -it web sh\r');
    const asked = new Asked('ip addr');
    line.add(asked);
    await pass(300);
    expect(asked.choices).toEqual(['Cancel', 'Press Ctrl-D and run', 'Type it anyway']);
    asked.choose('Type it anyway');
    expect(shell.toPrograms).toBe('ip addr\r');
    expect(asked.last?.kind).toBe('sent');
  });

  it('that does not mind Ctrl-C is said to be there still', async () => {
    const { shell, line } = await atPrompt();
    shell.type('vi\r');
    shell.front = { words: 'vi', isOwnShell: false, isShell: true };
    const asked = new Asked('ip addr');
    line.add(asked);
    await pass(300);
    asked.choose('Press Ctrl-D and run');
    await pass(4000);
    expect(asked.last).toMatchObject({ kind: 'queued', words: expect.stringContaining('Ctrl-D did not end it') });
  });

  it('leaves the other terminal, where there is one at its prompt', async () => {
    const { shell } = await atPrompt();
    const second = new Shell(1);
    second.prompt();
    await pass(1000);
    const other = runs(second);
    const line = runs(shell, () => other);
    shell.type('tcpdump\r');
    const asked = new Asked('ping');
    line.add(asked);
    await pass(300);
    asked.choose('Use the other terminal');
    expect(second.lines).toEqual(['ping']);
    expect(asked.last).toMatchObject({ kind: 'running', place: { terminal: 'host-01 · 2' } });
    expect(other.isFree).toBe(false);
    expect(shell.toPrograms).toBe('');
  });
});

describe('a shell', () => {
  it('that asks for the rest of a line gets no command into it', async () => {
    const { shell, line } = await atPrompt();
    shell.type('for x in a b; do\r');
    const asked = new Asked('docker ps');
    line.add(asked);
    await pass(1500);
    expect(asked.last).toMatchObject({ kind: 'queued', words: expect.stringContaining('the rest') });
    asked.choose('Press Ctrl-C and run');
    await pass(1000);
    expect(shell.lines.at(-1)).toBe('docker ps');
  });

  it('without marks is typed into, and what becomes of it is not said', async () => {
    const shell = new Shell();
    shell.marks = false;
    shell.prompt();
    const line = runs(shell);
    const asked = new Asked('docker ps');
    line.add(asked);
    expect(shell.lines).toEqual(['docker ps']);
    await pass(5000);
    expect(asked.last).toMatchObject({ kind: 'sent', place: { terminal: 'host-01 · 1' } });
    shell.prompt();
    const next = new Asked('ip addr');
    line.add(next);
    await pass(300);
    expect(next.last?.kind).toBe('sent');
  });

  it('that boots is waited for; there is a way round', async () => {
    const { shell, line } = await atPrompt();
    shell.watch.forget();
    shell.front = { words: 'fsck', isOwnShell: false, isShell: false };
    const asked = new Asked('docker ps');
    line.add(asked);
    await pass(300);
    expect(asked.last).toMatchObject({ kind: 'queued', words: expect.stringContaining('switched on') });
    expect(asked.choices).toEqual(['Cancel', 'Type it anyway']);
    shell.prompt();
    await pass(300);
    expect(shell.lines).toEqual(['docker ps']);
  });
});

describe('when the lab changes', () => {
  it('commands that wait are not typed, and the end of one that runs is not known', async () => {
    const { shell, line } = await atPrompt();
    const [runsNow, waits] = [new Asked('sleep 5'), new Asked('docker ps')];
    line.add(runsNow);
    line.add(waits);
    await pass(300);
    line.lose('the lab was reset.');
    expect(runsNow.last).toEqual({ kind: 'failed', words: 'How it ended is not known: the lab was reset.' });
    expect(waits.last).toEqual({ kind: 'failed', words: 'Not typed: the lab was reset.' });
    shell.prompt();
    await pass(1000);
    expect(shell.lines).toEqual(['sleep 5']);
  });

  it('what was said of those before is taken back', async () => {
    const { shell, line } = await atPrompt();
    const asked = new Asked('true');
    line.add(asked);
    shell.prompt();
    line.clear();
    expect(asked.last?.kind).toBe('cleared');
  });

  it('a machine that went back to a checkpoint ends nothing with the marks of then', async () => {
    const { shell, line } = await atPrompt();
    const then = shell.console.shown();
    const asked = new Asked('sleep 60');
    line.add(asked);
    await pass(1000);
    shell.front = null;
    shell.console.replace(then);
    expect(asked.reports.map(({ kind }) => kind)).not.toContain('ended');
    expect(asked.last?.kind).toBe('cleared');
    await pass(1000);
    expect(line.isFree).toBe(true);
  });
});
