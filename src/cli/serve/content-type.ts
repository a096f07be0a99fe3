// The types that matter to a browser here: WebAssembly is compiled while it streams in only when its type is right.
const types: Readonly<Record<string, string>> = {
  '.wasm': 'application/wasm',
  '.zst': 'application/zstd',
  '.bin': 'application/octet-stream',
  '.pcapng': 'application/x-pcapng',
  '.yaml': 'application/yaml; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
};

/** The type for a path whose ending says it; null leaves the choice to the server's own table. */
export function contentType(path: string): string | null {
  const dot = path.lastIndexOf('.');
  return dot > path.lastIndexOf('/') ? (types[path.slice(dot)] ?? null) : null;
}
