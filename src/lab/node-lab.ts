// A lab in Node, with the very engine of the page: the CLI, the tests, recordings.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLab } from './create-lab.ts';
import type { Lab } from './lab.ts';
import { readManifest } from './manifest.ts';
import { nodeDrivers } from './node-drivers.ts';

const assets = fileURLToPath(new URL('../../build/site-assets', import.meta.url));

export interface NodeLabOptions {
  readonly signal?: AbortSignal;
  /** A folder for moments of the lab that outlive this process. */
  readonly keep?: string;
}

/** Not started yet. Disposed when the signal is aborted. */
export async function createNodeLab(id: string, { signal, keep }: NodeLabOptions = {}): Promise<Lab> {
  const path = join(assets, 'labs', id, 'lab.json');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Error(`The lab "${id}" is not built: ${path} is missing. Build it: npm run build.`);
  });
  const lab = await createLab(readManifest(id, text), {
    ...{ base: join(assets, 'machine'), drivers: nodeDrivers },
    ...(keep === undefined ? {} : { keep }),
  });
  signal?.addEventListener('abort', () => void lab.dispose(), { once: true });
  return lab;
}
