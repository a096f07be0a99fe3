// One packet seen at one tap, or on a wire. Labs, journeys, recordings, the picture, the list and the command line all speak of this.

export interface Hop {
  /**
   * 1, 2, 3 … in the order in which a run of a lab, a recording or a file tells of them: Wireshark's frame.number. A journey is
   * called after its first hop. 0: a frame that a wire still holds.
   */
  readonly n: number;
  /** The machine whose tap saw it, and whose clock `time` is; WIRE for a frame seen on the wire itself. */
  readonly machine: string;
  /** Network namespace that the device is in; left out or "": the machine's own. */
  readonly namespace?: string;
  /** "docker0"; the wire's name for a frame on the wire; "" when nothing but the machine is known. */
  readonly device: string;
  /** Its index in that namespace, where it is known. */
  readonly ifindex?: number;
  /** Id of the device or the wire in a lab's graph (topology/graph.ts); left out or "": it is in none that is known. */
  readonly deviceId?: string;
  /** 'in': the device received it; 'out': it left through the device. A wire has neither, and files may not say: 'unknown'. */
  readonly direction: 'in' | 'out' | 'unknown';
  /** Seconds since the epoch on that machine's clock, µs resolution. The wires have a clock of their own. */
  readonly time: number;
  /** LINKTYPE_ number (src/capture/link-type.ts). */
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** Bytes before the capture cut it. */
  readonly originalLength: number;
  /** Of a frame that the wire delivered to nobody: why, in words, "the cable of host-02 is out". Recordings do not keep it. */
  readonly undelivered?: string;
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
export function hashBytes(bytes: Uint8Array, at: number, length: number): number {
  let hash = 0x811c9dc5;
  const end = Math.min(at + length, bytes.length);
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}
