// What a page of prose makes a browser download in JavaScript before the reader starts a lab, page by page: the scripts
// that the HTML names, the islands that load by themselves, and all that these import statically.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const dist = 'dist';

/** Addresses below the site's root of what a page loads at once. */
function scriptsOf(html) {
  const attributes =
    /(?:<script\b[^>]*?\bsrc|<link\b[^>]*?\brel="modulepreload"[^>]*?\bhref|\b(?:component|renderer|before-hydration)-url)="([^"]+)"/g;
  const inline = [...html.matchAll(/<script\b[^>]*type="module"[^>]*>([\s\S]*?)<\/script>/g)].flatMap(([, code]) =>
    staticImports(code),
  );
  return [...[...html.matchAll(attributes)].map(([, address]) => address), ...inline];
}

/** `import … from "x"`, `import "x"`, `export … from "x"`; not `import("x")`, which waits until somebody calls it. */
function staticImports(code) {
  return [...code.matchAll(/(?:\bimport|\bfrom)\s*["']([^"']+)["']/g)].map(([, address]) => address);
}

/** Files below dist/ that a page needs. */
function closure(html) {
  const files = new Set();
  const visit = (address, from) => {
    if (/^[a-z]+:/.test(address)) return;
    const path = address.split(/[?#]/)[0];
    const file = path.startsWith('/') ? join(dist, path) : normalize(join(from, path));
    if (files.has(file) || !existsSync(file)) return;
    files.add(file);
    for (const next of staticImports(readFileSync(file, 'utf8'))) visit(next, dirname(file));
  };
  for (const address of scriptsOf(html)) visit(address, dist);
  return [...files];
}

const pages = globSync(`${dist}/**/*.html`)
  .map((page) => ({ name: page.slice(dist.length), path: closure(readFileSync(page, 'utf8')) }))
  .filter(({ path }) => path.length > 0);
if (pages.length === 0) throw new Error('dist/ has no page with a script. Run `npm run build` first.');

export default pages.map(({ name, path }) => ({ name, path, gzip: true, limit: '40 kB' }));
