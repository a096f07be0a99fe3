import { expect, test } from 'vitest';
import { downloadBytes } from './before-start.ts';

test('what the machines need before they run is added up; what they share is downloaded once', () => {
  const machine = (name: string, size: number) => ({
    devices: { hash: `${name}-devices`, size: 5 },
    disk: { table: { hash: `${name}-table`, size: 7 } },
    ram: {
      layers: [
        { pages: { hash: 'pages', size: 1 }, pieces: [{ hash: 'piece', size: 100 }] },
        { pages: { hash: `${name}-pages`, size: 2 }, pieces: [{ hash: `${name}-piece`, size }] },
      ],
    },
  });
  expect(downloadBytes({ machines: [machine('a', 30), machine('b', 40)] })).toBe(101 + 14 + 30 + 14 + 40);
});

test('a file of another shape says nothing', () => {
  for (const value of [
    null,
    'x',
    {},
    { machines: 3 },
    { machines: [null, { ram: { layers: [{ pieces: [{ size: 'big' }] }] } }] },
  ]) {
    expect(downloadBytes(value)).toBe(0);
  }
});
