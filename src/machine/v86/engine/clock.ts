// The clock that the guest's time comes from. v86 takes performance.now and Date.now when it is imported, so this
// replaces both, once, before that: stop the processor and hold this clock, and no time passes in the guest; let it go
// slowly, and a second of the guest takes longer.

export interface HoldableClock {
  /** ms; goes on from where `startAt` set it, stands while held. */
  now(): number;
  hold(): void;
  release(): void;
  /** Sets the clock to a snapshot's value: the guest sees no jump between its saving and its restoring. */
  startAt(milliseconds: number): void;
  /** ms that pass in a real ms: less than 1 is slow motion. The guest sees no jump. */
  setSpeed(speed: number): void;
}

export function createClock(real: () => number): HoldableClock {
  /** The clock showed `shown` when it was `since` in real time. */
  let since = real();
  let shown = since;
  let speed = 1;
  let held = false;
  const now = () => (held ? shown : shown + (real() - since) * speed);
  const showFromNow = (milliseconds: number) => {
    shown = milliseconds;
    since = real();
  };
  return {
    now,
    hold() {
      showFromNow(now());
      held = true;
    },
    release() {
      if (held) since = real();
      held = false;
    },
    startAt: showFromNow,
    setSpeed(factor) {
      showFromNow(now());
      speed = factor;
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
