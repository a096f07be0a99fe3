// Compressed forms of a file lie beside it, made once when the site is built: page.js, page.js.br, page.js.gz. Which files
// have them, and which form a request gets. nginx (gzip_static) and Caddy (precompressed) know the same names.
import type { IncomingHttpHeaders } from 'node:http';

export interface Encoding {
  /** As in Accept-Encoding and Content-Encoding. */
  readonly name: 'br' | 'gzip';
  readonly ending: '.br' | '.gz';
}

/** The smallest form first. Browsers take Brotli from https and from localhost only, gzip from everywhere. */
export const encodings: readonly Encoding[] = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
];

// Fonts, pictures, Pagefind's index and the machines' .zst chunks are compressed already.
const compressible = /\.(?:html|css|js|mjs|wasm|svg|json|xml|txt)$/;

export function isCompressible(path: string): boolean {
  return compressible.test(path);
}

/** Whether a field value of Accept-Encoding allows this coding (RFC 9110 section 12.5.3); one that is absent asks for none. */
export function accepts(field: string | undefined, coding: string): boolean {
  const weights = new Map<string, number>();
  for (const item of (field ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, weight === undefined ? 1 : Number(weight.slice(2)));
  }
  return (weights.get(coding) ?? weights.get('*') ?? 0) > 0;
}

/**
 * The forms to try for a request, the best first; when none is there, the file itself will do. A range counts the bytes
 * of the form that it is sent in, which a client does not know before: it gets a part of the file itself.
 */
export function encodingsFor(path: string, headers: IncomingHttpHeaders): readonly Encoding[] {
  if (!isCompressible(path) || headers.range !== undefined) return [];
  return encodings.filter(({ name }) => accepts(headers['accept-encoding'], name));
}
