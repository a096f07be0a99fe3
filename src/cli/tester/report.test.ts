import { describe, expect, test } from 'vitest';
import type { Need } from '../setup/debian-packages.mjs';
import { failureList, tallyCheck, tallyReport } from './report.ts';
import { heldBack, resultTable } from './run-stages.ts';
import { parseStageNames, stageNames, stages } from './stages.ts';

const vitest = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
const playwright = { stats: { expected: 4, unexpected: 0, flaky: 0, skipped: 0 }, errors: [] };

describe('the count of tests', () => {
  test('is what the runners say', () => {
    expect(tallyReport('vitest', vitest, 0)).toEqual({
      passed: 5,
      failed: 0,
      remark: '',
      failures: [],
    });
    expect(tallyReport('vitest', { ...vitest, numFailedTests: 2 }, 1)).toMatchObject({ passed: 5, failed: 2 });
    expect(tallyReport('playwright', playwright, 0)).toMatchObject({ passed: 4, failed: 0, remark: '' });
  });

  test('takes what shows nothing for a failure', () => {
    expect(tallyReport('vitest', { ...vitest, numPendingTests: 1 }, 0)).toMatchObject({
      passed: 5,
      failed: 1,
      remark: '1 skipped',
    });
    const broken = { name: 'a.test.ts', status: 'failed', assertionResults: [] };
    expect(tallyReport('vitest', { ...vitest, testResults: [broken] }, 1)).toMatchObject({
      passed: 5,
      failed: 1,
      remark: 'not loaded: a.test.ts',
    });
    expect(tallyReport('vitest', { ...vitest, numPassedTests: 0 }, 0).failed).toBe(1);
    expect(tallyReport('vitest', vitest, 1)).toMatchObject({
      failed: 1,
      remark: 'exit status 1 although no test failed',
    });
    expect(tallyReport('vitest', null, 134)).toMatchObject({
      passed: 0,
      failed: 1,
      remark: 'no report (exit status 134)',
    });
    const stats = { ...playwright.stats, flaky: 1 };
    expect(tallyReport('playwright', { stats, errors: [{ message: 'no browser\nat' }] }, 1)).toMatchObject({
      passed: 4,
      failed: 2,
      remark: '1 passed only after a retry; no browser',
    });
  });

  test('names what failed, and what it said, of either runner', () => {
    const assertionResults = [
      { fullName: 'a wire is long', status: 'failed', failureMessages: ['expected \u001b[31m1\u001b[39m\nto be 2'] },
      { fullName: 'a wire is short', status: 'passed', failureMessages: [] },
    ];
    const results = [{ name: '/home/a/src/wire.test.ts', status: 'failed', assertionResults }];
    const unit = tallyReport('vitest', { ...vitest, numFailedTests: 1, testResults: results }, 1);
    const spec = { title: 'a page opens', file: 'page.spec.ts', ok: false };
    const tests = [{ results: [{ errors: [{ message: 'it did not' }] }] }];
    const suites = [
      {
        suites: [
          {
            specs: [
              { ...spec, tests },
              { ...spec, ok: true, tests: [] },
            ],
          },
        ],
      },
    ];
    const stats = { ...playwright.stats, unexpected: 1 };
    const e2e = tallyReport('playwright', { ...playwright, stats, suites }, 1);
    expect(failureList([unit, e2e])).toBe(
      '✘ src/wire.test.ts: a wire is long\n    expected 1\n    to be 2\n✘ page.spec.ts: a page opens\n    it did not',
    );
    expect(failureList([{ passed: 1, failed: 0, remark: '' }])).toBe('');
  });

  test('of a program without a report is one', async () => {
    const tsc = { name: 'tsc', program: 'tsc', args: [] };
    expect(await tallyCheck(tsc, 0)).toMatchObject({ passed: 1, failed: 0 });
    expect(await tallyCheck(tsc, 2)).toMatchObject({ passed: 0, failed: 1, remark: 'exit status 2' });
  });

  test('whose report cannot be read is a failure that says so', async () => {
    const check = {
      name: 'unit',
      program: 'vitest',
      args: [],
      report: { kind: 'vitest' as const, path: import.meta.filename },
    };
    expect(await tallyCheck(check, 0)).toMatchObject({
      passed: 0,
      failed: 1,
      remark: expect.stringContaining('cannot be read'),
    });
  });
});

describe('stages', () => {
  test('run in their own order, whatever order they are named in, and a mistyped one is refused', () => {
    expect(parseStageNames(['unit', 'lint'])).toEqual(['lint', 'unit']);
    expect(parseStageNames([])).toEqual(stageNames);
    expect(() => parseStageNames(['untit'])).toThrow('There is no test stage "untit". Did you mean "unit"?');
  });

  test('that need no machines come first', () => {
    const needs = stages('/').map((stage) => Number(stage.needs.includes('machines')));
    expect(needs).toEqual(needs.toSorted());
  });

  test('lint, types and unit need nothing of the system; without what they need the others have failed', () => {
    const absent = new Map<Need, string[]>([
      ['machines', ['root for the machine image', 'seabios']],
      ['tshark', ['tshark']],
      ['namespaces', ['conntrack']],
      ['browser', ['chromium']],
    ]);
    const remarks = stages('/').map((stage) => [stage.name, heldBack(stage, absent)?.remark ?? null]);
    expect(Object.fromEntries(remarks)).toEqual({
      lint: null,
      types: null,
      unit: null,
      fidelity: 'not run without tshark',
      truth: 'not run without conntrack',
      pages: 'not run without chromium',
      size: 'not run without root for the machine image, seabios',
      content: 'not run without root for the machine image, seabios, tshark',
      e2e: 'not run without root for the machine image, seabios, chromium',
    });
    const fidelity = stages('/').find(({ name }) => name === 'fidelity');
    expect(fidelity && heldBack(fidelity, absent)).toMatchObject({ passed: 0, failed: 1 });
  });
});

test('the table lines up and says why something failed', () => {
  const table = resultTable([
    { stage: 'lint', check: 'biome', passed: 1, failed: 0, ms: 800, remark: '' },
    { stage: 'unit', check: 'unit', passed: 120, failed: 3, ms: 65_000, remark: '3 skipped' },
  ]);
  expect(table.split('\n')).toEqual(
    [
      '✔  lint: biome    1 passed  0 failed         0.8 s',
      '✘  unit         120 passed  3 failed  1 min 05 s  3 skipped',
    ].map((line) => line.replace('         0.8 s', '       0.8 s')),
  );
});
