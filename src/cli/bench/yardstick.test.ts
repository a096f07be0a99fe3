import { expect, test } from 'vitest';
import { inYardsticks, reference, scaled, yardstickModule } from './yardstick.ts';

test('the job is the same on every computer', async () => {
  const { instance } = await WebAssembly.instantiate(yardstickModule());
  const run = instance.exports['run'] as (rounds: number) => number;
  const rounds = 1000;
  const memory = new Int32Array(0x40000);
  let x = 0;
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    const at = (x & 0xffffc) >> 2;
    memory[at] = ((memory[at] ?? 0) + x) | 0;
    sum ^= memory[at] ?? 0;
  }
  expect(run(rounds)).toBe(sum);
});

test('on a computer half as fast a time may be twice as long; ratios, bytes and floors stay as they are', () => {
  const half = { browser: 2 * reference.browser, node: reference.node };
  expect(scaled({ unit: 's', target: { max: 1.5 } }, half).target).toEqual({ max: 3 });
  expect(scaled({ unit: 'ms', target: { max: 3 }, in: 'node' as const }, half).target).toEqual({ max: 3 });
  for (const figure of [
    { unit: '×', target: { min: 5 } },
    { unit: 'MB', target: { max: 45 } },
    { unit: 's', target: {} },
  ])
    expect(scaled(figure, half)).toBe(figure);
});

test('a time is told in yardsticks, too', () => {
  const here = { browser: 0.5, node: 0.25 };
  expect(inYardsticks(1.5, { unit: 's' }, here)).toBe('3 yd');
  expect(inYardsticks(3, { unit: 'ms', in: 'node' }, here)).toBe('0.012 yd');
  expect(inYardsticks(45, { unit: 'MB' }, here)).toBe('');
  expect(inYardsticks(null, { unit: 's' }, here)).toBe('');
});
