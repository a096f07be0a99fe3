// Classic pcap: its headers, whole files in, files out. What arrives in pieces is for pcap-stream.ts.
// draft-ietf-opsawg-pcap, section 4 and 5.
//
//   file:    0           4       6       8           12          16          20          24
//           +-----------+-------+-------+-----------+-----------+-----------+-----------+
//           | magic     | major | minor | reserved  | reserved  | snap len  | link type |
//           +-----------+-------+-------+-----------+-----------+-----------+-----------+
//   record:  0           4           8           12          16
//           +-----------+-----------+-----------+-----------+-----------
//           | seconds   | µs or ns  | captured  | original  | bytes …
//           +-----------+-----------+-----------+-----------+-----------
//   The magic is a1b2c3d4 (µs) or a1b23c4d (ns) in the byte order of the machine that wrote it.
import { type CapturedPacket, CaptureError, type Timestamp } from './captured-packet.ts';

export const FILE_HEADER = 24;
export const RECORD_HEADER = 16;
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** The largest packet that is believed: tcpdump's and Wireshark's own limit (MAXIMUM_SNAPLEN, pcap-int.h). */
export const LARGEST_PACKET = 262_144;

export class PcapError extends CaptureError {
  override readonly name = 'PcapError';
}

export interface PcapFile {
  readonly linkType: number;
  /** Bytes that the capture keeps of each packet. */
  readonly snapLength: number;
  readonly packets: readonly CapturedPacket[];
  /** Why the file could not be read to its end; the packets before that are good. */
  readonly error: CaptureError | null;
}

/** What a file's header says of the records that follow. */
export interface PcapFormat {
  readonly little: boolean;
  /** 1 or 1000. */
  readonly nanosecondsPerUnit: number;
  readonly snapLength: number;
  readonly linkType: number;
}

/** A record's header, as it stands there. */
export interface PcapRecord extends Timestamp {
  /** Bytes of the packet that follow. */
  readonly captured: number;
  readonly originalLength: number;
}

/** Reads a pcap file of any byte order and resolution. Never throws: a file that is none has no packets and an error. */
export function readPcap(file: Uint8Array): PcapFile {
  const packets: CapturedPacket[] = [];
  const reader = new PcapReader((packet) => packets.push(packet));
  // One copy of the file that all packets are parts of: a copy for each would take three times the memory.
  reader.read(file.slice(), 0, true);
  const { linkType, snapLength } = reader.format ?? { linkType: 0, snapLength: 0 };
  return { linkType, snapLength, packets, error: reader.error };
}

/** Reads a pcap file that comes in pieces (capture-reader.ts). */
export class PcapReader {
  /** Why nothing more can be read. */
  error: PcapError | null = null;
  /** null until the header has been read. */
  format: PcapFormat | null = null;
  /** Bytes that there must be for the next header or packet to be read. */
  need = FILE_HEADER;
  readonly #packet: (packet: CapturedPacket) => void;

  /** @param packet is given each packet; its bytes are a part of what read() was given */
  constructor(packet: (packet: CapturedPacket) => void) {
    this.#packet = packet;
  }

  /**
   * Reads what is whole in `bytes`, which begin `base` bytes into the file, and gives how many bytes that was. `last`: nothing
   * follows, what is not whole is an error.
   */
  read(bytes: Uint8Array, base: number, last: boolean): number {
    let at = this.format === null ? this.#header(bytes, last) : 0;
    const { format } = this;
    if (format === null || this.error !== null) return at;
    const view = viewOf(bytes);
    const { little } = format;
    while (bytes.length - at >= RECORD_HEADER) {
      const captured = view.getUint32(at + 8, little);
      const body = at + RECORD_HEADER;
      if (captured > LARGEST_PACKET) {
        this.error = new PcapError(
          `The packet at byte ${base + at} claims ${captured} bytes, more than the ${LARGEST_PACKET} of any capture: the capture is damaged from here on.`,
          base + at,
        );
        return at;
      }
      const end = body + captured;
      if (end > bytes.length) {
        this.need = end - at;
        return last ? this.#cut(at, base + bytes.length) : at;
      }
      this.#packet(packetOf(recordAt(view, at, format), format, bytes.subarray(body, end)));
      at = end;
    }
    this.need = RECORD_HEADER;
    return last && at < bytes.length ? this.#cut(at, base + bytes.length) : at;
  }

