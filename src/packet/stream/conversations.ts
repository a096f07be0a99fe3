// Packets in the order of a capture -> what the earlier ones tell of the later. A connection is known by its addresses and ports; it
// is numbered once, and watched at each tap by itself, since in a lab every tap of its way sees the same segments. Memory is
// bounded: of connections that were quiet the longest nothing is kept, and what they say next begins a new one.
import type { Http2Known } from '../http2.ts';
import { Connection, connectionKey, isConnectionOf } from './connection.ts';
import { Http2Side } from './http2-side.ts';
import { beginsMessages, MessageFlow, type Messages, type Room } from './message-flow.ts';
import { readOptions } from './segment-options.ts';
import type { SegmentPlace } from './segment-place.ts';
import { analyze, type Ends, type Segment } from './tcp-analysis.ts';
import { TcpFacts, VERDICT } from './tcp-facts.ts';
import { Side, TcpFlow } from './tcp-flow.ts';
import { UnacknowledgedSegments } from './unacknowledged.ts';

/** Connections in a generation. When one is full, the one before it is forgotten: at least so many of the latest are known. */
const GENERATION = 4096;

/** Segments that nobody has acknowledged yet, of all connections. */
const MOST_SEGMENTS = 200_000;

/** Bytes of messages that are not complete, of all connections. */
const MOST_WAITING = 8_000_000;

const FIXED_HEADER = 20;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** When a packet was seen. */
export interface Moment {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export class Conversations {
  readonly #generation: number;
  readonly #segments = new UnacknowledgedSegments(MOST_SEGMENTS);
  #young = new Map<number, Connection>();
  #old = new Map<number, Connection>();
  /** Forgotten ones, to be used again. */
  readonly #free: Connection[] = [];
  /** What is read of a segment, and whose it is: the same objects for every packet. */
  readonly #segment: Segment = {
    packet: 0,
    time: 0,
    sequence: 0,
    acknowledgment: 0,
    length: 0,
    flags: 0,
    window: 0,
    scale: -1,
    blocks: [],
    isCut: false,
  };
  readonly #ends: Ends = {
    from: new TcpFlow(this.#segments),
    to: new TcpFlow(this.#segments),
    sender: new Side(),
    receiver: new Side(),
  };
  readonly #room: Room = { left: MOST_WAITING };
  #held = 0;
  #count = 0;
  #origin: Moment | null = null;

  constructor(generation: number = GENERATION) {
    this.#generation = generation;
  }

  /**
   * What the packets before this one tell of its segment; null where too little of its header is there.
   *
   * @param number the packet's, as in the list
   * @param tap which place it was seen at, from 0
   * @param facts where the answer goes; must be as new
   */
  take(place: SegmentPlace, number: number, time: Moment, tap: number, facts = new TcpFacts()): TcpFacts | null {
    const { bytes, tcp, length, end } = place;
    if (tcp + FIXED_HEADER > end) return null;
    const headerLength = ((bytes[tcp + 12] ?? 0) >>> 4) * 4;
    if (headerLength < FIXED_HEADER || length < headerLength) return null;
    const segment = this.#segment;
    segment.packet = number;
    segment.time = this.#since(time);
    readSegment(place, headerLength, segment);
    this.#seen(place, segment, tap, facts);
    // Of a segment whose options the capture cut Wireshark says what its numbers are, and nothing of what is odd about them.
    if (segment.isCut) facts.sayNothing();
    return facts;
  }

  #seen(place: SegmentPlace, segment: Segment, tapName: number, facts: TcpFacts): void {
    const isSyn = (segment.flags & SYN) !== 0;
    const isAnswered = (segment.flags & ACK) !== 0;
    const connection = this.#connectionOf(place, segment, facts);
    const tap = connection.tap(tapName);
    const ends = this.#ends;
    const isForward = connection.isForward(place);
    ends.sender = isForward ? connection.initiator : connection.responder;
    ends.receiver = isForward ? connection.responder : connection.initiator;
    ends.from = isForward ? tap.initiator : tap.responder;
    ends.to = isForward ? tap.responder : tap.initiator;
    if (isSyn && !isAnswered) {
      if (connection.isReused && !tap.isOpened) facts.say(VERDICT.reusedPorts);
      tap.isOpened = true;
      if (ends.sender.hasBase && (ends.from.next !== 0 || ends.to.acknowledged !== 0)) {
        // The same SYN again: what a reset has said in the meantime does not count.
        ends.from.next = ends.from.acknowledgeable;
        facts.analyzed = true;
      }
    }
    analyze(segment, ends, tap, facts);
    facts.messages = this.#messagesOf(place, segment, ends);
    facts.http2 = http2Of(ends);
    facts.at = place.tcp;
    facts.stream = connection.stream;
    facts.senderBase = ends.sender.base;
    facts.receiverBase = ends.receiver.base;
    facts.scale = ends.sender.scale;
    facts.initialRoundTrip = tap.roundTrip / 1e9;
  }

