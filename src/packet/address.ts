// Addresses that people write -> what stands in packets. The way back is format.ts.

/** "10.0.0.1" as a number; null when it is no address. No leading zeros: some programs read them as octal. */
export function parseIpv4(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    value = value * 256 + Number(part);
  }
  return value;
}

/** "fe80::1" as sixteen bytes; null when it is no address. RFC 4291 section 2.2. */
export function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  if (head === null || head === undefined || tail === null) return null;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...(tail === undefined ? [] : [...Array<number>(missing).fill(0), ...tail])];
  return Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff]));
}

function groupsOf(half: string, last: boolean): number[] | null {
  if (half === '') return [];
  const parts = half.split(':');
  const embedded = last && (parts.at(-1) ?? '').includes('.') ? parseIpv4(parts.pop() ?? '') : undefined;
  if (embedded === null || !parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return null;
  const groups = parts.map((part) => Number.parseInt(part, 16));
  return embedded === undefined ? groups : [...groups, embedded >>> 16, embedded & 0xffff];
}
