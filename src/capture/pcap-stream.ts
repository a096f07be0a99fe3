// A capture that goes on for as long as its machine: what `tcpdump -U -w -` writes to a pipe, in pieces of any size.
//
// A tcpdump that is killed is started again on the same pipe, and a new file header follows in the middle of the stream:
// between two records, or inside the one that was being written. And whoever is root in the machine may write what they
// like. So every header is doubted, and the ways back are three:
//
// - A file header where a record could begin starts a capture anew. Its magic, read as a time, would lie in 2055.
// - A chunk that begins with a file header does so too: tcpdump writes it by itself, long after the last one's end.
// - A file header inside a record is either part of a packet (somebody sends a capture over the network), or what the
//   record swallowed because it was cut. What stands at the record's end decides: the next record, or anything else.
//
// Where a header cannot be true, everything up to the next file header is lost.
import type { CapturedPacket } from './captured-packet.ts';
import {
  FILE_HEADER,
  hasMagic,
  LARGEST_PACKET,
  PcapError,
  type PcapFormat,
  type PcapRecord,
  packetOf,
  RECORD_HEADER,
  readFileHeader,
  readRecordHeader,
} from './pcap.ts';

/** Magic and version as every machine here writes them: x86, microseconds. */
const startOfFile = Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0);
const magicBytes = 4;
/** Bytes. Nothing comes near it, not even what is still to be cut into segments (GSO_MAX_SIZE, netdevice.h). */
const largestOriginal = 1 << 24;

export interface PcapBatch {
  readonly packets: CapturedPacket[];
  /** Stretches that could not be read: at least so many packets are missing. */
  lost: number;
}

export class PcapStream {
  /** The file header that the capture began with; empty until it has arrived. */
  header = new Uint8Array();
  #format: PcapFormat | null = null;
  /** Room for the largest record, the header after it, and more: never grows. */
  readonly #buffer = new Uint8Array(2 * LARGEST_PACKET);
  /** What has not been read yet. */
  #start = 0;
  #end = 0;
  /** Nothing can be read before the next file header. */
  #damaged = false;

  /** Takes the next bytes and gives the packets that are whole now, as copies. Never throws. */
  push(chunk: Uint8Array): PcapBatch {
    const batch: PcapBatch = { packets: [], lost: 0 };
    const beginning = chunk.subarray(0, startOfFile.length);
    if (beginning.length === startOfFile.length && indexOfFile(beginning) === 0) this.#finish(batch);
    for (let at = 0; at < chunk.length; ) {
      at += this.#take(chunk.subarray(at));
      while (this.#next(batch, false));
    }
    return batch;
  }

  /** Another capture begins: what is whole of the last one is read, the rest is lost. */
  #finish(batch: PcapBatch): void {
    while (this.#next(batch, true));
    if (this.#start < this.#end && !this.#damaged) batch.lost++;
    this.#start = this.#end;
    this.#damaged = false;
  }

  /** As many bytes as there is room for. */
  #take(bytes: Uint8Array): number {
    // The last three bytes that were read stay: see #damage.
    const from = Math.max(0, this.#start - magicBytes + 1);
    this.#buffer.copyWithin(0, from, this.#end);
    this.#start -= from;
    this.#end -= from;
    const taken = bytes.subarray(0, this.#buffer.length - this.#end);
    this.#buffer.set(taken, this.#end);
    this.#end += taken.length;
    return taken.length;
  }

  /** Reads a header or a packet; false when that needs more bytes. `ended`: none will come that belong to these. */
  #next(batch: PcapBatch, ended: boolean): boolean {
    if (this.#damaged) return this.#search();
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    if (bytes.length < magicBytes) return false;
    if (hasMagic(bytes)) return this.#begin(bytes, batch);
    const format = this.#format;
    if (format === null) return this.#damage(batch);
    if (bytes.length < RECORD_HEADER) return false;
    const record = readRecordHeader(bytes, 0, format);
    if (!isBelievable(record, format)) return this.#damage(batch);
    const size = RECORD_HEADER + record.captured;
    if (bytes.length < size) return false;
    if (!ended && containsFile(bytes, size)) {
      if (bytes.length < size + RECORD_HEADER) return false;
      if (!hasMagic(bytes, size) && !follows(readRecordHeader(bytes, size, format), record, format))
        return this.#damage(batch);
    }
    batch.packets.push(packetOf(record, format, bytes.slice(RECORD_HEADER, size)));
    this.#start += size;
    return true;
  }

  #begin(bytes: Uint8Array, batch: PcapBatch): boolean {
    if (bytes.length < FILE_HEADER) return false;
    const format = readFileHeader(bytes);
    if (format instanceof PcapError) return this.#damage(batch);
    this.#format = format;
    this.header = bytes.slice(0, FILE_HEADER);
    this.#start += FILE_HEADER;
    return true;
  }

  #damage(batch: PcapBatch): true {
    batch.lost++;
    this.#damaged = true;
    // Fewer bytes of a magic at a record's end were not taken for one: the file header may begin among them.
    this.#start = Math.max(0, this.#start - magicBytes + 1);
    return true;
  }

  #search(): boolean {
    const at = indexOfFile(this.#buffer.subarray(this.#start, this.#end));
    this.#start = at < 0 ? this.#end : this.#start + at;
    if (this.#end - this.#start < startOfFile.length) return false;
    this.#damaged = false;
    return true;
  }
}

/** Whether tcpdump may have written it. Its time is no sign: the guest's clock can be set to anything. */
function isBelievable({ nanoseconds, captured, originalLength }: PcapRecord, { snapLength }: PcapFormat): boolean {
  return (
    nanoseconds < 1e9 &&
    captured > 0 &&
    captured <= Math.min(snapLength || LARGEST_PACKET, LARGEST_PACKET) &&
    originalLength >= captured &&
    originalLength <= largestOriginal
  );
}

/** A stricter sign, for where there is doubt: nobody sets the clock by a day at that very moment. */
function follows(next: PcapRecord, record: PcapRecord, format: PcapFormat): boolean {
  return isBelievable(next, format) && Math.abs(next.seconds - record.seconds) <= 86_400;
}

/** Whether a file seems to begin in the packet of a record of that size: its magic at least. */
function containsFile(bytes: Uint8Array, size: number): boolean {
  const at = indexOfFile(bytes.subarray(RECORD_HEADER, size));
  return at >= 0 && RECORD_HEADER + at + magicBytes <= size;
}

/** Where a file begins, or seems to: at the end of the bytes, a part of what a file starts with is enough. */
function indexOfFile(bytes: Uint8Array): number {
  const first = startOfFile[0] ?? 0;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let same = 1;
    while (same < startOfFile.length && bytes[at + same] === startOfFile[same]) same++;
    if (same === startOfFile.length || at + same >= bytes.length) return at;
  }
  return -1;
}
