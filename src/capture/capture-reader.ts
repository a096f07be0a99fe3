// A capture file of any size, read in pieces of any size: only what is not whole yet is kept. pcap and pcapng are told apart by
// the first four bytes.
import type { CapturedPacket, CaptureError } from './captured-packet.ts';
import { PcapReader } from './pcap.ts';
import { type PcapngFilePacket, PcapngReader } from './pcapng.ts';
import { BLOCK } from './pcapng-block.ts';

const MAGIC_LENGTH = 4;
const FIRST_SIZE = 1 << 16;

/** A packet of either format; what only pcapng says is there when the file is one. */
export type ReadPacket = CapturedPacket & Partial<Pick<PcapngFilePacket, 'direction' | 'comments' | 'lostBefore'>>;

export class CaptureReader {
  readonly #packet: (packet: ReadPacket, interfaceName: string) => void;
  readonly #note: (text: string) => void;
  #reader: PcapReader | PcapngReader | null = null;
  /** What has not been read yet, and where in the file it begins. Grows to the largest block and a piece more. */
  #buffer = new Uint8Array(FIRST_SIZE);
  #filled = 0;
  #base = 0;

  /**
   * @param packet is given each packet as soon as it is whole, and the name of its interface ("": none is known). The packet's
   *   bytes are the reader's own, and others soon after: copy what is kept.
   * @param note is given what Lockstep wrote between the packets (recording/notes/note.ts)
   */
  constructor(packet: (packet: ReadPacket, interfaceName: string) => void, note: (text: string) => void = () => {}) {
    this.#packet = packet;
    this.#note = note;
  }

  /** What the file holds besides packets and is in no list, in a sentence; "" when that is nothing. */
  get leftOut(): string {
    return this.#reader instanceof PcapngReader ? this.#reader.leftOut : '';
  }

  /** Why nothing more can be read, or null. The packets before that are good. */
  get error(): CaptureError | null {
    return this.#reader?.error ?? null;
  }

  /** Takes the next bytes of the file; the buffer that they are in can be used again. Never throws of itself. */
  push(bytes: Uint8Array): void {
    this.#hold(bytes);
    if (this.#filled >= (this.#reader?.need ?? MAGIC_LENGTH)) this.#read(false);
  }

  /** There are no more bytes. Gives `error`. */
  end(): CaptureError | null {
    this.#read(true);
    return this.error;
  }

  #hold(bytes: Uint8Array): void {
    const size = this.#filled + bytes.length;
    if (size > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled = size;
  }

  #read(last: boolean): void {
    const bytes = this.#buffer.subarray(0, this.#filled);
    this.#reader ??= this.#readerFor(bytes);
    if (this.error !== null) return;
    const consumed = this.#reader.read(bytes, this.#base, last);
    this.#base += consumed;
    this.#filled -= consumed;
    this.#buffer.copyWithin(0, consumed, consumed + this.#filled);
  }

  #readerFor(bytes: Uint8Array): PcapReader | PcapngReader {
    const isPcapng =
      bytes.length >= MAGIC_LENGTH &&
      new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true) === BLOCK.section;
    if (!isPcapng) return new PcapReader((packet) => this.#packet(packet, ''));
    const reader: PcapngReader = new PcapngReader(
      (packet) => this.#packet(packet, reader.interfaces[packet.interface]?.name ?? ''),
      (note) => this.#note(note),
    );
    return reader;
  }
}
