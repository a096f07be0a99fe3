// `npm run up`: the site first, as soon as it can be read; the machines while somebody reads. They are built in a process of
// their own, whose memory is free again when it has ended.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { BuildProcess } from '../build-process/start-build.ts';
import { buildPaths } from '../builder/paths.ts';
import { readLabs } from '../labs.ts';
import { Progress } from '../progress/progress.ts';
import { renderProgress } from '../progress/render.ts';
import { labAssets } from '../serve/lab-assets.ts';
import { createStaticServer, listen, siteAddress } from '../serve/static-server.ts';

export interface ServeOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly host: string;
  readonly port: number;
  /** Whether the port was asked for: then no other one will do. */
  readonly portIsGiven: boolean;
}

export async function up(options: ServeOptions): Promise<void> {
  const { signal } = options;
  const output = process.stdout;
  const { server, address } = await serveWhileBuilding(options);
  output.write(`\n  Lockstep: ${address}\n  Ctrl-C ends it.\n\n`);
  if (!signal.aborted) await once(signal, 'abort');
  server.close();
  server.closeAllConnections();
}

async function serveWhileBuilding(options: ServeOptions): Promise<{ server: Server; address: string }> {
  const { root, signal, host, port, portIsGiven } = options;
  const paths = buildPaths(root);
  const output = process.stdout;
  const labs = (await readLabs(root)).map(({ id }) => id);
  const display = new Progress();
  const stop = renderProgress(display, output);
  const say = (text: string): unknown => output.write(text);
  const build = new BuildProcess({ root, signal, labs, site: true, display, say });
  try {
    await build.siteReady;
    const server = createStaticServer({ folders: [paths.dist], handler: labAssets(paths.siteAssets, build) });
    const address = siteAddress(host, await listen(server, { port, host, orNext: !portIsGiven }));
    // A step among the others, so that the display keeps the line in its place.
    display.step('The site can be read').done(address);
    await build.ended.catch((error: unknown) => {
      signal.throwIfAborted();
      // The prose is worth reading without the lab, and the page says what went wrong.
      console.error(
        `\nThe site stays up without the lab:\n${error instanceof Error ? error.message : String(error)}\n`,
      );
    });
    return { server, address };
  } finally {
    await build.stop();
    stop();
  }
}
