// Classic pcap as it arrives, in pieces of any size: what `tcpdump -w -` writes. draft-ietf-opsawg-pcap, section 4 and 5.
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
import { type CapturedPacket, CaptureError } from './captured-packet.ts';

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** The largest packet that is believed: tcpdump's and Wireshark's own limit (MAXIMUM_SNAPLEN, pcap-int.h). */
export const LARGEST_PACKET = 262_144;

export class PcapError extends CaptureError {
  override readonly name = 'PcapError';
}

export class PcapStream {
  /** What made the stream unreadable; push() gives nothing more after it. */
  error: PcapError | null = null;
  /** null until the file header has arrived. */
  linkType: number | null = null;
  /** Bytes that the capture keeps of each packet; null until the header has arrived. */
  snapLength: number | null = null;

  readonly #header = new Uint8Array(FILE_HEADER);
  /** The packet being filled, or null while a header is. */
  #body: Uint8Array | null = null;
  #have = 0;
  #offset = 0;
  #little = true;
  #nanosecondUnit = 1000;
  #record = { seconds: 0, nanoseconds: 0, originalLength: 0 };

  /**
   * Takes the next bytes and gives the packets that are whole now. Packets are copies: the chunk may be used again.
   * Never throws; see `error`. Never holds more than one packet.
   */
  push(chunk: Uint8Array): CapturedPacket[] {
    const packets: CapturedPacket[] = [];
    let at = 0;
    while (at < chunk.length && this.error === null) {
      const target = this.#body ?? this.#header;
      const need = this.#body?.length ?? (this.linkType === null ? FILE_HEADER : RECORD_HEADER);
      const count = Math.min(need - this.#have, chunk.length - at);
      target.set(chunk.subarray(at, at + count), this.#have);
      this.#have += count;
      this.#offset += count;
      at += count;
      if (this.#have < need) break;
      this.#have = 0;
      if (this.#body !== null) this.#finish(this.#body, packets);
      else if (this.linkType === null) this.#readFileHeader();
      else this.#readRecordHeader(packets);
    }
    return packets;
  }

  /** Says that nothing more will come. Gives what is wrong if the stream stopped in the middle. */
  end(): PcapError | null {
    if (this.error === null && this.linkType === null) {
      this.error = new PcapError(
        `The capture ends after ${this.#offset} bytes, before its 24-byte header is complete.`,
        this.#offset,
      );
    } else if (this.error === null && (this.#have > 0 || this.#body !== null)) {
      this.error = new PcapError(
        `The capture ends at byte ${this.#offset}, in the middle of a packet. The packets before it are whole.`,
        this.#offset,
      );
    }
    return this.error;
  }

  #finish(bytes: Uint8Array, packets: CapturedPacket[]): void {
    packets.push({ ...this.#record, linkType: this.linkType ?? 0, bytes });
    this.#body = null;
  }

  #readFileHeader(): void {
    const view = new DataView(this.#header.buffer);
    const little = view.getUint32(0, true);
    const big = view.getUint32(0, false);
    this.#little = little === MICROSECONDS || little === NANOSECONDS;
    const magic = this.#little ? little : big;
    if (magic !== MICROSECONDS && magic !== NANOSECONDS) {
      const start = big.toString(16).padStart(8, '0');
      this.error = new PcapError(
        `This is not a pcap capture: it begins with ${start}, not a1b2c3d4 or a1b23c4d in either byte order.`,
        0,
      );
      return;
    }
    const major = view.getUint16(4, this.#little);
    if (major !== 2) {
      this.error = new PcapError(`pcap version ${major} cannot be read; tcpdump and Wireshark write version 2.`, 4);
      return;
    }
    this.#nanosecondUnit = magic === NANOSECONDS ? 1 : 1000;
    this.snapLength = view.getUint32(16, this.#little);
    // The upper bits say how long a frame check sequence is, which only some capture hardware keeps.
    this.linkType = view.getUint32(20, this.#little) & 0xffff;
  }

  #readRecordHeader(packets: CapturedPacket[]): void {
    const view = new DataView(this.#header.buffer);
    const start = view.getUint32(0, this.#little);
    if (start === MICROSECONDS || start === NANOSECONDS) {
      // A capture that was started again on the same pipe begins with a file header of its own. Read as seconds since
      // the epoch, these numbers lie in 2055.
      this.linkType = null;
      this.#have = RECORD_HEADER;
      return;
    }
    const captured = view.getUint32(8, this.#little);
    if (captured > LARGEST_PACKET) {
      const at = this.#offset - RECORD_HEADER;
      this.error = new PcapError(
        `The packet at byte ${at} claims ${captured} bytes, more than the ${LARGEST_PACKET} of any capture: the capture is damaged from here on.`,
        at,
      );
      return;
    }
    const fraction = view.getUint32(4, this.#little) * this.#nanosecondUnit;
    this.#record = {
      // Some writers let the fraction grow past a second.
      seconds: view.getUint32(0, this.#little) + Math.floor(fraction / 1e9),
      nanoseconds: fraction % 1e9,
      originalLength: Math.max(view.getUint32(12, this.#little), captured),
    };
    this.#body = new Uint8Array(captured);
    if (captured === 0) this.#finish(this.#body, packets);
  }
}
