// What the test runners' JSON reports say, as two numbers. A skipped test shows nothing, so it counts as failed; so does
// a run without a single test, or one that ended badly although no test did.
import { readFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import type { Check, ReportKind } from './stages.ts';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Why there are failures that no test reported; "" otherwise. */
  readonly remark: string;
  /** Each test that failed: its name, and below it what it said. */
  readonly failures?: readonly string[];
}

/** Lines and characters that are shown of why a test failed; the whole stands where it ran. */
const LINES = 12;
const CHARACTERS = 1200;
const MOST_FAILURES = 20;

const vitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});

interface Suite {
  readonly specs?: readonly z.infer<typeof playwrightSpec>[] | undefined;
  readonly suites?: readonly Suite[] | undefined;
}

const playwrightSpec = z.object({
  title: z.string(),
  file: z.string(),
  ok: z.boolean(),
  tests: z.array(
    z.object({ results: z.array(z.object({ errors: z.array(z.object({ message: z.string().optional() })) })) }),
  ),
});

const playwrightSuite: z.ZodType<Suite> = z.lazy(() =>
  z.object({ specs: z.array(playwrightSpec).optional(), suites: z.array(playwrightSuite).optional() }),
);

// "flaky": passed after a retry.
const playwrightReport = z.object({
  stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }),
  errors: z.array(z.object({ message: z.string().optional() })),
  suites: z.array(playwrightSuite).optional(),
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
  const failures = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => failure(name, fullName, failureMessages ?? [])),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + skipped + broken.length,
    remark: remarks.filter((remark) => remark !== '').join('; '),
    failures: [...failures, ...broken.map(({ name, message }) => failure(name, 'cannot be loaded', [message ?? '']))],
  };
}

function failure(file: string, test: string, messages: readonly string[]): string {
  const place = file.slice(Math.max(0, file.search(/\b(src|tests)\//)));
  const said = stripVTControlCharacters(messages.join('\n')).slice(0, CHARACTERS).trim();
  const lines = said === '' ? [] : said.split('\n').slice(0, LINES);
  return [`${place}: ${test}`, ...lines.map((line) => `    ${line}`)].join('\n');
}

function failedSpecs({ specs = [], suites = [] }: Suite): string[] {
  const own = specs
    .filter(({ ok }) => !ok)
    .map(({ file, title, tests }) => {
      const errors = tests.flatMap(({ results }) => results.flatMap((result) => result.errors));
      return failure(
        file,
        title,
        errors.map(({ message }) => message ?? ''),
      );
    });
  return [...own, ...suites.flatMap(failedSpecs)];
}

function tallyPlaywright(json: unknown): Tally {
  const { stats, errors, suites = [] } = playwrightReport.parse(json);
  const remarks = [
    stats.skipped > 0 ? `${stats.skipped} skipped` : '',
    stats.flaky > 0 ? `${stats.flaky} passed only after a retry` : '',
    ...errors.map(({ message }) => message?.split('\n')[0] ?? 'an error outside of the tests'),
  ];
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + stats.skipped + errors.length,
    remark: remarks.filter((remark) => remark !== '').join('; '),
    failures: suites.flatMap(failedSpecs),
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

/** What failed, by name, so that the end of a long log says it; "" when nothing did. */
export function failureList(tallies: readonly Tally[]): string {
  const all = tallies.flatMap(({ failures = [] }) => failures);
  const more = all.length - MOST_FAILURES;
  return [...all.slice(0, MOST_FAILURES), ...(more > 0 ? [`and ${more} more`] : [])]
    .map((each) => `✘ ${each}`)
    .join('\n');
}
