import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../setup/root.mjs';
import { narrowed, slowTests, slowTestsOf } from './changed.ts';
import { stages } from './stages.ts';

const known = { machine: ['machine', 'wire'], e2e: ['site', 'stop-time'] };

test('a change of a folder runs the slow tests that it can have broken', () => {
  expect(slowTests(['src/wire/clock.ts', 'README.md'], known)).toEqual({
    machine: ['lab-time', 'stop-time', 'wire'],
    e2e: ['stop-time'],
  });
  expect(slowTests(['docs/build.md'], known)).toEqual({ machine: [], e2e: [] });
  expect(slowTests(['sandboxes/image/packages.list'], known)).toEqual(known);
});

test('a slow test that was changed is run; a unit test beside the code is no reason to start a machine', () => {
  expect(slowTests(['tests/machine/wire.test.ts', 'tests/e2e/site.spec.ts'], known)).toEqual({
    machine: ['wire'],
    e2e: ['site'],
  });
  expect(slowTests(['src/wire/clock.test.ts'], known)).toEqual({ machine: [], e2e: [] });
});

test('every slow test that the table names is there, and each is named by some folder', async () => {
  const here = await slowTestsOf(root);
  const folders = ['packet', 'journey', 'topology', 'recording', 'wire', 'guest', 'machine', 'lab', 'cli/builder'];
  const parts = ['lab', 'topology', 'packets', 'journey', 'walk', 'site'].map((name) => `components/${name}`);
  const files = [...[...folders, ...parts].map((folder) => `src/${folder}/x.ts`), 'content/docs/x.mdx'];
  const { machine, e2e } = slowTests(files, here);
  for (const name of machine) expect(existsSync(join(root, 'tests/machine', `${name}.test.ts`)), name).toBe(true);
  for (const name of e2e) expect(existsSync(join(root, 'tests/e2e', `${name}.spec.ts`)), name).toBe(true);
  expect(here.machine.filter((name) => !machine.includes(name))).toEqual([]);
  expect(here.e2e.filter((name) => !e2e.includes(name))).toEqual([]);
});

test('stages without anything to run are left out; style and types always run', () => {
  const names = (slow: { machine: string[]; e2e: string[] }) =>
    narrowed(stages('/'), 'abc', slow).map(({ name }) => name);
  expect(names({ machine: [], e2e: [] })).toEqual(['lint', 'types', 'unit', 'fidelity', 'truth']);
  expect(names({ machine: ['wire'], e2e: ['site'] })).toEqual([
    'lint',
    'types',
    'unit',
    'fidelity',
    'truth',
    'pages',
    'content',
  ]);
  expect(names({ machine: [], e2e: ['overlay'] }).at(-1)).toBe('e2e');
});

test.each([
  'src/hop/identity.ts',
  'sandboxes/labs/two-hosts/lab.yaml',
  'tests/machine/reader.ts',
  'playwright.config.ts',
  'package.json',
  'src/content.config.ts',
])('a change of %s runs slow tests', (file) => {
  const { machine, e2e } = slowTests([file], known);
  expect(machine.length + e2e.length).toBeGreaterThan(0);
});
