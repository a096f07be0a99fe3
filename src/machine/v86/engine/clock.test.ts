import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createClock } from './clock.ts';

it('runs with the real clock, stands while it is held, and goes on where it stood', () => {
  let real = 1000;
  const clock = createClock(() => real);
  expect(clock.now()).toBe(1000);
  clock.hold();
  real += 600_000;
  expect(clock.now()).toBe(1000);
  clock.hold();
  expect(clock.now()).toBe(1000);
  clock.release();
  expect(clock.now()).toBe(1000);
  real += 5;
  expect(clock.now()).toBe(1005);
  clock.release();
  expect(clock.now()).toBe(1005);
});

it('goes on from a snapshot’s time, whether it is held or running when it is set', () => {
  let real = 50;
  const clock = createClock(() => real);
  clock.startAt(9_000);
  real += 1;
  expect(clock.now()).toBe(9_001);
  clock.hold();
  clock.startAt(123_456);
  real += 40;
  expect(clock.now()).toBe(123_456);
  clock.release();
  real += 2;
  expect(clock.now()).toBe(123_458);
});

it('shows the guest exactly the real time that it was not held, as slowly as it is set to, and never goes back', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1_000_000) }),
    // Powers of two, so that sums are exact.
    fc.record({ kind: fc.constant('speed' as const), factor: fc.constantFrom(1, 0.5, 0.125) }),
    fc.record({ kind: fc.constantFrom('hold' as const, 'release' as const) }),
  );
  fc.assert(
    fc.property(fc.nat(1e6), fc.nat(1e9), fc.array(step), (begin, snapshot, steps) => {
      let real = begin;
      const clock = createClock(() => real);
      clock.startAt(snapshot);
      let held = false;
      let speed = 1;
      let wanted = snapshot;
      for (const what of steps) {
        if (what.kind === 'wait') {
          real += what.ms;
          if (!held) wanted += what.ms * speed;
        } else if (what.kind === 'speed') {
          speed = what.factor;
          clock.setSpeed(speed);
        } else {
          held = what.kind === 'hold';
          clock[what.kind]();
        }
        expect(clock.now()).toBe(wanted);
      }
    }),
  );
});
