// The frames of one wire that are held or under way: as events of the clock, by their ids, and within what may wait at most.
import { type ReadonlySignal, signal } from '@preact/signals-core';
import type { VirtualClock } from './clock.ts';
import type { WaitingFrame } from './wire-frame.ts';

export class WaitingFrames<F extends WaitingFrame<{ readonly name: string }>> {
  readonly #clock: VirtualClock;
  readonly #frames = new Map<number, F>();
  readonly #capacity: number;
  #bytes = 0;
  readonly #revision = signal(0);

  /** @param capacity bytes */
  constructor(clock: VirtualClock, capacity: number) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** Another number whenever there may be something else to see. */
  get revision(): ReadonlySignal<number> {
    return this.#revision;
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

  /** Makes room for as many bytes; false: what waits already leaves none. */
  admit(bytes: number): boolean {
    if (this.#bytes + bytes > this.#capacity) return false;
    this.#bytes += bytes;
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
      if (!this.#frames.has(frame.id)) continue;
      frame.listed = true;
      listed = true;
    }
    if (listed) this.#changed();
  }

  /** The clock has taken it. */
  delivered(frame: F): void {
    this.#frames.delete(frame.id);
    this.#bytes -= frame.bytes.length;
    if (frame.listed) this.#changed();
  }

  clear(): void {
    for (const frame of this.list()) this.#clock.remove(frame);
    this.#frames.clear();
    this.#bytes = 0;
    this.#changed();
  }

  #changed(): void {
    this.#revision.value = this.#revision.peek() + 1;
  }
}
