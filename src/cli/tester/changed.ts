// Which tests a change can have broken: what `npm test -- --changed` runs. Unit and fidelity tests are found by what they import
// (vitest does that); for real machines and browsers, which take minutes, a table says who is touched by what.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from '../child.ts';
import { type Check, pageSpecs, type Stage } from './stages.ts';

/** Tests that start real machines or a browser, as paths below tests/. */
export interface Slow {
  readonly machine: readonly string[];
  readonly e2e: readonly string[];
}

const all = 'all';
type Row = readonly [folder: RegExp, machine: readonly string[] | typeof all, e2e: readonly string[] | typeof all];

// From the bottom of the house to its top. A change of a row's folder runs the tests of that row; several rows may apply.
const operators = ['operators-overlay', 'operators-super-bridge', 'operators-two-hosts'];
const table: readonly Row[] = [
  [/^src\/(packet|capture)\//, ['why-stopped'], ['packets']],
  [
    /^src\/(hop|journey)\//,
    ['evidence', 'trace-rules', 'why-stopped', 'stop-time', 'truth', ...operators],
    ['packets', 'walk'],
  ],
  [/^tests\/truth\//, ['truth'], []],
  [/^src\/topology\//, ['machine', 'overlay'], ['super-bridge', 'two-hosts', 'walk']],
  [/^src\/recording\//, ['commands'], ['walk']],
  [/^src\/wire\//, ['wire', 'stop-time', 'lab-time'], ['stop-time']],
  [
    /^src\/guest\//,
    ['machine', 'evidence', 'trace-rules', 'faults', 'lab-time', 'lost-frames', 'why-stopped', ...operators],
    ['super-bridge'],
  ],
  [
    /^src\/machine\//,
    ['machine', 'faults', 'kept-moment', 'lab-time', 'several-machines'],
    ['super-bridge', 'two-hosts', 'keep-lab', 'firefox'],
  ],
  [
    /^src\/lab\//,
    ['several-machines', 'stop-time', 'kept-moment', 'lab-time', 'wire'],
    ['stop-time', 'two-hosts', 'keep-lab'],
  ],
  [/^src\/guest\/(shell-|ask\/front)|^src\/components\/(lab|terminal|episode\/run)/, [], ['run-alive']],
  [
    /^src\/components\/(lab|machines|terminal|ui)\//,
    [],
    ['super-bridge', 'trace-rules', 'two-hosts', 'firefox', 'site', 'keep-lab'],
  ],
  [/^src\/components\/topology\//, [], ['super-bridge', 'two-hosts', 'overlay']],
  [/^src\/components\/packets\//, [], ['packets', 'super-bridge']],
  [/^src\/components\/journey\//, [], ['stop-time', 'trace-rules']],
  [/^src\/components\/walk\//, [], ['walk']],
  [/^(src\/components\/(site|episode|reference)|src\/styles)\//, [], ['navigation', 'progress', 'site', 'walk']],
  [/^content\/docs\//, ['../content/episodes'], ['site']],
  [/^content\/recordings\//, [], ['walk']],
  [/^src\/cli\/builder\//, ['components', 'commands', 'lab-build', 'second-checkout'], []],
  [/^src\/cli\//, ['commands'], []],
  [/^sandboxes\/components\//, ['components', 'overlay'], []],
  [/^sandboxes\/labs\/overlay\//, ['overlay'], ['overlay']],
  [/^sandboxes\/labs\/two-hosts\//, ['lab-time', 'several-machines'], ['two-hosts']],
  [/^sandboxes\/(image|labs\/super-bridge)\//, all, all],
  [/^(package(-lock)?\.json|astro\.config\.mjs|src\/basics\/)/, all, all],
  [/^(vitest\.config\.ts|tests\/machine\/[^/.]+\.ts)$/, all, []],
  [
    /^(playwright\.config\.ts|tests\/support\/(chromium|firefox)\.ts|src\/content\.config\.ts|\.size-limit\.mjs)$/,
    [],
    all,
  ],
];

/** @param files paths below the project's root @param known the slow tests that there are, by name */
export function slowTests(files: readonly string[], known: Slow): Slow {
  const machine = new Set<string>();
  const e2e = new Set<string>();
  const take = (into: Set<string>, names: readonly string[] | typeof all, from: readonly string[]): void => {
    for (const name of names === all ? from : names) into.add(name);
  };
  for (const file of files.filter((each) => !/\.test\.tsx?$/.test(each) || each.startsWith('tests/'))) {
    for (const [folder, machines, specs] of table) {
      if (!folder.test(file)) continue;
      take(machine, machines, known.machine);
      take(e2e, specs, known.e2e);
    }
    const [, kind, name = ''] = /^tests\/(machine|e2e)\/([^/]+?)\.(?:test|spec)\.ts$/.exec(file) ?? [];
    if (kind === 'machine') machine.add(name);
    if (kind === 'e2e') e2e.add(name);
    if (/^tests\/content\//.test(file)) machine.add('../content/episodes');
    if (/^tests\/e2e\/support\//.test(file)) take(e2e, all, known.e2e);
  }
  return { machine: [...machine].sort(), e2e: [...e2e].sort() };
}

/**
 * What differs from a commit: committed since, changed, or new.
 *
 * @param base left out: where this branch left main, or, on main itself, the last commit
 */
export async function changedFiles(
  root: string,
  signal: AbortSignal,
  base?: string,
): Promise<{ since: string; files: string[] }> {
  const git = async (...args: string[]): Promise<string[]> =>
    (await outputOf('git', ['-c', 'core.quotepath=off', ...args], { cwd: root, signal })).split('\n').filter(Boolean);
  const [head = ''] = await git('rev-parse', 'HEAD');
  const [left = head] = base === undefined ? await git('merge-base', 'HEAD', 'main').catch(() => [head]) : [base];
  const files = [
    ...(await git('diff', '--no-renames', '--name-only', left)),
    ...(await git('ls-files', '--others', '--exclude-standard')),
  ];
  return { since: left, files: [...new Set(files)].sort() };
}

/** The slow tests of this checkout. */
export async function slowTestsOf(root: string): Promise<Slow> {
  const names = async (folder: string, end: string): Promise<string[]> =>
    (await readdir(join(root, folder))).filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
  return { machine: await names('tests/machine', '.test.ts'), e2e: await names('tests/e2e', '.spec.ts') };
}

/** The stages with nothing in them but what such a change can have broken. */
export function narrowed(all: readonly Stage[], since: string, { machine, e2e }: Slow): Stage[] {
  const narrow = (check: Check): Check[] => {
    switch (check.name) {
      case 'unit':
      case 'fidelity':
      case 'truth': {
        // Nothing to run is no failure here: the check as a whole is one test.
        const args = ['run', '--project', check.name, '--changed', since, '--passWithNoTests'];
        return [{ name: check.name, program: check.program, args }];
      }
      case 'content':
      case 'calm': {
        if (machine.length === 0) return [];
        const files = machine.map((name) => join('tests/machine', `${name}.test.ts`));
        return [{ ...check, args: [...check.args, '--passWithNoTests', ...files] }];
      }
      case 'pages':
      case 'e2e': {
        const own = e2e.filter((name) => pageSpecs.includes(name) === (check.name === 'pages'));
        return own.length === 0
          ? []
          : [{ ...check, args: [...check.args, ...own.map((name) => `tests/e2e/${name}.spec.ts`)] }];
      }
      case 'size-limit':
        return [];
      default:
        return [check];
    }
  };
  return all
    .map((stage) => ({ ...stage, checks: stage.checks.flatMap(narrow) }))
    .filter(({ checks }) => checks.length > 0);
}
