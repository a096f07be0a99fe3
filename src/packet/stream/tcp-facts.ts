// What only the packets before a segment tell of it: which connection it belongs to, where its numbers begin, and what is odd about it.
// The words are Wireshark's (its User's Guide, "TCP Analysis"), and so are the rules (tcp-analysis.ts).

import type { Http2Known } from '../http2.ts';
import type { Messages } from './message-flow.ts';

/** Bits of `verdicts`. */
export const VERDICT = {
  reusedPorts: 0x0001,
  retransmission: 0x0002,
  fastRetransmission: 0x0004,
  spuriousRetransmission: 0x0008,
  outOfOrder: 0x0010,
  lostSegment: 0x0020,
  ackLostSegment: 0x0040,
  windowUpdate: 0x0080,
  windowFull: 0x0100,
  keepAlive: 0x0200,
  keepAliveAck: 0x0400,
  duplicateAck: 0x0800,
  zeroWindowProbe: 0x1000,
  zeroWindow: 0x2000,
  zeroWindowProbeAck: 0x4000,
} as const;

export const UNKNOWN_SCALE = -1;
export const NO_SCALE = -2;

/** The most that a window is shifted (RFC 7323 section 2.3). */
export const MOST_SCALE = 14;

/** What few segments have. */
export interface RareFacts {
  /** How many repeat the same acknowledgment by now, and the number of the packet that they repeat; 0: this one does not. */
  readonly duplicateNumber: number;
  readonly duplicateOf: number;
  /** Seconds since the segment that is sent again, and its packet's number; 0: unknown. */
  readonly timeout: number;
  readonly timeoutFrom: number;
}

/** One for each packet of a capture, often: nothing but numbers, and no other objects where they can be spared. */
export class TcpFacts {
  /** Where the segment's header begins, in bytes from the packet's beginning. */
  at = 0;
  /** 0, 1, 2 … in the order in which connections were first seen. */
  stream = 0;
  /** The sequence numbers of the sender and of the receiver that are shown as 0. */
  senderBase = 0;
  receiverBase = 0;
  /** The sender's windows are shifted left by this; UNKNOWN_SCALE: its SYN was not seen; NO_SCALE: they are not. */
  scale = UNKNOWN_SCALE;
  verdicts = 0;
  /** True when Wireshark has something to say of the segment: its tcp.analysis. */
  analyzed = false;
  /** Number of the packet that this one acknowledges, 0 for none; and seconds since it. */
  acks = 0;
  ackTime = 0;
  /** Seconds from the SYN to the first acknowledgment after it; 0: not seen. */
  initialRoundTrip = 0;
  /** Bytes of data that are under way after this segment, and since the last push; 0: unknown. */
  inFlight = 0;
  pushed = 0;
  rare: RareFacts | null = null;
  /** What it is to messages that lie in several segments. */
  messages: Messages | null = null;
  /** Of HTTP/2: what its connection has said before. */
  http2: Http2Known | null = null;

  /** As new. */
  reset(): void {
    this.verdicts = this.acks = this.ackTime = this.initialRoundTrip = this.inFlight = this.pushed = 0;
    this.analyzed = false;
    this.rare = null;
    this.messages = null;
    this.http2 = null;
  }

  /** Takes back what was said of the segment. */
  sayNothing(): void {
    this.verdicts = 0;
    this.analyzed = false;
    this.rare = null;
  }

  /** Says one thing more of the segment. */
  say(verdict: number): void {
    this.verdicts |= verdict;
    this.analyzed = true;
  }
}

const WORDS: readonly (readonly [bit: number, words: string])[] = [
  // Wireshark puts each before what is there: the first is the last that it finds.
  [VERDICT.zeroWindowProbeAck, 'TCP ZeroWindowProbeAck'],
  [VERDICT.zeroWindow, 'TCP ZeroWindow'],
  [VERDICT.zeroWindowProbe, 'TCP ZeroWindowProbe'],
  [VERDICT.duplicateAck, 'TCP Dup ACK'],
  [VERDICT.keepAliveAck, 'TCP Keep-Alive ACK'],
  [VERDICT.keepAlive, 'TCP Keep-Alive'],
  [VERDICT.windowFull, 'TCP Window Full'],
  [VERDICT.windowUpdate, 'TCP Window Update'],
  [VERDICT.ackLostSegment, 'TCP ACKed unseen segment'],
  [VERDICT.lostSegment, 'TCP Previous segment not captured'],
  [VERDICT.outOfOrder, 'TCP Out-Of-Order'],
  [VERDICT.spuriousRetransmission, 'TCP Spurious Retransmission'],
  [VERDICT.fastRetransmission, 'TCP Fast Retransmission'],
  [VERDICT.retransmission, 'TCP Retransmission'],
  [VERDICT.reusedPorts, 'TCP Port numbers reused'],
];

/** "[TCP Dup ACK 7#1] ", what stands before the line of a segment; "" for most. */
export function verdictWords({ verdicts, rare }: TcpFacts): string {
  if (verdicts === 0) return '';
  let text = '';
  for (const [bit, words] of WORDS) {
    if ((verdicts & bit) === 0) continue;
    const which = bit === VERDICT.duplicateAck && rare !== null ? ` ${rare.duplicateOf}#${rare.duplicateNumber}` : '';
    text += `[${words}${which}] `;
  }
  return text;
}

/** A window as it is meant. A SYN's is never scaled (RFC 7323 section 2.2). */
export const scaledWindow = (window: number, isSyn: boolean, scale: number): number =>
  isSyn || scale <= 0 ? window : window * 2 ** scale;
