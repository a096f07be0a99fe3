// How long a file may be kept: for ever when its name says what is in it (a content hash), otherwise it is asked for
// again each time. One rule for our own server and for the hosts that read a `_headers` file (Netlify, Cloudflare Pages).

export const immutable = 'public, max-age=31536000, immutable';
export const revalidate = 'no-cache';

/** A hash of at least 64 bits in hex, standing by itself in the file's name. */
const hashedName = /(^|[._-])[0-9a-f]{16,}([._-]|$)/;

/** @param path below the site's root, with or without a leading "/" */
export function isContentHashed(path: string): boolean {
  const clean = path.replace(/^\//, '');
  // Everything that Astro puts there carries a hash in its name (Vite's eight characters of base64url).
  if (clean.startsWith('_astro/')) return true;
  return hashedName.test(clean.slice(clean.lastIndexOf('/') + 1));
}

/** The value of Cache-Control. */
export function cacheControl(path: string): string {
  return isContentHashed(path) ? immutable : revalidate;
}

/** The folders that a path lies in, the outermost first: "a/b/c.js" -> "a/", "a/b/". */
function foldersOf(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1));
}

/**
 * The text of a `_headers` file. A folder with nothing but hashed names gets one rule, a hashed file elsewhere its own.
 * There is no rule for the rest: such hosts revalidate by themselves, and where two rules match they join the values.
 * @param files every file of the site, as paths below its root
 */
export function cacheRules(files: readonly string[]): string {
  const mixed = new Set(files.filter((file) => !isContentHashed(file)).flatMap(foldersOf));
  const patterns = new Set<string>();
  for (const file of files.filter(isContentHashed)) {
    const folder = foldersOf(file).find((name) => !mixed.has(name));
    patterns.add(folder === undefined ? `/${file}` : `/${folder}*`);
  }
  return [...patterns]
    .sort()
    .map((pattern) => `${pattern}\n  Cache-Control: ${immutable}\n`)
    .join('');
}
