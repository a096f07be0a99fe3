// Whole pcap files: what pcap-stream.ts reads, at once; and the writer.
import type { CapturedPacket, CaptureError, Timestamp } from './captured-packet.ts';
import { PcapStream } from './pcap-stream.ts';

export interface PcapFile {
  readonly linkType: number;
  /** Bytes that the capture keeps of each packet. */
  readonly snapLength: number;
  readonly packets: readonly CapturedPacket[];
  /** Why the file could not be read to its end; the packets before that are good. */
  readonly error: CaptureError | null;
}

/** Reads a pcap file of any byte order and resolution. Never throws: a file that is none has no packets and an error. */
export function readPcap(file: Uint8Array): PcapFile {
  const stream = new PcapStream();
  const packets = stream.push(file);
  const error = stream.end();
  return { linkType: stream.linkType ?? 0, snapLength: stream.snapLength ?? 0, packets, error };
}

/** The header of a little-endian pcap file. `resolution`: 6 for µs, 9 for ns. */
export function pcapHeader(linkType: number, resolution: 6 | 9 = 6, snapLength = 262_144): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, resolution === 9 ? 0xa1b23c4d : 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snapLength, true);
  view.setUint32(20, linkType, true);
  return new Uint8Array(view.buffer);
}

/** One record of a file that begins with pcapHeader() of the same resolution. */
export function pcapRecord(
  time: Timestamp,
  bytes: Uint8Array,
  originalLength: number = bytes.length,
  resolution: 6 | 9 = 6,
): Uint8Array {
  const record = new Uint8Array(16 + bytes.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, time.seconds, true);
  view.setUint32(4, resolution === 9 ? time.nanoseconds : Math.floor(time.nanoseconds / 1000), true);
  view.setUint32(8, bytes.length, true);
  view.setUint32(12, originalLength, true);
  record.set(bytes, 16);
  return record;
}
