import { expect, test } from 'vitest';
import { describeTarget, describeValue, measure, measurementLine, median } from './figure.ts';

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([10, 9]), median([])]).toEqual([2, 2.5, 9.5, null]);
});

test('a figure stands for or against its target; one that was not measured has missed it', () => {
  const figure = { name: 'start', unit: 'ms', target: { max: 1500 } };
  expect(measure(figure, [1400, 1500, 1600]).ok).toBe(true);
  expect(measure(figure, [1501]).ok).toBe(false);
  expect(measure(figure, [])).toMatchObject({ value: null, ok: false });
  expect(measure(figure, [Number.NaN]).ok).toBe(false);
  expect(measure({ ...figure, target: { min: 60 } }, [59]).ok).toBe(false);
  expect(measure({ ...figure, target: {} }, [1]).ok).toBe(true);
});

test('a line of JSON has the name, value, unit, target, whether it was met, and the samples', () => {
  const line = measurementLine(measure({ name: 'start', unit: 'ms', target: { max: 1500 } }, [3, 1, 2]));
  expect(line).toBe('{"name":"start","value":2,"unit":"ms","target":1500,"ok":true,"samples":[3,1,2]}');
  expect(JSON.parse(measurementLine(measure({ name: 'x', unit: '%', target: { min: 1, max: 2 } }, []))).target).toEqual(
    { min: 1, max: 2 },
  );
});

test('people read bounds and three digits', () => {
  expect(describeTarget({ max: 1.5 }, 's')).toBe('≤ 1.5 s');
  expect(describeTarget({ min: 1, max: 2 }, '%')).toBe('≥ 1 %, ≤ 2 %');
  expect([describeValue(1234.567, 'ms'), describeValue(0.012345, 's'), describeValue(null, 's')]).toEqual([
    '1230 ms',
    '0.0123 s',
    'not measured',
  ]);
});
