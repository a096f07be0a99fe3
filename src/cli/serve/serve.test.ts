import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BuildReport } from '../progress/build-report.ts';
import { cacheControl, cacheRules, immutable } from './cache-rules.ts';
import { contentType } from './content-type.ts';
import { accepts, encodingsFor, isCompressible } from './encodings.ts';
import { labAssets } from './lab-assets.ts';
import { createStaticServer, listen, siteAddress } from './static-server.ts';

const hash = '0123456789abcdef0123456789abcdef';
let folder = '';
let base = '';
const servers: Server[] = [];
const state: { report: BuildReport } = {
  report: { state: 'building', step: 'machine image', percent: 40, elapsedSeconds: 3, steps: [], message: '' },
};

const site: Readonly<Record<string, string>> = {
  'dist/index.html': '<!doctype html>home',
  'dist/404.html': '<!doctype html>not here',
  'dist/episodes/one/index.html': '<!doctype html>one',
  'dist/_astro/page.BxYz12_q.js': 'js',
  'dist/secret/.env': 'no',
  'outside.txt': 'outside',
  'assets/labs/super-bridge/lab.json': '{}',
  [`assets/labs/super-bridge/chunks/01/${hash}.zst`]: '0123456789',
  'assets/machine/v86.wasm': 'wasm',
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
  for (const [path, content] of Object.entries(site)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const status = { report: (lab: string): BuildReport | null => (lab === 'super-bridge' ? state.report : null) };
  const handler = labAssets(join(folder, 'assets'), status);
  const server = createStaticServer({ folders: [join(folder, 'dist')], handler });
  servers.push(server);
  base = `http://127.0.0.1:${await listen(server, { port: 0, host: '127.0.0.1' })}`;
  state.report = { ...state.report, state: 'ready' };
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await rm(folder, { recursive: true, force: true });
});

interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request sent as it is: fetch would tidy "/../" up, and ask for a fresh answer beside If-None-Match. */
function raw(path: string, headers: Record<string, string> = {}): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = httpRequest(base, { path, headers }, (response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject).end();
  });
}

