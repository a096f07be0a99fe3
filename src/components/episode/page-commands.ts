// The commands of this page, as they stand in it, with the keys under which is remembered that they were run. Of the HTML
// alone: it is there before any element of it is alive.
import { commandKeys } from '../ui/command-keys.ts';

const keys = new WeakMap<Element, string>();

/** The blocks (run.astro), in the order of the page. */
export const pageCommands = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('lockstep-run')];

export const commandOf = (block: Element): string =>
  [...block.querySelectorAll('.run-one')].map((line) => line.textContent).join('\n');

export const machineOf = (block: HTMLElement): string => block.dataset['on'] ?? '';

/** Of a block that stands on the page. */
export function keyOf(block: HTMLElement): string {
  if (!keys.has(block)) {
    const all = pageCommands();
    const found = commandKeys(all.map((one) => ({ on: machineOf(one), command: commandOf(one) })));
    for (const [at, key] of found.entries()) {
      const one = all[at];
      if (one) keys.set(one, key);
    }
  }
  return keys.get(block) ?? '';
}
