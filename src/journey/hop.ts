// One packet seen at one tap: what journeys are made of.

export interface Hop {
  /** The caller's number for it, unique. A journey is called after its first hop, so the number must not depend on who asks. */
  readonly id: number;
  /** The machine whose tap saw it, and whose clock `time` is; WIRE for a frame seen on the wire itself. */
  readonly machine: string;
  /** Network namespace that the device is in; left out or "": the machine's own. */
  readonly namespace?: string;
  /** "docker0"; the wire's name for a frame on the wire; "" when nothing but the machine is known. */
  readonly device: string;
  readonly ifindex?: number;
  /** 'in': the device received it; 'out': it left through the device. Of a wire: it came onto it, or was delivered. */
  readonly direction: 'in' | 'out' | 'unknown';
  /** Seconds since the epoch on that machine's clock. The wire has a clock of its own. */
  readonly time: number;
  /** LINKTYPE_ number (src/capture/link-type.ts). */
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** Bytes before the capture cut it. */
  readonly originalLength: number;
}

/** The "machine" of what was seen on a wire rather than in a machine. */
export const WIRE = 'wire';

/** Where a device is, as people read it: "host-01/docker0", "host-01/web/eth0", "wire/lan". */
export function placeOf(at: {
  readonly machine: string;
  readonly namespace?: string | undefined;
  readonly device: string;
}): string {
  const { machine, namespace, device } = at;
  if (device === '') return machine;
  return namespace === undefined || namespace === '' ? `${machine}/${device}` : `${machine}/${namespace}/${device}`;
}

/** A hash of `length` bytes from `at` (FNV-1a, 32 bits), for telling apart what the rest of a packet leaves alike. */
export function hashOf(bytes: Uint8Array, at: number, length: number): number {
  let hash = 0x811c9dc5;
  const end = Math.min(at + length, bytes.length);
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}
