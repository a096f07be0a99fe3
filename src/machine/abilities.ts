// What a machine can do. A driver need not be able to do everything: an emulator can be frozen, a program on a host may not.
// Whoever offers something to a reader asks here first, and says why it is not there.
import type { Machine } from './machine.ts';

export type Ability = 'freeze' | 'checkpoint' | 'slow' | 'power' | 'exec' | 'tap' | 'carrier' | 'evidence' | 'rules';

export type Abilities = Readonly<Record<Ability, boolean>>;

export const canAll: Abilities = {
  freeze: true,
  checkpoint: true,
  slow: true,
  power: true,
  exec: true,
  tap: true,
  carrier: true,
  evidence: true,
  rules: true,
};

export const canNothing: Abilities = {
  freeze: false,
  checkpoint: false,
  slow: false,
  power: false,
  exec: false,
  tap: false,
  carrier: false,
  evidence: false,
  rules: false,
};

const words: Readonly<Record<Ability, string>> = {
  freeze: 'be frozen: nothing here can stop its time',
  checkpoint: 'go back to an earlier moment: nothing here can keep what is in its memory',
  slow: 'run slowly: nothing here can stretch its time',
  power: 'be switched off and on: it can only be reset',
  exec: 'be asked by commands: it has no agent',
  tap: 'be looked into: no packet is captured in it, only on its wire',
  carrier: 'see that its cable was pulled: its link stays up, and what it sends is lost',
  rules: 'trace the rules of its firewall: nothing in it tells of them',
  evidence: 'say which packets its kernel dropped: only what was seen of them is known',
};

/** "host-01 cannot be frozen: nothing here can stop its time." */
export function cannotWords({ name }: Pick<Machine, 'name'>, ability: Ability): string {
  return `${name} cannot ${words[ability]}.`;
}

/** Why these machines together cannot do it, one sentence for each that cannot; "" when all can. */
export function whyNot(machines: readonly Pick<Machine, 'name' | 'can'>[], ability: Ability): string {
  return machines
    .filter(({ can }) => !can[ability])
    .map((machine) => cannotWords(machine, ability))
    .join(' ');
}
