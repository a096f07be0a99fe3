// The commands of this page, as they stand in it, with the keys under which is remembered that they were run.
import { commandKeys } from '../ui/command-keys.ts';

/** What a command block is to whoever counts them. */
export interface CommandBlock extends HTMLElement {
  readonly command: string;
  readonly on: string;
}

const keys = new WeakMap<Element, string>();

/** In the order of the page. */
export const pageCommands = (): CommandBlock[] => [...document.querySelectorAll<CommandBlock>('lockstep-run')];

/** Of a command that stands on the page. */
export function keyOf(block: CommandBlock): string {
  if (!keys.has(block)) {
    const all = pageCommands();
    for (const [at, key] of commandKeys(all).entries()) {
      const one = all[at];
      if (one) keys.set(one, key);
    }
  }
  return keys.get(block) ?? '';
}