  /** What its data are to the messages of its side. */
  #messagesOf(place: SegmentPlace, { flags, length, sequence, packet }: Segment, { from, to }: Ends): Messages | null {
    const { bytes, tcp, end } = place;
    const isSyn = (flags & SYN) !== 0;
    if (isSyn) from.messages?.begin(sequence);
    if (from.messages !== null) from.messages.complete = null;
    if (length === 0 || (flags & RST) !== 0) return null;
    const begin = isSyn ? (sequence + 1) | 0 : sequence;
    const start = tcp + ((bytes[tcp + 12] ?? 0) >>> 4) * 4;
    if (end - start < length) {
      from.messages?.skip(begin, length);
      return null;
    }
    const [source, destination] = [u16(bytes, tcp), u16(bytes, tcp + 2)];
    // Most connections carry nothing that has messages.
    if (from.messages === null && !beginsMessages(source, destination, bytes, start, end)) return null;
    from.messages ??= new MessageFlow(this.#room);
    return from.messages.take(bytes.subarray(start, end), begin, packet, source, destination, to.messages);
  }

  /** The one that the segment belongs to, or the one that it begins: a SYN with another number is a new one between the same ends. */
  #connectionOf(place: SegmentPlace, segment: Segment, facts: TcpFacts): Connection {
    const connection = this.#find(place);
    if (connection === null) return this.#begin(place, false);
    if ((segment.flags & SYN) === 0) return connection;
    const sender = connection.isForward(place) ? connection.initiator : connection.responder;
    if (!sender.hasBase || sender.base === segment.sequence) return connection;
    facts.say(VERDICT.reusedPorts);
    if ((segment.flags & ACK) === 0) return this.#begin(place, true);
    sender.begin(segment.sequence);
    return connection;
  }

  /** Nanoseconds since the first packet: exact for a hundred days. */
  #since({ seconds, nanoseconds }: Moment): number {
    this.#origin ??= { seconds, nanoseconds };
    return (seconds - this.#origin.seconds) * 1e9 + nanoseconds - this.#origin.nanoseconds;
  }

  #find(place: SegmentPlace): Connection | null {
    const key = connectionKey(place);
    for (let at = this.#young.get(key) ?? null; at !== null; at = at.next) if (isConnectionOf(at, place)) return at;
    let before: Connection | null = null;
    for (let at = this.#old.get(key) ?? null; at !== null; before = at, at = at.next) {
      if (!isConnectionOf(at, place)) continue;
      if (before !== null) before.next = at.next;
      else if (at.next === null) this.#old.delete(key);
      else this.#old.set(key, at.next);
      this.#hold(key, at);
      return at;
    }
    return null;
  }

  /** A connection that takes the place of the one that had the same ends. */
  #begin(place: SegmentPlace, isReused: boolean): Connection {
    const connection = this.#free.pop() ?? new Connection(this.#segments);
    connection.begin(this.#count++, place, isReused);
    this.#hold(connectionKey(place), connection);
    return connection;
  }

  #hold(key: number, connection: Connection): void {
    if (this.#held >= this.#generation) this.#age();
    connection.next = this.#young.get(key) ?? null;
    this.#young.set(key, connection);
    this.#held++;
  }

  #age(): void {
    const forgotten = this.#old;
    for (const first of forgotten.values())
      for (let at: Connection | null = first; at !== null; ) {
        const { next }: Connection = at;
        at.forget();
        this.#free.push(at);
        at = next;
      }
    forgotten.clear();
    this.#old = this.#young;
    this.#young = forgotten;
    this.#held = 0;
  }
}

/** What the connection has said before the frames that the segment completes. */
function http2Of({ from, to }: Ends): Http2Known | null {
  const { messages } = from;
  if (messages === null || messages.kind !== 'http2' || messages.complete === null) return null;
  from.http2 ??= new Http2Side();
  return from.http2.take(messages.complete, messages.gaps, to.http2);
}

function readSegment({ bytes, tcp, length, end }: SegmentPlace, headerLength: number, segment: Segment): void {
  segment.length = length - headerLength;
  segment.sequence = u32(bytes, tcp + 4) | 0;
  segment.acknowledgment = u32(bytes, tcp + 8) | 0;
  segment.flags = u16(bytes, tcp + 12) & 0x0fff;
  segment.window = u16(bytes, tcp + 14);
  const { scale, blocks } = readOptions(bytes, tcp + FIXED_HEADER, Math.min(tcp + headerLength, end));
  segment.scale = scale;
  segment.blocks = blocks;
  segment.isCut = tcp + headerLength > end;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
