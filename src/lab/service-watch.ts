// The services of a lab's machines, asked for again and again while they run and somebody wants to know.
import { type ReadonlySignal, signal } from '@preact/signals-core';
import { readServices, SERVICES_COMMAND, type Service } from '../guest/ask/services.ts';
import type { Lab } from './lab.ts';

/** ms between two questions: each starts a program in a guest. */
const AGAIN = 6000;

export type Services = ReadonlyMap<string, readonly Service[]>;

/** By machine: those that are to run, or have run since it was first asked. Ends with `signal`. */
export function watchServices(lab: Lab, ending: AbortSignal): ReadonlySignal<Services> {
  const services = signal<Services>(new Map());
  const seen = new Set<string>();
  const ask = async (): Promise<void> => {
    for (const machine of lab.machines) {
      if (ending.aborted) return;
      if (!machine.can.exec || machine.state.peek().kind !== 'running' || machine.kernel.peek() === null) continue;
      const answer = await machine.exec(SERVICES_COMMAND, { timeout: 10_000, signal: ending }).catch(() => null);
      if (answer === null || answer.exitCode !== 0 || ending.aborted) continue;
      const told = readServices(answer.stdout).filter(({ name, state, enabled }) => {
        const key = `${machine.name} ${name}`;
        if (enabled || state !== 'stopped') seen.add(key);
        return seen.has(key);
      });
      if (JSON.stringify(told) === JSON.stringify(services.peek().get(machine.name))) continue;
      services.value = new Map(services.peek()).set(machine.name, told);
    }
  };
  let timer: ReturnType<typeof setTimeout>;
  const again = async (): Promise<void> => {
    await ask();
    if (!ending.aborted) timer = setTimeout(again, AGAIN);
  };
  timer = setTimeout(again, 1000);
  ending.addEventListener('abort', () => clearTimeout(timer));
  return services;
}
