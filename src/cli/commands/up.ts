// `npm run up`: the site first, as soon as it can be read; the machines while somebody reads.
import { once } from 'node:events';
import { building } from '../builder/build-all.ts';
import { LabBuilds } from '../builder/lab-builds.ts';
import { buildPaths } from '../builder/paths.ts';
import { buildSite } from '../builder/site.ts';
import { readLabs } from '../labs.ts';
import { buildContext } from '../progress/progress.ts';
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

export async function up({ root, signal, host, port, portIsGiven }: ServeOptions): Promise<void> {
  const paths = buildPaths(root);
  const output = process.stdout;
  const labs = await readLabs(root);
  const served = await building({ root, signal, output }, async (display) => {
    await buildSite(buildContext(root, signal, display));
    const builds = new LabBuilds(labs, { root, signal, display });
    const server = createStaticServer({ folders: [paths.dist], handler: labAssets(paths.siteAssets, builds) });
    const address = siteAddress(host, await listen(server, { port, host, orNext: !portIsGiven }));
    // A step among the others, so that the display keeps the line in its place.
    display.step('The site can be read').done(address);
    try {
      await builds.run();
    } catch (error) {
      signal.throwIfAborted();
      // The prose is worth reading without the lab, and the page says what went wrong.
      console.error(
        `\nThe site stays up without the lab:\n${error instanceof Error ? error.message : String(error)}\n`,
      );
    }
    return { server, address };
  });
  output.write(`\n  Lockstep: ${served.address}\n  Ctrl-C ends it.\n\n`);
  if (!signal.aborted) await once(signal, 'abort');
  served.server.close();
  served.server.closeAllConnections();
}
