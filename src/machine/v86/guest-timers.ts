// Timers for what the guest is waited for. While the machine is frozen it can do nothing, and nobody's patience with it
// runs out: its timers stand as its clock does.

interface Timer {
  readonly run: () => void;
  /** ms that the machine still has, counted from `since` while the timer runs. */
  left: number;
  since: number;
  handle: ReturnType<typeof setTimeout> | undefined;
}

export class GuestTimers {
  readonly #timers = new Set<Timer>();
  #held = false;

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
    if (!this.#held) start(timer);
    return forget;
  }

  hold(): void {
    if (this.#held) return;
    this.#held = true;
    for (const timer of this.#timers) {
      clearTimeout(timer.handle);
      timer.left -= performance.now() - timer.since;
    }
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    for (const timer of this.#timers) start(timer);
  }
}

function start(timer: Timer): void {
  timer.since = performance.now();
  timer.handle = setTimeout(timer.run, timer.left);
}
