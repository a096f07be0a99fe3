// One side of a connection as one tap sees it: what it has sent, what it has acknowledged, what of it is not acknowledged yet.
import type { Http2Side } from './http2-side.ts';
import type { MessageFlow } from './message-flow.ts';
import { isAfter } from './sequence.ts';
import { UNKNOWN_SCALE } from './tcp-facts.ts';
import { NONE, type UnacknowledgedSegments } from './unacknowledged.ts';

/** Of one flow. Wireshark's; more than any window holds. */
const MOST_UNACKNOWLEDGED = 10_000;
/** Of a side that has sent nothing. */
const NO_WINDOW = -1;
/** SACK blocks of a segment that count. */
export const MOST_BLOCKS = 4;

/** What is shared by all taps: the sequence number that a side's count begins with, and its scale. */
export class Side {
  base = 0;
  hasBase = false;
  scale = UNKNOWN_SCALE;

  begin(base: number): void {
    this.hasBase = true;
    this.base = base;
  }

  /** Nothing is known of it. */
  reset(): void {
    this.base = 0;
    this.hasBase = false;
    this.scale = UNKNOWN_SCALE;
  }
}

/** Times are nanoseconds since the first packet; sequence numbers are those of the header. */
export class TcpFlow {
  readonly #segments: UnacknowledgedSegments;
  /** One past the furthest byte that it has sent, the packet that did and when; 0: nothing yet, as Wireshark has it. */
  next = 0;
  nextPacket = 0;
  nextTime = 0;
  /** One past the furthest byte that can be acknowledged without one missing here. */
  acknowledgeable = 0;
  /** What it has acknowledged last, and when. */
  acknowledged = 0;
  acknowledgedTime = 0;
  /** How often it has said so again; −1: said of a segment that was never seen. */
  duplicates = 0;
  /** The packet that said so first. */
  duplicated = 0;
  /** The window in its last segment's header. No segment yet: none that a header can hold. */
  window = NO_WINDOW;
  lastVerdicts = 0;
  /** It has sent a SYN, and no acknowledgment since: its window is not scaled yet. */
  isOpening = false;
  /** What is under way is known: nothing was missed since the other side's last acknowledgment. */
  isInFlightKnown = true;
  pushed = 0;
  hasPushed = false;
  /** Bytes that its last segment says have arrived out of order. */
  selectivelyAcknowledged = 0;
  /** Its messages; null where nobody asks for them, or none was seen. */
  messages: MessageFlow | null = null;
  /** Of HTTP/2: what it has said. */
  http2: Http2Side | null = null;
  /** Those that are not acknowledged: the oldest, the latest, and how many. */
  #oldest = NONE;
  #latest = NONE;
  #count = 0;
  /** Where they begin and end, counted from the base that was asked for last: looked through anew only where one has gone. */
  #isMeasured = false;
  #base = 0;
  #first = 0;
  #last = 0;
  /** What acknowledge() was told last, of which nothing is left; null: something has come since that may be. */
  #settled: number | null = null;
  /** Of the one that acknowledge() has found. */
  acknowledgedPacket = 0;
  acknowledgedSince = 0;

  constructor(segments: UnacknowledgedSegments) {
    this.#segments = segments;
  }

  /** True when one more can be kept. */
  get hasRoom(): boolean {
    return this.#count < MOST_UNACKNOWLEDGED && this.#segments.hasRoom;
  }

  keep(packet: number, sequence: number, next: number, time: number): void {
    const at = this.#segments.add(packet, sequence, next, time);
    if (this.#latest === NONE) this.#oldest = at;
    else this.#segments.follow(this.#latest, at);
    this.#latest = at;
    this.#count++;
    if (this.#settled !== null && (isAfter(this.#settled, sequence) || !isAfter(next, this.#settled)))
      this.#settled = null;
    if (this.#isMeasured) this.#measure(sequence, next);
  }

  /** The packet with the oldest segment that is not acknowledged, and when it was; where there is none, the one that came furthest. */
  get oldestPacket(): number {
    return this.#oldest === NONE ? this.nextPacket : this.#segments.packet(this.#oldest);
  }

  get oldestTime(): number {
    return this.#oldest === NONE ? this.nextTime : this.#segments.time(this.#oldest);
  }

  /** Forgets what an acknowledgment is good for. True when it is for one segment exactly, the oldest of several. */
  acknowledge(acknowledgment: number): boolean {
    // Said again and again while one is missing: with each, all that wait would be looked at.
    if (acknowledgment === this.#settled) return false;
    this.#settled = acknowledgment;
    const segments = this.#segments;
    let found = false;
    let before = NONE;
    for (let at = this.#oldest; at !== NONE; ) {
      const following = segments.following(at);
      const end = segments.end(at);
      if (acknowledgment === end && !found) {
        found = true;
        this.acknowledgedPacket = segments.packet(at);
        this.acknowledgedSince = segments.time(at);
      }
      if (acknowledgment !== end && isAfter(end, acknowledgment)) {
        if (isAfter(acknowledgment, segments.sequence(at))) {
          segments.beginAt(at, acknowledgment);
          this.#isMeasured = false;
        }
        before = at;
      } else {
        if (before === NONE) this.#oldest = following;
        else segments.follow(before, following);
        if (following === NONE) this.#latest = before;
        segments.remove(at);
        this.#count--;
        this.#isMeasured = false;
      }
      at = following;
    }
    return found;
  }

  /** Bytes from the first that is not acknowledged to the last that was sent, counted from `base`; −1: nothing is kept. */
  inFlight(base: number): number {
    if (this.#oldest === NONE) return -1;
    if (!this.#isMeasured || base !== this.#base) {
      this.#isMeasured = true;
      this.#base = base;
      this.#first = 0xffff_ffff;
      this.#last = 0;
      for (let at = this.#oldest; at !== NONE; at = this.#segments.following(at))
        this.#measure(this.#segments.sequence(at), this.#segments.end(at));
    }
    return (this.#last - this.#first) >>> 0;
  }

  #measure(sequence: number, next: number): void {
    this.#first = Math.min(this.#first, (sequence - this.#base) >>> 0);
    this.#last = Math.max(this.#last, (next - this.#base) >>> 0);
  }

  /** Nothing was seen of it. */
  reset(): void {
    this.#segments.removeAll(this.#oldest, this.#latest);
    this.#oldest = this.#latest = NONE;
    this.#count = 0;
    this.#isMeasured = false;
    this.#settled = null;
    this.next = this.nextPacket = this.nextTime = 0;
    this.acknowledgeable = this.acknowledged = this.acknowledgedTime = 0;
    this.duplicates = this.duplicated = 0;
    this.window = NO_WINDOW;
    this.lastVerdicts = 0;
    this.isOpening = false;
    this.isInFlightKnown = true;
    this.pushed = 0;
    this.hasPushed = false;
    this.selectivelyAcknowledged = 0;
    this.messages?.reset();
    this.http2 = null;
  }
}
