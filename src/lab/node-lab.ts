// A lab in Node, with the very engine of the page: the CLI, the tests, recordings.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLab } from './create-lab.ts';
import type { Lab } from './lab.ts';
import { type LabManifest, readManifest } from './manifest.ts';
import { nodeDrivers } from './node-drivers.ts';

const assets = fileURLToPath(new URL('../../build/site-assets', import.meta.url));

export interface NodeLabOptions {
  readonly signal?: AbortSignal;
  /** Makes another lab of what was built: other machines, other wires. */
  readonly change?: (manifest: LabManifest) => LabManifest;
}

/** Not started yet. Disposed when the signal is aborted. */
export async function createNodeLab(id: string, { signal, change }: NodeLabOptions = {}): Promise<Lab> {
  const path = join(assets, 'labs', id, 'lab.json');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Error(`The lab "${id}" is not built: ${path} is missing. Build it: npm run build.`);
  });
  const built = readManifest(id, text);
  const lab = await createLab(change?.(built) ?? built, { base: join(assets, 'machine'), drivers: nodeDrivers });
  signal?.addEventListener('abort', () => void lab.dispose(), { once: true });
  return lab;
}
