import { expect, it } from 'vitest';
import { HandTime } from '../../tests/support/wire.ts';
import { LabTime } from './lab-time.ts';

function make() {
  const real = new HandTime();
  let wall = 1_000_000;
  const time = new LabTime(real, () => wall);
  const pass = (ms: number) => {
    real.pass(ms);
    wall += ms;
  };
  return { time, pass, setWall: (ms: number) => (wall = ms) };
}

it('is the time of day at the start, and goes by the clock of the wires from then on', () => {
  const { time, pass, setWall } = make();
  pass(5000);
  time.begin();
  expect(time.now()).toBe(1005);
  // The computer's clock is set, or summer time ends in a careless program: the lab does not notice.
  setWall(0);
  pass(2000);
  expect(time.now()).toBe(1007);
});

it('stands while the lab is frozen, and goes on where it stood', () => {
  const { time, pass } = make();
  time.begin();
  pass(1000);
  time.clock.hold();
  pass(600_000);
  expect(time.now()).toBe(1001);
  time.clock.run();
  pass(500);
  expect(time.now()).toBe(1001.5);
});

it('knows the time of a moment that is told of late, no further back than time has stood since', () => {
  const { time, pass } = make();
  time.begin();
  pass(1000);
  expect(time.before(250)).toBe(1000.75);
  time.clock.hold();
  pass(8000);
  expect(time.before(100)).toBe(1001);
  time.clock.run();
  pass(40);
  expect(time.before(25)).toBe(1001.015);
  expect(time.before(7000)).toBe(1001);
  expect(time.before(-5)).toBe(1001.04);
  time.clock.setSpeed(0.1);
  pass(100);
  expect(time.before(50)).toBeCloseTo(1001.045, 9);
});
