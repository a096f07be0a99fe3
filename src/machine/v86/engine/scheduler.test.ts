import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installScheduler, type Soon } from './scheduler.ts';
import type { EmulatorCore } from './v86-internals.ts';

/**
 * What v86 does between two yields (src/main.js): run() and every slice end in yield() with a new tick, a tick that is not
 * the newest is ignored, and a processor that was stopped finds out at its next tick and does not yield.
 */
class Core {
  readonly cpu = {} as EmulatorCore['cpu'];
  /** Ms that the guest takes, and ms that it then waits for: 0 when there is more to do. */
  guest: () => { takes: number; waits: number } = () => ({ takes: 0, waits: 0 });
  /** When it ran, ms without the work itself: timers stand while it works. */
  readonly ran: number[] = [];
  worked = 0;
  running = false;
  #stopping = false;
  #tick = 0;

  yield(_milliseconds: number, _tick: number): void {
    throw new Error('the scheduler is not installed');
  }

  yield_callback(tick: number): void {
    if (tick !== this.#tick) return;
    if (this.#stopping || !this.running) {
      this.#stopping = false;
      this.running = false;
      return;
    }
    this.ran.push(performance.now());
    const { takes, waits } = this.guest();
    this.worked += takes;
    this.yield(waits, ++this.#tick);
  }

  unregister_yield(): void {}

  run(): void {
    this.#stopping = false;
    this.running = true;
    this.yield(0, ++this.#tick);
  }

  stop(): void {
    this.#stopping = this.running;
  }
}

const soon: Soon = (callback) => {
  const handles = new Set<ReturnType<typeof setImmediate>>();
  return {
    call: () => void handles.add(setImmediate(callback)),
    dispose: () => {
      for (const handle of handles) clearImmediate(handle);
    },
  };
};

describe('when the guest gets the processor', () => {
  let core: Core;
  let slices: number;
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    vi.advanceTimersByTime(1000);
    core = new Core();
    slices = 0;
  });
  afterEach(() => void vi.useRealTimers());
  const install = () =>
    installScheduler(
      core,
      soon,
      () => performance.now() + core.worked,
      () => void slices++,
    );

  it('again at once while it has more to do, but after the thread’s other work', async () => {
    const scheduler = install();
    core.guest = () => ({ takes: 3, waits: 0 });
    core.run();
    expect(core.ran).toHaveLength(0);
    let message = 0;
    setImmediate(() => {
      message = core.ran.length;
    });
    for (let i = 0; i < 10; i++) vi.advanceTimersToNextTimer();
    expect(core.ran.length).toBeGreaterThan(4);
    expect(message).toBe(1);
    expect(scheduler.slices()).toBe(core.ran.length);
    expect(slices).toBe(core.ran.length);
    expect(scheduler.busy()).toBe(3 * core.ran.length);
  });

  it('when its next timer ends while it waits, and less often once it has done next to nothing for a while', () => {
    install();
    core.guest = () => ({ takes: 0, waits: 4 });
    core.run();
    vi.advanceTimersByTime(80);
    const awake = core.ran.length;
    expect(awake).toBeGreaterThanOrEqual(20);
    vi.advanceTimersByTime(200);
    const before = core.ran.length;
    vi.advanceTimersByTime(1000);
    expect(core.ran.length - before).toBe(50);
  });

  it('less often also when it works a little between its ticks, as a daemon with a timer does', () => {
    install();
    let tick = 0;
    core.guest = () => ({ takes: tick++ % 10 === 0 ? 3 : 0.1, waits: 4 });
    core.run();
    vi.advanceTimersByTime(500);
    const before = core.ran.length;
    vi.advanceTimersByTime(1000);
    expect(core.ran.length - before).toBe(50);
  });

  it('never later than the timer that an idle guest waits for, when that is far away', () => {
    install();
    core.guest = () => ({ takes: 0, waits: 100 });
    core.run();
    vi.advanceTimersByTime(5000);
    const before = core.ran.length;
    vi.advanceTimersByTime(1000);
    expect(core.ran.length - before).toBe(10);
  });

  it('at once when something arrives for it, and at its own pace again for a while after that', () => {
    const scheduler = install();
    core.guest = () => ({ takes: 0, waits: 4 });
    core.run();
    vi.advanceTimersByTime(2000);
    vi.advanceTimersByTime(1);
    const before = core.ran.length;
    scheduler.wake();
    scheduler.wake();
    vi.advanceTimersByTime(0);
    expect(core.ran).toHaveLength(before + 1);
    vi.advanceTimersByTime(40);
    expect(core.ran).toHaveLength(before + 11);
  });

  it('not stretched for a guest that works between its waits', () => {
    install();
    core.guest = () => ({ takes: 2, waits: 4 });
    core.run();
    vi.advanceTimersByTime(3000);
    const gaps = core.ran.slice(-50).map((at, index, all) => at - (all[index - 1] ?? at - 4));
    expect(new Set(gaps)).toEqual(new Set([4]));
  });

  it('not while it is stopped, whatever arrives; and that time does not count as busy', () => {
    const scheduler = install();
    core.guest = () => ({ takes: 2, waits: 4 });
    core.run();
    vi.advanceTimersByTime(100);
    core.stop();
    vi.advanceTimersByTime(100);
    const stopped = core.ran.length;
    const busy = scheduler.busy();
    expect(busy).toBe(2 * stopped);
    scheduler.wake();
    vi.advanceTimersByTime(600_000);
    expect(core.ran).toHaveLength(stopped);
    core.run();
    vi.advanceTimersByTime(100);
    expect(core.ran.length).toBeGreaterThan(stopped + 10);
    expect(scheduler.busy()).toBe(2 * core.ran.length);
  });

  it('in slow motion for the same share of its time: it rests after its work, and its waits are longer', () => {
    const scheduler = install();
    core.guest = () => ({ takes: 2, waits: 0 });
    scheduler.setSpeed(0.1);
    core.run();
    vi.advanceTimersByTime(1800);
    // 2 ms of work and 18 ms of rest each time.
    expect(core.ran.length).toBeGreaterThanOrEqual(99);
    expect(core.ran.length).toBeLessThanOrEqual(101);
    core.guest = () => ({ takes: 2, waits: 4 });
    vi.advanceTimersByTime(100);
    const before = core.ran.length;
    vi.advanceTimersByTime(4000);
    expect(core.ran.length - before).toBe(100);
    scheduler.setSpeed(1);
    scheduler.wake();
    vi.advanceTimersByTime(400);
    expect(core.ran.length - before).toBeGreaterThanOrEqual(199);
    scheduler.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('no more once it is disposed of', () => {
    const scheduler = install();
    core.guest = () => ({ takes: 0, waits: 4 });
    core.run();
    vi.advanceTimersByTime(50);
    scheduler.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });
});
