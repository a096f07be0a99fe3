// A machine whose emulator runs in a thread of its own: the owner's side, which keeps its state and talks with the thread.
// What is known of the guest in it is guest/guest-link.ts.
import { computed, type ReadonlySignal, signal } from '@preact/signals-core';
import { fromBase64 } from '../../basics/base64.ts';
import type { EvidenceBatch, ExecOptions, ExecResult, TapBatch, TracingWord } from '../../guest/guest.ts';
import type { GuestConsole } from '../../guest/guest-console.ts';
import { GuestLink, type GuestMoment, type GuestTime } from '../../guest/guest-link.ts';
import { Listeners } from '../../guest/listeners.ts';
import type { KernelReport } from '../../topology/kernel-report.ts';
import { slowest } from '../../wire/clock.ts';
import type { FramePort, Unsubscribe } from '../../wire/frame-port.ts';
import { canAll } from '../abilities.ts';
import { whyNoCommand } from '../command-words.ts';
import type { FailureReason, FreezeReason, KeptMoments, Machine, MachineState } from '../machine.ts';
import { withRemarks } from '../remark.ts';
import type { FromMachine, MachineStatistics, SavedMachine, StartMachine, ToMachine } from './thread/messages.ts';
import type { Thread } from './thread/thread.ts';

export interface V86Options {
  readonly name: string;
  readonly start: StartMachine;
  /** The emulator, compiled once for all machines. */
  readonly wasm: () => Promise<WebAssembly.Module>;
  readonly thread: () => Thread;
  /** That of the lab; left out: the time of day, and packets have the guest's own. */
  readonly time?: GuestTime;
  /** Lines of the kernel's own console. */
  readonly onSerial?: (line: string) => void;
}

/** What is known of a machine that is kept beyond the page. */
interface KeptGuest {
  readonly off: boolean;
  readonly guest: GuestMoment;
  readonly told: readonly EvidenceBatch[];
}

/** What a command reads. */
export interface CommandInput {
  /** How many bytes there are; known before, because what follows them on the agent's port is the next message. */
  readonly bytes: number;
  readonly pieces: AsyncIterable<Uint8Array>;
}

const storageFull =
  'The browser keeps no more of this lab: its storage for this site is full. The lab works all the same, and is downloaded again the next time. Free some storage, or just go on.';

const disconnected =
  'The connection is gone: parts of the lab do not come. What has arrived is kept, and the download goes on by itself when the connection is back.';

