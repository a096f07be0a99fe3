// The clock that the guest's time comes from. v86 takes performance.now and Date.now when it is imported, so this
// replaces both, once, before that: stop the processor and hold this clock, and no time passes in the guest.

export interface HoldableClock {
  /** ms; goes on from where `startAt` set it, stands while held. */
  now(): number;
  hold(): void;
  release(): void;
  /** Sets the clock to a snapshot's value: the guest sees no jump between its saving and its restoring. */
  startAt(milliseconds: number): void;
}

export function createClock(real: () => number): HoldableClock {
  let offset = 0;
  let heldAt: number | undefined;
  return {
    now: () => heldAt ?? real() + offset,
    hold() {
      heldAt ??= real() + offset;
    },
    release() {
      if (heldAt === undefined) return;
      offset = heldAt - real();
      heldAt = undefined;
    },
    startAt(milliseconds) {
      if (heldAt !== undefined) heldAt = milliseconds;
      else offset = milliseconds - real();
    },
  };
}

/** Replaces this thread's performance.now and Date.now. Timers (setTimeout) keep real time. */
export function installClock(): HoldableClock {
  const clock = createClock(performance.now.bind(performance));
  const epoch = Date.now() - performance.now();
  performance.now = () => clock.now();
  Date.now = () => Math.floor(epoch + clock.now());
  return clock;
}
