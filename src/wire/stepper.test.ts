import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberIn, TestBed } from '../../tests/support/wire.ts';
import { Stepper } from './stepper.ts';

describe('a stepper over hops that have happened', () => {
  test('follows what happens until the reader steps, and then looks back at the reader’s pace', () => {
    const stepper = new Stepper<string>();
    stepper.happened(['a', 'b']);
    expect(stepper.state.value).toMatchObject({ position: 2, at: 'b', shownAs: 'looked back at', follows: true });
    expect(stepper.back()).toEqual({ kind: 'shown', hop: 'a', position: 1, shownAs: 'looked back at', ranPast: 1 });
    stepper.happened(['c', 'd']);
    expect(stepper.state.value).toMatchObject({ position: 1, total: 4, follows: false });
    expect(stepper.step()).toMatchObject({ hop: 'b', ranPast: 2 });
    expect(stepper.step((hop) => hop === 'd')).toMatchObject({ hop: 'd', position: 4, ranPast: 0 });
    expect(stepper.toStart()).toMatchObject({ hop: 'a' });
    expect(stepper.back()).toEqual({ kind: 'start' });
    expect(stepper.state.value).toMatchObject({ position: 0, at: null, shownAs: null });
    expect(stepper.seek(3.7)).toMatchObject({ hop: 'c', position: 3 });
    expect(stepper.seek(Number.NaN)).toEqual({ kind: 'start' });
    expect(stepper.toEnd()).toMatchObject({ hop: 'd' });
    stepper.follow();
    stepper.happened(['e']);
    expect(stepper.state.value.at).toBe('e');
  });

  test('at the end, machines must go on; the tap’s report of what was awaited says when to freeze, and what ran past', () => {
    const stepper = new Stepper<string>();
    stepper.happened(['a']);
    expect(stepper.step()).toEqual({ kind: 'go' });
    expect(stepper.state.value.awaits).toBe(true);
    expect(stepper.happened(['b', 'c', 'd'])).toEqual({
      kind: 'shown',
      hop: 'b',
      position: 2,
      shownAs: 'looked back at',
      ranPast: 2,
    });
    expect(stepper.happened(['e'])).toBeNull();
    expect(stepper.step()).toMatchObject({ hop: 'c', ranPast: 2 });
    expect(stepper.step((hop) => hop === 'x')).toEqual({ kind: 'go' });
    expect(stepper.happened(['f'])).toBeNull();
    expect(stepper.state.value).toMatchObject({ at: 'f', awaits: true });
    expect(stepper.happened(['g', 'x', 'h'])).toMatchObject({ hop: 'x', ranPast: 1 });
    stepper.step((hop) => hop === 'y');
    stepper.stand();
    expect(stepper.happened(['y'])).toBeNull();
  });
});

describe('a stepper over hops that a wire holds', () => {
  test('stands at the held packet, and lets it go with the next step', () => {
    const stepper = new Stepper<string>();
    stepper.happened(['a']);
    stepper.held(['b', 'c']);
    expect(stepper.step()).toEqual({ kind: 'shown', hop: 'b', position: 2, shownAs: 'held', ranPast: 0 });
    expect(stepper.toEnd()).toMatchObject({ hop: 'b' });
    expect(stepper.step()).toEqual({ kind: 'release', hop: 'b' });
    expect(stepper.passed()).toBeNull();
    expect(stepper.state.value).toMatchObject({ at: 'b', shownAs: 'looked back at', held: 1, awaits: true });
    expect(stepper.held(['c'])).toMatchObject({ hop: 'c', shownAs: 'held', position: 3 });
    expect(stepper.back()).toMatchObject({ hop: 'b', shownAs: 'looked back at' });
    expect(stepper.step()).toMatchObject({ hop: 'c', shownAs: 'held' });
  });

  test('what a held frame brings about in its receiver is the next hop', () => {
    const stepper = new Stepper<string>();
    stepper.held(['frame']);
    stepper.step();
    expect(stepper.step()).toMatchObject({ kind: 'release' });
    stepper.passed();
    expect(stepper.held([])).toBeNull();
    expect(stepper.happened(['docker0', 'veth'])).toMatchObject({ hop: 'docker0', ranPast: 1 });
  });

  test('a late report does not take the reader away from it; one that is dropped by hand is no longer there', () => {
    const stepper = new Stepper<string>();
    stepper.held(['b']);
    stepper.step();
    stepper.happened(['a']);
    expect(stepper.state.value).toMatchObject({ at: 'b', shownAs: 'held', position: 2 });
    stepper.held([]);
    expect(stepper.state.value).toMatchObject({ at: 'a', shownAs: 'looked back at' });
    expect(stepper.passed()).toBeNull();
  });

  test('frames that are not what is awaited have to be released', () => {
    const stepper = new Stepper<string>();
    stepper.held(['a', 'b']);
    expect(stepper.step((hop) => hop === 'b')).toEqual({ kind: 'release', hop: 'a' });
    stepper.passed();
    expect(stepper.held(['b'])).toMatchObject({ kind: 'shown', hop: 'b', shownAs: 'held' });
    expect(stepper.step((hop) => hop === 'z')).toEqual({ kind: 'release', hop: 'b' });
    stepper.passed();
    expect(stepper.held(['c'])).toEqual({ kind: 'release', hop: 'c' });
  });
});

