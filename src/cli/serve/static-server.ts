// The site over HTTP: files of one or more folders, compressed where that was prepared, with the right types and cache
// rules, ranges and conditional requests (by `send`), and answers that are made up on the spot (a lab's build.json).
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import send from 'send';
import { cacheControl } from './cache-rules.ts';
import { contentType } from './content-type.ts';
import { encodingsFor, isCompressible } from './encodings.ts';

/** Answers the request and returns true, or returns false and leaves it alone. */
export type Handler = (request: IncomingMessage, response: ServerResponse, path: string) => boolean;

export interface StaticServerOptions {
  /** Folders, the first one that has the file answers. */
  readonly folders: readonly string[];
  /** Asked first. */
  readonly handler?: Handler;
}

/** The path of a request: decoded, without the query. null when it cannot be one. */
export function requestPath(url: string): string | null {
  try {
    const path = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '');
    return path.startsWith('/') && !path.includes('\0') ? path : null;
  } catch {
    return null;
  }
}

export function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Sends a file below `folder`, or calls `next` when it is not there. `status`: for a page that explains a failure. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  path: string,
  next: () => void,
  status = 200,
): void {
  const file = path.endsWith('/') ? `${path}index.html` : path;
  const forms = encodingsFor(file, request.headers);
  // A compressed form is a file of its own, with its own size, date and ETag. The last attempt is the file itself.
  const attempt = (index: number): void => {
    const form = forms[index];
    const ending = form?.ending ?? '';
    // send() decodes once more: encode, so that "%25" in a name stays what it is.
    const stream = send(request, encodeURI(file + ending).replace(/[?#]/g, encodeURIComponent), {
      root: folder,
      cacheControl: false,
      dotfiles: 'ignore',
    });
    stream.on('headers', (headers: ServerResponse, found: string) => {
      const served = found.slice(folder.length, found.length - ending.length);
      const type = contentType(served);
      if (type) headers.setHeader('Content-Type', type);
      if (form) headers.setHeader('Content-Encoding', form.name);
      if (isCompressible(served)) headers.setHeader('Vary', 'Accept-Encoding');
      headers.setHeader('Cache-Control', status === 200 ? cacheControl(served) : 'no-store');
      headers.setHeader('X-Content-Type-Options', 'nosniff');
      if (status !== 200) headers.statusCode = status;
    });
    stream.on('error', (error: Error & { status?: number }) => {
      if (error.status === 404) return form ? attempt(index + 1) : next();
      if (response.headersSent) return void response.destroy(error);
      response.removeHeader('Content-Encoding');
      answer(response, error.status ?? 500, 'text/plain; charset=utf-8', `${error.message}\n`);
    });
    stream.pipe(response);
  };
  attempt(0);
}

/** Not listening yet; see `listen`. */
export function createStaticServer({ folders, handler }: StaticServerOptions): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return answer(response, 405, 'text/plain; charset=utf-8', 'Only GET and HEAD are answered here.\n');
    }
    const path = requestPath(request.url ?? '/');
    if (path === null) return answer(response, 400, 'text/plain; charset=utf-8', 'This address cannot be read.\n');
    if (handler?.(request, response, path)) return;

    const missing = (): void => answer(response, 404, 'text/plain; charset=utf-8', `There is nothing at ${path}.\n`);
    const attempt = (index: number): void => {
      const folder = folders[index];
      if (folder !== undefined) sendFile(request, response, folder, path, () => attempt(index + 1));
      // A page that is not there gets the site's own 404 page; a file (an image, JSON) a short answer.
      else if (/\.(?!html$)[^/]*$/.test(path)) missing();
      else sendNotFoundPage(request, response, folders[0] ?? '/nonexistent', missing);
    };
    attempt(0);
  });
}

function sendNotFoundPage(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  missing: () => void,
): void {
  // Without these gone, If-None-Match or Range would be answered as if this page were the one that was asked for.
  for (const name of ['if-none-match', 'if-modified-since', 'range'] as const) delete request.headers[name];
  sendFile(request, response, folder, '/404.html', missing, 404);
}

export interface ListenOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly host: string;
  /** Takes one of the next 20 ports when this one is in use. */
  readonly orNext?: boolean;
}

/** Resolves with the port that it listens on. */
export async function listen(server: Server, { port, host, orNext = false }: ListenOptions): Promise<number> {
  for (let candidate = port; ; candidate++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(candidate, host, () => resolve(void server.off('error', reject)));
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && orNext && candidate < port + 20) continue;
      if (code === 'EADDRINUSE')
        throw new Error(`Port ${candidate} on ${host} is in use. Choose another one with --port.`);
      throw new Error(
        `Cannot listen on ${host}:${candidate} (${code ?? String(error)}). Choose others with --host and --port.`,
      );
    }
  }
}

/** What a person opens. An address that stands for all interfaces is shown as localhost. */
export function siteAddress(host: string, port: number): string {
  const shown = ['127.0.0.1', '0.0.0.0', '::', '::1'].includes(host) ? 'localhost' : host;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}
