// Any capture file that somebody drops on the page: told apart by its first four bytes.
import type { CapturedPacket, CaptureError } from './captured-packet.ts';
import { readPcap } from './pcap.ts';
import { readPcapng } from './pcapng.ts';
import { BLOCK } from './pcapng-block.ts';

export interface Capture {
  readonly format: 'pcap' | 'pcapng';
  /** Names of interfaces, "" where the file has none; a pcap file has one. */
  readonly interfaces: readonly string[];
  readonly packets: readonly (CapturedPacket & { readonly interface: number })[];
  readonly error: CaptureError | null;
}

/** Reads a pcap or pcapng file. Never throws: see `error`. */
export function readCapture(file: Uint8Array): Capture {
  const isPcapng =
    file.length >= 4 && new DataView(file.buffer, file.byteOffset, 4).getUint32(0, true) === BLOCK.section;
  if (isPcapng) {
    const { interfaces, packets, error } = readPcapng(file);
    return { format: 'pcapng', interfaces: interfaces.map(({ name }) => name), packets, error };
  }
  const { packets, error } = readPcap(file);
  return { format: 'pcap', interfaces: [''], packets: packets.map((packet) => ({ ...packet, interface: 0 })), error };
}
