import { expect, it } from 'vitest';
import { EvidenceClock } from './evidence-clock.ts';

it('puts the monotonic clock on the time that the tap’s packets have', () => {
  // The tap has found out that the guest's time of day is 7.25 s behind the lab's.
  const clock = new EvidenceClock((timeOfDay) => timeOfDay + 7.25);
  clock.see(100, 5000, 5007.3);
  expect(clock.lab(99.5)).toBeCloseTo(5006.75, 6);
  expect(clock.labOfTimeOfDay(4999)).toBeCloseTo(5006.25, 6);
});

it('goes on though somebody sets the time of day, before any packet shows by how much', () => {
  const clock = new EvidenceClock((timeOfDay) => timeOfDay + 7.25);
  clock.see(100, 5000, 5007.3);
  clock.see(110, 1_000_000, 5017.28);
  expect(Math.abs(clock.lab(109) - 5016.25)).toBeLessThan(0.1);
  expect(Math.abs(clock.labOfTimeOfDay(999_999) - 5016.25)).toBeLessThan(0.1);
});

it('without a lab has the guest’s own time', () => {
  const clock = new EvidenceClock((timeOfDay) => timeOfDay);
  clock.see(100, 5000);
  expect(clock.lab(101)).toBe(5001);
});
