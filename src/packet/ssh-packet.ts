// RFC 4253 section 6, what an SSH packet looks like before there are keys; and how to tell one from an encrypted packet, which
// may begin with any bytes: only a message whose parts fill it to the last byte is taken for one.

export const SSH_MESSAGE = {
  disconnect: 1,
  offer: 20,
  newKeys: 21,
  key: 30,
  reply: 31,
  groupKey: 32,
  groupReply: 33,
  group: 34,
} as const;

/** Length, padding's length, code. */
export const SSH_HEADER = 6;
/** What a receiver must be able to take (RFC 4253 section 6.1). */
const LONGEST = 35_000;
const COOKIE_LENGTH = 16;
const MOST_REASONS = 15;

export interface PlainPacket {
  readonly code: number;
  /** Bytes of the whole packet, its length included; may be more than are there. */
  readonly size: number;
  /** Bytes of what the message says after its code. */
  readonly bodyLength: number;
}

/** The packet that begins at `at`; null: it is encrypted, or not SSH's. Only an offer may go on in the next segment. */
export function plainSshPacket(bytes: Uint8Array, at: number, end: number): PlainPacket | null {
  if (end - at < SSH_HEADER) return null;
  const length = u32(bytes, at);
  const padding = bytes[at + 4] ?? 0;
  const code = bytes[at + 5] ?? 0;
  const size = 4 + length;
  if (length > LONGEST || size % 8 !== 0 || size < 16 || padding < 4 || padding > length - 2) return null;
  const isWhole = at + size <= end;
  if (!isWhole && code !== SSH_MESSAGE.offer) return null;
  const body = at + SSH_HEADER;
  const bodyLength = length - 2 - padding;
  const bodyEnd = body + bodyLength;
  return fits(code, bytes, body, bodyEnd, Math.min(bodyEnd, end)) ? { code, size, bodyLength } : null;
}

function fits(code: number, bytes: Uint8Array, at: number, end: number, there: number): boolean {
  switch (code) {
    case SSH_MESSAGE.disconnect:
      return end - at >= 12 && u32(bytes, at) <= MOST_REASONS && fill(bytes, at + 4, end, 2);
    case SSH_MESSAGE.offer:
      return offers(bytes, at + COOKIE_LENGTH, there);
    case SSH_MESSAGE.newKeys:
      return at === end;
    case SSH_MESSAGE.key:
    case SSH_MESSAGE.groupKey:
      return fill(bytes, at, end, 1);
    case SSH_MESSAGE.reply:
      return fill(bytes, at, end, 3) || fill(bytes, at, end, 2);
    case SSH_MESSAGE.groupReply:
      return fill(bytes, at, end, 3);
    case SSH_MESSAGE.group:
      return end - at === 12;
    default:
      return false;
  }
}

/** Whether so many strings, each after its length, end where the message does. */
function fill(bytes: Uint8Array, at: number, end: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) return false;
    at += 4 + u32(bytes, at);
  }
  return at === end;
}

/** Whether a list of names begins here: printable, with commas in between. */
function offers(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 8 > end) return false;
  const last = Math.min(at + 4 + u32(bytes, at), end);
  for (let i = at + 4; i < last; i++) {
    const byte = bytes[i] ?? 0;
    if (byte <= 0x20 || byte >= 0x7f) return false;
  }
  return last > at + 4;
}

const u32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
