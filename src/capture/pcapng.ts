// Reads pcapng files, draft-ietf-opsawg-pcapng: several sections of either byte order, interfaces with resolutions and
// offsets of their own, comments, names and statistics, and the packet blocks of before 2004. Blocks that it does not know are
// passed over, and counted: what they hold may be packets to somebody.
import { formatIpv4, formatIpv6 } from '../packet/format.ts';
import { type CapturedPacket, CaptureError } from './captured-packet.ts';
import { LARGEST_PACKET } from './pcap.ts';
import {
  BLOCK,
  BLOCK_OVERHEAD,
  BYTE_ORDER_MAGIC,
  DIRECTION,
  NAME_RECORD,
  OPTION,
  otherBlock,
  padding,
  SECTION_HEADER_LENGTH,
} from './pcapng-block.ts';

export interface PcapngFileInterface {
  /** if_name, or "". */
  readonly name: string;
  readonly description: string;
  readonly linkType: number;
  readonly snapLength: number;
  /** Units a second of the timestamps. */
  readonly unitsPerSecond: bigint;
  /** Seconds to add to every timestamp. */
  readonly offset: bigint;
}

export interface PcapngFilePacket extends CapturedPacket {
  /** Number of its interface among `interfaces` of the file. */
  readonly interface: number;
  readonly direction: 'in' | 'out' | 'unknown';
  readonly comments: readonly string[];
  /** Packets that whoever captured lost before this one, of the same interface; left out: the file does not say. */
  readonly lostBefore?: number;
}

export interface PcapngStatistics {
  readonly interface: number;
  /** Packets that the interface received and dropped, as far as the block says. */
  readonly received: bigint | null;
  readonly dropped: bigint | null;
}

export interface PcapngFile {
  /** The program that wrote the first section, or "". */
  readonly application: string;
  readonly interfaces: readonly PcapngFileInterface[];
  readonly packets: readonly PcapngFilePacket[];
  /** Names for addresses ("172.17.0.2", "fe80::1"), from name resolution blocks. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly statistics: readonly PcapngStatistics[];
  /** Comments on sections. */
  readonly comments: readonly string[];
  /** What Lockstep wrote besides the packets, as text (recording/notes/note.ts). */
  readonly notes: readonly string[];
  /** What was left out, in a sentence; "" when nothing was. */
  readonly leftOut: string;
  /** Why the file could not be read to its end; what stands before that is good. */
  readonly error: CaptureError | null;
}

/** Reads a pcapng file. Never throws: a file that is none has no packets and an error. */
export function readPcapng(file: Uint8Array): PcapngFile {
  const packets: PcapngFilePacket[] = [];
  const notes: string[] = [];
  const reader = new PcapngReader(
    (packet) => packets.push(packet),
    (note) => notes.push(note),
  );
  reader.read(file, 0, true);
  const { interfaces, names, statistics, comments, leftOut, error } = reader;
  const application = reader.application ?? '';
  return { application, interfaces, packets, names, statistics, comments, notes, leftOut, error };
}

const decoder = new TextDecoder();

/** No block is larger: what claims to be is damage, not something to wait for. (MAX_BLOCK_SIZE, wiretap/pcapng.c, is 16 MB.) */
const LARGEST_BLOCK = 1 << 26;

/** An obsolete packet block's number of lost packets when nobody knows it. */
const NOT_SAID = 0xffff;

/** Names of one address that are kept. */
const MOST_NAMES = 256;

/** Kinds of blocks that are named when they are left out. */
const MOST_TYPES = 8;

/** Reads a pcapng file that comes in pieces (capture-reader.ts). */
export class PcapngReader {
  /** Why nothing more can be read. */
  error: CaptureError | null = null;
  /** Bytes that there must be for the next block to be read. */
  need = SECTION_HEADER_LENGTH;
  application: string | null = null;
  readonly interfaces: PcapngFileInterface[] = [];
  readonly names = new Map<string, string[]>();
  readonly statistics: PcapngStatistics[] = [];
  readonly comments: string[] = [];
  readonly #packet: (packet: PcapngFilePacket) => void;
  readonly #note: (text: string) => void;
  /** By type, how many blocks were passed over whose content is in nothing that is given. */
  readonly #passedOver = new Map<number, number>();
  #file: Uint8Array = new Uint8Array();
  #view: DataView = new DataView(this.#file.buffer);
  #little = true;
  /** Where the current section's interfaces begin: their numbers start anew in each. */
  #sectionStart = 0;

