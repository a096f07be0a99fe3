// A lab from its manifest, with whatever threads the place offers: the page, Node.
import type { LabManifest } from '../machine/v86/manifest.ts';
import type { Thread } from '../machine/v86/thread/thread.ts';
import { V86Machine } from '../machine/v86/v86-machine.ts';
import { LabTime } from '../wire/lab-time.ts';
import type { Lab } from './lab.ts';
import { LabOfMachines } from './lab-of-machines.ts';
import { realTime } from './real-time.ts';

export interface LabPlace {
  /** URL or folder that the chunks lie under. */
  readonly base: string;
  readonly thread: () => Thread;
  readonly wasm: () => Promise<WebAssembly.Module>;
}

export function createLab(manifest: LabManifest, { base, thread, wasm }: LabPlace): Lab {
  if (manifest.format !== 2) {
    throw new Error(
      `The lab ${manifest.lab} has format ${manifest.format}; this page knows format 2. Reload the page.`,
    );
  }
  const time = new LabTime(realTime);
  const machines = manifest.machines.map(
    (machine) =>
      new V86Machine({ name: machine.name, thread, wasm, time, start: { from: 'snapshot', manifest: machine, base } }),
  );
  return new LabOfMachines(manifest.lab, manifest.title, machines, manifest.wires, time);
}
