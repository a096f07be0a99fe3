// The frames of one wire that are held or under way: as events of the clock, by their ids, and within what may wait at most.
import { type ReadonlySignal, signal } from '@preact/signals-core';
import type { VirtualClock } from './clock.ts';
import { type Pressure, PressureGauge } from './pressure.ts';
import type { WaitingFrame } from './wire-frame.ts';

export class WaitingFrames<F extends WaitingFrame<{ readonly name: string }>> {
  readonly #clock: VirtualClock;
  readonly #frames = new Map<number, F>();
  readonly #gauge: PressureGauge;
  readonly #revision = signal(0);

  /** @param capacity bytes */
  constructor(clock: VirtualClock, capacity: number, tell: (pressure: Pressure) => void) {
    this.#clock = clock;
    this.#gauge = new PressureGauge(capacity, tell);
  }

  /** Another number whenever there may be something else to see. */
  get revision(): ReadonlySignal<number> {
    return this.#revision;
  }

  get size(): number {
    return this.#frames.size;
  }

  get pressure(): Pressure {
    return this.#gauge.pressure;
  }

  /** In the order in which they will be delivered. */
  list(): F[] {
    const frames: F[] = [];
    for (const event of this.#clock.queue.list()) {
      const frame = this.#frames.get((event as Partial<F>).id ?? 0);
      if (frame === event) frames.push(frame);
    }
    return frames;
  }

  find(id: number): F | undefined {
    return this.#frames.get(id);
  }

  has(frame: F): boolean {
    return this.#frames.get(frame.id) === frame;
  }

  /** Makes room for as many bytes; false: what waits already leaves none. */
  admit(bytes: number): boolean {
    if (!this.#gauge.admit(bytes)) return false;
    this.#gauge.add(bytes);
    return true;
  }

  /** Frames that were admitted. Those that nothing holds up are delivered before it returns. */
  add(frames: readonly F[]): void {
    for (const frame of frames) {
      frame.order = this.#clock.takeOrder();
      this.#frames.set(frame.id, frame);
    }
    this.#clock.add(...frames);
    let listed = false;
    for (const frame of frames) {
      if (!this.has(frame)) continue;
      frame.listed = true;
      listed = true;
    }
    if (listed) this.changed();
  }

  /** The clock has taken it. */
  delivered(frame: F): void {
    this.#frames.delete(frame.id);
    this.#gauge.remove(frame.bytes.length);
    if (frame.listed) this.changed();
  }

  /** Puts it where its `due` and `order` say. Its bytes count as waiting until forget(). */
  put(frame: F): void {
    this.#frames.set(frame.id, frame);
    frame.listed = true;
    this.#clock.add(frame);
  }

  /** Takes it out, perhaps for a moment only. */
  take(frame: F): void {
    this.#clock.remove(frame);
    this.#frames.delete(frame.id);
  }

  /** The bytes of a frame that is put without having been added. */
  count(frame: F): void {
    this.#gauge.add(frame.bytes.length);
  }

  /** The bytes of a frame that was taken and does not come back. */
  forget(frame: F): void {
    this.#gauge.remove(frame.bytes.length);
  }

  clear(): void {
    for (const frame of this.list()) {
      this.take(frame);
      this.forget(frame);
    }
    this.changed();
  }

  changed(): void {
    this.#revision.value = this.#revision.peek() + 1;
  }
}
