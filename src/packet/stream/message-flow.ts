// One side's bytes, put together from segment to segment, so that a message that lies in several is seen whole: at the segment that
// completes it, as Wireshark shows it. What is waited for is bounded; where a part is missing, nothing is waited for.
import { tcpPayload } from '../dissect.ts';
import { DNS_PORT } from '../dns.ts';
import { isMessageKind, type MessageKind, MORE, messageEnd, NEVER, type Progress } from './message-ends.ts';

/** Of one message. A longer one is shown as its segments are. */
const LONGEST = 1 << 18;
/** Segments that came before what they follow, and bytes of them. */
const MOST_EARLY = 32;
/** Requests without an answer that are remembered. */
const MOST_ASKED = 64;

/** What a segment is to messages; where all of its messages are whole in it, there is nothing to say. */
export interface Messages {
  readonly kind: MessageKind;
  /** The messages that this segment completes, beginning in earlier segments; null: those that are whole in it, if any. */
  readonly bytes: Uint8Array | null;
  /** How many of `bytes` are of the first: others may follow in the segment that completes it. */
  readonly first: number;
  /** Without `bytes`: how many of the segment's own are of whole messages. */
  readonly whole: number;
  /** Its last bytes are of a message that goes on in the next segment. */
  readonly goesOn: boolean;
  /** Numbers of the packets that `bytes` are from. */
  readonly packets: readonly number[];
}

/** Bytes that are waited with, of all flows that share it. */
export interface Room {
  left: number;
}

/** How far whole messages reach, the first of them, and how far the one after them: 0, where that is not known. */
interface Walked {
  readonly whole: number;
  readonly first: number;
  readonly needed: number;
}

interface Early {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly packet: number;
}

export class MessageFlow {
  readonly #room: Room;
  #kind: MessageKind | null = null;
  /** The next byte's sequence number; null: nothing was seen yet. */
  #next: number | null = null;
  /** The beginning of a message: `#filled` bytes of the buffer, from these packets. */
  #waiting: Uint8Array | null = null;
  #filled = 0;
  /** Bytes that the message needs; 0: nobody knows. */
  #needed = 0;
  #packets: number[] = [];
  /** Of the message that begins the buffer. */
  #progress: Progress = { chunk: 0 };
  #early: Early[] = [];
  /** Of HTTP's requests that have no answer yet: which ask for the head only. */
  readonly #asked: boolean[] = [];

  /** The messages that the last segment has completed, or that were whole in it; null: none. Used for as long as until the next. */
  complete: Uint8Array | null = null;
  /** How many times a part of the stream was missing. */
  gaps = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Of the request whose answer comes next. */
  get askedForHead(): boolean {
    return this.#asked[0] ?? false;
  }

  answered(): void {
    this.#asked.shift();
  }

  get kind(): MessageKind | null {
    return this.#kind;
  }

  /** A SYN: its stream begins behind it. */
  begin(sequence: number): void {
    this.reset();
    this.#next = (sequence + 1) | 0;
  }

  /** Nothing is waited for. */
  reset(): void {
    this.#drop();
    this.gaps++;
    this.complete = null;
    this.#kind = null;
    this.#next = null;
    this.#asked.length = 0;
  }

  /** A segment whose data the capture has not kept whole. */
  skip(sequence: number, length: number): void {
    this.#drop();
    this.gaps++;
    this.#next = (sequence + length) | 0;
  }

