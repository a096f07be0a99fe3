import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HandTime } from '../../tests/support/wire.ts';
import { type ClockState, VirtualClock } from './clock.ts';

function make() {
  const time = new HandTime();
  const clock = new VirtualClock(time);
  const happened: { name: string; at: number }[] = [];
  const at = (due: number, name = String(due), and = () => {}) => {
    const event = {
      due,
      order: clock.takeOrder(),
      fire() {
        happened.push({ name, at: clock.now() });
        and();
      },
    };
    clock.add(event);
    return event;
  };
  return { time, clock, happened, at, names: () => happened.map(({ name }) => name) };
}

describe('the virtual clock', () => {
  test('goes with real time, stands while held, and goes on where it stood', () => {
    const { time, clock } = make();
    time.pass(10);
    expect(clock.now()).toBe(10);
    clock.hold();
    time.pass(600_000);
    expect(clock.now()).toBe(10);
    clock.run();
    time.pass(5);
    expect(clock.now()).toBe(15);
    expect(clock.held).toBe(false);
  });

  test('lets events happen in order of time, then of arrival', () => {
    const { time, at, happened } = make();
    at(20, 'c');
    at(10, 'a');
    at(20, 'd');
    at(10, 'b');
    time.pass(9);
    expect(happened).toEqual([]);
    time.pass(100);
    expect(happened).toEqual([
      { name: 'a', at: 10 },
      { name: 'b', at: 10 },
      { name: 'c', at: 20 },
      { name: 'd', at: 20 },
    ]);
  });

  test('at a tenth of the speed everything takes ten times as long, and says the same times', () => {
    const { time, clock, at, happened } = make();
    clock.setSpeed(0.1);
    at(10);
    at(30);
    time.pass(99);
    expect(happened).toEqual([]);
    time.pass(1);
    expect(happened).toEqual([{ name: '10', at: 10 }]);
    clock.setSpeed(1);
    time.pass(19);
    expect(happened).toHaveLength(1);
    time.pass(1);
    expect(happened[1]?.at).toBeCloseTo(30, 9);
    expect(() => clock.setSpeed(0)).toThrow(/0.1 to 1/);
    expect(() => clock.setSpeed(Number.NaN)).toThrow(RangeError);
  });

  test('does not pass an event that is late: what comes of it is not stamped before it', () => {
    const time = { now: 0, tasks: [] as (() => void)[] };
    const after = (_: number, task: () => void) => {
      time.tasks.push(task);
      return () => {};
    };
    const clock = new VirtualClock({ now: () => time.now, after });
    const seen: number[] = [];
    clock.add({ due: 10, order: clock.takeOrder(), fire: () => seen.push(clock.now()) });
    time.now = 50; // the timer has not come
    expect(clock.now()).toBe(10);
    for (const task of time.tasks) task();
    expect(seen).toEqual([10]);
    expect(clock.now()).toBe(50);
  });

  test('step lets one event happen and moves time to it; an event that is put in meanwhile waits', () => {
    const { time, clock, at, happened, names } = make();
    at(10, 'cause', () => at(0, 'effect'));
    at(20, 'later');
    expect(clock.step()).toMatchObject({ due: 10 });
    expect(names()).toEqual(['cause']);
    expect(clock.now()).toBe(10);
    time.pass(1000);
    expect(names()).toEqual(['cause']);
    clock.step();
    clock.step();
    expect(happened).toEqual([
      { name: 'cause', at: 10 },
      { name: 'effect', at: 10 },
      { name: 'later', at: 20 },
    ]);
    expect(clock.step()).toBeNull();
    expect(clock.held).toBe(true);
  });

  test('stands before an event that stops it, and says at which', () => {
    const { time, clock, at, names } = make();
    at(5, 'before');
    let wants = true;
    const event = { due: 5, order: clock.takeOrder(), stops: () => wants, fire: () => at(5, 'fired') };
    clock.add(event);
    const states: ClockState[] = [];
    clock.onChange((state) => states.push(state));
    time.pass(50);
    expect(names()).toEqual(['before']);
    expect(states).toEqual([{ kind: 'held', at: event }]);
    expect(clock.now()).toBe(5);
    wants = false;
    clock.run();
    expect(names()).toEqual(['before', 'fired']);
  });

  test('an event that cannot say whether it stops makes time stand, and is not lost', () => {
    const { time, clock } = make();
    let fired = 0;
    const broken = () => {
      throw new Error('no');
    };
    clock.add({ due: 5, order: clock.takeOrder(), stops: broken, fire: () => fired++ });
    expect(() => time.pass(5)).toThrow('no');
    expect(clock.held).toBe(true);
    clock.step();
    expect(fired).toBe(1);
  });

  test('events without end leave others their turn', () => {
    const { time, clock, at, happened } = make();
    const again = () => {
      if (happened.length < 20_000) at(0, 'again', again);
    };
    at(0, 'again', again);
    expect(happened.length).toBeLessThan(10_000);
    expect(happened.length).toBeGreaterThan(1000);
    time.pass(0);
    time.pass(0);
    expect(happened).toHaveLength(20_000);
    expect(clock.queue.size).toBe(0);
  });

  test('rounding does not make it wait again and again for a moment that never comes', () => {
    const ms = fc.double({ min: 0, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(ms, ms, fc.double({ min: 0.1, max: 1, noNaN: true }), (start, wait, speed) => {
        let now = start;
        let timer: { delay: number; task: () => void } | undefined;
        const after = (delay: number, task: () => void) => {
          timer = { delay, task };
          return () => {};
        };
        const clock = new VirtualClock({ now: () => now, after });
        clock.setSpeed(speed);
        let fired = false;
        const fire = () => {
          fired = true;
        };
        clock.add({ due: wait, order: clock.takeOrder(), fire });
        for (let timers = 0; timers < 3 && !fired; timers++) {
          now += timer?.delay ?? 0;
          timer?.task();
        }
        expect(fired).toBe(true);
      }),
    );
  });

  test('leaves no timer behind', () => {
    const { time, clock, at } = make();
    at(10);
    expect(time.pending).toBe(1);
    clock.dispose();
    expect(time.pending).toBe(0);
  });

  test('whatever is done to it: time never goes back, all happens once, in order, and not too early', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(50) }),
      fc.record({ kind: fc.constant('add' as const), in: fc.integer({ min: -5, max: 40 }) }),
      fc.record({ kind: fc.constantFrom('hold' as const, 'run' as const, 'step' as const) }),
      fc.record({ kind: fc.constant('speed' as const), speed: fc.constantFrom(0.1, 0.25, 1) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { time, clock, at, happened } = make();
        const added: { due: number; name: string }[] = [];
        let last = 0;
        for (const what of steps) {
          if (what.kind === 'pass') time.pass(what.ms);
          else if (what.kind === 'add') {
            const due = clock.now() + what.in;
            added.push({ due, name: String(added.length) });
            at(due, String(added.length - 1));
          } else if (what.kind === 'speed') clock.setSpeed(what.speed);
          else clock[what.kind]();
          expect(clock.now()).toBeGreaterThanOrEqual(last);
          last = clock.now();
        }
        clock.run();
        time.pass(100_000);
        expect(happened.map(({ name }) => name).sort()).toEqual(added.map(({ name }) => name).sort());
        for (const [index, { name, at: when }] of happened.entries()) {
          expect(when).toBeGreaterThanOrEqual(added[Number(name)]?.due ?? Infinity);
          expect(when).toBeGreaterThanOrEqual(happened[index - 1]?.at ?? 0);
        }
      }),
    );
  });
});

describe('a clock that is shut', () => {
  test('lets nothing happen while time goes on, and stands when it is held', () => {
    const { time, clock, at, happened } = make();
    clock.shut();
    time.pass(100);
    expect(clock.now()).toBe(100);
    at(0);
    time.pass(50);
    expect([clock.now(), clock.held, happened]).toEqual([150, true, []]);
    clock.hold();
    time.pass(1000);
    expect(clock.now()).toBe(150);
    clock.step();
    expect(happened).toEqual([{ name: '0', at: 150 }]);
    clock.shut();
    time.pass(10);
    clock.run();
    time.pass(10);
    expect(clock.now()).toBe(170);
  });

  test('goes as slowly as it was told to', () => {
    const { time, clock } = make();
    clock.shut();
    time.pass(10);
    clock.setSpeed(0.5);
    time.pass(10);
    expect(clock.now()).toBe(15);
    expect(clock.at(time.now() - 4)).toBe(13);
  });
});
