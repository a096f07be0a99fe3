// A lab in the page.
import { createLab } from './create-lab.ts';
import { prepareDrivers } from './drivers.ts';
import type { Lab } from './lab.ts';
import { readManifest } from './manifest.ts';
import { pageDrivers } from './page-drivers.ts';

/** Not started yet. Throws an Error that says what to do when the lab's manifest cannot be had, ManifestError when it is not understood. */
export async function openLab(id: string, keep?: string): Promise<Lab> {
  // An emulator is fetched and compiled while the manifest is on its way.
  prepareDrivers(pageDrivers);
  const root = new URL(import.meta.env.BASE_URL, location.origin);
  const url = new URL(`labs/${encodeURIComponent(id)}/lab.json`, root);
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(
      `The lab's description could not be loaded (${url.pathname}: ${response.status}). Try again; if that does not help, reload the page.`,
    );
  const manifest = readManifest(id, await response.text());
  const place = { base: new URL('machine/', root).href, drivers: pageDrivers };
  return createLab(manifest, keep === undefined ? place : { ...place, keep });
}
