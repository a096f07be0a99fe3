// Writes pcapng, block by block: interfaces can be added whenever they appear. One section, little-endian. No simple packets:
// they have no time.
import { parseIpv4, parseIpv6 } from '../packet/address.ts';
import type { Timestamp } from './captured-packet.ts';
import { BLOCK, BLOCK_OVERHEAD, BYTE_ORDER_MAGIC, DIRECTION, NAME_RECORD, OPTION, padding } from './pcapng-block.ts';

export interface PcapngInterface {
  /** if_name; "host-01/docker0". */
  readonly name: string;
  readonly linkType: number;
  /** if_tsresol: 6 for µs (the default), 9 for ns. */
  readonly resolution?: 6 | 9;
  readonly description?: string;
  /** Bytes that the capture keeps of each packet; 0, the default: no limit. */
  readonly snapLength?: number;
}

export interface PcapngPacket {
  readonly bytes: Uint8Array;
  readonly time: Timestamp;
  /** Bytes of the packet before the capture cut it; default: all are there. */
  readonly originalLength?: number;
  readonly direction?: 'in' | 'out';
  readonly comment?: string;
}

/** What an interface counted since the capture began. */
export interface PcapngCounts {
  /** When they were read. */
  readonly time: Timestamp;
  readonly received?: bigint | undefined;
  /** Packets that there was no room for. */
  readonly dropped?: bigint | undefined;
}

type Option = readonly [code: number, value: Uint8Array];

const encoder = new TextEncoder();
/** An option's length is 16 bits; longer text is cut. */
const LONGEST_TEXT = 65_532;

export class PcapngWriter {
  readonly #write: (chunk: Uint8Array) => void;
  readonly #resolutions: (6 | 9)[] = [];
  /** Notes that wait for the first interface. */
  #notes: Uint8Array[] = [];

