// `npm test`: every stage, whatever became of the one before, then a table and one line that sums it up.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPaths } from '../builder/paths.ts';
import { absentees, readSystem } from '../builder/system-needs.ts';
import { run } from '../child.ts';
import { exitCodes } from '../program.ts';
import { formatDuration } from '../progress/progress.ts';
import type { Output } from '../progress/render.ts';
import type { Need } from '../setup/debian-packages.mjs';
import { changedFiles, narrowed, slowTests, slowTestsOf } from './changed.ts';
import { HeldOutput } from './held-output.ts';
import { failureList, type Tally, tallyCheck } from './report.ts';
import { type Check, type Stage, stages } from './stages.ts';

export interface TestOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  /** Names of the stages to run. */
  readonly stages: readonly string[];
  /** Only what a change can have broken: since this commit, or, with true, since this branch left main. */
  readonly changed?: string | true | undefined;
}

export interface Result extends Tally {
  readonly stage: string;
  readonly check: string;
  readonly ms: number;
}

/** Resolves with the exit status: 0 when nothing failed. */
export async function test({ root, signal, stages: names, changed }: TestOptions): Promise<number> {
  const { testReports } = buildPaths(root);
  await rm(testReports, { recursive: true, force: true });
  await mkdir(testReports, { recursive: true });

  const results: Result[] = [];
  const all = changed === undefined ? stages(testReports) : await narrow(root, signal, testReports, changed);
  const chosen = all.filter(({ name }) => names.includes(name));
  const needs = [...new Set(chosen.flatMap((stage) => stage.needs))];
  const absent = new Map<Need, readonly string[]>();
  if (needs.length > 0) {
    // Ahead of every stage: a stage that asks for a program does not find out by itself that it is not there yet.
    results.push(await timed('setup', 'system', () => work(signal, () => setUp(root, signal, needs))));
    for (const need of needs) absent.set(need, absentees(await readSystem([need], root)));
  }
  const startBuild = () => startWork(signal, (output, onSite) => build(root, signal, output, onSite));
  const canBuild = (stage: Stage) => stage.needs.includes('machines') && heldBack(stage, absent) === null;
  let building: Work | undefined;
  let built = false;
  for (const stage of chosen) {
    const refusal = heldBack(stage, absent);
    if (refusal) {
      for (const check of stage.checks) results.push(await timed(stage.name, check.name, async () => refusal));
      continue;
    }
    if (stage.besideBuild && chosen.some(canBuild)) building ??= startBuild();
    // Without a build to wait for, the pages alone are made.
    if (stage.needsSite && building === undefined)
      results.push(await timed('build', 'site', () => work(signal, () => buildPages(root, signal))));
    if (stage.needsSite) await building?.site;
    if (stage.needs.includes('machines') && !built) {
      // Once: the stages after a build that failed run all the same, and show what does not depend on it.
      built = true;
      building ??= startBuild();
      results.push(await timed('build', 'site, image, snapshots', building.shown));
    }
    for (const check of stage.checks)
      results.push(await timed(stage.name, check.name, () => runCheck(root, signal, check)));
  }

  const failures = failureList(results);
  if (failures !== '') console.log(`\n${failures}`);
  console.log(`\n${resultTable(results)}\n`);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
}

async function narrow(
  root: string,
  signal: AbortSignal,
  reports: string,
  changed: string | true,
): Promise<readonly Stage[]> {
  const { since, files } = await changedFiles(root, signal, changed === true ? undefined : changed);
  const slow = slowTests(files, await slowTestsOf(root));
  console.log(`${files.length} files differ from ${since.slice(0, 12)}. Beside what imports them:`);
  for (const name of [...slow.machine.map((each) => `machine ${each}`), ...slow.e2e.map((each) => `e2e ${each}`)])
    console.log(`  ${name}`);
  return narrowed(stages(reports), since, slow);
}

async function timed(stage: Stage['name'], check: string, count: () => Promise<Tally>): Promise<Result> {
  console.log(`\n── ${stage}: ${check} ──`);
  const began = performance.now();
  const tally = await count();
  return { stage, check, ...tally, ms: performance.now() - began };
}

/** A stage without what it needs is not run, and has failed. null: nothing keeps it from running. */
export function heldBack(stage: Stage, absent: ReadonlyMap<Need, readonly string[]>): Tally | null {
  const without = stage.needs.flatMap((need) => absent.get(need) ?? []);
  return without.length === 0 ? null : { passed: 0, failed: 1, remark: `not run without ${without.join(', ')}` };
}

// Both are loaded when it is their turn: the quick stages run even while the code of the build is broken.
async function setUp(root: string, signal: AbortSignal, needs: readonly Need[]): Promise<void> {
  const { installWhatIsNeeded } = await import('../builder/build-all.ts');
  await installWhatIsNeeded({ root, signal, output: process.stdout }, needs);
}

async function build(root: string, signal: AbortSignal, output: Output, onSite: () => void): Promise<void> {
  const { buildAll } = await import('../builder/build-all.ts');
  await buildAll({ root, signal, output }, onSite);
}

async function buildPages(root: string, signal: AbortSignal): Promise<void> {
  const { buildOnlySite } = await import('../builder/build-all.ts');
  await buildOnlySite({ root, signal, output: process.stdout });
}

/** Something that goes on beside the stages until somebody waits for it. */
interface Work {
  /** When the pages are there, or nothing more is to be waited for. */
  readonly site: Promise<void>;
  /** Shows what it has printed, and waits for its end. */
  readonly shown: () => Promise<Tally>;
}

function startWork(signal: AbortSignal, task: (output: Output, onSite: () => void) => Promise<void>): Work {
  const output = new HeldOutput(process.stdout);
  const site = Promise.withResolvers<void>();
  const tally = work(signal, () => task(output, site.resolve));
  // Nobody may be waiting when it is cancelled.
  tally.catch(() => {}).finally(site.resolve);
  return {
    site: site.promise,
    shown: () => {
      output.release();
      return tally;
    },
  };
}

/** Something that has to be done for the tests, as one test. */
async function work(signal: AbortSignal, task: () => Promise<void>): Promise<Tally> {
  try {
    await task();
    return { passed: 1, failed: 0, remark: '' };
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    console.error(message);
    return { passed: 0, failed: 1, remark: message.split('\n')[0] ?? '' };
  }
}

async function runCheck(root: string, signal: AbortSignal, { program, args, env, ...check }: Check): Promise<Tally> {
  const { exitCode } = await run(join(root, 'node_modules/.bin', program), args, {
    cwd: root,
    signal,
    inherit: true,
    ...(env ? { env } : {}),
  });
  return tallyCheck({ program, args, ...check }, exitCode);
}

/** One line a check: what passed, what failed, how long it took, and why. */
export function resultTable(results: readonly Result[]): string {
  const rows = results.map(({ stage, check, passed, failed, ms, remark }) => [
    failed > 0 ? '✘' : '✔',
    stage === check ? stage : `${stage}: ${check}`,
    `${passed} passed`,
    `${failed} failed`,
    formatDuration(ms),
    remark,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const right = new Set([2, 3, 4]);
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          right.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
