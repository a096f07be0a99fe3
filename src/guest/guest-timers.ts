// Timers for what the guest is waited for. While the machine is frozen it can do nothing, and nobody's patience with it
// runs out: its timers stand as its clock does, and are as slow.

interface Timer {
  readonly run: () => void;
  /** ms of the machine that it still has, counted from `since` while the timer runs. */
  left: number;
  since: number;
  handle: ReturnType<typeof setTimeout> | undefined;
}

export class GuestTimers {
  readonly #timers = new Set<Timer>();
  #held = false;
  #speed = 1;

  /** Calls back, once, when the machine has run for so many ms. What is returned takes it back; twice is harmless. */
  after(milliseconds: number, callback: () => void): () => void {
    const forget = () => {
      clearTimeout(timer.handle);
      this.#timers.delete(timer);
    };
    const run = () => {
      forget();
      callback();
    };
    const timer: Timer = { run, left: milliseconds, since: 0, handle: undefined };
    this.#timers.add(timer);
    if (!this.#held) this.#start(timer);
    return forget;
  }

  /** Machine ms in a real ms. */
  setSpeed(speed: number): void {
    const held = this.#held;
    this.hold();
    this.#speed = speed;
    if (!held) this.release();
  }

  hold(): void {
    if (this.#held) return;
    this.#held = true;
    for (const timer of this.#timers) {
      clearTimeout(timer.handle);
      timer.left -= (performance.now() - timer.since) * this.#speed;
    }
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    for (const timer of this.#timers) this.#start(timer);
  }

  #start(timer: Timer): void {
    timer.since = performance.now();
    timer.handle = setTimeout(timer.run, timer.left / this.#speed);
  }
}
