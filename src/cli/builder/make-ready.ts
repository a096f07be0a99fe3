// From machines that have just been started to a lab that can be saved: each machine is provisioned, then the lab as a whole,
// then what readers do first is rehearsed.
import { createHash } from 'node:crypto';
import type { LabFile } from '../../lab/lab-file.ts';
import type { V86Machine } from '../../machine/v86/v86-machine.ts';
import type { Component } from './components.ts';
import { inGuest } from './in-guest.ts';
import { inheritedComponents } from './lab-keys.ts';
import { finish, provision, readScript, runScript } from './provision.ts';
import { type Tell, warm } from './warm.ts';

export interface MakeReadyOptions {
  readonly root: string;
  readonly lab: LabFile;
  /** All that machines of the lab have. */
  readonly components: readonly Component[];
  readonly signal: AbortSignal;
  readonly tell: Tell;
  /** Which machine it is about from now on; none: all. */
  readonly about: (machine?: string) => void;
}

interface Job {
  readonly machine: V86Machine;
  readonly work: (tell: Tell) => Promise<unknown>;
}

/** @param machines those of the lab, in its order; they are joined by its wires, and run */
export async function makeReady(machines: readonly V86Machine[], options: MakeReadyOptions): Promise<void> {
  const { signal, tell, about } = options;
  const jobs = jobsFor(machines, options);
  for (const [index, { machine, work }] of jobs.entries()) {
    about(machine.name);
    await work((fraction, detail) => tell((index + fraction) / jobs.length, `${machine.name}: ${detail}`));
  }
  tell(1, 'tidying up');
  about();
  await Promise.all(machines.map((machine) => finish(machine, signal)));
}

function jobsFor(machines: readonly V86Machine[], { root, lab, components, signal }: MakeReadyOptions): Job[] {
  const pairs = machines.flatMap((machine) => {
    const file = lab.machines.find(({ name }) => name === machine.name);
    return file === undefined ? [] : [{ machine, file }];
  });
  return [
    // One after the other: who depends on another machine comes after it in the file.
    ...pairs.map(({ machine, file }) => ({
      machine,
      work: async (tell: Tell) => {
        const there = await inheritedComponents(root, lab, file);
        const news = components.filter(({ name }) => file.components.includes(name) && !there.has(name));
        await provision(machine, file, { root, lab, mac: macOf(lab.id, file.name), components: news, signal, tell });
      },
    })),
    ...lab.provision.flatMap((step) =>
      machines
        .filter(({ name }) => name === step.machine)
        .map((machine) => ({
          machine,
          work: (tell: Tell) => {
            tell(0, `running ${step.run}`);
            return runScript(inGuest(machine, signal), root, lab, step.run);
          },
        })),
    ),
    ...pairs
      .filter(({ file }) => file.warm !== undefined)
      .map(({ machine, file }) => ({
        machine,
        work: async (tell: Tell) => {
          const script = file.warm?.run === undefined ? null : await readScript(root, lab, file.warm.run);
          await warm(machine, file, script, inGuest(machine, signal), tell);
        },
      })),
  ];
}

/** A locally administered address that stays the same for this machine of this lab. */
export function macOf(lab: string, machine: string): string {
  const digest = createHash('sha256').update(`${lab}/${machine}`).digest();
  return ['02', ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
