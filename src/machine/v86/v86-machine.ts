// A machine whose emulator runs in a thread of its own: the owner's side.
import { computed, type ReadonlySignal, signal } from '@preact/signals-core';
import { fromBase64 } from '../../basics/base64.ts';
import { AgentClient } from '../../guest/agent-client.ts';
import type { ExecOptions, ExecResult, TapBatch } from '../../guest/guest.ts';
import { GuestConsole } from '../../guest/guest-console.ts';
import { GuestTimers } from '../../guest/guest-timers.ts';
import { Listeners } from '../../guest/listeners.ts';
import { Tap } from '../../guest/tap.ts';
import type { KernelReport } from '../../topology/kernel-report.ts';
import { parseReport } from '../../topology/parse-report.ts';
import { slowest } from '../../wire/clock.ts';
import type { FramePort, Unsubscribe } from '../../wire/frame-port.ts';
import type { FailureReason, FreezeReason, Machine, MachineState } from '../machine.ts';
import { withRemarks } from '../remark.ts';
import type { FromMachine, MachineStatistics, SavedMachine, StartMachine, ToMachine } from './thread/messages.ts';
import type { Thread } from './thread/thread.ts';

export interface V86Options {
  readonly name: string;
  readonly start: StartMachine;
  /** The emulator, compiled once for all machines. */
  readonly wasm: () => Promise<WebAssembly.Module>;
  readonly thread: () => Thread;
  /** Seconds since the epoch; the guest's clock is set to it after a restore. */
  readonly wallClock?: () => number;
  /** Lines of the kernel's own console. */
  readonly onSerial?: (line: string) => void;
}

interface Moment {
  readonly kernel: KernelReport | null;
  readonly shown: readonly (readonly Uint8Array[])[];
  readonly tapHeader: Uint8Array;
}

const consoleCount = 2;
/** ms; the slowest computer that runs the machine at all has its first report long before. */
const patienceWithAgent = 60_000;
const storageFull =
  'The browser keeps no more of this lab: its storage for this site is full. The lab works all the same, and is downloaded again the next time. Free some storage, or just go on.';
const agentSilent = (name: string) =>
  `The agent of ${name} does not report: the picture stands still, the terminals go on. Reset the lab to get the picture back.`;

