// A lab from its manifest, with whatever threads the place offers: the page, Node.
import type { LabManifest } from '../machine/v86/manifest.ts';
import type { Thread } from '../machine/v86/thread.ts';
import { V86Machine } from '../machine/v86/v86-machine.ts';
import type { Lab } from './lab.ts';
import { LabOfMachines, type LabWire } from './lab-of-machines.ts';

export interface LabPlace {
  /** URL or folder that the chunks lie under. */
  readonly base: string;
  readonly thread: () => Thread;
  readonly wasm: () => Promise<WebAssembly.Module>;
}

/** What a lab is started from: its machines' snapshots, and the wires between them. */
export interface WiredManifest extends LabManifest {
  /** Left out: none. */
  readonly wires?: readonly LabWire[];
}

export function createLab(manifest: WiredManifest, { base, thread, wasm }: LabPlace): Lab {
  if (manifest.format !== 1) {
    throw new Error(
      `The lab ${manifest.lab} has format ${manifest.format}; this page knows format 1. Reload the page.`,
    );
  }
  const machines = manifest.machines.map(
    (machine) =>
      new V86Machine({ name: machine.name, thread, wasm, start: { from: 'snapshot', manifest: machine, base } }),
  );
  return new LabOfMachines(manifest.lab, manifest.title, machines, manifest.wires);
}
