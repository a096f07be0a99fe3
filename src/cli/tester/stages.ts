// The stages of `npm test`, the quick ones first: what each runs, and where its count of tests comes from.
import { join } from 'node:path';
import { nearest } from '../../basics/nearest.ts';
import type { Need } from '../setup/debian-packages.mjs';
import { UsageError } from '../usage-error.ts';

/** What a program's report says. */
export type ReportKind = 'vitest' | 'playwright';

export interface Check {
  readonly name: string;
  /** A program in node_modules/.bin. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The JSON report that counts the tests; without one the check itself is one test. */
  readonly report?: { readonly kind: ReportKind; readonly path: string };
}

export interface Stage {
  readonly name: string;
  /** What has to be there before it runs; 'machines': the whole build, dist/ and the machines. */
  readonly needs: readonly Need[];
  /** Neither reads nor writes what the build does, or nothing but its pages: runs while that goes on. */
  readonly besideBuild?: boolean;
  /** Reads pages in dist/, which need no machines. */
  readonly needsSite?: boolean;
  readonly checks: readonly Check[];
}

function vitest(project: string, reports: string): Check {
  const path = join(reports, `${project}.json`);
  return {
    name: project,
    program: 'vitest',
    args: ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${path}`],
    report: { kind: 'vitest', path },
  };
}

/** Browser tests of pages without machines: Playwright's project "pages"; all others are "e2e". */
export const pageSpecs: readonly string[] = ['navigation', 'packets', 'progress', 'site', 'walk'];

function playwright(project: 'pages' | 'e2e', reports: string): Check {
  const path = join(reports, `${project}.json`);
  return {
    name: project,
    program: 'playwright',
    args: ['test', `--project=${project}`, '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: path },
    report: { kind: 'playwright', path },
  };
}

/** @param reports an absolute folder for the programs' JSON reports */
export function stages(reports: string): readonly Stage[] {
  return [
    {
      name: 'lint',
      needs: [],
      checks: [
        { name: 'biome', program: 'biome', args: ['ci', '.'] },
        {
          name: 'dependency-cruiser',
          program: 'depcruise',
          args: ['--config', '.dependency-cruiser.cjs', 'src', 'tests'],
        },
      ],
    },
    {
      name: 'types',
      needs: [],
      // `astro check` would look into .astro files as well; README.md says why it is not run.
      checks: [
        // Writes .astro/types.d.ts, which tsc reads, and checks the episodes' front matter by the way.
        { name: 'astro sync', program: 'astro', args: ['sync'], env: { ASTRO_TELEMETRY_DISABLED: '1' } },
        { name: 'tsc', program: 'tsc', args: ['--noEmit'] },
      ],
    },
    { name: 'unit', needs: [], besideBuild: true, checks: [vitest('unit', reports)] },
    { name: 'fidelity', needs: ['tshark'], besideBuild: true, checks: [vitest('fidelity', reports)] },
    { name: 'truth', needs: ['namespaces'], besideBuild: true, checks: [vitest('truth', reports)] },
    {
      name: 'pages',
      needs: ['browser'],
      besideBuild: true,
      needsSite: true,
      checks: [playwright('pages', reports)],
    },
    { name: 'size', needs: ['machines'], checks: [{ name: 'size-limit', program: 'size-limit', args: [] }] },
    { name: 'content', needs: ['machines', 'tshark'], checks: [vitest('content', reports), vitest('calm', reports)] },
    { name: 'e2e', needs: ['machines', 'browser', 'firefox'], checks: [playwright('e2e', reports)] },
  ];
}

export const stageNames: readonly string[] = stages('/').map((stage) => stage.name);

/** The stages to run, in their own order; all when none is named. @throws UsageError */
export function parseStageNames(names: readonly string[]): readonly string[] {
  for (const name of names) {
    if (stageNames.includes(name)) continue;
    const guess = nearest(name, stageNames);
    throw new UsageError(
      `There is no test stage "${name}". ${guess ? `Did you mean "${guess}"?` : `Stages: ${stageNames.join(', ')}.`}`,
    );
  }
  return names.length === 0 ? stageNames : stageNames.filter((name) => names.includes(name));
}
