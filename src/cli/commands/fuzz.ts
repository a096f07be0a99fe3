// `npm run fuzz`: what `npm test` does with 20,000 mutated packets (tests/fidelity/fuzz.test.ts), with many more. And `npm run fuzz --
// journeys`: what it does with a few networks of namespaces (tests/truth), or in a lab, for as long as one likes.
import { join } from 'node:path';
import { run } from '../child.ts';
import { readLab } from '../labs.ts';
import { installLine, missingDebianPackages } from '../setup/debian-packages.mjs';
import { UsageError } from '../usage-error.ts';

export interface FuzzOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly packets: number;
}

export interface FuzzJourneysOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly minutes: number;
  /** Of the first network; those that follow count on from it. */
  readonly seed: number;
  /** How often a network is looked at in each way, once it has been carried out; in a lab, once. */
  readonly looks: number;
  /** In the first machine of this lab; left out: on this computer. */
  readonly lab?: string | undefined;
}

/** Gives the exit status: 0 when no journey said what was not true. */
export async function fuzzJourneys({ root, signal, minutes, seed, looks, lab }: FuzzJourneysOptions): Promise<number> {
  const env = { LOCKSTEP_TRUTH_MINUTES: `${minutes}`, LOCKSTEP_TRUTH_SEED: `${seed}` };
  if (lab !== undefined) {
    await readLab(root, lab);
    const inLab = { ...env, LOCKSTEP_TRUTH_LAB: lab };
    return vitest(root, signal, 'calm', 'tests/machine/truth.test.ts', inLab);
  }
  const missing = missingDebianPackages(['namespaces']);
  if (missing.length > 0) throw new UsageError(`Networks of namespaces need more programs: ${installLine(missing)}`);
  return vitest(root, signal, 'truth', 'tests/truth/truth.test.ts', {
    ...env,
    LOCKSTEP_TRUTH_LOOKS: `${looks}`,
    LOCKSTEP_TRUTH_PACKETS: '400',
  });
}

/** Gives the exit status: 0 when decoding them did no harm. */
export async function fuzz({ root, signal, packets }: FuzzOptions): Promise<number> {
  return vitest(root, signal, 'fidelity', 'tests/fidelity/fuzz.test.ts', { LOCKSTEP_FUZZ: `${packets}` });
}

async function vitest(
  root: string,
  signal: AbortSignal,
  project: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const program = join(root, 'node_modules/.bin/vitest');
  const { exitCode } = await run(program, ['run', '--project', project, file], {
    cwd: root,
    signal,
    inherit: true,
    env,
  });
  return exitCode;
}
