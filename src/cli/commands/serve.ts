// `serve`: dist/ as it is, the way any file server would. What the browser tests run against.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildPaths } from '../builder/paths.ts';
import { createStaticServer, listen, siteAddress } from '../serve/static-server.ts';
import type { ServeOptions } from './up.ts';

export async function serve({ root, signal, host, port, portIsGiven }: ServeOptions): Promise<void> {
  const { dist } = buildPaths(root);
  if (!existsSync(join(dist, 'index.html')))
    throw new Error('There is no dist/index.html to serve. Run `npm run build` first.');
  const server = createStaticServer({ folders: [dist] });
  console.log(siteAddress(host, await listen(server, { port, host, orNext: !portIsGiven })));
  if (!signal.aborted) await once(signal, 'abort');
  server.close();
  server.closeAllConnections();
}
