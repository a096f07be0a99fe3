// What tests ask of a machine, with patience: how fast the computer is, is not what they are about.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '../../src/machine/machine.ts';

/** Milliseconds: more than what works takes on a slow and busy computer. Only what hangs runs into it. */
export const PATIENCE = 240_000;

/** What a command printed, without spaces around it. Throws, with all it said, when the command failed. */
export async function run(machine: Machine, command: string): Promise<string> {
  const { stdout, stderr, exitCode } = await machine.exec(command, { timeout: PATIENCE });
  if (exitCode !== 0) throw new Error(`${machine.name}: ${command}: status ${exitCode}\n${stdout}${stderr}`);
  return stdout.trim();
}

export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE / 1000} s for ${what}`);
    await sleep(20);
  }
}
