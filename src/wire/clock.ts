// The virtual clock: time that can be held, stepped and stretched, and the events that wait for it. Several wires share one
// clock, so that what happens on them has one order. The owner brings the real time; there is no timer in here.
import { EventQueue, type Slot } from './event-queue.ts';
import type { Unsubscribe } from './frame-port.ts';

/** Real time, and a way to be called later. */
export interface TimeSource {
  /** ms; never goes back. */
  now(): number;
  /** Calls `task` once, in `delay` ms or later, never at once; the result calls it off. */
  after(delay: number, task: () => void): () => void;
}

export interface ClockEvent extends Slot {
  /** What happens when its time has come. */
  fire(): void;
  /** True: the clock must stand just before this one. Asked when a running clock has come to it, and never by step(). */
  stops?(): boolean;
}

export type ClockState =
  | { readonly kind: 'running' }
  | {
      /** Nothing that waits happens: time stands, or goes on without it (shut()). */
      readonly kind: 'held';
      /** The event whose stops() made it stand; null: somebody called hold(). */
      readonly at: ClockEvent | null;
    };

/** Slow motion's slowest. */
export const slowest = 0.1;
// Events in one go, before whoever else lives in this thread gets a turn: two ports joined to a loop would never end.
const eventsInOneGo = 4096;
/** ms */
const shortestWait = 0.001;

export class VirtualClock {
  readonly queue = new EventQueue<ClockEvent>();
  readonly #source: TimeSource;
  /** Virtual ms in a real ms, 0.1 to 1. */
  #speed = 1;
  readonly #listeners = new Set<(state: ClockState) => void>();
  /** Virtual time `#virtual` was real time `#real`; while time stands it is `#virtual`. */
  #virtual = 0;
  #real: number;
  #held = false;
  /** While held: time itself goes on. */
  #goesOn = false;
  /** Virtual time of the event that is happening. */
  #current: number | undefined;
  #nextOrder = 1;
  #callOff: (() => void) | undefined;
  #wakesAt = Infinity;

  constructor(source: TimeSource) {
    this.#source = source;
    this.#real = source.now();
  }

  get held(): boolean {
    return this.#held;
  }

