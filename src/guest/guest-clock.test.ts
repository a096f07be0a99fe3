import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GuestClock } from './guest-clock.ts';

const one = (clock: GuestClock, guest: number, cameOut: number): number => clock.see([guest], cameOut)[0] ?? 0;

it('tells the moment at which a packet was seen, whatever its report took', () => {
  const clock = new GuestClock();
  one(clock, 100, 5000.001);
  expect(one(clock, 101, 5001.25)).toBeCloseTo(5001.001, 6);
  expect(one(clock, 102, 5002.0015)).toBeCloseTo(5002.001, 6);
});

it('goes on when the clock of the guest is set forward, back, and back again', () => {
  const clock = new GuestClock();
  expect(one(clock, 100, 5000)).toBeCloseTo(5000, 6);
  expect(one(clock, 3700, 5001)).toBeCloseTo(5001, 6);
  expect(one(clock, 200, 5002)).toBeCloseTo(5002, 6);
  expect(one(clock, 200.5, 5002.75)).toBeCloseTo(5002.5, 6);
  // By three seconds while nothing happened for ten: at first it looks as if it had come out late.
  one(clock, 207, 5012);
  one(clock, 208, 5013);
  expect(one(clock, 210, 5015)).toBeCloseTo(5015, 6);
});

it('follows a processor clock that is slower than the lab, and one that is faster', () => {
  for (const rate of [0.999_995, 1.000_005]) {
    const clock = new GuestClock();
    let lab = 0;
    for (let i = 0; i <= 3600; i++) lab = one(clock, 100 + i * rate, 5000 + i + 0.002);
    expect(Math.abs(lab - 8600.002)).toBeLessThan(0.012);
  }
});

it('keeps the order of packets when a better guess comes in the middle of a burst', () => {
  const clock = new GuestClock();
  const [first = 0, second = 0] = clock.see([100, 100.001], 5000.4);
  const third = one(clock, 100.002, 5000.403);
  expect(first).toBeLessThan(second);
  expect(second).toBeLessThan(third);
});

it('whatever the delays and however the clock is set: never later than it came out, and in order where nothing was set', () => {
  const delay = fc.oneof(fc.double({ min: 0, max: 0.02, noNaN: true }), fc.double({ min: 0, max: 0.9, noNaN: true }));
  const step = fc.record({
    gap: fc.double({ min: 0, max: 5, noNaN: true }),
    delay,
    set: fc.constantFrom(0, 0, 0, 0, 60, -60),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new GuestClock();
      let lab = 1000;
      let ahead = 500;
      let cameOut = 0;
      let last = -Infinity;
      for (const { gap, delay, set } of steps) {
        lab += gap;
        ahead -= set;
        cameOut = Math.max(cameOut, lab + delay);
        const told = one(clock, lab - ahead, cameOut);
        expect(told).toBeLessThanOrEqual(cameOut);
        expect(cameOut - told).toBeLessThan(cameOut - lab + 1);
        if (set === 0) expect(told).toBeGreaterThanOrEqual(last - 1e-6);
        last = told;
      }
    }),
  );
});

it('back at a checkpoint: what came out together with the new time of day is not before going back', () => {
  const clock = new GuestClock(); // new, as after going back
  const [first = 0] = clock.see([1000, 1300.02], 1300.05);
  expect(first).toBeGreaterThan(1299);
});
it('date -s of the same second: set back by less than a second', () => {
  const clock = new GuestClock();
  const a = clock.see([100.8], 100.8);
  const b = clock.see([100.1], 100.9); // date -s "$(date)" at 100.85
  expect(b[0]).toBeGreaterThanOrEqual(a[0] ?? 0);
});

it('keeps its guess while a busy guest reports everything late', () => {
  const clock = new GuestClock();
  one(clock, 100, 5000.001);
  for (let second = 1; second < 60; second++)
    expect(one(clock, 100 + second, 5000.25 + second)).toBeCloseTo(5000.001 + second, 6);
});

it('does not take a guest that was held up for two seconds for one whose clock was set back', () => {
  const clock = new GuestClock();
  one(clock, 100, 5000.001);
  const late = clock.see([101, 101.5, 102], 5003.2);
  expect(late[0]).toBeCloseTo(5001.001, 6);
  expect(late[2]).toBeCloseTo(5002.001, 6);
  expect(one(clock, 103.3, 5003.302)).toBeCloseTo(5003.301, 6);
  expect(one(clock, 109, 5010.9)).toBeCloseTo(5009.001, 6);
  expect(one(clock, 111, 5011.002)).toBeCloseTo(5011.001, 6);
});

it('tells a moment that is read out later by the guess by which the packets of that moment were told', () => {
  const clock = new GuestClock();
  // The first packet came out late; from the next one on it is known by how much.
  const [first] = clock.see([10], 110.03);
  const [second] = clock.see([12], 112.001);
  expect([first, second]).toEqual([110.03, 112.001]);
  expect(clock.labTime(10.0005)).toBeCloseTo(110.0305, 6);
  expect(clock.labTime(12.0005)).toBeCloseTo(112.0015, 6);
  expect(clock.labTime(9)).toBeCloseTo(109.03, 6);
});
