// Hops out of a capture file whose interfaces are named after places: "host-01/docker0", "host-01/web/eth0", "wire/lan".

import { type CapturedPacket, type CaptureError, secondsOf } from '../capture/captured-packet.ts';
import { readPcap } from '../capture/pcap.ts';
import { readPcapng } from '../capture/pcapng.ts';
import { BLOCK } from '../capture/pcapng-block.ts';
import type { Hop } from './hop.ts';

export interface CaptureHops {
  readonly hops: readonly Hop[];
  /** Why the file could not be read further; null when it could. */
  readonly error: CaptureError | null;
}

/**
 * An interface "host-01/docker0" is that place. Any other is a device of the machine that the file is named after, and so is
 * what a file without interface names holds: "host-01@docker0" as a name says which device, "host-01" does not.
 *
 * @param name the file's name without folder and ending
 * @param first the number of the first hop; the others count on from it
 */
export function hopsOfCapture(file: Uint8Array, name: string, first: number): CaptureHops {
  const isPcapng =
    file.length >= 4 && new DataView(file.buffer, file.byteOffset, 4).getUint32(0, true) === BLOCK.section;
  const hops: Hop[] = [];
  const add = (packet: CapturedPacket & Pick<CapturedHere, 'direction'>, interfaceName: string): void => {
    const { linkType, bytes, originalLength } = packet;
    const place = placeOfCaptured(packet, interfaceName, name);
    hops.push({ n: first + hops.length, ...place, linkType, bytes, originalLength, time: secondsOf(packet) });
  };
  if (isPcapng) {
    const { packets, interfaces, error } = readPcapng(file);
    for (const packet of packets) add(packet, interfaces[packet.interface]?.name ?? '');
    return { hops, error };
  }
  const { packets, error } = readPcap(file);
  for (const packet of packets) add(packet, '');
  return { hops, error };
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
