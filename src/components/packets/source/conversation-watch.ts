// A list's packets in the order in which they come, watched at each device by itself: the same segment is seen at every device of its way.
import { timestampOf } from '../../../capture/captured-packet.ts';
import { placeOf } from '../../../hop/hop.ts';
import { Conversations } from '../../../packet/stream/conversations.ts';
import { findSegment } from '../../../packet/stream/segment-place.ts';
import type { TcpFacts } from '../../../packet/stream/tcp-facts.ts';
import type { ListedHop } from './packet-source.ts';

/** Of messages that were put together, in one list. */
const MOST_BYTES = 32e6;

export class ConversationWatch {
  readonly #conversations = new Conversations();
  #left = MOST_BYTES;
  readonly #places = new Map<string, number>();

  /** What the packets before it tell of its TCP segment; null where it has none. */
  see(packet: ListedHop): TcpFacts | null {
    const { n, time, exactly, bytes, linkType, originalLength } = packet;
    const segment = findSegment(bytes, linkType, originalLength);
    if (segment === null) return null;
    const facts = this.#conversations.take(segment, n, exactly ?? timestampOf(time), this.#placeNumber(packet));
    if (facts !== null && facts.messages !== null) this.#bound(facts);
    return facts;
  }

  /** A message that was put together is there twice: in its packets, and as a whole. */
  #bound(facts: TcpFacts): void {
    const size = facts.messages?.bytes?.length ?? 0;
    if (size > this.#left) facts.messages = null;
    else this.#left -= size;
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
