import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Stretches } from './stretches.ts';

const gap = fc
  .record({ machine: fc.constantFrom('a', 'b'), from: fc.nat(50), length: fc.nat(9) })
  .map(({ length, ...rest }) => ({ ...rest, until: rest.from + length }));

it('knows of every moment whether it is in one, in whatever order it was told', () => {
  fc.assert(
    fc.property(fc.array(gap, { maxLength: 20 }), fc.nat(60), fc.nat(9), (gaps, from, length) => {
      const stretches = new Stretches();
      for (const one of gaps) stretches.add(one);
      const until = from + length;
      for (const machine of ['a', 'b'])
        expect(stretches.overlaps(machine, from, until)).toBe(
          gaps.some((one) => one.machine === machine && one.from <= until && one.until >= from),
        );
    }),
  );
});

it('says whether a stretch is new', () => {
  const stretches = new Stretches();
  expect(stretches.isNone).toBe(true);
  expect(stretches.add({ machine: 'a', from: 1, until: 5 })).toBe(true);
  expect(stretches.add({ machine: 'a', from: 2, until: 5 })).toBe(false);
  expect(stretches.add({ machine: 'a', from: Number.NaN, until: 5 })).toBe(false);
  expect(stretches.add({ machine: 'a', from: 5, until: 6 })).toBe(true);
});

it('keeps so many, and forgets none: of more, the oldest become one', () => {
  const stretches = new Stretches();
  for (let at = 0; at < 6000; at++) stretches.add({ machine: 'a', from: 10 * at, until: 10 * at + 1 });
  expect(stretches.overlaps('a', 0, 1)).toBe(true);
  // What was between the oldest is not known any more to have been whole.
  expect(stretches.overlaps('a', 5, 6)).toBe(true);
  expect(stretches.overlaps('a', 59_985, 59_986)).toBe(false);
  expect(stretches.overlaps('a', 59_990, 59_990)).toBe(true);
});
