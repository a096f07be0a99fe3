import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMoment, nanosecondsOf, parseMoment } from './moments.ts';

const timestamp = fc.record({ seconds: fc.integer({ min: 0, max: 4_000_000_000 }), nanoseconds: fc.nat(999_999_999) });

test('what a column shows, a filter reads', () => {
  fc.assert(fc.property(timestamp, (time) => parseMoment(formatMoment(time)) === nanosecondsOf(time)));
});

test.each([
  ['2026-11-23 03:44:15.000096', 1_795_405_455_000_096_000n],
  ['2026-11-23T03:44:15.000096Z', 1_795_405_455_000_096_000n],
  ['2026-11-23 04:44:15.000096+01:00', 1_795_405_455_000_096_000n],
  ['Nov 23, 2026 03:44:15.000096 UTC', 1_795_405_455_000_096_000n],
  ['2026-11-23', 1_795_392_000_000_000_000n],
  ['2026-11-23 03:44', 1_795_405_440_000_000_000n],
])('%s is a date', (text, nanoseconds) => {
  expect(parseMoment(text)).toBe(nanoseconds);
});

test.each([
  '',
  'yesterday',
  '2026-02-30',
  '2026-13-01',
  '2026-11-23 25:00:00',
  'Nov 23',
  '2026',
  '2026-11-23 03:44:15.1234567890',
])('%s is none', (text) => {
  expect(parseMoment(text)).toBeNull();
});

test('a clock that is nowhere near a date is shown as seconds', () => {
  expect(formatMoment({ seconds: 1e17, nanoseconds: 5 })).toBe('100000000000000000.000000005');
});