export class V86Machine implements Machine {
  readonly name: string;
  readonly consoles: readonly GuestConsole[];
  readonly nic: FramePort;
  readonly #options: V86Options;
  /** Without remarks. */
  readonly #state = signal<MachineState>({ kind: 'off' });
  readonly #storageFull = signal(false);
  readonly #agentSilent = signal(false);
  readonly state: ReadonlySignal<MachineState> = computed(() =>
    withRemarks(this.#state.value, [
      this.#storageFull.value ? storageFull : '',
      this.#agentSilent.value ? agentSilent(this.name) : '',
    ]),
  );
  readonly #kernel = signal<KernelReport | null>(null);
  readonly #frames = new Listeners<Uint8Array>();
  readonly #taps = new Listeners<TapBatch>();
  readonly #answers = new Map<number, (message: FromMachine) => void>();
  readonly #timers = new GuestTimers();
  readonly #agent: AgentClient;
  /** Ends the waiting for a report. */
  #reported: (() => void) | undefined;
  #tap: Tap;
  #thread: Thread | undefined;
  #nextAnswer = 1;
  /** Counts starts and stops: whoever waited in between finds that it is not its turn any more. */
  #turn = 0;
  #speed = 1;
  /** It was switched on, and its agent has not said hello yet: nobody in there would hear what it is told. */
  #boots = false;
  /** Its clock shows another time of day than ours. */
  #timeIsWrong = false;
  /** What the page knew at each checkpoint. */
  readonly #moments = new Map<number, Moment>();
  /** Freezing and thawing one after the other: the emulator cannot be told to run while it is still stopping. */
  #standstill: Promise<void> = Promise.resolve();
  /** Ends the waiting of start(). */
  #started: (() => void) | undefined;

  constructor(options: V86Options) {
    this.#options = options;
    this.name = options.name;
    this.consoles = Array.from(
      { length: consoleCount },
      (_, index) =>
        new GuestConsole(
          index,
          (bytes) => this.#post({ type: 'console-input', console: index, bytes }),
          (columns, rows) => this.#post({ type: 'console-resize', console: index, columns, rows }),
        ),
    );
    this.nic = {
      // A frame is handed over, not lent (wire/frame-port.ts).
      send: (bytes) => this.#post({ type: 'frame', bytes }, whole(bytes)),
      onFrame: (listener) => this.#frames.add(listener),
    };
    this.#agent = new AgentClient(
      (line) => this.#post({ type: 'agent', line }),
      {
        onHello: () => {
          this.#boots = false;
          if (this.#timeIsWrong) this.#greet();
          else this.#askReport();
        },
        onReport: (json) => this.#report(json),
      },
      this.#timers,
    );
    this.#tap = this.#newTap();
  }

  get kernel(): ReadonlySignal<KernelReport | null> {
    return this.#kernel;
  }

  async start(): Promise<void> {
    const kind = this.#state.value.kind;
    if (kind === 'loading' || kind === 'running' || kind === 'frozen') return;
    if (kind === 'off' && this.#thread !== undefined) return this.#powerOn();
    this.#stopThread('The machine was started again.');
    this.#state.value = { kind: 'loading', step: 'starting', done: 0, total: 0 };
    const turn = this.#turn;
    let wasm: WebAssembly.Module;
    try {
      if (typeof WebAssembly !== 'object') throw new TypeError('no WebAssembly');
      wasm = await this.#options.wasm();
    } catch (error) {
      if (turn !== this.#turn) return;
      const missing = typeof WebAssembly !== 'object';
      this.#fail(
        missing ? 'no-webassembly' : 'download',
        missing
          ? 'This browser has no WebAssembly (it may be switched off in its security settings), and the machine needs it. Try another browser, or switch it on.'
          : `The emulator could not be loaded (${error instanceof Error ? error.message : error}). Look at your connection, then try again.`,
      );
      return;
    }
    if (turn !== this.#turn) return;
    const thread = this.#options.thread();
    this.#thread = thread;
    this.#tap = this.#newTap();
    const { start } = this.#options;
    if (start.from === 'snapshot') {
      this.#tap.receive(fromBase64(start.manifest.tapHeader) ?? new Uint8Array());
      for (const [index, text] of start.manifest.consoles.entries())
        this.consoles[index]?.receive(fromBase64(text) ?? new Uint8Array());
    }
    return new Promise((resolve) => {
      this.#started = resolve;
      // A thread that is being ended may still deliver what it said before.
      thread.onMessage((message) => {
        if (this.#thread !== thread) return;
        this.#receive(message);
      });
      thread.onError((message) => {
        if (this.#thread !== thread) return;
        this.#fail('worker-gone', `The emulator's thread ended: ${message}. Start the machine again.`);
      });
      thread.post({ type: 'start', start, wasm });
    });
  }

  async exec(command: string, options?: ExecOptions): Promise<ExecResult> {
    const state = this.#state.value;
    if (state.kind !== 'running') throw new Error(`${this.name} ${whyNoCommand(state)}`);
    return this.#agent.exec(command, options);
  }

  onTap(listener: (batch: TapBatch) => void): Unsubscribe {
    return this.#taps.add(listener);
  }

  async flushTap(): Promise<void> {
    if (this.#state.value.kind !== 'running') return;
    await this.#tap.flush((token) => this.#agent.send(`flush ${token}`));
  }

  freeze(reason: FreezeReason = 'reader'): Promise<void> {
    return this.#oneByOne(async () => {
      const { kind } = this.#state.value;
      // What the reader stopped may not go on by itself when it is seen again.
      const outweighs = kind === 'frozen' && reason === 'reader';
      if (kind === 'running' || outweighs) this.#state.value = { kind: 'frozen', reason };
      if (kind !== 'running') return;
      this.#timers.hold();
      await this.#ask({ type: 'freeze', id: 0 });
    });
  }

  thaw(): Promise<void> {
    return this.#oneByOne(async () => {
      if (this.#state.value.kind !== 'frozen') return;
      const turn = this.#turn;
      await this.#ask({ type: 'thaw', id: 0 });
      if (turn !== this.#turn) return;
      this.#timers.release();
      this.#state.value = { kind: 'running' };
      if (this.#timeIsWrong && !this.#boots) this.#greet();
    });
  }

  setSpeed(speed: number): void {
    if (!(speed >= slowest && speed <= 1))
      throw new RangeError(`${this.name} cannot run at ${speed} times real time: choose ${slowest} to 1.`);
    this.#speed = speed;
    this.#timers.setSpeed(speed);
    this.#post({ type: 'speed', speed });
  }

  setCarrier(up: boolean): void {
    this.#post({ type: 'carrier', up });
  }

  async powerOff(): Promise<void> {
    const { kind } = this.#state.value;
    if (kind !== 'running' && kind !== 'frozen') return;
    await this.#oneByOne(async () => {
      await this.#ask({ type: 'power-off', id: 0 });
      this.#timers.release();
      this.#powerless('off');
    });
  }

  async reboot(): Promise<void> {
    await this.powerOff();
    await this.start();
  }

  async checkpoint(id: number): Promise<void> {
    if (this.#state.value.kind !== 'frozen')
      throw new Error(`${this.name} is not frozen: a checkpoint is taken of a machine that stands.`);
    await this.#must({ type: 'checkpoint', id: 0, checkpoint: id }, 'No checkpoint could be taken of');
    this.#moments.set(id, {
      kernel: this.#kernel.value,
      shown: this.consoles.map((console) => console.shown()),
      tapHeader: this.#tap.header,
    });
  }

  async goBackTo(id: number): Promise<void> {
    const moment = this.#moments.get(id);
    if (moment === undefined || this.#thread === undefined)
      throw new Error(`${this.name} has no such checkpoint: it was taken before its last reset.`);
    await this.#settled();
    await this.freeze();
    await this.#must({ type: 'go-back', id: 0, checkpoint: id }, 'There is no way back for');
    this.#agent.abandon('The lab went back to a checkpoint before the command ended.');
    this.#timers.hold();
    this.#state.value = { kind: 'frozen', reason: 'reader' };
    this.#timeIsWrong = true;
    this.#boots = moment.kernel === null;
    this.#renewTap(moment.tapHeader);
    this.#kernel.value = moment.kernel;
    if (moment.kernel !== null) this.#tap.learn(moment.kernel);
    for (const [index, console] of this.consoles.entries()) console.replace(moment.shown[index] ?? []);
  }

  forgetCheckpoint(id: number): void {
    this.#moments.delete(id);
    this.#post({ type: 'forget-checkpoint', checkpoint: id });
  }

  /** Stops the machine for good and hands over its state; for the builder. */
  async save(): Promise<SavedMachine> {
    const message = await this.#ask({ type: 'save', id: 0 });
    if (message.type !== 'saved')
      throw new Error(`${this.name} could not be saved: ${message.type === 'failed' ? message.message : message.type}`);
    return message.state;
  }

  async statistics(): Promise<MachineStatistics | undefined> {
    const message = await this.#ask({ type: 'statistics', id: 0 });
    return message.type === 'statistics' ? message.statistics : undefined;
  }

  /** The pcap file header that the guest's tap began with; a restored machine's stream goes on without one. */
  get tapHeader(): Uint8Array {
    return this.#tap.header;
  }

  /** Ends the machine; it can be started again, and goes back to its snapshot. */
  async stop(): Promise<void> {
    this.#stopThread('The machine was stopped.');
    for (const console of this.consoles) console.clear();
    this.#kernel.value = null;
    this.#state.value = { kind: 'off' };
  }

  async dispose(): Promise<void> {
    await this.stop();
    for (const console of this.consoles) console.dispose();
    this.#frames.clear();
    this.#taps.clear();
  }

  #receive(message: FromMachine): void {
    switch (message.type) {
      case 'progress':
        if (this.#state.value.kind === 'loading') {
          const { step, done, total } = message;
          this.#state.value = { kind: 'loading', step, done, total };
        }
        break;
      case 'storage-full':
        this.#storageFull.value = true;
        break;
      case 'running':
        this.#state.value = { kind: 'running' };
        this.#started?.();
        this.#started = undefined;
        // One that boots has no agent yet: it says hello when it has.
        if (this.#options.start.from === 'snapshot' && !this.#boots) this.#greet();
        else this.#askReport();
        if (this.#speed !== 1) this.#post({ type: 'speed', speed: this.#speed });
        break;
      case 'rebooting':
        this.#powerless('loading');
        break;
      case 'halted':
        this.#powerless('off');
        break;
      case 'failed':
        this.#fail(message.reason, message.message);
        break;
      case 'console-output':
        this.consoles[message.console]?.receive(message.bytes);
        break;
      case 'agent':
        this.#agent.receive(message.line);
        break;
      case 'tap':
        this.#tap.receive(message.bytes);
        break;
      case 'frame':
        this.#frames.emit(message.bytes);
        break;
      case 'serial':
        this.#options.onSerial?.(message.line);
        break;
      default:
        this.#answers.get(message.id)?.(message);
        this.#answers.delete(message.id);
    }
  }

  /** Tells the guest what it cannot know: the time of day, and how large its terminals are. */
  #greet(): void {
    this.#timeIsWrong = false;
    this.#agent.send(`time ${(this.#options.wallClock?.() ?? realSeconds()).toFixed(3)}`);
    this.#askReport();
    for (const console of this.consoles) console.restoreSize();
  }

  async #powerOn(): Promise<void> {
    this.#powerless('loading');
    await new Promise<void>((resolve) => {
      this.#started = resolve;
      this.#post({ type: 'power-on' });
    });
  }

  /** Nothing of what was in its memory is there any more. */
  #powerless(kind: 'off' | 'loading'): void {
    this.#boots = true;
    this.#timeIsWrong = true;
    this.#agent.abandon('The machine was switched off before the command ended.');
    this.#stopWaitingForReport();
    this.#renewTap(new Uint8Array());
    this.#kernel.value = null;
    this.#state.value = kind === 'off' ? { kind } : { kind, step: 'switching on', done: 0, total: 0 };
  }

  #renewTap(header: Uint8Array): void {
    this.#tap.dispose();
    this.#tap = this.#newTap();
    this.#tap.receive(header);
  }

  /** Resolves when it is not being switched on any more. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#state.subscribe(({ kind }) => {
        if (kind === 'loading') return;
        queueMicrotask(() => stop());
        resolve();
      });
    });
  }

  async #must(message: Extract<ToMachine, { id: number }>, what: string): Promise<void> {
    const answer = await this.#ask(message);
    const problem = answer.type === 'done' ? answer.problem : answer.type === 'failed' ? answer.message : null;
    if (problem !== null) throw new Error(`${what} ${this.name}: ${problem}.`);
  }

  #askReport(): void {
    this.#agent.send('report');
    // One that is restarted again and again is given no more time than one that hangs.
    this.#reported ??= this.#timers.after(patienceWithAgent, () => {
      this.#agentSilent.value = true;
    });
  }

  #stopWaitingForReport(): void {
    this.#reported?.();
    this.#reported = undefined;
    this.#agentSilent.value = false;
  }

  #report(json: string): void {
    const report = parseReport(json);
    if (report.ok) {
      this.#stopWaitingForReport();
      this.#tap.learn(report.report);
      this.#kernel.value = report.report;
      for (const error of report.unread) console.warn(`${this.name}: a part of its report was left out: ${error}`);
    } else {
      console.warn(`${this.name}: a report of its agent could not be read: ${report.error}`);
    }
  }

  #newTap(): Tap {
    return new Tap((batch) => this.#taps.emit(batch), this.#timers);
  }

  #oneByOne(work: () => Promise<void>): Promise<void> {
    const result = this.#standstill.then(work);
    this.#standstill = result.catch(() => {});
    return result;
  }

  #ask(message: Extract<ToMachine, { id: number }>): Promise<FromMachine> {
    if (this.#thread === undefined) {
      return Promise.resolve({ type: 'failed', reason: 'worker-gone', message: `${this.name} is not switched on.` });
    }
    return new Promise((resolve) => {
      const id = this.#nextAnswer++;
      this.#answers.set(id, resolve);
      this.#post({ ...message, id });
    });
  }

  #post(message: ToMachine, transfer?: ArrayBuffer[]): void {
    this.#thread?.post(message, transfer);
  }

  #fail(reason: FailureReason, message: string): void {
    this.#stopThread(message);
    this.#state.value = { kind: 'failed', reason, message };
  }

  #stopThread(why: string): void {
    this.#turn++;
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#agent.abandon(why);
    this.#stopWaitingForReport();
    this.#timers.release();
    this.#boots = this.#timeIsWrong = false;
    this.#moments.clear();
    this.#storageFull.value = false;
    for (const answer of this.#answers.values()) answer({ type: 'failed', reason: 'worker-gone', message: why });
    this.#answers.clear();
    this.#tap.dispose();
    this.#started?.();
    this.#started = undefined;
  }
}

/** What to do before a command can be run. */
function whyNoCommand(state: Exclude<MachineState, { kind: 'running' }>): string {
  switch (state.kind) {
    case 'off':
      return 'is off. Start it, then run the command again.';
    case 'loading':
      return 'is still starting. Run the command again when it runs.';
    case 'frozen':
      return 'is frozen: nothing happens in it. Let it go on, then run the command again.';
    case 'failed':
      return `has stopped. ${state.message}`;
  }
}

/** What can be transferred with the bytes: their buffer, if it is all theirs. */
function whole({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

function realSeconds(): number {
  return Date.now() / 1000;
}
