// `npm run dev`: Astro's own server with hot reload, and the machines' files at the addresses that they have on the site.
import { once } from 'node:events';
import { dev as astroDev } from 'astro';
import { BuildProcess } from '../build-process/start-build.ts';
import { buildPaths } from '../builder/paths.ts';
import { readLabs } from '../labs.ts';
import { Progress } from '../progress/progress.ts';
import { renderProgress } from '../progress/render.ts';
import { labAssets } from '../serve/lab-assets.ts';
import { requestPath, siteAddress } from '../serve/static-server.ts';
import type { ServeOptions } from './up.ts';

export async function dev({ root, signal, host, port }: ServeOptions): Promise<void> {
  const { siteAssets } = buildPaths(root);
  const output = process.stdout;
  const labs = (await readLabs(root)).map(({ id }) => id);
  const display = new Progress();
  const stop = renderProgress(display, output);
  const say = (text: string): unknown => output.write(text);
  const build = new BuildProcess({ root, signal, labs, site: false, display, say });
  try {
    const handler = labAssets(siteAssets, build);
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
    await build.ended.catch((error: unknown) => {
      signal.throwIfAborted();
      console.error(
        `\nThe site stays up without the lab:\n${error instanceof Error ? error.message : String(error)}\n`,
      );
    });
  } finally {
    await build.stop();
    stop();
  }
  if (!signal.aborted) await once(signal, 'abort');
}
