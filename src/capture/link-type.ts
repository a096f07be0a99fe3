// What the first bytes of a captured packet are, https://www.tcpdump.org/linktypes.html : the numbers stand in capture
// files and in a machine's taps. src/packet/dissect.ts decodes each of these.

export const LinkType = {
  /** BSD loopback. */
  NULL: 0,
  /** Ethernet. */
  EN10MB: 1,
  /** An IP packet, version 4 or 6. */
  RAW: 101,
  /** Linux cooked capture. */
  LINUX_SLL: 113,
  /** Linux cooked capture, version 2: `tcpdump -i any`. */
  LINUX_SLL2: 276,
} as const;

export type LinkType = (typeof LinkType)[keyof typeof LinkType];

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(LinkType).map(([name, number]) => [number, name]));

/** "EN10MB", or "link type 147" for one that nothing here decodes. */
export function linkTypeName(linkType: number): string {
  return NAMES.get(linkType) ?? `link type ${linkType}`;
}
