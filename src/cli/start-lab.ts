// A lab of this checkout, built if need be, for a command to work with. A module of its own so that it is loaded once the
// command line has been checked: the engine and the build are most of our code.
import type { Lab } from '../lab/lab.ts';
import { createNodeLab } from '../lab/node-lab.ts';
import { buildMachines } from './builder/build-all.ts';

export interface StartLabOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly id: string;
}

/** Not started yet: taps and consoles can be attached first. Progress goes to stderr, when it takes more than a moment. */
export async function prepareLab({ root, signal, id }: StartLabOptions): Promise<Lab> {
  await buildMachines({ root, signal, output: process.stderr, onlyWhenSlow: true }, id);
  return createNodeLab(id, { signal });
}