export class V86Machine implements Machine {
  readonly name: string;
  readonly can = canAll;
  readonly nic: FramePort;
  readonly kept?: KeptMoments;
  readonly #options: V86Options;
  readonly #guest: GuestLink;
  /** Without remarks. */
  readonly #state = signal<MachineState>({ kind: 'off' });
  readonly #storageFull = signal(false);
  readonly #disconnected = signal(false);
  readonly state: ReadonlySignal<MachineState> = computed(() =>
    withRemarks(this.#state.value, [
      this.#disconnected.value ? disconnected : '',
      this.#storageFull.value ? storageFull : '',
      this.#guest.remark.value,
    ]),
  );
  readonly #frames = new Listeners<Uint8Array>();
  readonly #answers = new Map<number, (message: FromMachine) => void>();
  #thread: Thread | undefined;
  #nextAnswer = 1;
  /** Counts starts and stops: whoever waited in between finds that it is not its turn any more. */
  #turn = 0;
  #speed = 1;
  /** What was known of the guest at each checkpoint that the thread keeps. */
  readonly #moments = new Map<number, GuestMoment>();
  /** Why checkpoints that are not there any more were lost. */
  #lost = 'it did not run when that was taken';
  /** Freezing and thawing one after the other: the emulator cannot be told to run while it is still stopping. */
  #standstill: Promise<void> = Promise.resolve();
  /** It is to stand as soon as it has loaded. */
  #toFreeze: FreezeReason | null = null;
  /** Who waits for start(). */
  #starting: PromiseWithResolvers<void> | undefined;

  constructor(options: V86Options) {
    this.#options = options;
    this.name = options.name;
    const { name, time } = options;
    this.#guest = new GuestLink({
      name,
      ...(time === undefined ? {} : { time }),
      ports: {
        agent: (line) => this.#post({ type: 'agent', line }),
        write: (console, bytes) => this.#post({ type: 'console-input', console, bytes }),
        resize: (console, columns, rows) => this.#post({ type: 'console-resize', console, columns, rows }),
      },
    });
    this.nic = {
      // A frame is handed over, not lent (wire/frame-port.ts).
      send: (bytes) => this.#post({ type: 'frame', bytes }, whole(bytes)),
      onFrame: (listener) => this.#frames.add(listener),
    };
    const { start } = options;
    if (start.from === 'snapshot' && start.keep !== undefined) this.kept = this.#keptMoments(start.manifest.id);
  }

  get kernel(): ReadonlySignal<KernelReport | null> {
    return this.#guest.kernel;
  }

  get consoles(): readonly GuestConsole[] {
    return this.#guest.consoles;
  }

  async start(): Promise<void> {
    const { kind } = this.#state.value;
    if (kind === 'running' || kind === 'frozen') return;
    if (kind === 'loading') return this.#starting?.promise;
    const starting = Promise.withResolvers<void>();
    this.#starting = starting;
    if (this.#thread === undefined) void this.#load();
    else {
      // It was switched off, or its kernel panicked: its disk is still there.
      this.#powerless('loading');
      this.#post({ type: 'power-on' });
    }
    return starting.promise;
  }

  async exec(command: string, options?: ExecOptions): Promise<ExecResult> {
    const state = this.#state.value;
    if (state.kind !== 'running') throw new Error(whyNoCommand(this.name, state));
    return this.#guest.exec(command, options);
  }

  labTime(guest: number): number {
    return this.#guest.labTime(guest);
  }

  onTap(listener: (batch: TapBatch) => void): Unsubscribe {
    return this.#guest.onTap(listener);
  }

  onEvidence(listener: (batch: EvidenceBatch) => void): Unsubscribe {
    return this.#guest.onEvidence(listener);
  }

  watchSockets(on: boolean): void {
    this.#guest.watchSockets(on);
  }

  get tracing(): ReadonlySignal<TracingWord> {
    return this.#guest.tracing;
  }

  traceRules(matches: readonly string[] | null): void {
    this.#guest.traceRules(matches);
  }

  async flushTap(): Promise<void> {
    if (this.#state.value.kind === 'running') await this.#guest.flushTap();
  }

  freeze(reason: FreezeReason = 'reader'): Promise<void> {
    return this.#oneByOne(() => this.#stand(reason));
  }

  async #stand(reason: FreezeReason): Promise<void> {
    const { kind } = this.#state.value;
    if (kind === 'loading') {
      if (this.#toFreeze !== 'reader') this.#toFreeze = reason;
      if (this.#thread !== undefined) await this.#ask({ type: 'freeze', id: 0 });
      return;
    }
    // What the reader stopped may not go on by itself when it is seen again.
    const outweighs = kind === 'frozen' && reason === 'reader';
    if (kind === 'running' || outweighs) this.#state.value = { kind: 'frozen', reason };
    if (kind !== 'running') return;
    this.#guest.frozen();
    await this.#ask({ type: 'freeze', id: 0 });
  }

  thaw(): Promise<void> {
    return this.#oneByOne(async () => {
      const { kind } = this.#state.value;
      const stillLoads = kind === 'loading' && this.#toFreeze !== null;
      if (stillLoads) this.#toFreeze = null;
      if ((stillLoads && this.#thread !== undefined) || kind === 'frozen') await this.#ask({ type: 'thaw', id: 0 });
      if (this.#state.value.kind !== 'frozen') return;
      this.#state.value = { kind: 'running' };
      this.#guest.thawed();
    });
  }

  setSpeed(speed: number): void {
    if (!(speed >= slowest && speed <= 1))
      throw new RangeError(`${this.name} cannot run at ${speed} times real time: choose ${slowest} to 1.`);
    this.#speed = speed;
    this.#guest.setSpeed(speed);
    this.#post({ type: 'speed', speed });
  }

  setCarrier(up: boolean): void {
    this.#post({ type: 'carrier', up });
  }

  async powerOff(): Promise<void> {
    await this.#settled();
    await this.#oneByOne(async () => {
      const { kind } = this.#state.value;
      if (this.#thread === undefined || kind === 'off' || kind === 'loading') return;
      await this.#ask({ type: 'power-off', id: 0 });
      if (this.#thread !== undefined) this.#powerless('off');
    });
  }

  async reboot(): Promise<void> {
    await this.powerOff();
    await this.start();
  }

  async checkpoint(id: number): Promise<void> {
    const state = this.#state.value;
    if (state.kind === 'failed') throw new Error(`No checkpoint could be taken of ${this.name}: it has stopped.`);
    if (state.kind !== 'frozen')
      throw new Error(`${this.name} is not frozen: a checkpoint is taken of a machine that stands.`);
    await this.#must({ type: 'checkpoint', id: 0, checkpoint: id }, 'No checkpoint could be taken of');
    this.#moments.set(id, this.#guest.moment());
  }

  whyNotBackTo(id: number): string | null {
    return this.#moments.has(id) ? null : `${this.name} has no such checkpoint: ${this.#lost}.`;
  }

  async goBackTo(id: number): Promise<void> {
    const moment = this.#moments.get(id);
    if (moment === undefined) throw new Error(this.whyNotBackTo(id) ?? '');
    await this.#settled();
    await this.#oneByOne(async () => {
      await this.#stand('reader');
      await this.#must({ type: 'go-back', id: 0, checkpoint: id }, 'There is no way back for');
      this.#guest.restored(moment);
      this.#state.value = { kind: 'frozen', reason: 'reader' };
    });
  }

  forgetCheckpoint(id: number): void {
    this.#moments.delete(id);
    this.#post({ type: 'forget-checkpoint', checkpoint: id });
  }

  #keptMoments(snapshot: string): KeptMoments {
    return {
      snapshot,
      take: (moment) => this.#takeKept(moment),
      goOn: () => this.#post({ type: 'keep-go-on' }),
      write: async (moment) => {
        const answer = await this.#ask({ type: 'keep-write', id: 0, moment });
        if (answer.type === 'kept' && answer.problem === null) return answer.bytes;
        const why = answer.type === 'kept' ? answer.problem : answer.type === 'failed' ? answer.message : answer.type;
        throw new Error(`${this.name} could not be kept: ${why}`);
      },
      settle: (moment) => this.#post({ type: 'keep-settle', moment }),
      continueFrom: (moment, known) => this.#continueFrom(moment, known),
    };
  }

  async #takeKept(moment: number): Promise<KeptGuest> {
    const { kind } = this.#state.value;
    if (this.#thread === undefined || kind === 'loading' || kind === 'failed')
      throw new Error(`${this.name} cannot be kept now: it neither runs nor stands.`);
    await this.#must({ type: 'keep', id: 0, moment }, 'Nothing could be kept of');
    return { off: kind === 'off', guest: this.#guest.moment(), told: this.#guest.told() };
  }

  async #continueFrom(moment: number, known: unknown): Promise<void> {
    // Written by the same version of this file: whoever kept it has looked.
    const { off, guest, told } = known as KeptGuest;
    await this.#oneByOne(async () => {
      await this.#must({ type: 'keep-continue', id: 0, moment }, 'There is no way back for');
      this.#guest.restored(guest);
      this.#guest.tellAgain(told);
      if (off) this.#powerless('off');
    });
  }

  /** Stops the machine for good and hands over its state; for the builder. */
  async save(): Promise<SavedMachine> {
    const message = await this.#ask({ type: 'save', id: 0 });
    if (message.type !== 'saved')
      throw new Error(`${this.name} could not be saved: ${message.type === 'failed' ? message.message : message.type}`);
    return message.state;
  }

  /**
   * Runs a command that reads `input`. The agent does nothing else meanwhile, and the machine is of no use any more when this
   * rejects: part of the input would be taken for messages.
   */
  async execWithInput(command: string, input: CommandInput, options?: ExecOptions): Promise<ExecResult> {
    const result = this.exec(command, { ...options, inputBytes: input.bytes });
    const [answer] = await Promise.all([result, this.#feed(input)]);
    return answer;
  }

  async #feed({ bytes, pieces }: CommandInput): Promise<void> {
    let fed = 0;
    for await (const piece of pieces) {
      fed += piece.length;
      await this.#must({ type: 'feed', id: 0, bytes: piece }, 'A command could not be given its input in');
    }
    if (fed !== bytes) throw new Error(`A command in ${this.name} was to get ${bytes} bytes of input, but got ${fed}.`);
  }

  async statistics(): Promise<MachineStatistics | undefined> {
    const message = await this.#ask({ type: 'statistics', id: 0 });
    return message.type === 'statistics' ? message.statistics : undefined;
  }

  /** The pcap file header that the guest's tap began with; a restored machine's stream goes on without one. */
  get tapHeader(): Uint8Array {
    return this.#guest.tapHeader;
  }

  /** Ends the machine; it can be started again, and goes back to its snapshot. */
  async stop(): Promise<void> {
    this.#stopThread('The machine was stopped.', 'it was reset since');
    this.#guest.forget();
    this.#state.value = { kind: 'off' };
  }

  async dispose(): Promise<void> {
    await this.stop();
    this.#guest.dispose();
    this.#frames.clear();
  }

  async #load(): Promise<void> {
    this.#state.value = { kind: 'loading', step: 'starting', done: 0, total: 0 };
    const turn = ++this.#turn;
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
    const { start } = this.#options;
    this.#guest.begin(
      start.from === 'snapshot'
        ? { consoles: start.manifest.consoles.map(bytesOf), tapHeader: bytesOf(start.manifest.tapHeader) }
        : null,
    );
    // A thread that is being ended may still deliver what it said before.
    thread.onMessage((message) => {
      if (this.#thread === thread) this.#receive(message);
    });
    thread.onError((message) => {
      if (this.#thread === thread)
        this.#fail('worker-gone', `The emulator's thread ended: ${message}. Start the machine again.`);
    });
    thread.post({ type: 'start', start, wasm });
    if (this.#toFreeze !== null) thread.post({ type: 'freeze', id: 0 });
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
      case 'connection':
        this.#disconnected.value = message.gone;
        break;
      case 'running':
        this.#arrived();
        break;
      case 'rebooting':
        // Time that stands goes on standing when it has loaded.
        if (this.#state.value.kind === 'frozen') this.#toFreeze = this.#state.value.reason;
        this.#powerless('loading');
        break;
      case 'halted':
        this.#powerless('off');
        break;
      case 'panic':
        this.#panicked(message.words);
        break;
      case 'failed':
        this.#fail(message.reason, message.message);
        break;
      case 'console-output':
        this.#guest.consoleBytes(message.console, message.bytes);
        break;
      case 'agent':
        this.#guest.agentLine(message.line);
        break;
      case 'agent-closed':
        this.#guest.agentClosed();
        break;
      case 'tap':
        this.#guest.tapBytes(message.bytes, performance.timeOrigin + performance.now() - message.at);
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

  /** It has loaded: it runs, or stands if that was asked for meanwhile. */
  #arrived(): void {
    // It was switched off while its kernel was resetting it.
    if (this.#state.value.kind !== 'loading') return;
    const reason = this.#toFreeze;
    this.#toFreeze = null;
    if (reason === null) {
      this.#state.value = { kind: 'running' };
      this.#guest.runs();
    } else {
      this.#state.value = { kind: 'frozen', reason };
      this.#guest.frozen();
    }
    if (this.#speed !== 1) this.#post({ type: 'speed', speed: this.#speed });
    this.#starting?.resolve();
    this.#starting = undefined;
  }

  /** Nothing of what was in its memory is there any more. */
  #powerless(kind: 'off' | 'loading'): void {
    this.#guest.powerLost();
    this.#state.value = kind === 'off' ? { kind } : { kind, step: 'switching on', done: 0, total: 0 };
    if (kind === 'loading') return;
    this.#toFreeze = null;
    this.#starting?.resolve();
    this.#starting = undefined;
  }

  /** The thread lives on, and with it the disk and the checkpoints. */
  #panicked(words: string): void {
    const message = `The kernel of ${this.name} stopped: ${words}. Go back to a checkpoint, or start it again.`;
    this.#guest.stopped(message);
    this.#toFreeze = null;
    this.#state.value = { kind: 'failed', reason: 'guest-panic', message };
    this.#starting?.reject(new Error(message));
    this.#starting = undefined;
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
    const starting = this.#starting;
    this.#starting = undefined;
    this.#stopThread(message, 'its emulator failed since');
    this.#state.value = { kind: 'failed', reason, message };
    starting?.reject(new Error(message));
  }

  /** @param lost what became of its checkpoints, after "it has none:" */
  #stopThread(why: string, lost: string): void {
    this.#turn++;
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#guest.stopped(why);
    if (this.#moments.size > 0) this.#lost = lost;
    this.#moments.clear();
    this.#toFreeze = null;
    this.#storageFull.value = false;
    this.#disconnected.value = false;
    for (const answer of this.#answers.values()) answer({ type: 'failed', reason: 'worker-gone', message: why });
    this.#answers.clear();
    this.#starting?.resolve();
    this.#starting = undefined;
  }
}

/** Of base64; nothing of what is none. */
const bytesOf = (text: string): Uint8Array => fromBase64(text) ?? new Uint8Array();

/** What can be transferred with the bytes: their buffer, if it is all theirs. */
function whole({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
