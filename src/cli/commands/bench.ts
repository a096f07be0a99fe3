// `bench`: runs the files of tests/bench one after the other and prints each figure beside its target.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearest } from '../../basics/nearest.ts';
import {
  type Bench,
  describeTarget,
  describeValue,
  type Measurement,
  measure,
  measurementLine,
} from '../bench/figure.ts';
import { inYardsticks, scaled, type Yardsticks } from '../bench/yardstick.ts';
import { exitCodes } from '../program.ts';
import { UsageError } from '../usage-error.ts';

export interface BenchOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  /** null: all. */
  readonly name: string | null;
  readonly json: boolean;
}

const samples = 5;

async function loadBench(path: string): Promise<Bench | null> {
  const module: unknown = await import(pathToFileURL(path).href);
  const bench = typeof module === 'object' && module !== null ? Reflect.get(module, 'bench') : undefined;
  return typeof bench === 'object' && bench !== null ? (bench as Bench) : null;
}

/** The benches of tests/bench by name. Files without an exported `bench` are helpers. */
async function loadBenches(root: string): Promise<Map<string, Bench>> {
  const folder = join(root, 'tests/bench');
  const names = existsSync(folder) ? (await readdir(folder)).filter((name) => /^[^.]+\.ts$/.test(name)).sort() : [];
  const benches = (await Promise.all(names.map((name) => loadBench(join(folder, name))))).filter(
    (bench) => bench !== null,
  );
  return new Map(benches.map((bench) => [bench.name, bench]));
}

function choose(benches: Map<string, Bench>, name: string | null): Bench[] {
  if (name === null) return [...benches.values()];
  const bench = benches.get(name);
  if (bench) return [bench];
  const names = [...benches.keys()];
  const guess = nearest(name, names);
  throw new UsageError(
    `There is no bench "${name}". ${guess ? `Did you mean "${guess}"?` : `Benches: ${names.join(', ') || 'none yet'}.`}`,
  );
}

/** Resolves with the exit status. A target that is missed is printed as missed; only a bench that breaks is a failure. */
export async function bench({ root, signal, name, json }: BenchOptions): Promise<number> {
  const chosen = choose(await loadBenches(root), name);
  if (chosen.length === 0) throw new UsageError('There are no benches in tests/bench.');
  const { buildAll, installWhatIsNeeded } = await import('../builder/build-all.ts');
  const workshop = { root, signal, output: process.stderr, onlyWhenSlow: true };
  await installWhatIsNeeded(workshop, ['machines', 'browser', 'tshark', 'qemu']);
  await buildAll(workshop);
  const say = (text: string): void => console.error(text);
  say('measuring: how fast this computer is');
  const { measureYardsticks } = (await import(pathToFileURL(join(root, 'tests/bench/support/yardsticks.ts')).href)) as {
    measureYardsticks(signal: AbortSignal): Promise<Yardsticks>;
  };
  const here = await measureYardsticks(signal);
  say(`  a yardstick is ${here.browser.toFixed(3)} s in the browser, ${here.node.toFixed(3)} s in Node`);
  const measured: (Measurement & { readonly yards: string })[] = [];
  let broken = 0;
  for (const each of chosen) {
    signal.throwIfAborted();
    say(`measuring: ${each.name}`);
    try {
      const results = await each.run({ root, signal, samples, say });
      for (const figure of each.figures) {
        const measurement = measure(scaled(figure, here), results[figure.name] ?? []);
        measured.push({ ...measurement, yards: inYardsticks(measurement.value, figure, here) });
        if (json) console.log(measurementLine(measurement));
      }
    } catch (error) {
      signal.throwIfAborted();
      broken++;
      say(`${each.name} broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  if (!json) console.log(table(measured));
  return broken > 0 ? exitCodes.failed : exitCodes.ok;
}

function table(measured: readonly (Measurement & { readonly yards: string })[]): string {
  const rows = measured.map(({ name, value, unit, target, ok, yards, samples: { length } }) => [
    ok ? '✔' : '✘ missed',
    name,
    describeValue(value, unit),
    yards,
    describeTarget(target, unit),
    `median of ${length}`,
  ]);
  const header = ['', 'figure', 'measured', 'yardsticks', 'must', ''];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