  /** @param write takes each block as it is made; blocks in this order are the file */
  constructor(write: (chunk: Uint8Array) => void, about: { readonly application: string; readonly comment?: string }) {
    this.#write = write;
    const body = new DataView(new ArrayBuffer(16));
    body.setUint32(0, BYTE_ORDER_MAGIC, true);
    body.setUint16(4, 1, true); // version 1.0
    body.setBigInt64(8, -1n, true); // the section's length is not known in advance
    this.#block(BLOCK.section, body, null, [
      ...textOption(OPTION.comment, about.comment),
      ...textOption(OPTION.application, about.application),
    ]);
  }

  /** Adds an interface and gives its number, for packet(). */
  addInterface(description: PcapngInterface): number {
    const { resolution = 6 } = description;
    const body = new DataView(new ArrayBuffer(8));
    body.setUint16(0, description.linkType, true);
    body.setUint32(4, description.snapLength ?? 0, true);
    this.#block(BLOCK.interface, body, null, [
      ...textOption(OPTION.interfaceName, description.name),
      ...textOption(OPTION.interfaceDescription, description.description),
      [OPTION.timestampResolution, Uint8Array.of(resolution)],
    ]);
    this.#resolutions.push(resolution);
    this.finish();
    return this.#resolutions.length - 1;
  }

  /**
   * A text of Lockstep's own, up to 64 MB less a little; other programs pass over it. What is noted before the first interface is
   * written behind it: editcap and mergecap refuse a file that begins with a block that they do not know.
   */
  note(text: string): void {
    const bytes = encoder.encode(text);
    if (this.#resolutions.length === 0) this.#notes.push(bytes);
    else this.#writeNote(bytes);
  }

  /** Writes what still waits for an interface. More can be written afterwards. */
  finish(): void {
    for (const bytes of this.#notes.splice(0)) this.#writeNote(bytes);
  }

  #writeNote(bytes: Uint8Array): void {
    this.#block(BLOCK.lockstep, new DataView(new ArrayBuffer(0)), bytes, []);
  }

  /** Writes a packet of an interface that addInterface() gave. Throws RangeError for one that it did not. */
  packet(interfaceNumber: number, packet: PcapngPacket): void {
    const { bytes } = packet;
    const body = new DataView(new ArrayBuffer(20));
    this.#moment(body, interfaceNumber, packet.time);
    body.setUint32(12, bytes.length, true);
    body.setUint32(16, packet.originalLength ?? bytes.length, true);
    const options = textOption(OPTION.comment, packet.comment);
    if (packet.direction !== undefined) {
      const flags = new DataView(new ArrayBuffer(4));
      flags.setUint32(0, DIRECTION[packet.direction], true);
      options.push([OPTION.packetFlags, new Uint8Array(flags.buffer)]);
    }
    this.#block(BLOCK.enhancedPacket, body, bytes, options);
  }

  /**
   * Names for addresses, which Wireshark shows in their place (the last of several). Throws RangeError for an address that is none; a name that is empty
   * or has a zero in it is left out.
   */
  names(addresses: Iterable<readonly [address: string, names: readonly string[]]>): void {
    const records = [...addresses].flatMap(([address, names]) => nameRecord(address, names));
    if (records.length > 0) this.#block(BLOCK.names, new DataView(new ArrayBuffer(0)), null, records);
  }

  /** What an interface that addInterface() gave has counted. Throws RangeError for one that it did not. */
  statistics(interfaceNumber: number, { time, received, dropped }: PcapngCounts): void {
    const body = new DataView(new ArrayBuffer(12));
    this.#moment(body, interfaceNumber, time);
    this.#block(BLOCK.statistics, body, null, [
      ...countOption(OPTION.received, received),
      ...countOption(OPTION.dropped, dropped),
    ]);
  }

  /** Interface and time, as packets and statistics begin with. */
  #moment(body: DataView, interfaceNumber: number, time: Timestamp): void {
    const resolution = this.#resolutions[interfaceNumber];
    if (resolution === undefined) {
      throw new RangeError(
        `pcapng interface ${interfaceNumber} was not added: the file has ${this.#resolutions.length}. Call addInterface first.`,
      );
    }
    const perSecond = resolution === 9 ? 1_000_000_000n : 1_000_000n;
    const fraction = resolution === 9 ? time.nanoseconds : Math.floor(time.nanoseconds / 1000);
    const units = BigInt(time.seconds) * perSecond + BigInt(fraction);
    body.setUint32(0, interfaceNumber, true);
    body.setUint32(4, Number(units >> 32n), true);
    body.setUint32(8, Number(units & 0xffff_ffffn), true);
  }

  #block(type: number, body: DataView, data: Uint8Array | null, options: readonly Option[]): void {
    const dataLength = data === null ? 0 : data.length + padding(data.length);
    let optionsLength = options.length === 0 ? 0 : 4; // the end of options
    for (const [, value] of options) optionsLength += 4 + value.length + padding(value.length);
    const length = BLOCK_OVERHEAD + body.byteLength + dataLength + optionsLength;
    const block = new Uint8Array(length);
    const view = new DataView(block.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, length, true);
    block.set(new Uint8Array(body.buffer), 8);
    if (data !== null) block.set(data, 8 + body.byteLength);
    let at = 8 + body.byteLength + dataLength;
    for (const [code, value] of options) {
      view.setUint16(at, code, true);
      view.setUint16(at + 2, value.length, true);
      block.set(value, at + 4);
      at += 4 + value.length + padding(value.length);
    }
    view.setUint32(length - 4, length, true);
    this.#write(block);
  }
}

function textOption(code: number, text: string | undefined): Option[] {
  if (text === undefined || text === '') return [];
  const value = encoder.encode(text);
  if (value.length <= LONGEST_TEXT) return [[code, value]];
  // Cut between characters: a UTF-8 continuation byte is 10xxxxxx.
  let end = LONGEST_TEXT;
  while (end > 0 && ((value[end] ?? 0) & 0xc0) === 0x80) end--;
  return [[code, value.subarray(0, end)]];
}

function countOption(code: number, count: bigint | undefined): Option[] {
  if (count === undefined) return [];
  const value = new DataView(new ArrayBuffer(8));
  value.setBigUint64(0, count, true);
  return [[code, new Uint8Array(value.buffer)]];
}

function nameRecord(address: string, names: readonly string[]): Option[] {
  const ipv4 = parseIpv4(address);
  const bytes = ipv4 === null ? parseIpv6(address) : Uint8Array.of(ipv4 >>> 24, ipv4 >>> 16, ipv4 >>> 8, ipv4);
  if (bytes === null) throw new RangeError(`"${address}" is no IP address, so it cannot have names in a capture.`);
  const text: number[] = [];
  for (const name of names) {
    const encoded = encoder.encode(name);
    if (name === '' || encoded.includes(0) || text.length + encoded.length >= LONGEST_TEXT - bytes.length) continue;
    text.push(...encoded, 0);
  }
  if (text.length === 0) return [];
  return [[ipv4 === null ? NAME_RECORD.ipv6 : NAME_RECORD.ipv4, Uint8Array.of(...bytes, ...text)]];
}
