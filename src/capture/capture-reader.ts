// A capture file of any size, read in pieces of any size: only what is not whole yet is kept. pcap and pcapng are told apart by
// the first four bytes.
import type { CapturedPacket, CaptureError } from './captured-packet.ts';
import { PcapReader } from './pcap.ts';
import { PcapngReader } from './pcapng.ts';
import { BLOCK } from './pcapng-block.ts';

const MAGIC_LENGTH = 4;

export class CaptureReader {
  readonly #packet: (packet: CapturedPacket, interfaceName: string) => void;
  #reader: PcapReader | PcapngReader | null = null;
  /** What has not been read yet, and where in the file it begins. */
  #pieces: Uint8Array[] = [];
  #waiting = 0;
  #base = 0;

  /**
   * @param packet is given each packet as soon as it is whole, and the name of its interface ("": none is known). The packet's
   *   bytes are a part of what push() was given: copy them, or leave that buffer alone.
   */
  constructor(packet: (packet: CapturedPacket, interfaceName: string) => void) {
    this.#packet = packet;
  }

  /** Why nothing more can be read, or null. The packets before that are good. */
  get error(): CaptureError | null {
    return this.#reader?.error ?? null;
  }

  /** Takes the next bytes of the file. Never throws of itself. */
  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#waiting += bytes.length;
    // A block that is larger than the pieces is put together once, when all of it is there.
    if (this.#waiting >= (this.#reader?.need ?? MAGIC_LENGTH)) this.#read(false);
  }

  /** There are no more bytes. Gives `error`. */
  end(): CaptureError | null {
    this.#read(true);
    return this.error;
  }

  #read(last: boolean): void {
    const bytes = this.#joined();
    this.#reader ??= this.#readerFor(bytes);
    if (this.error !== null) return;
    const consumed = this.#reader.read(bytes, this.#base, last);
    this.#base += consumed;
    this.#waiting -= consumed;
    this.#pieces = consumed < bytes.length ? [bytes.subarray(consumed)] : [];
  }

  #joined(): Uint8Array {
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1) return first;
    const joined = new Uint8Array(this.#waiting);
    let at = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [joined];
    return joined;
  }

  #readerFor(bytes: Uint8Array): PcapReader | PcapngReader {
    const isPcapng =
      bytes.length >= MAGIC_LENGTH &&
      new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true) === BLOCK.section;
    if (!isPcapng) return new PcapReader((packet) => this.#packet(packet, ''));
    const reader: PcapngReader = new PcapngReader((packet) =>
      this.#packet(packet, reader.interfaces[packet.interface]?.name ?? ''),
    );
    return reader;
  }
}
