// Who sent which bytes of a TCP stream: what carries any of a segment's. A stream's numbers go round after 4 GB (RFC 9293 section 3.4).
import { firstIndex } from '../basics/first-index.ts';
import type { Packet } from './store.ts';

const ROUND = 2 ** 32;
/** Segments that are looked at for one. */
const MOST = 512;

interface Span {
  readonly packet: Packet;
  /** Counted from the first one's first byte. */
  readonly from: number;
  readonly until: number;
}

export class SentBytes {
  readonly #base: number;
  /** In order of their first byte. */
  readonly #spans: readonly Span[];
  /** Of each of them and all before it, the last byte. */
  readonly #last: Float64Array;

  /** @param packets of one side of a conversation */
  constructor(packets: readonly Packet[]) {
    const carrying = packets.filter(({ identity: { tcp } }) => tcp !== null && tcp.length > 0);
    this.#base = carrying[0]?.identity.tcp?.sequence ?? 0;
    this.#spans = carrying
      .map((packet) => {
        const from = this.#place(packet);
        return { packet, from, until: from + (packet.identity.tcp?.length ?? 0) };
      })
      .sort((a, b) => a.from - b.from || a.packet.id - b.packet.id);
    this.#last = new Float64Array(this.#spans.length);
    let last = -Infinity;
    for (const [index, { until }] of this.#spans.entries()) {
      last = Math.max(last, until);
      this.#last[index] = last;
    }
  }

  /** Others with some of the same bytes; null: too many to say. */
  like(packet: Packet): readonly Packet[] | null {
    const from = this.#place(packet);
    const until = from + (packet.identity.tcp?.length ?? 0);
    const found: Packet[] = [];
    let looked = 0;
    for (const shift of [-ROUND, 0, ROUND]) {
      for (let at = this.#firstBeyond(from + shift); at < this.#spans.length; at++) {
        const span = this.#spans[at] as Span;
        if (span.from >= until + shift) break;
        if (++looked > MOST) return null;
        if (span.until > from + shift && span.packet !== packet) found.push(span.packet);
      }
    }
    return found;
  }

  #place({ identity }: Packet): number {
    return ((identity.tcp?.sequence ?? 0) - this.#base) >>> 0;
  }

  /** The first one at which somebody's last byte is beyond `from`. */
  #firstBeyond(from: number): number {
    return firstIndex(this.#spans.length, (index) => (this.#last[index] as number) > from);
  }
}
