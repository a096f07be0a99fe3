// What the test runners' JSON reports say, as two numbers. A skipped test shows nothing, so it counts as failed; so does
// a run without a single test, or one that ended badly although no test did.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Check, ReportKind } from './stages.ts';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Why there are failures that no test reported; "" otherwise. */
  readonly remark: string;
}

const vitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.unknown()) })),
});

// "flaky": passed after a retry.
const playwrightReport = z.object({
  stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }),
  errors: z.array(z.object({ message: z.string().optional() })),
});

function tallyVitest(json: unknown): Tally {
  const report = vitestReport.parse(json);
  const skipped = report.numPendingTests + report.numTodoTests;
  // A file that cannot be loaded fails without having a test.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const remarks = [
    skipped > 0 ? `${skipped} skipped` : '',
    broken.length > 0 ? `not loaded: ${broken.map(({ name }) => name).join(', ')}` : '',
  ];
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + skipped + broken.length,
    remark: remarks.filter((remark) => remark !== '').join('; '),
  };
}

function tallyPlaywright(json: unknown): Tally {
  const { stats, errors } = playwrightReport.parse(json);
  const remarks = [
    stats.skipped > 0 ? `${stats.skipped} skipped` : '',
    stats.flaky > 0 ? `${stats.flaky} passed only after a retry` : '',
    ...errors.map(({ message }) => message?.split('\n')[0] ?? 'an error outside of the tests'),
  ];
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + stats.skipped + errors.length,
    remark: remarks.filter((remark) => remark !== '').join('; '),
  };
}

const tallies: Readonly<Record<ReportKind, (json: unknown) => Tally>> = {
  vitest: tallyVitest,
  playwright: tallyPlaywright,
};

/** @param json null when there is no report, or it cannot be read */
export function tallyReport(kind: ReportKind, json: unknown, exitCode: number): Tally {
  if (json === null) return { passed: 0, failed: 1, remark: `no report (exit status ${exitCode})` };
  const tally = tallies[kind](json);
  if (tally.failed > 0) return tally;
  if (tally.passed === 0) return { ...tally, failed: 1, remark: 'there is not a single test' };
  return exitCode === 0 ? tally : { ...tally, failed: 1, remark: `exit status ${exitCode} although no test failed` };
}

/** Counts a check that has run. */
export async function tallyCheck({ report }: Check, exitCode: number): Promise<Tally> {
  if (!report)
    return exitCode === 0
      ? { passed: 1, failed: 0, remark: '' }
      : { passed: 0, failed: 1, remark: `exit status ${exitCode}` };
  const text = await readFile(report.path, 'utf8').catch(() => null);
  try {
    return tallyReport(report.kind, text === null ? null : JSON.parse(text), exitCode);
  } catch (error) {
    return {
      passed: 0,
      failed: 1,
      remark: `${report.path} cannot be read: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    };
  }
}
