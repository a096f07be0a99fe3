// What is odd about a segment, given those before it: Wireshark's rules (packet-tcp.c, tcp_analyze_sequence_number), one after the other
// in its order, because some of them end the search. They look at one tap: the same segment at the next tap is no retransmission.
import { isAfter, isBefore, plus } from './sequence.ts';
import { MOST_SCALE, NO_SCALE, type TcpFacts, UNKNOWN_SCALE, VERDICT } from './tcp-facts.ts';
import { MOST_BLOCKS, type Side, type TcpFlow } from './tcp-flow.ts';

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;

/** A retransmission so soon after the duplicate ACKs that ask for it is a fast one. ns */
const FAST = 20_000_000;
/** A segment so soon after later ones was overtaken, where no round trip is known. ns */
const OVERTAKEN = 3_000_000;

/** What the header of a segment says. */
export interface Segment {
  /** The packet's number, and when it was seen (ns since the first packet). */
  packet: number;
  time: number;
  sequence: number;
  acknowledgment: number;
  /** Bytes of data, as they were sent. */
  length: number;
  flags: number;
  /** As in the header. */
  window: number;
  /** The options' own shift; −1: there is none. */
  scale: number;
  /** The edges of SACK blocks, left and right in turn. */
  blocks: readonly number[];
  /** The capture cut its options: there may be more of them. */
  isCut: boolean;
}

/** Two sides at one tap. */
export interface Tap {
  /** When a SYN was seen last, and the round trip of the first; −1 and 0: none. ns */
  synTime: number;
  roundTrip: number;
}

/** The sender of a segment and its receiver: what the tap has seen of each, and what all taps know. */
export interface Ends {
  from: TcpFlow;
  to: TcpFlow;
  sender: Side;
  receiver: Side;
}

/** Takes the segment in, and adds to `facts` what is to be said of it. */
export function analyze(segment: Segment, ends: Ends, tap: Tap, facts: TcpFacts): void {
  const { sender, receiver, from, to } = ends;
  if (!sender.hasBase) sender.begin((segment.flags & SYN) !== 0 ? segment.sequence : plus(segment.sequence, -1));
  if (!receiver.hasBase && (segment.flags & ACK) !== 0) receiver.begin(plus(segment.acknowledgment, -1));
  if ((segment.flags & ACK) !== 0) to.isInFlightKnown = true;
  ofHeader(segment, ends, facts);
  if (segment.acknowledgment !== from.acknowledged) {
    from.duplicated = segment.packet;
    from.duplicates = 0;
  }
  ofAcknowledgment(segment, to, facts);
  ofData(segment, ends, tap, facts);
  remember(segment, from, facts);
  if (to.acknowledge(segment.acknowledgment)) {
    facts.analyzed = true;
    facts.acks = to.acknowledgedPacket;
    facts.ackTime = (segment.time - to.acknowledgedSince) / 1e9;
  }
  measure(segment, ends, facts);
  afterwards(segment, ends, tap);
}

/** Windows, gaps, and segments without data. */
function ofHeader(segment: Segment, { from, to, receiver }: Ends, facts: TcpFacts): void {
  const { sequence, acknowledgment, length, flags, window } = segment;
  const isPlain = (flags & (SYN | FIN | RST)) === 0;
  if (length === 1 && sequence === from.next && to.window === 0) {
    facts.say(VERDICT.zeroWindowProbe);
    return;
  }
  if (window === 0 && isPlain) facts.say(VERDICT.zeroWindow);
  if (from.next !== 0 && isAfter(sequence, from.next) && (flags & RST) === 0) {
    facts.say(VERDICT.lostSegment);
    from.isInFlightKnown = false;
  }
  if (length <= 1 && sequence === plus(from.next, -1) && isPlain) facts.say(VERDICT.keepAlive);
  const repeats = length === 0 && isPlain && sequence === from.next && acknowledgment === from.acknowledged;
  if (repeats && window !== 0 && window !== from.window) facts.say(VERDICT.windowUpdate);
  const isScaleKnown = receiver.scale !== UNKNOWN_SCALE;
  if (length > 0 && isPlain && isScaleKnown && plus(sequence, length) === edgeOf(to, receiver))
    facts.say(VERDICT.windowFull);
  if (!repeats || window !== from.window) return;
  if (window !== 0 && (to.lastVerdicts & VERDICT.keepAlive) !== 0) {
    facts.say(VERDICT.keepAliveAck);
    return;
  }
  if (window === 0) {
    if ((to.lastVerdicts & VERDICT.zeroWindowProbe) !== 0) facts.say(VERDICT.zeroWindowProbeAck);
    return;
  }
  // −1: the count begins anew behind a segment that was never seen.
  from.duplicates = from.duplicates === -1 ? 1 : from.duplicates + 1;
  facts.say(VERDICT.duplicateAck);
  facts.rare = { duplicateNumber: from.duplicates, duplicateOf: from.duplicated, timeout: 0, timeoutFrom: 0 };
}

/** One past the last byte that a side has room for. */
function edgeOf(flow: TcpFlow, { scale }: Side): number {
  return plus(flow.acknowledged, flow.window * (flow.isOpening || scale === NO_SCALE ? 1 : 2 ** scale));
}

