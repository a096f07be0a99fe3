// The commands of the prose on their way through one terminal: one after the other, each typed when the shell is at its
// prompt, and followed by the shell's marks until it has ended. Nothing is typed into a program that is in front.
import { calledBy, type FrontProgram } from '../../guest/ask/front-program.ts';
import type { Console } from '../../guest/guest.ts';
import type { ShellCommand, ShellState, ShellWatch } from '../../guest/shell-watch.ts';
import { isLineOf } from '../../guest/typed-line.ts';
import type { CommandChoice, CommandReport, CommandRequest, CommandSeen, TypedPlace } from '../ui/command-request.ts';
import { clearLine, PromptLine } from './prompt-line.ts';
import { Stopwatch } from './stopwatch.ts';

export interface ConsoleRunsOptions {
  readonly machine: string;
  readonly console: Console;
  readonly shell: ShellWatch;
  /** What is in front there now. */
  front(): Promise<FrontProgram | null>;
  /** The machine's other terminal, where it could be typed at once; null when there is none. */
  other(): ConsoleRuns | null;
  /** A command was typed: its terminal comes to the front of the terminals. */
  onTyped(): void;
  /** A command has ended that was not typed here. */
  onSeen(seen: CommandSeen): void;
  /** Shows what the shell printed for the command that began as the `begun`-th; undefined: the end of the terminal. */
  show(begun: number | undefined): void;
}

/** A command that was typed. */
interface Typed {
  readonly request: CommandRequest;
  /** Lines that are still to be typed, each when the one before it has ended. */
  readonly rest: string[];
  readonly watch: Stopwatch;
  readonly place: TypedPlace;
  /** The shell has begun it. */
  begun: boolean;
}

/** ms; a shell that marks its commands begins one as soon as it has read the line, on a slow computer too. */
const patienceWithBeginning = 15_000;
/** ms from the mark of a prompt until the shell reads there: what is typed sooner is shown twice. */
const promptTakes = 120;
/** ms; the answer to Enter at a prompt comes sooner. */
const patienceWithPrompt = 600;
/** ms; how often is asked what is in front, while somebody waits for it to end. */
const askEvery = 3000;
/** ms; what was pressed has had time to work. */
const patienceWithKey = 2500;
/** s; from then on a command of the prose that others wait for can be interrupted like any program. */
const longRun = 8;

export class ConsoleRuns {
  readonly #options: ConsoleRunsOptions;
  readonly #line: PromptLine;
  readonly #waiting: CommandRequest[] = [];
  /** What was said of them holds for the lab as it is. */
  #told: { report(report: CommandReport): void }[] = [];
  #typed: Typed | undefined;
  /** What was in front when it was last asked; undefined: not asked since. null: nobody could say. */
  #front: FrontProgram | null | undefined;
  /** ms; when the prompt came. */
  #promptAt = Number.NEGATIVE_INFINITY;
  /** Keys that were pressed for the reader, so that the program in front ends: since when (ms), and which. */
  #pressed: { readonly at: number; readonly key: string } | undefined;
  /** Why nothing can be typed into the machine, or nothing happens in it; "" when it runs. */
  #stands = '';
  #muteForever = false;
  #clock: ReturnType<typeof setInterval> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  readonly #ends: (() => void)[];

