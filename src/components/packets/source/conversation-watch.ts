// A list's packets in the order in which they come, watched at each device by itself: the same segment is seen at every device of its way.
import { timestampOf } from '../../../capture/captured-packet.ts';
import { placeOf } from '../../../hop/hop.ts';
import { Conversations } from '../../../packet/stream/conversations.ts';
import { findSegment } from '../../../packet/stream/segment-place.ts';
import type { TcpFacts } from '../../../packet/stream/tcp-facts.ts';
import type { ListedHop } from './packet-source.ts';

export class ConversationWatch {
  readonly #conversations = new Conversations();
  readonly #places = new Map<string, number>();

  /** What the packets before it tell of its TCP segment; null where it has none. */
  see(packet: ListedHop): TcpFacts | null {
    const { n, time, exactly, bytes, linkType, originalLength } = packet;
    const segment = findSegment(bytes, linkType, originalLength);
    if (segment === null) return null;
    return this.#conversations.take(segment, n, exactly ?? timestampOf(time), this.#placeNumber(packet));
  }

  #placeNumber(packet: ListedHop): number {
    const name = placeOf(packet);
    let number = this.#places.get(name);
    if (number === undefined) {
      number = this.#places.size;
      this.#places.set(name, number);
    }
    return number;
  }
}
