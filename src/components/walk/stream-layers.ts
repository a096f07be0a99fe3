// The layers of each hop of a recording, as one reads them who has seen the packets before: TCP counts from the connection's
// beginning. As the list of packets does it, each place is watched by itself, since every tap of its way sees the same segment.
import { timestampOf } from '../../capture/captured-packet.ts';
import { type Hop, placeOf } from '../../hop/hop.ts';
import { dissect } from '../../packet/dissect.ts';
import type { Layer } from '../../packet/layer.ts';
import { Conversations } from '../../packet/stream/conversations.ts';
import { findSegment } from '../../packet/stream/segment-place.ts';
import type { TcpFacts } from '../../packet/stream/tcp-facts.ts';

/** @param hops all of them, in the order in which they were recorded */
export function layersInStreams(hops: readonly Hop[]): (hop: Hop) => readonly Layer[] {
  const conversations = new Conversations();
  const places = new Map<string, number>();
  const known = new Map<number, TcpFacts | null>();
  for (const hop of hops) {
    const { n, time, bytes, linkType, originalLength } = hop;
    const segment = findSegment(bytes, linkType, originalLength);
    if (segment === null) continue;
    const name = placeOf(hop);
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    known.set(n, conversations.take(segment, n, timestampOf(time), place));
  }
  return ({ n, bytes, linkType, originalLength }) => dissect(bytes, linkType, originalLength, known.get(n) ?? null);
}
