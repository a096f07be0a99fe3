// One emulated PC in one thread: the same code in a Web Worker and in Node's worker_threads. What its owner says is heard here,
// and done by power.ts and wiring.ts.
import type { SavedMachine, ToMachine } from '../thread/messages.ts';
import { errorText, failureOf } from './emulator.ts';
import type { EngineHost } from './engine-host.ts';
import { KeptMoments } from './kept-moments.ts';
import { MemoryMoments } from './memory-moments.ts';
import { type Hardware, Power } from './power.ts';

/** ms that a machine runs, at most so often, for what is under way to arrive before a checkpoint. */
const glimpse = 10;
const mostGlimpses = 50;
/** The same, of a moment that is kept while a reader looks on: what has not arrived by then is missing in it, as after a cable was pulled. */
const mostGlimpsesToKeep = 5;

export class Engine {
  readonly #host: EngineHost;
  readonly #power: Power;
  #moments: MemoryMoments | undefined;
  #kept: KeptMoments | undefined;
  /** While the machine is looked at before its first moment: whether it is to stand after that. */
  #standsAfter: boolean | undefined;
  /** It stands only until what is kept of it has been taken. */
  #goesOn = false;
  /** What came before the machine was there. A device that gets input raises an interrupt, into memory that is not there yet. */
  #early: ToMachine[] | undefined = [];

  constructor(host: EngineHost) {
    this.#host = host;
    this.#power = new Power(host, (error) => this.#fail(error));
  }

  async handle(message: ToMachine): Promise<void> {
    try {
      await this.#handle(message);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #handle(message: ToMachine): Promise<void> {
    const power = this.#power;
    if (this.#early !== undefined && !isHeardAtOnce(message)) {
      this.#early.push(message);
      return;
    }
    switch (message.type) {
      case 'start': {
        await this.#start(message);
        const early = this.#early ?? [];
        this.#early = undefined;
        for (const one of early) await this.#handle(one);
        return;
      }
      case 'console-input':
      case 'console-resize':
      case 'agent':
      case 'frame':
        if (power.dark) return;
        power.hardware?.wiring.input(message);
        return power.hardware?.scheduler.wake();
      case 'feed':
        if (!power.dark) {
          const taken = power.hardware?.wiring.feed(message.bytes);
          power.hardware?.scheduler.wake();
          await taken;
        }
        return this.#host.post({ type: 'answer', id: message.id });
      case 'carrier':
        power.hardware?.wiring.setCarrier(message.up);
        return power.hardware?.scheduler.wake();
      case 'speed':
        this.#host.clock.setSpeed(message.speed);
        power.hardware?.scheduler.setSpeed(message.speed);
        return power.hardware?.scheduler.wake();
      case 'freeze':
        if (this.#standsAfter !== undefined) this.#standsAfter = true;
        this.#goesOn = false;
        await power.freeze();
        return this.#host.post({ type: 'answer', id: message.id });
      case 'thaw':
        if (this.#standsAfter !== undefined) this.#standsAfter = false;
        else await power.thaw();
        return this.#host.post({ type: 'answer', id: message.id });
      case 'save': {
        const state = await this.#save();
        return this.#host.post({ type: 'saved', id: message.id, state }, [
          state.ram.buffer as ArrayBuffer,
          state.devices.buffer as ArrayBuffer,
        ]);
      }
      case 'power-off':
        await power.off();
        return this.#host.post({ type: 'answer', id: message.id });
      case 'power-on':
        return power.on();
      case 'checkpoint':
        return this.#done(message.id, () => this.#checkpoint(message.checkpoint));
      case 'go-back':
        return this.#done(message.id, () => this.#goBack(message.checkpoint));
      case 'forget-checkpoint':
        return this.#moments?.forget(message.checkpoint);
      case 'keep':
        return this.#done(message.id, () => this.#keep(message.moment));
      case 'keep-go-on':
        if (this.#goesOn) await power.thaw();
        this.#goesOn = false;
        return;
      case 'keep-write':
        return void this.#writeKept(message.id, message.moment);
      case 'keep-settle':
        return void this.#kept?.settle(message.moment).catch(() => {});
      case 'keep-continue':
        return this.#done(message.id, () => this.#continueFrom(message.moment));
      case 'statistics':
        return this.#host.post({
          type: 'statistics',
          id: message.id,
          statistics: {
            busyMs: power.hardware?.scheduler.busy() ?? 0,
            slices: power.hardware?.scheduler.slices() ?? 0,
            diskPiecesRead: power.hardware?.disk.touched.size ?? 0,
            diskBlocksWritten: power.hardware?.disk.written.size ?? 0,
          },
        });
    }
  }

