/** The glossary's anchor for a term: `MAC address` → `mac-address`. */
export function termId(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
