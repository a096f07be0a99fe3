// A lab from its manifest, with the drivers of the place: a page, Node, a test.
import { LabTime } from '../wire/lab-time.ts';
import { type DriverTable, driverOf } from './drivers.ts';
import type { Lab } from './lab.ts';
import { LabOfMachines } from './lab-of-machines.ts';
import type { LabManifest } from './manifest.ts';
import { realTime } from './real-time.ts';

export interface LabPlace {
  /** URL, with "/" at its end, or folder that the machines' downloads lie under. */
  readonly base: string;
  readonly drivers: DriverTable;
  /** The folder for moments of the lab that outlive the page; left out: none are kept. */
  readonly keep?: string;
}

/** Not started yet. Rejects with ManifestError when a machine cannot be made of what is said of it, with an Error when a driver's code did not come. */
export async function createLab(manifest: LabManifest, { base, drivers, keep }: LabPlace): Promise<Lab> {
  const { lab: id, title, wires, machines: plans } = manifest;
  const time = new LabTime(realTime);
  const kept = keep === undefined ? {} : { keep };
  const place = { base, time, lab: { id, machines: plans.map(({ name }) => name) }, ...kept };
  const machines = await Promise.all(
    plans.map(async (plan) => (await driverOf(id, plan, drivers)).create(plan, place)),
  );
  return new LabOfMachines(id, title, machines, wires, time);
}
