// What tests ask of a machine, with patience: how fast the computer is, is not what they are about.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hop } from '../../src/hop/hop.ts';
import type { LabJourneys } from '../../src/lab/lab-journeys.ts';
import type { Machine } from '../../src/machine/machine.ts';

/** Milliseconds: more than what works takes on a slow and busy computer. Only what hangs runs into it. */
export const PATIENCE = 480_000;

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

/** Asks the machines about packets, and again until they have said all that they know of the last one, as the page does. */
export async function askOfAll(journeys: LabJourneys, hops: readonly Pick<Hop, 'n'>[]): Promise<void> {
  const last = hops.at(-1)?.n ?? 0;
  const end = performance.now() + PATIENCE;
  do {
    await journeys.ask(last);
    await sleep(100);
  } while (journeys.pending(last) !== '' && performance.now() < end);
}

/** Shell: once containers run, keeps their networks within reach of inNetworkOf(). */
export const keepNetworks =
  "docker inspect -f '{{.Name}} {{.State.Pid}}' $(docker ps -q) | while read name pid; do ln -sfn /proc/$pid/ns/net /run$name.net; done";

/** Shell: in a container's network, with the machine's own programs. `docker exec` costs an emulated machine five times as much. */
export const inNetworkOf = (container: string, command: string): string =>
  `nsenter --net=/run/${container}.net ${command}`;
