// When the emulator runs again after it gave way. Replaces v86's own (a worker inside the worker: two thread hops a
// millisecond), and lets an idle guest sleep: Debian's 686 kernel ticks 250 times a second (CONFIG_HZ_PERIODIC) whether
// or not there is anything to do. The kernel catches up on ticks that come late (tick_do_update_jiffies64), as it does
// under any hypervisor, so while nothing but ticks happens they may come late.
//
// In slow motion the guest's clock is slow (clock.ts), and so must its processor be: after each slice it rests for as long
// as makes its work take the same share of the guest's time as ever.
import type { EmulatorCore } from './v86-internals.ts';

// A guest whose processor worked for less than this share of the last tenth of a second is idle …
const idleShare = 0.2;
const lookBack = 100;
// … and is woken this often; input of any kind wakes it at once.
const idlePeriod = 20;
// ms; browsers round shorter timers up to this when they are set one after the other, so shorter rests are saved up.
const shortestRest = 4;

export interface Scheduler {
  /** Something arrived for the guest: it must not sleep on. */
  wake(): void;
  /** Guest ms in a real ms, at most 1. */
  setSpeed(speed: number): void;
  /** Real ms spent inside the emulator. */
  readonly busy: () => number;
  readonly slices: () => number;
  dispose(): void;
}

/** Makes a function that runs `callback` as soon as the thread's other work had its turn. */
export type Soon = (callback: () => void) => { call(): void; dispose(): void };

/** `now` must be the real clock, not the guest's. */
export function installScheduler(core: EmulatorCore, soon: Soon, now: () => number, afterSlice: () => void): Scheduler {
  let pendingTick = -1;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let started = 0;
  let busy = 0;
  let slices = 0;
  let idle = false;
  /** When the share began to be measured, and `busy` then. */
  let since = now();
  let busyBefore = 0;
  let speed = 1;
  /** Real ms that the processor still has to rest. */
  let owed = 0;
  let resting: ReturnType<typeof setTimeout> | undefined;

  const run = (tick: number) => {
    started = now();
    slices++;
    core.yield_callback(tick);
    // A processor that was stopped does not give way again: the time until it is started is not time spent in it.
    started = 0;
  };
  const again = soon(() => {
    if (pendingTick >= 0) run(pendingTick);
  });

  const measureFrom = (at: number, isIdle: boolean) => {
    idle = isIdle;
    since = at;
    busyBefore = busy;
  };

  core.yield = (milliseconds, tick) => {
    if (started > 0) {
      const took = now() - started;
      busy += took;
      owed += took * (1 / speed - 1);
      started = 0;
      const passed = now() - since;
      // Far more than that: it was stopped in between.
      if (passed >= lookBack) measureFrom(now(), passed < 10 * lookBack && busy - busyBefore < idleShare * passed);
      afterSlice();
    }
    pendingTick = tick;
    clearTimeout(timer);
    clearTimeout(resting);
    timer = resting = undefined;
    // 0: there is more to do. Anything else: the processor waits in HLT, and a timer of the guest ends in so long.
    if (milliseconds > 0) {
      const wait = Math.max(milliseconds / speed, owed, idle ? idlePeriod : 0);
      owed = 0;
      timer = setTimeout(() => run(tick), wait);
    } else if (owed >= shortestRest) {
      resting = setTimeout(() => run(tick), owed);
      owed = 0;
    } else {
      again.call();
    }
  };

  return {
    wake() {
      measureFrom(now(), false);
      if (timer === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      again.call();
    },
    setSpeed(factor) {
      speed = factor;
      owed = 0;
    },
    busy: () => busy,
    slices: () => slices,
    dispose() {
      clearTimeout(timer);
      clearTimeout(resting);
      again.dispose();
    },
  };
}