test('forgets the oldest hops, and positions keep their meaning', () => {
  const stepper = new Stepper<number>({ limit: 10 });
  for (let hop = 1; hop <= 100; hop++) stepper.happened([hop]);
  const { first, total } = stepper.state.value;
  expect(total).toBe(100);
  expect(total - first).toBeLessThanOrEqual(11);
  expect(stepper.seek(95)).toMatchObject({ hop: 95, position: 95 });
  expect(stepper.seek(5)).toEqual({ kind: 'start' });
  expect(stepper.step()).toMatchObject({ hop: first + 1 });
  stepper.clear();
  expect(stepper.state.value).toMatchObject({ first: 0, total: 0, at: null, follows: true });
});

test('step by step over a held wire, every frame is shown once, in order, held before it arrives', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { minLength: 1, maxLength: 30 }), (sends) => {
      const bed = new TestBed(3).introduce();
      const stepper = new Stepper<number>();
      const refresh = () => stepper.held(bed.wire.waiting.value.map(({ bytes }) => numberIn(bytes)));
      bed.clock.hold();
      for (const [number, from] of sends.entries()) bed.send(from, (from + 1) % 3, number);
      let step: ReturnType<typeof stepper.step> | ReturnType<typeof refresh> = refresh();
      for (const number of sends.keys()) {
        step = number === 0 ? stepper.step() : step;
        expect(step).toMatchObject({ kind: 'shown', hop: number, shownAs: 'held', position: number + 1 });
        expect(bed.got).toHaveLength(number);
        expect(stepper.step()).toEqual({ kind: 'release', hop: number });
        bed.clock.step();
        stepper.passed();
        step = refresh();
      }
      expect(step).toBeNull();
      expect(bed.got.map(({ number }) => number)).toEqual([...sends.keys()]);
      expect(stepper.toStart()).toMatchObject({ hop: 0, shownAs: 'looked back at' });
    }),
  );
});

test('whatever comes and whatever the reader does, it shows a hop that is there and says rightly what it is', () => {
  const deed = fc.oneof(
    fc.record({ kind: fc.constantFrom('happened' as const, 'hold' as const), n: fc.nat(4) }),
    fc.record({ kind: fc.constant('seek' as const), n: fc.nat(40) }),
    fc.record({ kind: fc.constant('until' as const), n: fc.nat(60) }),
    fc.record({
      kind: fc.constantFrom(
        'step' as const,
        'back' as const,
        'toStart' as const,
        'toEnd' as const,
        'follow' as const,
        'stand' as const,
        'passed' as const,
      ),
    }),
  );
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
      const stepper = new Stepper<number>({ limit: 15 });
      const past: number[] = [];
      let held: number[] = [];
      let next = 1;
      for (const what of deeds) {
        if (what.kind === 'happened') {
          const hops = Array.from({ length: what.n }, () => next++);
          past.push(...hops);
          stepper.happened(hops);
        } else if (what.kind === 'hold') {
          held = [...held, ...Array.from({ length: what.n }, () => next++)];
          stepper.held(held);
        } else if (what.kind === 'seek') stepper.seek(what.n);
        else if (what.kind === 'until') stepper.step((hop) => hop === what.n);
        else {
          if (what.kind === 'passed') {
            past.push(...held.slice(0, 1));
            held = held.slice(1);
          }
          stepper[what.kind]();
        }
        const { at, shownAs, position, first, total, held: waiting } = stepper.state.value;
        expect(total).toBe(past.length);
        expect(waiting).toBe(held.length);
        expect(position).toBeGreaterThanOrEqual(first);
        expect(at).toBe(position > total ? held[0] : position > first ? past[position - 1] : null);
        expect(shownAs).toBe(position > total ? 'held' : position > first ? 'looked back at' : null);
      }
    }),
  );
});