  /**
   * Takes a segment's data in.
   *
   * @param data all of it, and nothing else; used for as long as this call
   * @param source its ports
   * @param other the other side, which has asked what this one answers; null: it has said nothing that is a message
   */
  take(
    data: Uint8Array,
    sequence: number,
    packet: number,
    source: number,
    destination: number,
    other: MessageFlow | null,
  ): Messages | null {
    const ahead = this.#next === null ? 0 : (sequence - this.#next) | 0;
    if (ahead < 0) return null; // seen before
    if (ahead > 0) {
      if (this.#waiting !== null && this.#keepEarly(data, sequence, packet, ahead)) return this.#part();
      this.#drop();
      this.gaps++;
    }
    this.#next = (sequence + data.length) | 0;
    if (this.#waiting === null) return this.#fresh(data, packet, source, destination, other);
    if (!this.#append(data, packet)) {
      this.gaps++;
      return null;
    }
    this.#takeEarly();
    if (this.#waiting === null) return null;
    return this.#needed > this.#filled ? this.#part() : this.#complete(other);
  }

  /** A segment that begins with a message, or with something else. */
  #fresh(
    data: Uint8Array,
    packet: number,
    source: number,
    destination: number,
    other: MessageFlow | null,
  ): Messages | null {
    const found = carriedBy(source, destination, data, 0, data.length);
    if (found !== 'data') this.#kind = isMessageKind(found) ? found : null;
    else if (this.#kind === 'http') return null;
    const kind = this.#kind;
    if (kind === null) return null;
    const { whole, needed } = this.#walk(kind, data, data.length, other, { chunk: 0 });
    this.complete = data.subarray(0, whole);
    if (whole === data.length || !this.#wait(data.subarray(whole), needed - whole, packet)) return null;
    return { kind, bytes: null, first: 0, whole, goesOn: true, packets: [] };
  }

  /** What was waited for is there, or may be. */
  #complete(other: MessageFlow | null): Messages | null {
    const bytes = this.#waiting;
    const kind = this.#kind;
    if (bytes === null || kind === null) return null;
    const filled = this.#filled;
    const { whole, first, needed } = this.#walk(kind, bytes, filled, other, this.#progress);
    if (whole === 0) {
      this.#needed = Math.max(0, needed);
      if (needed > LONGEST || filled >= LONGEST) this.#drop();
      return this.#part();
    }
    const packets = this.#packets;
    const complete = bytes.slice(0, whole);
    this.complete = complete;
    const rest = bytes.slice(whole, filled);
    const last = packets.at(-1) ?? 0;
    this.#drop();
    const goesOn = rest.length > 0 && this.#wait(rest, needed - whole, last);
    return { kind, bytes: complete, first, whole: 0, goesOn, packets };
  }

  #part(): Messages | null {
    return this.#kind === null
      ? null
      : { kind: this.#kind, bytes: null, first: 0, whole: 0, goesOn: true, packets: [] };
  }

  /** @param progress of the first message */
  #walk(kind: MessageKind, bytes: Uint8Array, end: number, other: MessageFlow | null, progress: Progress): Walked {
    let at = 0;
    let first = 0;
    while (at < end) {
      const isAnswer = kind === 'http' && bytes[at] === 0x48 && bytes[at + 1] === 0x54;
      const isHead = isAnswer && other?.askedForHead === true;
      const next = messageEnd(kind, bytes, at, end, isHead, at === 0 ? progress : undefined);
      if (next === NEVER) return { whole: end, first: first || end, needed: 0 };
      if (next === MORE) return { whole: at, first, needed: 0 };
      if (next - at > LONGEST) return { whole: end, first: first || end, needed: 0 };
      if (next > end) return { whole: at, first, needed: next };
      if (kind === 'http') this.#count(isAnswer, bytes, at, other);
      at = next;
      first ||= at;
    }
    return { whole: end, first, needed: 0 };
  }

  #count(isAnswer: boolean, bytes: Uint8Array, at: number, other: MessageFlow | null): void {
    // 1xx is followed by the answer itself.
    if (isAnswer && bytes[at + 9] !== 0x31) other?.answered();
    else if (!isAnswer && this.#asked.length < MOST_ASKED) this.#asked.push(bytes[at] === 0x48);
  }

  /** True when there was room for it. */
  #wait(rest: Uint8Array, needed: number, packet: number): boolean {
    const size = Math.min(LONGEST, Math.max(needed, rest.length));
    if (rest.length > size || size > this.#room.left) return false;
    this.#waiting = new Uint8Array(size);
    this.#room.left -= size;
    this.#waiting.set(rest);
    this.#filled = rest.length;
    this.#needed = Math.max(0, needed);
    this.#progress = { chunk: 0 };
    this.#packets = [packet];
    return true;
  }

  #append(data: Uint8Array, packet: number): boolean {
    let waiting = this.#waiting;
    if (waiting === null) return false;
    const size = this.#filled + data.length;
    if (size > waiting.length) {
      const room = Math.min(2 * LONGEST, Math.max(size, 2 * waiting.length));
      if (size > room || room - waiting.length > this.#room.left) {
        this.#drop();
        return false;
      }
      this.#room.left -= room - waiting.length;
      const larger = new Uint8Array(room);
      larger.set(waiting.subarray(0, this.#filled));
      this.#waiting = waiting = larger;
    }
    waiting.set(data, this.#filled);
    this.#filled = size;
    if (this.#packets.at(-1) !== packet) this.#packets.push(packet);
    return true;
  }

  /** A segment that has overtaken others of the same message. */
  #keepEarly(data: Uint8Array, sequence: number, packet: number, ahead: number): boolean {
    if (this.#early.length >= MOST_EARLY || ahead + data.length > LONGEST || data.length > this.#room.left)
      return false;
    this.#room.left -= data.length;
    this.#early.push({ sequence, bytes: data.slice(), packet });
    return true;
  }

  #takeEarly(): void {
    for (let found = true; found && this.#waiting !== null; ) {
      const at = this.#early.findIndex(({ sequence }) => sequence === this.#next);
      const early = this.#early[at];
      found = early !== undefined;
      if (early === undefined) continue;
      this.#early.splice(at, 1);
      this.#room.left += early.bytes.length;
      this.#next = (early.sequence + early.bytes.length) | 0;
      this.#append(early.bytes, early.packet);
    }
  }

  #drop(): void {
    this.#room.left += this.#waiting?.length ?? 0;
    for (const { bytes } of this.#early) this.#room.left += bytes.length;
    this.#waiting = null;
    this.#filled = this.#needed = 0;
    this.#packets = [];
    this.#early = [];
  }
}

/** Whether a segment that is looked at alone begins with a message. */
export const beginsMessages = (
  source: number,
  destination: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean => isMessageKind(carriedBy(source, destination, bytes, start, end));

/** DNS is known by its port: a part of a message looks like anything. */
const carriedBy = (source: number, destination: number, bytes: Uint8Array, start: number, end: number): string =>
  source === DNS_PORT || destination === DNS_PORT ? 'dns' : tcpPayload(source, destination, bytes, start, end);