  #header(bytes: Uint8Array, last: boolean): number {
    if (bytes.length < FILE_HEADER && !last) return 0;
    const format = readFileHeader(bytes);
    if (format instanceof PcapError) this.error = format;
    else this.format = format;
    return this.format === null ? 0 : FILE_HEADER;
  }

  #cut(at: number, size: number): number {
    this.error = new PcapError(
      `The capture ends at byte ${size}, in the middle of a packet. The packets before it are whole.`,
      size,
    );
    return at;
  }
}

/** Whether a pcap file may begin at that place. */
export function hasMagic(bytes: Uint8Array, at = 0): boolean {
  return bytes.length >= at + 4 && (isMagic(viewOf(bytes).getUint32(at)) || isMagic(viewOf(bytes).getUint32(at, true)));
}

function isMagic(value: number): boolean {
  return value === MICROSECONDS || value === NANOSECONDS;
}

export function readFileHeader(bytes: Uint8Array): PcapFormat | PcapError {
  if (bytes.length < FILE_HEADER) {
    return new PcapError(
      `The capture ends after ${bytes.length} bytes, before its 24-byte header is complete.`,
      bytes.length,
    );
  }
  const view = viewOf(bytes);
  if (!hasMagic(bytes)) {
    const start = view.getUint32(0).toString(16).padStart(8, '0');
    return new PcapError(
      `This is not a pcap capture: it begins with ${start}, not a1b2c3d4 or a1b23c4d in either byte order.`,
      0,
    );
  }
  const little = isMagic(view.getUint32(0, true));
  const major = view.getUint16(4, little);
  if (major !== 2) {
    return new PcapError(`pcap version ${major} cannot be read; tcpdump and Wireshark write version 2.`, 4);
  }
  return {
    little,
    nanosecondsPerUnit: view.getUint32(0, little) === NANOSECONDS ? 1 : 1000,
    snapLength: view.getUint32(16, little),
    // The upper bits say how long a frame check sequence is, which only some capture hardware keeps.
    linkType: view.getUint32(20, little) & 0xffff,
  };
}

/** There must be 16 bytes at that place. The fraction of the second may be more than a second, as some writers have it. */
export function readRecordHeader(bytes: Uint8Array, at: number, format: PcapFormat): PcapRecord {
  return recordAt(viewOf(bytes), at, format);
}

function recordAt(view: DataView, at: number, format: PcapFormat): PcapRecord {
  return {
    seconds: view.getUint32(at, format.little),
    nanoseconds: view.getUint32(at + 4, format.little) * format.nanosecondsPerUnit,
    captured: view.getUint32(at + 8, format.little),
    originalLength: view.getUint32(at + 12, format.little),
  };
}

/** `bytes` become the packet's: hand over a copy of what is used again. */
export function packetOf(record: PcapRecord, { linkType }: PcapFormat, bytes: Uint8Array): CapturedPacket {
  return {
    seconds: record.seconds + Math.floor(record.nanoseconds / 1e9),
    nanoseconds: record.nanoseconds % 1e9,
    linkType,
    bytes,
    originalLength: Math.max(record.originalLength, bytes.length),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The header of a pcap file. `resolution`: 6 for µs, 9 for ns. */
export function pcapHeader(
  linkType: number,
  resolution: 6 | 9 = 6,
  snapLength: number = LARGEST_PACKET,
  little = true,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(FILE_HEADER));
  view.setUint32(0, resolution === 9 ? NANOSECONDS : MICROSECONDS, little);
  view.setUint16(4, 2, little);
  view.setUint16(6, 4, little);
  view.setUint32(16, snapLength, little);
  view.setUint32(20, linkType, little);
  return new Uint8Array(view.buffer);
}

/** One record of a file that begins with pcapHeader() of the same resolution and byte order. */
export function pcapRecord(
  time: Timestamp,
  bytes: Uint8Array,
  originalLength: number = bytes.length,
  resolution: 6 | 9 = 6,
  little = true,
): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER + bytes.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, time.seconds, little);
  view.setUint32(4, resolution === 9 ? time.nanoseconds : Math.floor(time.nanoseconds / 1000), little);
  view.setUint32(8, bytes.length, little);
  view.setUint32(12, originalLength, little);
  record.set(bytes, RECORD_HEADER);
  return record;
}