function ofAcknowledgment({ acknowledgment, flags }: Segment, to: TcpFlow, facts: TcpFacts): void {
  if (to.acknowledgeable === 0 || !isAfter(acknowledgment, to.acknowledgeable) || (flags & ACK) === 0) return;
  facts.analyzed = true;
  // Said once of what is missing: behind what was seen in the meantime, or when the other side has acknowledged something new.
  if (isAfter(to.next, to.acknowledgeable)) {
    to.acknowledgeable = to.next;
    facts.say(VERDICT.ackLostSegment);
    return;
  }
  if (to.duplicates === 0) facts.say(VERDICT.ackLostSegment);
  to.duplicates = -1;
}

/** Retransmissions of three kinds, and segments that others have overtaken. */
function ofData(segment: Segment, { from, to }: Ends, { roundTrip }: Tap, facts: TcpFacts): void {
  const { sequence, length, flags, time } = segment;
  const virtual = (flags & (SYN | FIN)) === 0 ? 0 : 1;
  if (length + virtual === 0 || (facts.verdicts & VERDICT.keepAlive) !== 0) return;
  if (length > 0 && to.acknowledged !== 0 && !isAfter(plus(sequence, length), to.acknowledged)) {
    facts.say(VERDICT.spuriousRetransmission);
    return;
  }
  // Behind the byte of a window probe is the rest of what waits for the window.
  const isProbed = length > 1 && plus(from.next, -1) === sequence;
  if (from.next === 0 || !isBefore(sequence, from.next) || isProbed) return;
  const sinceAsked = time - to.acknowledgedTime;
  // Wireshark 4.0 counts a segment that was never seen as many duplicates.
  const isAskedFor = to.duplicates >= 2 || to.duplicates === -1;
  if (isAskedFor && to.acknowledged === sequence && sinceAsked >= 0 && sinceAsked < FAST) {
    facts.say(VERDICT.fastRetransmission);
    return;
  }
  const sinceLater = time - from.nextTime;
  const soon = sinceLater >= 0 && sinceLater < (roundTrip === 0 ? OVERTAKEN : roundTrip);
  if (soon && from.next !== plus(sequence, length + virtual)) {
    facts.say(VERDICT.outOfOrder);
    return;
  }
  facts.say(VERDICT.retransmission);
  const timeoutFrom = from.oldestPacket;
  const timeout = (time - from.oldestTime) / 1e9;
  facts.rare = { duplicateNumber: 0, duplicateOf: 0, ...facts.rare, timeout, timeoutFrom };
}

function remember(segment: Segment, from: TcpFlow, facts: TcpFacts): void {
  const { packet, time, sequence, acknowledgment, length, flags, window } = segment;
  const virtual = (flags & (SYN | FIN)) === 0 ? 0 : 1;
  let next = plus(sequence, length);
  if (length + virtual > 0 && from.hasRoom) {
    next = plus(next, virtual);
    from.keep(packet, sequence, next, time);
  }
  const isProbe = (facts.verdicts & VERDICT.zeroWindowProbe) !== 0;
  if ((isAfter(next, from.next) || from.next === 0) && !isProbe) {
    from.next = next;
    from.nextPacket = packet;
    from.nextTime = time;
  }
  if ((sequence === from.acknowledgeable || from.acknowledgeable === 0) && !isProbe) from.acknowledgeable = from.next;
  from.window = window;
  from.acknowledged = acknowledgment;
  from.acknowledgedTime = time;
  from.lastVerdicts = facts.verdicts;
}

/** How many bytes are under way, and how many since the last push. */
function measure({ length, flags }: Segment, { from, to, sender }: Ends, facts: TcpFacts): void {
  if (length === 0 || !from.isInFlightKnown) return;
  const kept = from.inFlight(sender.base);
  if (kept < 0) return;
  const inFlight = plus(kept, -to.selectivelyAcknowledged);
  if (inFlight > 0 && inFlight < 2_000_000_000) {
    facts.analyzed = true;
    facts.inFlight = inFlight - ((flags & (SYN | FIN)) === 0 ? 0 : 1);
  }
  from.pushed = from.hasPushed ? length : from.pushed + length;
  from.hasPushed = (flags & PSH) !== 0;
  facts.analyzed = true;
  // Wireshark tells it together with the bytes under way only.
  if (facts.inFlight > 0) facts.pushed = from.pushed;
}

/** What counts for the segments that follow only. */
function afterwards(segment: Segment, { from, sender, receiver }: Ends, tap: Tap): void {
  const { flags, time, scale, blocks, isCut } = segment;
  const isSyn = (flags & SYN) !== 0;
  const isAck = (flags & ACK) !== 0;
  if (isSyn) from.isOpening = true;
  if (isSyn && !isAck) tap.synTime = time;
  if (!isSyn && isAck) {
    if (tap.synTime >= 0 && tap.roundTrip === 0) tap.roundTrip = time - tap.synTime;
    from.isOpening = false;
  }
  if (scale >= 0) sender.scale = Math.min(scale, MOST_SCALE);
  if (isSyn && !isCut) {
    if (sender.scale === UNKNOWN_SCALE) sender.scale = receiver.scale = NO_SCALE;
    else if (isAck && receiver.scale === NO_SCALE) sender.scale = NO_SCALE;
  }
  let acknowledged = 0;
  for (let i = 0; i + 1 < Math.min(blocks.length, 2 * MOST_BLOCKS); i += 2)
    acknowledged = plus(acknowledged, (blocks[i + 1] ?? 0) - (blocks[i] ?? 0));
  from.selectivelyAcknowledged = acknowledged;
}