  async #save(): Promise<SavedMachine> {
    await this.#power.stand();
    const state = await this.#power.state();
    const disk = this.#power.hardware?.disk;
    return {
      ...state,
      written: disk?.written ?? new Map(),
      touched: [...(disk?.touched ?? [])],
      boot: this.#power.boot,
    };
  }

  async #done(id: number, work: () => Promise<void>): Promise<void> {
    let problem: string | null = null;
    try {
      await work();
    } catch (error) {
      problem = errorText(error);
    }
    this.#host.post({ type: 'done', id, problem });
  }

  /** What differs from its snapshot can be kept if the snapshot was looked at, before anything happened in it. */
  async #start({ start, wasm }: Extract<ToMachine, { type: 'start' }>): Promise<void> {
    const power = this.#power;
    if (start.from === 'power-on' || start.keep === undefined) return power.start(start, wasm);
    this.#standsAfter ??= false;
    await power.freeze();
    await power.start(start, wasm);
    if (power.hardware !== undefined) {
      const { emulator, disk } = power.hardware;
      this.#kept = new KeptMoments(emulator, disk, start.manifest.id, this.#host.openKept(start.keep));
    }
    const stands = this.#standsAfter;
    this.#standsAfter = undefined;
    if (!stands) await power.thaw();
  }

  async #keep(moment: number): Promise<void> {
    const power = this.#power;
    if (power.hardware === undefined || this.#kept === undefined) throw new Error('nothing of it can be kept here');
    const off = power.dark;
    const runs = power.hardware.emulator.is_running();
    this.#goesOn ||= runs;
    await power.stand();
    // One that the reader has stopped stands.
    if (runs) await this.#arrive(power.hardware, mostGlimpsesToKeep);
    await this.#kept.take(moment, this.#host.clock.now(), off);
  }

  async #writeKept(id: number, moment: number): Promise<void> {
    let problem: string | null = null;
    let bytes = 0;
    try {
      if (this.#kept === undefined) throw new Error('nothing of it can be kept here');
      bytes = await this.#kept.write(moment, () => new Promise((resolve) => setTimeout(resolve)));
    } catch (error) {
      problem = errorText(error);
    }
    this.#host.post({ type: 'kept', id, problem, bytes });
  }

  async #continueFrom(moment: number): Promise<void> {
    if (this.#kept === undefined) throw new Error('nothing of it is kept here');
    const { clock, off } = await this.#kept.goBackTo(moment);
    if (off) await this.#power.off();
    else this.#power.restored(clock);
  }

  /** Of a machine that stands. */
  async #checkpoint(id: number): Promise<void> {
    const { hardware } = this.#power;
    if (hardware === undefined) throw new Error('the machine is off');
    await this.#arrive(hardware, mostGlimpses);
    const { emulator, disk } = hardware;
    this.#moments ??= new MemoryMoments(emulator, disk, await this.#host.openPages());
    await this.#moments.take(id, this.#host.clock.now());
  }

  /** What is on its way between guest and page is in nobody's state: it is let through first. */
  async #arrive({ wiring, disk }: Hardware, most: number): Promise<void> {
    for (let left = most; left > 0 && !(wiring.quiet && disk.idle); left--) await this.#power.runFor(glimpse);
    if (!disk.idle) throw new Error('a part of its disk is still being downloaded: try again in a moment');
  }

  async #goBack(id: number): Promise<void> {
    await this.#power.stand();
    const clock = await this.#moments?.goBackTo(id);
    if (clock === undefined || clock === null) throw new Error('it has no such checkpoint');
    this.#power.restored(clock);
  }

  #fail(error: unknown): void {
    this.#host.post({ type: 'failed', ...failureOf(error) });
    void this.#power.hardware?.emulator.stop();
  }
}

function isHeardAtOnce({ type }: ToMachine): boolean {
  return type === 'start' || type === 'statistics' || type === 'freeze' || type === 'thaw';
}
