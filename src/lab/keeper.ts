// When a moment of a lab is kept beyond the page: soon after something has happened in it, once it is quiet, and no later than a while
// after it began. What happens by itself, as heartbeats on the wires, is no reason to write again and again.
import { effect, type ReadonlySignal, signal } from '@preact/signals-core';
import type { MachineState } from '../machine/machine.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';
import { type KeptRecord, writeRecord } from './kept-record.ts';
import type { KeepingCost, Lab } from './lab.ts';
import type { Shelf } from './shelf.ts';

/** ms without anything new before a moment is kept … */
const quiet = 2000;
/** … but no longer after the first thing that is not kept. */
const patience = 20_000;
/** ms: what only packets tell of. */
const slowly = 180_000;
/** ms before what could not be kept is tried again. */
const again = 10_000;
/** Each time twice as long, up to this: machines stand for it. */
const againAtLast = 300_000;
/** Bytes of output that are more than a prompt which is drawn again. */
const fewBytes = 160;
const newline = 10;

/** Among the page's own measures, one for each moment: how long it took until it held. */
export const keptMeasure = 'lockstep: a moment was kept';

export interface KeeperState {
  /** ms since the epoch of the newest moment that holds; null: there is none of this run. */
  readonly at: number | null;
  /** Something has happened since that would be missed. */
  readonly unsafe: boolean;
  /** Why it could not be kept, a sentence; "". */
  readonly trouble: string;
}

export class Keeper {
  readonly #lab: Lab;
  readonly #shelf: Shelf;
  readonly #page: () => unknown;
  readonly #state = signal<KeeperState>({ at: null, unsafe: false, trouble: '' });
  readonly #ends: Unsubscribe[] = [];
  /** Performance time of the first thing that is not kept, and of the last. */
  #first: number | undefined;
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #slow: ReturnType<typeof setTimeout> | undefined;
  #underWay: Promise<void> | undefined;
  #over = false;
  /** How often it failed since it last held. */
  #failures = 0;

  /**
   * @param page what belongs to who shows the lab, asked for each time
   * @param at when the moment was kept that the lab goes on from
   */
  constructor(lab: Lab, shelf: Shelf, page: () => unknown, at: number | null = null) {
    this.#lab = lab;
    this.#shelf = shelf;
    this.#page = page;
    this.#state.value = { at, unsafe: false, trouble: '' };
    this.#watch();
  }

  get state(): ReadonlySignal<KeeperState> {
    return this.#state;
  }

  /** A moment is being written. */
  get busy(): boolean {
    return this.#underWay !== undefined;
  }

  /** Called at once, and at every change. */
  onState(listener: (state: KeeperState) => void): void {
    this.#ends.push(this.#state.subscribe(listener));
  }

  /** Now, if there is anything new. Resolves when that holds, or could not be had: state says so. */
  async keepNow(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay;
    if (this.#first === undefined || this.#over) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#settled) {
      this.#timer = setTimeout(() => void this.keepNow(), quiet);
      return;
    }
    this.#underWay = this.#keep().finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
  }

  /** What was kept is not to come back: the lab was reset. */
  async forget(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay;
    this.#calm();
    this.#failures = 0;
    await this.#shelf.forget().catch(() => {});
    this.#state.value = { at: null, unsafe: false, trouble: '' };
  }

