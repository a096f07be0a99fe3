// A lab in the page.
import type { LabManifest } from '../machine/v86/manifest.ts';
import { browserThread, browserWasm } from '../machine/v86/thread/thread-browser.ts';
import { createLab } from './create-lab.ts';
import type { Lab } from './lab.ts';

/** Not started yet. Throws an Error that says what to do when the lab's description cannot be had. */
export async function openLab(id: string): Promise<Lab> {
  // The emulator is fetched and compiled while the description is on its way.
  browserWasm().catch(() => {});
  const root = new URL(import.meta.env.BASE_URL, location.origin);
  const url = new URL(`labs/${encodeURIComponent(id)}/lab.json`, root);
  const response = await fetch(url);
  if (!response.ok)
    throw new Error(
      `The lab's description could not be loaded (${url.pathname}: ${response.status}). Try again; if that does not help, reload the page.`,
    );
  const manifest = (await response.json()) as LabManifest;
  return createLab(manifest, { base: new URL('machine/', root).href, thread: browserThread, wasm: browserWasm });
}