  constructor(options: ConsoleRunsOptions) {
    this.#options = options;
    this.#line = new PromptLine(options.console);
    this.#ends = [
      options.shell.onEnded((command) => this.#seen(command)),
      options.shell.state.subscribe((state) => this.#heard(state)),
      () => this.#line.dispose(),
    ];
  }

  /** A command could be typed at once. */
  get isFree(): boolean {
    return this.#stands === '' && this.#typed === undefined && this.#waiting.length === 0 && this.#isAtPrompt;
  }

  add(request: CommandRequest): void {
    this.#waiting.push(request);
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#front = undefined;
    this.#step();
  }

  /** The machine stands, or is not there: why, as a sentence that begins with "Waits"; "": it runs. */
  stand(why: string): void {
    if (why === this.#stands) return;
    this.#stands = why;
    if (why === '') this.#typed?.watch.run();
    else this.#typed?.watch.hold();
    this.#tell();
    this.#step();
  }

  /** The shell that everything was typed into is gone. `why`: a sentence. */
  lose(why: string): void {
    for (const request of this.#waiting.splice(0)) request.report({ kind: 'failed', words: `Not typed: ${why}` });
    if (this.#typed) {
      const { request } = this.#typed;
      this.#typed = undefined;
      this.#told.push(request);
      request.report({ kind: 'failed', words: `How it ended is not known: ${why}` });
    }
    this.#pressed = undefined;
    this.#line.forget();
    this.#rest();
  }

  /** The machine is another one: what was said of commands that ended before holds no more. */
  clear(): void {
    const told = this.#told;
    this.#told = [];
    for (const request of told) request.report({ kind: 'cleared' });
  }

  dispose(): void {
    for (const end of this.#ends) end();
    this.lose('the lab is gone.');
    this.clear();
  }

  get #isAtPrompt(): boolean {
    const { shell } = this.#options;
    const { kind } = shell.state.peek();
    // A shell that never left a mark is taken at its word: it has a prompt.
    if (kind === 'unknown') return !shell.marked || this.#front?.isOwnShell === true;
    return kind === 'prompt' && !this.#line.isOpen && performance.now() - this.#promptAt >= promptTakes;
  }

  #heard(state: ShellState): void {
    this.#front = undefined;
    if (state.kind !== 'unknown') this.#line.answered();
    if (state.kind === 'prompt') {
      this.#pressed = undefined;
      this.#promptAt = performance.now();
    }
    const typed = this.#typed;
    if (state.kind === 'unknown') {
      this.lose('its terminal began anew.');
      // What it shows from now on, it shows of another moment.
      if (state.renewed) this.clear();
    }
    if (typed && state.kind !== 'unknown') {
      if (state.kind === 'busy') this.#begun(typed);
      else this.#ended(typed, state.status);
    }
    this.#step();
  }

  /** Of those that were not typed here, the blocks of the prose may still want to know. */
  #seen({ number, line, status }: ShellCommand): void {
    if (this.#typed) return;
    const { machine, onSeen } = this.#options;
    onSeen({
      machine,
      isOf: (command) => isLineOf(line, command),
      take: (report) => {
        this.#told.push({ report });
        report({ kind: 'ended', status, seconds: null, place: this.#place(number, '') });
      },
    });
  }

  /** @param number of the command, as its shell counts; undefined: not known */
  #place(number: number | undefined, remark: string): TypedPlace {
    const { machine, console, show } = this.#options;
    return { terminal: `${machine} · ${console.index + 1}`, remark, show: () => show(number) };
  }

  #begun(typed: Typed): void {
    if (!typed.begun) typed.watch.restart();
    typed.begun = true;
    this.#tell();
  }

  #ended(typed: Typed, status: number | null): void {
    const next = typed.rest.shift();
    if (next !== undefined) {
      setTimeout(() => {
        if (this.#typed === typed) this.#write(`${next}\r`);
      }, promptTakes);
      return;
    }
    this.#typed = undefined;
    this.#told.push(typed.request);
    typed.request.report({ kind: 'ended', status, seconds: typed.watch.seconds, place: typed.place });
  }

  /** Types the next one, if it can be; says what the others wait for. */
  #step(): void {
    const [next] = this.#waiting;
    if (next !== undefined && this.#typed === undefined && this.#stands === '') {
      if (this.#isAtPrompt) {
        this.#waiting.shift();
        this.#type(next);
      } else this.#askFront();
    }
    this.#tell();
    if (this.#typed || this.#waiting.length > 0) this.#clock ??= setInterval(() => this.#tick(), 250);
    else this.#rest();
  }

  #rest(): void {
    clearInterval(this.#clock);
    this.#clock = undefined;
  }

  #tick(): void {
    const typed = this.#typed;
    if (typed && !typed.begun && typed.watch.seconds * 1000 > this.#patience) {
      // Whatever it is typed into, it leaves no marks.
      if (!this.#options.shell.marked) this.#muteForever = true;
      this.#typed = undefined;
      this.#told.push(typed.request);
      typed.request.report({ kind: 'sent', words: this.#options.shell.marked ? notBegun : '', place: typed.place });
    }
    this.#step();
  }

  get #patience(): number {
    if (this.#options.shell.marked) return patienceWithBeginning;
    return this.#muteForever ? 0 : 3000;
  }

  #type(request: CommandRequest): void {
    const { shell, onTyped } = this.#options;
    const [first = '', ...rest] = linesOf(request.command);
    // The next command that begins there is this one.
    const number = shell.begun + 1;
    const typed: Typed = {
      request,
      rest,
      watch: new Stopwatch(),
      begun: false,
      place: this.#place(number, this.#line.isBegun ? put : ''),
    };
    this.#typed = typed;
    this.#pressed = undefined;
    onTyped();
    this.#write(`${this.#line.isTouched ? clearLine : ''}${first}\r`);
  }

  #write(text: string): void {
    this.#line.byUs(() => this.#options.console.write(new TextEncoder().encode(text)));
  }

  #askFront(): void {
    const now = performance.now();
    if (now - this.#askedAt < askEvery) return;
    // Enter was pressed at the prompt just now: its answer comes.
    if (this.#line.isOpen && this.#line.openFor < patienceWithPrompt) return;
    this.#askedAt = now;
    void this.#options.front().then((front) => {
      this.#front = front;
      this.#step();
    });
  }

  /** Says how things are to everybody whose command is not done. */
  #tell(): void {
    const typed = this.#typed;
    if (typed) {
      const { watch, place } = typed;
      typed.request.report({
        kind: 'running',
        seconds: typed.begun ? watch.seconds : 0,
        standing: this.#stands !== '',
        place,
      });
    }
    for (const [at, request] of this.#waiting.entries()) {
      const before = at === 0 ? undefined : this.#waiting[at - 1];
      request.report({
        kind: 'queued',
        words: this.#stands || (before ? waitsFor(before.command) : this.#why()),
        choices: [this.#cancel(request), ...(at === 0 && this.#stands === '' ? this.#choices(request) : [])],
      });
    }
  }

  /** As the machine said; until it has, the command that the shell began. */
  get #inFront(): FrontProgram | null {
    const state = this.#options.shell.state.peek();
    const command = state.kind === 'busy' ? state.command : '';
    return this.#front ?? (command === '' ? null : calledBy(command));
  }