  dispose(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#slow);
    for (const end of this.#ends) end();
  }

  async #keep(): Promise<void> {
    const began = this.#first;
    this.#first = undefined;
    try {
      const { at, stood, took, bytes } = await this.#tryHard();
      // For who measures what it costs.
      const end = performance.now();
      performance.measure(keptMeasure, { start: end - took, end, detail: { stood, bytes } });
      this.#failures = 0;
      clearTimeout(this.#slow);
      this.#slow = undefined;
      this.#state.value = { at, unsafe: this.#first !== undefined, trouble: '' };
      if (this.#first !== undefined) this.#plan();
    } catch (error) {
      if (this.#over) return;
      this.#first = began;
      this.#state.value = {
        ...this.#state.peek(),
        unsafe: true,
        trouble: error instanceof Error ? error.message : String(error),
      };
      this.#timer = setTimeout(() => void this.keepNow(), Math.min(againAtLast, again * 2 ** this.#failures++));
    }
  }

  /** Where storage is full, what is kept of other labs is less dear than this one. */
  async #tryHard(): Promise<KeepingCost & { readonly at: number }> {
    const keep = async () => {
      let at = 0;
      const cost = await this.#lab.keep(this.#page(), async (record: KeptRecord) => {
        await this.#shelf.write(await writeRecord(record));
        at = record.at;
      });
      return { ...cost, at };
    };
    try {
      return await keep();
    } catch (error) {
      if (!isFull(error) || (await this.#shelf.makeRoom()) === null) throw error;
      return keep();
    }
  }

  /**
   * A machine that is on its way has no moment; of one that failed, the one before is worth more; and while a step waits for its packet
   * nobody else stops time.
   */
  get #settled(): boolean {
    const { clock, state } = this.#lab;
    if (clock.held && state.peek().kind === 'running') return false;
    return this.#lab.machines.every(({ state }) => ['running', 'frozen', 'off'].includes(state.peek().kind));
  }

  #watch(): void {
    const lab = this.#lab;
    const happened = () => this.#happened();
    const ends = this.#ends;
    for (const machine of lab.machines) {
      // Out of sight a lab stands, too: that is nothing that happened in it.
      const kindOf = (state: MachineState) =>
        state.kind === 'off' || (state.kind === 'frozen' && state.reason === 'reader') ? state.kind : '';
      let before = kindOf(machine.state.peek());
      ends.push(
        machine.state.subscribe((state) => {
          const kind = kindOf(state);
          if (kind !== before) happened();
          before = kind;
        }),
      );
      for (const console of machine.consoles) {
        // What was printed before is handed over at once.
        let isBacklog = true;
        let bytes = 0;
        ends.push(
          console.onOutput((output) => {
            if (isBacklog) return;
            bytes += output.length;
            if (bytes < fewBytes && !output.includes(newline)) return;
            bytes = 0;
            happened();
          }),
        );
        isBacklog = false;
        // Who types is not made to wait, for as long as that can be put off.
        ends.push(
          console.onInput(() => {
            this.#last = performance.now();
          }),
        );
      }
    }
    let isFirst = true;
    ends.push(
      effect(() => {
        lab.cables.value;
        if (!isFirst) happened();
        isFirst = false;
      }),
      lab.onWentBack(happened),
      lab.onHops(({ past }) => {
        if (past !== true) this.#stirred();
      }),
    );
  }

  #happened(): void {
    const now = performance.now();
    this.#first ??= now;
    this.#last = now;
    const state = this.#state.peek();
    if (!state.unsafe) this.#state.value = { ...state, unsafe: true };
    if (this.#timer === undefined && this.#underWay === undefined) this.#plan();
  }

  /** Packets alone: they are kept along with the rest, or once in a while. */
  #stirred(): void {
    this.#slow ??= setTimeout(() => {
      this.#slow = undefined;
      // A lab in which nobody has done anything is its snapshot.
      if (this.#state.peek().at === null) return;
      this.#first ??= performance.now();
      void this.keepNow();
    }, slowly);
  }

  #plan(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    const due = Math.min(this.#last + quiet, (this.#first ?? now) + patience);
    this.#timer = setTimeout(
      () => {
        const isDue = performance.now() >= Math.min(this.#last + quiet, (this.#first ?? 0) + patience) - 1;
        this.#timer = undefined;
        if (isDue) void this.keepNow();
        else this.#plan();
      },
      Math.max(0, due - now),
    );
  }

  #calm(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#slow);
    this.#timer = this.#slow = undefined;
    this.#first = undefined;
  }
}

const isFull = (error: unknown): boolean =>
  (error instanceof DOMException && error.name === 'QuotaExceededError') ||
  (error instanceof Error && error.message.includes('storage for this site is full'));
