// `npm run fuzz`: what `npm test` does with 20,000 mutated packets (tests/fidelity/fuzz.test.ts), with many more.
import { join } from 'node:path';
import { run } from '../child.ts';

export interface FuzzOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly packets: number;
}

/** Gives the exit status: 0 when decoding them did no harm. */
export async function fuzz({ root, signal, packets }: FuzzOptions): Promise<number> {
  const vitest = join(root, 'node_modules/.bin/vitest');
  const { exitCode } = await run(vitest, ['run', '--project', 'fidelity', 'tests/fidelity/fuzz.test.ts'], {
    cwd: root,
    signal,
    inherit: true,
    env: { LOCKSTEP_FUZZ: `${packets}` },
  });
  return exitCode;
}