  /**
   * @param packet is given each packet; its bytes are a part of what read() was given
   * @param note is given the text of each block of Lockstep's own, in its place among the packets
   */
  constructor(packet: (packet: PcapngFilePacket) => void, note: (text: string) => void = () => {}) {
    this.#packet = packet;
    this.#note = note;
  }

  /** What is not among the packets, in a sentence; "" when nothing was left out. */
  get leftOut(): string {
    const parts = [...this.#passedOver].map(
      ([type, count]) => `${count} ${count === 1 ? 'block' : 'blocks'} of ${otherBlock(type)}`,
    );
    return parts.length === 0 ? '' : `Left out, since no packet of a network is in there: ${parts.join('; ')}.`;
  }

  /**
   * Reads the blocks that are whole in `bytes`, which begin `base` bytes into the file, and gives how many bytes that was.
   * `last`: nothing follows, what is not whole is an error.
   */
  read(bytes: Uint8Array, base: number, last: boolean): number {
    this.#file = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = bytes.length;
    if (this.application === null) {
      if (size < SECTION_HEADER_LENGTH && !last) return 0;
      if (size < SECTION_HEADER_LENGTH || this.#view.getUint32(0, true) !== BLOCK.section)
        return this.#stop(0, 0, 'This is not a pcapng capture: it does not begin with a section header.');
    }
    let at = 0;
    while (at < size) {
      const length = this.#blockLength(at, base, last);
      if (length === 0) return at;
      const problem = this.#block(this.#u32(at), at + 8, at + length - 4);
      if (problem !== null)
        return this.#stop(at, base, `The block at byte ${base + at} ${problem}: the capture is damaged from here on.`);
      at += length;
    }
    this.need = BLOCK_OVERHEAD;
    return at;
  }

  /** Bytes of the block there; 0 when it is not whole, or is none: then `need` or `error` says more. */
  #blockLength(at: number, base: number, last: boolean): number {
    const left = this.#file.length - at;
    const place = base + at;
    const end = base + this.#file.length;
    this.need = BLOCK_OVERHEAD;
    if (left < BLOCK_OVERHEAD) {
      if (last)
        this.#stop(at, base, `The capture ends at byte ${end}, in the middle of a block that begins at ${place}.`);
      return 0;
    }
    if (this.#view.getUint32(at, true) === BLOCK.section) {
      // A palindrome: it reads the same in both orders, and what follows tells which one this section has.
      this.#little = this.#view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      if (!this.#little && this.#view.getUint32(at + 8, false) !== BYTE_ORDER_MAGIC) {
        const broken = `The section header at byte ${place} has no byte-order magic: the capture is damaged from here on.`;
        this.#stop(at, base, broken);
        return 0;
      }
    }
    const length = this.#u32(at + 4);
    if (length < BLOCK_OVERHEAD || length % 4 !== 0 || length > LARGEST_BLOCK) {
      const broken = `The block at byte ${place} claims ${length} bytes, which no block has: the capture is damaged from here on.`;
      this.#stop(at, base, broken);
      return 0;
    }
    if (length <= left) {
      const trailer = this.#u32(at + length - 4);
      if (trailer === length) return length;
      const broken = `The block at byte ${place} has ${length} bytes by its beginning and ${trailer} by its end: the capture is damaged from here on.`;
      this.#stop(at, base, broken);
      return 0;
    }
    this.need = length;
    if (last) {
      const cut = `The capture ends at byte ${end}, in the middle of a block of ${length} bytes that begins at ${place}.`;
      this.#stop(at, base, cut);
    }
    return 0;
  }

  /** Gives `at`, up to where everything was good. */
  #stop(at: number, base: number, message: string): number {
    this.error = new CaptureError(message, base + at);
    return at;
  }

  /** Reads one block's body. Gives what is wrong with it, or null. */
  #block(type: number, from: number, to: number): string | null {
    switch (type) {
      case BLOCK.section:
        return this.#section(from, to);
      case BLOCK.interface:
        return this.#interface(from, to);
      case BLOCK.enhancedPacket:
        return this.#enhancedPacket(from, to);
      case BLOCK.packet:
        return this.#oldPacket(from, to);
      case BLOCK.simplePacket:
        return this.#simplePacket(from, to);
      case BLOCK.names:
        this.#nameRecords(from, to);
        return null;
      case BLOCK.statistics:
        this.#interfaceStatistics(from, to);
        return null;
      case BLOCK.decryptionSecrets:
        return null;
      case BLOCK.lockstep:
        this.#note(decoder.decode(this.#file.subarray(from, this.#withoutZeros(from, to))));
        return null;
      default:
        // Whoever makes up types without end gets no more memory than this.
        if (this.#passedOver.size < MOST_TYPES || this.#passedOver.has(type))
          this.#passedOver.set(type, (this.#passedOver.get(type) ?? 0) + 1);
        return null;
    }
  }

  /** Where the last byte of text ends, before what fills a block up. */
  #withoutZeros(from: number, to: number): number {
    let end = to;
    while (end > from && this.#file[end - 1] === 0) end--;
    return end;
  }

  #section(from: number, to: number): string | null {
    if (to - from < 16) return 'is a section header of less than 28 bytes';
    const major = this.#u16(from + 4);
    if (major !== 1) return `has pcapng version ${major}, and only version 1 is known`;
    this.#sectionStart = this.interfaces.length;
    for (const [code, value] of this.#options(from + 16, to)) {
      if (code === OPTION.application) this.application ??= decoder.decode(value);
      if (code === OPTION.comment) this.comments.push(decoder.decode(value));
    }
    this.application ??= '';
    return null;
  }

  #interface(from: number, to: number): string | null {
    if (to - from < 8) return 'is an interface description of less than 20 bytes';
    let name = '';
    let description = '';
    let unitsPerSecond = 1_000_000n;
    let offset = 0n;
    for (const [code, value] of this.#options(from + 8, to)) {
      if (code === OPTION.interfaceName) name = decoder.decode(value);
      else if (code === OPTION.interfaceDescription) description = decoder.decode(value);
      else if (code === OPTION.timestampOffset && value.length === 8)
        offset = this.#u64(value.byteOffset - this.#file.byteOffset);
      else if (code === OPTION.timestampResolution && value.length === 1) {
        const resolution = value[0] ?? 6;
        const exponent = BigInt(resolution & 0x7f);
        unitsPerSecond = (resolution & 0x80) === 0 ? 10n ** exponent : 2n ** exponent;
      }
    }
    this.interfaces.push({
      name,
      description,
      linkType: this.#u16(from),
      snapLength: this.#u32(from + 4),
      unitsPerSecond,
      offset,
    });
    return null;
  }

  #enhancedPacket(from: number, to: number): string | null {
    if (to - from < 20) return 'is a packet block of less than 32 bytes';
    return this.#packetWith(this.#u32(from), null, from, to);
  }

  /**
   * As an enhanced one, but the interface's number and how many packets were lost before share its first four bytes (draft-tuexen-
   * opsawg-pcapng-02, appendix A).
   */
  #oldPacket(from: number, to: number): string | null {
    if (to - from < 20) return 'is an obsolete packet block of less than 32 bytes';
    const lost = this.#u16(from + 2);
    return this.#packetWith(this.#u16(from), lost === NOT_SAID ? null : lost, from, to);
  }

  #packetWith(own: number, lost: number | null, from: number, to: number): string | null {
    const number = this.#sectionStart + own;
    const described = this.interfaces[number];
    if (described === undefined) return `belongs to interface ${own}, which the section does not describe`;
    const captured = this.#u32(from + 12);
    const start = from + 20;
    if (captured > to - start || captured > LARGEST_PACKET)
      return `claims a packet of ${captured} bytes, more than it has`;
    let direction: PcapngFilePacket['direction'] = 'unknown';
    let lostBefore = lost;
    const comments: string[] = [];
    for (const [code, value] of this.#options(start + captured + padding(captured), to)) {
      if (code === OPTION.comment) comments.push(decoder.decode(value));
      else if (code === OPTION.packetFlags && value.length === 4) {
        const bits = this.#u32(value.byteOffset - this.#file.byteOffset) & 3;
        direction = bits === DIRECTION.in ? 'in' : bits === DIRECTION.out ? 'out' : 'unknown';
      } else if (code === OPTION.dropCount && value.length === 8)
        lostBefore = Math.min(Number(this.#u64(value.byteOffset - this.#file.byteOffset)), Number.MAX_SAFE_INTEGER);
    }
    this.#packet({
      ...timeOf((BigInt(this.#u32(from + 4)) << 32n) | BigInt(this.#u32(from + 8)), described),
      interface: number,
      linkType: described.linkType,
      bytes: this.#file.subarray(start, start + captured),
      originalLength: Math.max(this.#u32(from + 16), captured),
      direction,
      comments,
      ...(lostBefore === null || lostBefore === 0 ? {} : { lostBefore }),
    });
    return null;
  }

  /** No time, no interface number, no captured length: the first interface's, cut at its snap length. */
  #simplePacket(from: number, to: number): string | null {
    const described = this.interfaces[this.#sectionStart];
    if (to - from < 4 || described === undefined) return 'is a simple packet without an interface to belong to';
    const originalLength = this.#u32(from);
    const limit = described.snapLength === 0 ? originalLength : Math.min(originalLength, described.snapLength);
    const captured = Math.min(limit, to - from - 4);
    this.#packet({
      seconds: 0,
      nanoseconds: 0,
      interface: this.#sectionStart,
      linkType: described.linkType,
      bytes: this.#file.subarray(from + 4, from + 4 + captured),
      originalLength: Math.max(originalLength, captured),
      direction: 'unknown',
      comments: [],
    });
    return null;
  }

  /** Records: an address, then names that each end in a zero byte. */
  #nameRecords(from: number, to: number): void {
    for (const [code, value] of this.#options(from, to)) {
      const size = code === NAME_RECORD.ipv4 ? 4 : code === NAME_RECORD.ipv6 ? 16 : 0;
      if (size === 0 || value.length <= size) continue;
      const address = size === 4 ? formatIpv4(value, 0) : formatIpv6(value, 0);
      const names = decoder
        .decode(value.subarray(size))
        .split('\0')
        .filter((name) => name !== '');
      const known = this.names.get(address) ?? [];
      this.names.set(address, known);
      for (const name of names) if (known.length < MOST_NAMES) known.push(name);
    }
  }

  #interfaceStatistics(from: number, to: number): void {
    if (to - from < 12) return;
    let received: bigint | null = null;
    let dropped: bigint | null = null;
    for (const [code, value] of this.#options(from + 12, to)) {
      if (value.length !== 8) continue;
      if (code === OPTION.received) received = this.#u64(value.byteOffset - this.#file.byteOffset);
      if (code === OPTION.dropped) dropped = this.#u64(value.byteOffset - this.#file.byteOffset);
    }
    this.statistics.push({ interface: this.#sectionStart + this.#u32(from), received, dropped });
  }

  /** Options up to the end mark; a broken one ends the list, since what follows it cannot be found. */
  *#options(from: number, to: number): Generator<readonly [code: number, value: Uint8Array]> {
    for (let at = from; at + 4 <= to; ) {
      const code = this.#u16(at);
      const length = this.#u16(at + 2);
      if (code === OPTION.end || at + 4 + length > to) return;
      yield [code, this.#file.subarray(at + 4, at + 4 + length)];
      at += 4 + length + padding(length);
    }
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#little);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#little);
  }

  #u64(at: number): bigint {
    return this.#view.getBigUint64(at, this.#little);
  }
}

function timeOf(
  units: bigint,
  { unitsPerSecond, offset }: PcapngFileInterface,
): { seconds: number; nanoseconds: number } {
  // Only the part below a second is scaled: the whole of it times 10^9 would not matter to a bigint, but costs.
  const fraction = ((units % unitsPerSecond) * 1_000_000_000n) / unitsPerSecond;
  return { seconds: Number(BigInt.asIntN(64, offset) + units / unitsPerSecond), nanoseconds: Number(fraction) };
}