  #why(): string {
    if (this.#typed) return waitsFor(this.#typed.request.command);
    const { shell } = this.#options;
    const { kind } = shell.state.peek();
    if (kind === 'unknown') return 'Waits for the shell in the terminal: the machine was switched on.';
    if (kind === 'prompt' && this.#line.openFor < patienceWithPrompt) return 'Waits for the prompt.';
    if (kind === 'prompt') return 'Waits: the shell asks for the rest of what was typed before.';
    const front = this.#inFront;
    if (front === null) return 'Waits: a program is in front in the terminal.';
    if (front.isOwnShell) return 'Waits: the shell itself is busy.';
    const { words } = front;
    const tried = this.#pressed && performance.now() - this.#pressed.at > patienceWithKey ? this.#pressed.key : '';
    if (tried !== '')
      return `${tried} did not end it: “${words}” is still in front. Press it again, or leave it in the terminal; this is typed then.`;
    return `“${words}” is in front in the terminal. Typed when that has ended.`;
  }

  #cancel(request: CommandRequest): CommandChoice {
    return {
      label: 'Cancel',
      choose: () => {
        const at = this.#waiting.indexOf(request);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        request.report({ kind: 'cancelled' });
        this.#step();
      },
    };
  }

  #choices(request: CommandRequest): CommandChoice[] {
    const typed = this.#typed;
    if (typed && typed.watch.seconds < longRun) return [];
    const choices: CommandChoice[] = [];
    const { kind } = this.#options.shell.state.peek();
    if (kind === 'unknown') return [this.#anyway(request)];
    const front = this.#inFront;
    const inShell = front?.isShell === true && !front.isOwnShell && typed === undefined;
    choices.push(inShell ? this.#press('Ctrl-D', '\x04') : this.#press('Ctrl-C', '\x03'));
    const other = this.#options.other();
    if (other?.isFree)
      choices.push({
        label: 'Use the other terminal',
        choose: () => {
          const at = this.#waiting.indexOf(request);
          if (at < 0) return;
          this.#waiting.splice(at, 1);
          other.add(request);
          this.#step();
        },
      });
    if (typed === undefined && (inShell || this.#front === null || this.#front?.isOwnShell === true))
      choices.push(this.#anyway(request));
    return choices;
  }

  #press(key: string, byte: string): CommandChoice {
    return {
      label: `Press ${key} and run`,
      choose: () => {
        this.#pressed = { at: performance.now(), key };
        this.#askedAt = performance.now() - askEvery + patienceWithKey;
        this.#options.console.write(new TextEncoder().encode(byte));
      },
    };
  }

  /** Into a shell that leaves no marks: that is all that will be known. */
  #anyway(request: CommandRequest): CommandChoice {
    return {
      label: 'Type it anyway',
      choose: () => {
        const at = this.#waiting.indexOf(request);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        this.#options.onTyped();
        this.#write(`${linesOf(request.command).join('\r')}\r`);
        this.#told.push(request);
        request.report({ kind: 'sent', words: '', place: this.#place(undefined, '') });
        this.#step();
      },
    };
  }
}

const notBegun = 'The shell has not begun it: look at the terminal.';
const put = 'Had you begun a line there? Ctrl-Y at the prompt brings it back.';

const waitsFor = (command: string): string => {
  const [first = ''] = command.trim().split('\n');
  return `Waits for: ${first.length > 44 ? `${first.slice(0, 43)}…` : first}`;
};

/** Each line is a command; one that ends in a backslash goes on in the next one. */
function linesOf(command: string): string[] {
  const lines: string[] = [];
  for (const line of command.trim().split('\n')) {
    const before = lines.at(-1);
    if (before?.endsWith('\\')) lines[lines.length - 1] = `${before}\r${line}`;
    else lines.push(line);
  }
  return lines;
}
