// The types that matter to a browser here: WebAssembly is compiled while it streams in only when its type is right.
// Those that are kept compressed are all here: the server's own table would go by ".br" and ".gz".
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
  '.zst': 'application/zstd',
  '.bin': 'application/octet-stream',
  '.pcapng': 'application/x-pcapng',
  '.yaml': 'application/yaml; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.xml': 'application/xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

/** The type for a path whose ending says it; null leaves the choice to the server's own table. */
export function contentType(path: string): string | null {
  const dot = path.lastIndexOf('.');
  return dot > path.lastIndexOf('/') ? (types[path.slice(dot)] ?? null) : null;
}
