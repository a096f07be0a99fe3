// Hops out of a capture file whose interfaces are named after places: "host-01/docker0", "host-01/web/eth0", "wire/lan".

import { CaptureReader, type ReadPacket } from '../capture/capture-reader.ts';
import { type CaptureError, secondsOf } from '../capture/captured-packet.ts';
import type { Gap } from './gap.ts';
import type { Hop } from './hop.ts';

export interface CaptureHops {
  readonly hops: readonly Hop[];
  /** Packets that the file says were lost, by interface: between the packet before and the one that says so. */
  readonly gaps: readonly Gap[];
  /** Why the file could not be read further; null when it could. */
  readonly error: CaptureError | null;
  /** What the file holds besides packets and is in no list, in a sentence; "" when that is nothing. */
  readonly leftOut: string;
}

/** What Lockstep wrote between the packets (recording/notes/note.ts): how it is told, and what it says of the packet that comes now. */
export interface CaptureNotes {
  add(text: string): void;
  takeNext(): Pick<Hop, 'undelivered'>;
}

/** Bytes of a file that are read at once. */
const PIECE = 1 << 18;

/** The hops of a file that is in memory: see CaptureHopReader. */
export function hopsOfCapture(file: Uint8Array, name: string, first: number): CaptureHops {
  const reader = new CaptureHopReader(name, first);
  for (let at = 0; at < file.length; at += PIECE) reader.push(file.subarray(at, at + PIECE));
  return reader.end();
}

/** The hops of a file that comes in pieces. */
export class CaptureHopReader {
  /** Bytes of packets so far. */
  size = 0;
  readonly #hops: Hop[] = [];
  readonly #gaps = new CaptureGaps();
  readonly #reader: CaptureReader;

  /**
   * An interface "host-01/docker0" is that place. Any other is a device of the machine that the file is named after, and so is
   * what a file without interface names holds: "host-01@docker0" as a name says which device, "host-01" does not.
   *
   * @param name the file's name without folder and ending (machineOfFile)
   * @param first the number of the first hop; the others count on from it
   */
  constructor(name: string, first: number, notes?: CaptureNotes) {
    this.#reader = new CaptureReader(
      (packet, interfaceName) => {
        const { linkType, originalLength } = packet;
        // The reader's own buffer, which it uses again.
        const bytes = packet.bytes.slice();
        this.size += bytes.length;
        const place = placeOfCaptured({ ...packet, bytes }, interfaceName, name);
        this.#gaps.see(packet, place.machine, interfaceName);
        const time = secondsOf(packet);
        const n = first + this.#hops.length;
        this.#hops.push({ n, ...place, linkType, bytes, originalLength, time, ...notes?.takeNext() });
      },
      (note) => notes?.add(note),
    );
  }

  /** True when nothing more can be read. */
  get isBroken(): boolean {
    return this.#reader.error !== null;
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  end(): CaptureHops {
    return { hops: this.#hops, gaps: this.#gaps.all, error: this.#reader.end(), leftOut: this.#reader.leftOut };
  }
}

/** What packets of a file say of those that were lost before them, as it is read. */
export class CaptureGaps {
  /** Those that were found, in order. */
  readonly all: Gap[] = [];
  /** By interface, when its last packet was seen. */
  readonly #last = new Map<string, number>();

  /** Gives the gap before this packet, where the file says that there is one. */
  see(packet: ReadPacket, machine: string, interfaceName: string): Gap | null {
    const time = secondsOf(packet);
    const before = this.#last.get(interfaceName) ?? time;
    this.#last.set(interfaceName, time);
    if (packet.lostBefore === undefined) return null;
    const gap = { machine, from: Math.min(before, time), until: Math.max(before, time), count: packet.lostBefore };
    this.all.push(gap);
    return gap;
  }
}

interface CapturedHere {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  /** As the file says; left out or unknown: the packet's own header may. */
  readonly direction?: Hop['direction'] | undefined;
}

/**
 * Where a packet of a file was seen, by the rules of hopsOfCapture.
 *
 * @param name the file's name without folder and ending
 */
export function placeOfCaptured(
  { linkType, bytes, direction = 'unknown' }: CapturedHere,
  interfaceName: string,
  name: string,
): Pick<Hop, 'machine' | 'namespace' | 'device' | 'ifindex' | 'direction'> {
  const ifindex = ifindexOf(linkType, bytes);
  return {
    ...(interfaceName.includes('/') ? placeNamed(interfaceName) : placeInFile(interfaceName, name, ifindex)),
    ...(ifindex === undefined ? {} : { ifindex }),
    direction: direction === 'unknown' ? directionOf(linkType, bytes) : direction,
  };
}

function placeInFile(device: string, name: string, ifindex: number | undefined): ReturnType<typeof placeNamed> {
  const at = name.indexOf('@');
  const machine = at < 0 ? name : name.slice(0, at);
  if (ifindex !== undefined && ifindex > 0) return { machine, device: `if${ifindex}` };
  return { machine, device: device === '' ? (at < 0 ? '' : name.slice(at + 1)) : device };
}

/** A cooked capture of all interfaces ("any") says which one it was by number only. */
const ifindexOf = (linkType: number, bytes: Uint8Array): number | undefined =>
  linkType === 276 && bytes.length >= 20 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(4) : undefined;

/** Packet type 4 of a cooked header is "outgoing"; other captures do not say. */
function directionOf(linkType: number, bytes: Uint8Array): Hop['direction'] {
  if (linkType === 276 && bytes.length >= 20) return bytes[10] === 4 ? 'out' : 'in';
  if (linkType === 113 && bytes.length >= 16) return bytes[1] === 4 ? 'out' : 'in';
  return 'unknown';
}

/** "host-01/docker0": a machine and its device; "host-01/web/eth0": with a namespace in between. */
export function placeNamed(name: string): { machine: string; namespace?: string; device: string } {
  const [machine = '', ...rest] = name.split('/');
  const device = rest.pop();
  if (device === undefined) return { machine, device: '' };
  return rest.length === 0 ? { machine, device } : { machine, namespace: rest.join('/'), device };
}
