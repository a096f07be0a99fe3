import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GuestTimers } from './guest-timers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('goes off when the machine has run for so long, however often it stood in between', () => {
  const pauses = fc.array(fc.record({ runs: fc.nat(500), stands: fc.nat(100_000) }), { maxLength: 10 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), pauses, (patience, spells) => {
      const timers = new GuestTimers();
      let ran = 0;
      let wentOffAt = -1;
      timers.after(patience, () => {
        wentOffAt = ran;
      });
      const run = () => {
        ran++;
        vi.advanceTimersByTime(1);
      };
      for (const { runs, stands } of spells) {
        for (let ms = 0; ms < runs; ms++) run();
        timers.hold();
        timers.hold();
        vi.advanceTimersByTime(stands);
        timers.release();
        timers.release();
      }
      while (ran < patience) run();
      expect(wentOffAt).toBe(patience);
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 50 },
  );
});

it('one that is set, or taken back, while the machine stands', () => {
  const timers = new GuestTimers();
  const went: string[] = [];
  const forget = timers.after(10, () => went.push('taken back'));
  timers.hold();
  timers.after(10, () => went.push('set'));
  forget();
  forget();
  vi.advanceTimersByTime(1000);
  expect(went).toEqual([]);
  timers.release();
  vi.advanceTimersByTime(10);
  expect(went).toEqual(['set']);
  expect(vi.getTimerCount()).toBe(0);
});

it('a slow machine is waited for longer, and what has run of its time stays run', () => {
  const timers = new GuestTimers();
  let went = false;
  timers.after(100, () => {
    went = true;
  });
  vi.advanceTimersByTime(50);
  timers.setSpeed(0.1);
  vi.advanceTimersByTime(200);
  timers.hold();
  vi.advanceTimersByTime(10_000);
  timers.release();
  vi.advanceTimersByTime(299);
  expect(went).toBe(false);
  vi.advanceTimersByTime(1);
  expect(went).toBe(true);
});