  /**
   * Virtual ms since the clock was made. Never goes back, and never passes an event that has not happened: whatever an event
   * brings about is stamped with the event's time or a later one.
   */
  now(): number {
    if (this.#current !== undefined) return this.#current;
    if (this.#held) return this.#goesOn ? this.#elapsed() : this.#virtual;
    return Math.max(this.#virtual, Math.min(this.#elapsed(), this.queue.first?.due ?? Infinity));
  }

  /**
   * The virtual time of a moment in real time that has just been, ms by the clock's source: what is told of late is stamped with
   * when it was. As far back as the clock has last begun to run, stood still or changed its speed; while held, where it stands.
   */
  at(real: number): number {
    if (this.#held && !this.#goesOn) return this.#virtual;
    const then = this.#virtual + (real - this.#real) * this.#speed;
    return Math.min(Math.max(this.#virtual, then), this.now());
  }

  /** Called at once, at every change of the state. */
  onChange(listener: (state: ClockState) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stands still. Nothing that waits happens, and what comes is stamped with the time at which it stands. */
  hold(): void {
    if (this.#goesOn) {
      this.#virtual = this.now();
      this.#goesOn = false;
    }
    this.#holdAt(null);
  }

  /** Nothing that waits happens, but time goes on: who is not on these wires goes on living, and what he sends waits. */
  shut(): void {
    this.#holdAt(null);
    if (this.#goesOn) return;
    this.#goesOn = true;
    this.#real = this.#source.now();
  }

  /** Goes on from where it stands; what is due happens at once. */
  run(): void {
    if (!this.#held) return;
    if (this.#goesOn) this.#virtual = this.now();
    this.#held = this.#goesOn = false;
    this.#real = this.#source.now();
    this.#change({ kind: 'running' });
    this.settle();
  }

  /** Throws RangeError outside 0.1 to 1. */
  setSpeed(speed: number): void {
    if (!(speed >= slowest && speed <= 1))
      throw new RangeError(`The clock cannot run at ${speed} times real time: choose ${slowest} to 1.`);
    this.settle();
    if (!this.#held || this.#goesOn) {
      this.#virtual = this.now();
      this.#real = this.#source.now();
    }
    this.#wakesAt = Infinity; // whenever that was going to be, it is another moment now
    this.#speed = speed;
    this.#wake();
  }

  /** A number for the next event of the same time. */
  takeOrder(): number {
    return this.#nextOrder++;
  }

  /**
   * Puts events where their `due` and `order` say; one that should have happened already is due now. Those that are due happen
   * before it returns, as settle() says.
   */
  add(...events: readonly ClockEvent[]): void {
    const now = this.now();
    for (const event of events) {
      event.due = Math.max(event.due, now);
      this.queue.add(event);
    }
    this.settle();
  }

  remove(event: ClockEvent): boolean {
    return this.queue.remove(event);
  }

  /** Lets everything happen that is due. Does nothing while held, or inside an event: that one's caller goes on with it. */
  settle(): void {
    if (this.#held || this.#current !== undefined) return;
    try {
      for (let left = eventsInOneGo; left > 0 && !this.#held; left--) {
        const event = this.queue.first;
        if (event === undefined || event.due > this.#elapsed()) break;
        this.#current = Math.max(this.#virtual, event.due);
        if (this.#mustStopAt(event)) break;
        this.queue.take();
        event.fire();
      }
    } finally {
      this.#current = undefined;
      this.#wake();
    }
  }

  /**
   * The short way for something that happens now: true if nothing stands before it, and then leave() must follow it, whatever
   * happens. It must not be an event that stops() might hold.
   */
  enter(): boolean {
    if (this.#held || this.#current !== undefined || this.queue.size > 0) return false;
    this.#current = Math.max(this.#virtual, this.#elapsed());
    return true;
  }

  leave(): void {
    this.#current = undefined;
    if (this.queue.size > 0) this.settle();
  }

  /**
   * Holds, and lets the next event happen, and nothing else; if its time has not come, time moves to it. Returns the event, or
   * null if there is none, or one is happening just now.
   */
  step(): ClockEvent | null {
    this.hold();
    const event = this.queue.first;
    if (event === undefined || this.#current !== undefined) return null;
    this.#virtual = Math.max(this.#virtual, event.due);
    this.queue.take();
    this.#current = this.#virtual;
    try {
      event.fire();
    } finally {
      this.#current = undefined;
    }
    if (this.#held) this.#change({ kind: 'held', at: null });
    else this.settle();
    return event;
  }

  /** Calls its timer off and forgets what waits. */
  dispose(): void {
    this.hold();
    this.#listeners.clear();
    while (this.queue.take() !== undefined);
  }

  /** Stands at the event if it wants that. If it cannot say, standing is what loses nothing. */
  #mustStopAt(event: ClockEvent): boolean {
    if (event.stops === undefined) return false;
    let stops = true;
    try {
      stops = event.stops();
    } finally {
      if (stops) this.#holdAt(event);
    }
    return stops;
  }

  #holdAt(event: ClockEvent | null): void {
    if (this.#held) return;
    this.#virtual = this.now();
    this.#held = true;
    this.#wake();
    this.#change({ kind: 'held', at: event });
  }

  #change(state: ClockState): void {
    for (const listener of [...this.#listeners]) listener(state);
  }

  #elapsed(): number {
    return this.#virtual + (this.#source.now() - this.#real) * this.#speed;
  }

  /** Sees to it that settle() is called when the first event is due. */
  #wake(): void {
    const due = this.#held ? Infinity : (this.queue.first?.due ?? Infinity);
    // An alarm that is too early does no harm, and the next one is set then: most frames on a slow link come in order.
    if (due >= this.#wakesAt && due !== Infinity) return;
    this.#callOff?.();
    this.#callOff = undefined;
    this.#wakesAt = due;
    if (due === Infinity) return;
    const left = due - this.#elapsed();
    // What rounding leaves of a time must not be waited for again and again without getting anywhere.
    const delay = left <= 0 ? 0 : Math.max(left / this.#speed, shortestWait);
    this.#callOff = this.#source.after(delay, () => {
      this.#callOff = undefined;
      this.#wakesAt = Infinity;
      this.settle();
    });
  }
}
