// A capture's packets one after the other, watched at each tap by itself.
import { Conversations, type Moment } from './conversations.ts';
import { findSegment, SegmentPlace } from './segment-place.ts';
import { TcpFacts } from './tcp-facts.ts';

const LINUX_SLL2 = 276;

interface Captured extends Moment {
  readonly bytes: Uint8Array;
  readonly linkType: number;
  readonly originalLength: number;
}

export class Watcher {
  readonly #conversations = new Conversations();
  readonly #taps = new Map<string, number>();
  readonly #facts = new TcpFacts();
  /** Where the segment lies that see() has told of last. */
  readonly place = new SegmentPlace();

  /**
   * What the packets before it tell of a packet's TCP segment, until the next packet; null where it has none.
   *
   * @param number the packet's, as in the list
   * @param place what the capture calls the place where it was seen; a tap on all devices says in each packet which one it was
   */
  see(packet: Captured, number: number, place: string): TcpFacts | null {
    const { bytes, linkType, originalLength } = packet;
    const segment = findSegment(bytes, linkType, originalLength, this.place);
    if (segment === null) return null;
    const device = linkType === LINUX_SLL2 ? ((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0) : 0;
    this.#facts.reset();
    return this.#conversations.take(segment, number, packet, this.#placeNumber(place) * 0x1_0000 + device, this.#facts);
  }

  #placeNumber(place: string): number {
    let number = this.#taps.get(place);
    if (number === undefined) {
      number = this.#taps.size;
      this.#taps.set(place, number);
    }
    return number;
  }
}
