import { expect, test } from 'vitest';
import { downloadBytes } from './before-start.ts';

test('what the machines need before they run is added up; empty pieces weigh nothing', () => {
  const machine = {
    devices: { size: 5 },
    disk: { table: { size: 7 } },
    ram: { pieces: [{ size: 100 }, null, { size: 30 }] },
  };
  expect(downloadBytes({ machines: [machine, machine] })).toBe(284);
});

test('a file of another shape says nothing', () => {
  for (const value of [null, 'x', {}, { machines: 3 }, { machines: [null, { ram: { pieces: [{ size: 'big' }] } }] }]) {
    expect(downloadBytes(value)).toBe(0);
  }
});