describe('the server', () => {
  test.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/episodes/one/', 'text/html; charset=utf-8', 'no-cache'],
    ['/_astro/page.BxYz12_q.js', 'text/javascript; charset=utf-8', immutable],
    ['/machine/v86.wasm', 'application/wasm', 'no-cache'],
    ['/labs/super-bridge/lab.json', 'application/json; charset=utf-8', 'no-cache'],
    [`/labs/super-bridge/chunks/01/${hash}.zst`, 'application/zstd', immutable],
  ])('%s is %s and may be kept: %s', async (path, type, cache) => {
    const response = await fetch(base + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('cache-control')).toBe(cache);
  });

  test('goes on where a download was cut off', async () => {
    const address = `${base}/labs/super-bridge/chunks/01/${hash}.zst`;
    const rest = await fetch(address, { headers: { Range: 'bytes=4-' } });
    expect([rest.status, rest.headers.get('content-range'), await rest.text()]).toEqual([
      206,
      'bytes 4-9/10',
      '456789',
    ]);
    const last = await fetch(address, { headers: { Range: 'bytes=-2' } });
    expect([last.status, await last.text()]).toEqual([206, '89']);
    const beyond = await fetch(address, { headers: { Range: 'bytes=10-' } });
    expect(beyond.status).toBe(416);
  });

  test('says that nothing changed when nothing did', async () => {
    const first = await fetch(`${base}/`);
    await first.text();
    const again = await raw('/', { 'If-None-Match': first.headers.get('etag') ?? '' });
    expect(again).toMatchObject({ status: 304, body: '' });
  });

  test('shows the 404 page of the site for a page, and a line for a file; with status 404 both', async () => {
    const page = await fetch(`${base}/nowhere/`, { headers: { 'If-None-Match': '*', Range: 'bytes=0-3' } });
    expect([page.status, await page.text()]).toEqual([404, '<!doctype html>not here']);
    const file = await fetch(`${base}/nowhere.json`);
    expect([file.status, await file.text()]).toEqual([404, 'There is nothing at /nowhere.json.\n']);
  });

  test('gives nothing away that is not on the site', async () => {
    for (const path of [
      '/../outside.txt',
      '/%2e%2e/outside.txt',
      '/..%2foutside.txt',
      '/secret/.env',
      '/machine/../../outside.txt',
    ]) {
      const { status, body } = await raw(path);
      expect([path, status >= 400, body.includes('outside') && !body.includes('nothing at')]).toEqual([
        path,
        true,
        false,
      ]);
    }
    expect((await raw('/%')).status).toBe(400);
    expect((await raw('/a%00b')).status).toBe(400);
  });

  test('answers GET and HEAD, and no other method', async () => {
    const head = await fetch(`${base}/`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '19', '']);
    const post = await fetch(`${base}/`, { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('takes the next port when its own is in use, unless that one was asked for', async () => {
    const port = Number(new URL(base).port);
    const [next, refused] = [createStaticServer({ folders: [] }), createStaticServer({ folders: [] })];
    servers.push(next);
    expect(await listen(next, { port, host: '127.0.0.1', orNext: true })).toBeGreaterThan(port);
    await expect(listen(refused, { port, host: '127.0.0.1' })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is in use. Choose another one with --port.`,
    );
    expect([siteAddress('0.0.0.0', 80), siteAddress('fd00::1', 80)]).toEqual([
      'http://localhost:80',
      'http://[fd00::1]:80',
    ]);
  });
});

describe('compressed files', () => {
  const page = '/_astro/page.BxYz12_q.js';
  // The test's files are not compressed in truth: which of them is sent is what matters.
  const forms = { br: '<br>', gzip: '<gzip>', identity: 'js' };
  beforeEach(async () => {
    await writeFile(join(folder, `dist${page}.br`), forms.br);
    await writeFile(join(folder, `dist${page}.gz`), forms.gzip);
    await writeFile(join(folder, 'dist/404.html.gz'), '<gzip 404>');
    await writeFile(join(folder, 'dist/index.html.gz'), '<gzip home>');
  });

  test.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['GZIP;q=0.5', 'gzip'],
    ['identity', 'identity'],
    ['*;q=0', 'identity'],
    ['br;q=0,gzip;q=0', 'identity'],
    ['', 'identity'],
  ] as const)('for "%s": %s, and caches are told what it depends on', async (accept, form) => {
    const { status, headers, body } = await raw(page, { 'Accept-Encoding': accept });
    expect([status, body]).toEqual([200, forms[form]]);
    expect(headers['content-encoding']).toBe(form === 'identity' ? undefined : form);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': String(body.length),
      'cache-control': immutable,
      vary: 'Accept-Encoding',
    });
  });

  test('serve a page by its address; where there is no such form, the next one will do', async () => {
    const home = await raw('/', { 'Accept-Encoding': 'br, gzip' });
    expect([home.body, home.headers['content-encoding']]).toEqual(['<gzip home>', 'gzip']);
    expect(home.headers['content-type']).toBe('text/html; charset=utf-8');
    const other = await raw('/episodes/one/', { 'Accept-Encoding': 'br, gzip' });
    expect([other.body, other.headers['content-encoding']]).toEqual(['<!doctype html>one', undefined]);
    const nowhere = await raw('/nowhere/', { 'Accept-Encoding': 'gzip' });
    expect([nowhere.status, nowhere.body, nowhere.headers['content-encoding']]).toEqual([404, '<gzip 404>', 'gzip']);
  });

  test('are known again each by its own ETag', async () => {
    const br = (await raw(page, { 'Accept-Encoding': 'br' })).headers.etag ?? '';
    const identity = (await raw(page)).headers.etag ?? '';
    expect(br).not.toBe(identity);
    const same = await raw(page, { 'Accept-Encoding': 'br', 'If-None-Match': br });
    expect([same.status, same.body, same.headers.vary]).toEqual([304, '', 'Accept-Encoding']);
    expect(same.headers['content-encoding']).toBeUndefined();
    expect((await raw(page, { 'Accept-Encoding': 'gzip', 'If-None-Match': br })).body).toBe(forms.gzip);
  });

  test('a range is one of the file itself; one that goes on with a compressed form begins again', async () => {
    const part = await raw(page, { 'Accept-Encoding': 'br', Range: 'bytes=1-' });
    expect([part.status, part.body, part.headers['content-range']]).toEqual([206, 's', 'bytes 1-1/2']);
    expect(part.headers['content-encoding']).toBeUndefined();
    const etag = (await raw(page, { 'Accept-Encoding': 'br' })).headers.etag ?? '';
    const whole = await raw(page, { 'Accept-Encoding': 'br', Range: 'bytes=1-', 'If-Range': etag });
    expect([whole.status, whole.body]).toEqual([200, 'js']);
  });

  test('an answer of another kind is not said to be compressed', async () => {
    const refused = await raw(page, { 'Accept-Encoding': 'br', 'If-Match': '"other"' });
    expect([refused.status, refused.headers['content-encoding']]).toEqual([412, undefined]);
  });

  test('have a type of their own, and a chunk is none of them', () => {
    for (const ending of ['html', 'css', 'js', 'mjs', 'wasm', 'svg', 'json', 'xml', 'txt']) {
      expect([ending, isCompressible(`/a.${ending}`)]).toEqual([ending, true]);
      expect([ending, contentType(`/a.${ending}`)]).not.toContain(null);
    }
    const headers = { 'accept-encoding': 'br, gzip' };
    for (const path of [`/machine/chunks/01/${hash}.zst`, '/a.woff2', '/pagefind/a.pf_index', '/about'])
      expect(encodingsFor(path, headers)).toEqual([]);
    expect(accepts(undefined, 'br')).toBe(false);
  });
});

describe('a lab that is still being built', () => {
  test('says how far it is, and not a byte of an older one is served', async () => {
    state.report = { ...state.report, state: 'building' };
    const report = await fetch(`${base}/labs/super-bridge/build.json`);
    expect(report.headers.get('cache-control')).toBe('no-store');
    expect(await report.json()).toEqual(state.report);
    const file = await fetch(`${base}/labs/super-bridge/lab.json`);
    expect([file.status, file.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await file.text()).toContain('still being built');
  });

  test('is there as soon as it is ready, and one that does not exist never is', async () => {
    expect((await fetch(`${base}/labs/super-bridge/lab.json`)).status).toBe(200);
    expect((await fetch(`${base}/labs/other/lab.json`)).status).toBe(404);
    expect((await fetch(`${base}/labs/super-bridge/missing.json`)).status).toBe(404);
  });
});

describe('cache rules', () => {
  test('keep what its own name vouches for', () => {
    expect(cacheControl(`/x/${hash}.zst`)).toBe(immutable);
    expect(cacheControl('/x/disk-0123456789abcdef.bin')).toBe(immutable);
    for (const path of ['/index.html', '/labs/a/lab.json', '/facade.js', '/x/0123456789abcdefg.js'])
      expect(cacheControl(path)).toBe('no-cache');
  });

  test('for other hosts: one rule a folder, none that matches what must be asked for again', () => {
    const files = [
      'index.html',
      '_astro/a.js',
      '_astro/b.css',
      'labs/x/lab.json',
      `labs/x/chunks/01/${hash}.zst`,
      `labs/x/chunks/02/${hash}.zst`,
      `machine/v86.${hash}.wasm`,
      'machine/readme',
    ];
    const rule = (pattern: string): string => `${pattern}\n  Cache-Control: ${immutable}\n`;
    expect(cacheRules(files)).toBe(rule('/_astro/*') + rule('/labs/x/chunks/*') + rule(`/machine/v86.${hash}.wasm`));
  });
});
