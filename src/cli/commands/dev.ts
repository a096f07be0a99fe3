// `npm run dev`: Astro's own server with hot reload, and the machines' files at the addresses that they have on the site.
import { once } from 'node:events';
import { dev as astroDev } from 'astro';
import { building } from '../builder/build-all.ts';
import { LabBuilds } from '../builder/lab-builds.ts';
import { buildPaths } from '../builder/paths.ts';
import { readLabs } from '../labs.ts';
import { labAssets } from '../serve/lab-assets.ts';
import { requestPath, siteAddress } from '../serve/static-server.ts';
import type { ServeOptions } from './up.ts';

export async function dev({ root, signal, host, port }: ServeOptions): Promise<void> {
  const { siteAssets } = buildPaths(root);
  const labs = await readLabs(root);
  await building({ root, signal, output: process.stdout }, async (display) => {
    const builds = new LabBuilds(labs, { root, signal, display });
    const handler = labAssets(siteAssets, builds);
    const server = await astroDev({
      root,
      // Vite takes the next free port by itself when this one is in use.
      server: { host, port },
      vite: {
        plugins: [
          {
            name: 'lockstep:lab-assets',
            configureServer(vite) {
              vite.middlewares.use((request, response, next) => {
                const path = requestPath(request.url ?? '/');
                if (path === null || !handler(request, response, path)) next();
              });
            },
          },
        ],
      },
    });
    display.step('The site can be read').done(siteAddress(host, server.address.port));
    signal.addEventListener('abort', () => void server.stop(), { once: true });
    await builds.run().catch((error: unknown) => {
      signal.throwIfAborted();
      console.error(
        `\nThe site stays up without the lab:\n${error instanceof Error ? error.message : String(error)}\n`,
      );
    });
  });
  if (!signal.aborted) await once(signal, 'abort');
}
