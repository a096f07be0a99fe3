// A short name for each command of a page, the same in the build and in the browser: what was run is remembered under it.
// It follows from machine and text alone, so a command keeps its ✓ when another one is written before it.

/** Of the commands of a page, in its order. One that stands there more than once has a key for each. */
export function commandKeys(commands: readonly { readonly on: string; readonly command: string }[]): string[] {
  const seen = new Map<string, number>();
  return commands.map(({ on, command }) => {
    const text = `${on}\n${command.trim()}`;
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    return short(times === 1 ? text : `${text}\n${times}`);
  });
}

/** FNV-1a over UTF-16 units, http://www.isthe.com/chongo/tech/comp/fnv/ */
function short(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  // Five characters: of a page's hundred commands, two with the same are not to be expected; a unit test looks.
  return hash.toString(36).slice(-5);
}
