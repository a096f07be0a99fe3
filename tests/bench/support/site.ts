// dist/ as the project's own server sends it, with every byte that leaves it counted.
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildPaths } from '../../../src/cli/builder/paths.ts';
import { createStaticServer, listen } from '../../../src/cli/serve/static-server.ts';

export interface Site {
  /** "http://127.0.0.1:40123": a secure context, so the page has its Cache storage. */
  readonly url: string;
  /** Bytes written to all connections so far: bodies and headers. */
  bytesSent(): number;
  close(): void;
}

export async function openSite(root: string): Promise<Site> {
  const { dist } = buildPaths(root);
  if (!existsSync(join(dist, 'labs/super-bridge/lab.json')))
    throw new Error('There is no dist/labs/super-bridge/lab.json to measure. Run `npm run build` first.');
  const server = createStaticServer({ folders: [dist] });
  const sockets = new Set<Socket>();
  let ended = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      ended += socket.bytesWritten;
    });
  });
  const host = '127.0.0.1';
  const port = await listen(server, { port: Number(process.env.LOCKSTEP_BENCH_PORT ?? 0), host, orNext: true });
  return {
    url: `http://${host}:${port}`,
    bytesSent: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, ended),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Resolves when nothing was sent for `quiet` ms; a lab goes on fetching disk pieces after its machine runs. */
export async function untilQuiet(site: Site, signal: AbortSignal, quiet = 2000): Promise<void> {
  let last = -1;
  for (let waited = 0; last !== site.bytesSent(); waited += quiet) {
    if (waited > 120_000) throw new Error('The page was still downloading two minutes after the start.');
    last = site.bytesSent();
    await sleep(quiet, undefined, { signal });
  }
}
