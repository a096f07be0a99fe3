// Where a message ends in a stream of bytes, by the rules of its protocol: how many bytes it needs, as far as they are known yet.
import { startsBgp } from '../bgp.ts';
import { startsHttp } from '../http.ts';
import { frameLength } from '../http2.ts';
import { startsTls } from '../tls.ts';

/** What a stream carries, of what has an end. */
export type MessageKind = 'dns' | 'bgp' | 'tls' | 'http' | 'http2';

const KINDS: ReadonlySet<string> = new Set<MessageKind>(['dns', 'bgp', 'tls', 'http', 'http2']);

export const isMessageKind = (kind: string): kind is MessageKind => KINDS.has(kind);

/** More is needed, and nobody knows how much. */
export const MORE = -1;
/** The bytes are none of this protocol's: nothing can be waited for. */
export const NEVER = -2;

const DNS_HEADER = 12;
const BGP_HEADER = 19;
const LONGEST_BGP = 4096;
const TLS_HEADER = 5;
const HTTP2_HEADER = 9;
const HEADERS = 1;
const CONTINUATION = 9;
const END_HEADERS = 0x04;
const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const LONGEST_HEAD = 1 << 16;

/** How far a message that goes on has been looked through, so that what was is not looked through again with each segment. */
export interface Progress {
  /** Of HTTP's chunks: where the next one begins; 0: at the first. */
  chunk: number;
}

/**
 * One past the last byte of the message that begins at `at`; it may lie beyond `end`, which is one past the last byte that is there.
 * MORE and NEVER as above.
 *
 * @param isHead of HTTP: the answer has the head that it would have with a body, and no body
 * @param progress of this message, with fewer bytes
 */
export function messageEnd(
  kind: MessageKind,
  bytes: Uint8Array,
  at: number,
  end: number,
  isHead: boolean,
  progress: Progress = { chunk: 0 },
): number {
  const left = end - at;
  switch (kind) {
    case 'dns': {
      const length = u16(bytes, at);
      return left < 2 ? at + 2 : length < DNS_HEADER ? NEVER : at + 2 + length;
    }
    case 'bgp': {
      if (left < BGP_HEADER) return at + BGP_HEADER;
      const length = u16(bytes, at + 16);
      return startsBgp(bytes, at, end) && length >= BGP_HEADER && length <= LONGEST_BGP ? at + length : NEVER;
    }
    case 'tls':
      if (left < TLS_HEADER) return at + TLS_HEADER;
      return startsTls(bytes, at, end) ? at + TLS_HEADER + u16(bytes, at + 3) : NEVER;
    case 'http2':
      if (bytes[at] === 0x50 && begins(bytes, at, end, HTTP2_PREFACE)) return at + HTTP2_PREFACE.length;
      if (left < HTTP2_HEADER) return at + HTTP2_HEADER;
      return http2End(bytes, at, end);
    case 'http':
      return progress.chunk > 0 ? chunksEnd(bytes, progress, end) : httpEnd(bytes, at, end, isHead, progress);
  }
}

/** A frame; of headers also the CONTINUATIONs that belong to them. */
function http2End(bytes: Uint8Array, at: number, end: number): number {
  for (let frame = at; ; ) {
    const length = frameLength(bytes, frame);
    if (length === null) return frame === at ? NEVER : frame;
    const type = bytes[frame + 3];
    const isLast = (type !== HEADERS && type !== CONTINUATION) || ((bytes[frame + 4] ?? 0) & END_HEADERS) !== 0;
    frame += HTTP2_HEADER + length;
    if (isLast || frame > end) return frame;
    if (end - frame < HTTP2_HEADER) return frame + HTTP2_HEADER;
    if (bytes[frame + 3] !== CONTINUATION) return frame;
  }
}

/** RFC 9112 section 6.3, but for bodies that end with the connection: what is there of one is taken for all of it. */
function httpEnd(bytes: Uint8Array, at: number, end: number, isHead: boolean, progress: Progress): number {
  if (!startsHttp(bytes, at, end)) return NEVER;
  const body = headEnd(bytes, at, end);
  if (body < 0) return end - at > LONGEST_HEAD ? NEVER : MORE;
  const head = latin1(bytes, at, body);
  const status = /^HTTP\/1\.\d (\d{3})/.exec(head)?.[1];
  if (status !== undefined && (isHead || /^(1..|204|304)$/.test(status))) return body;
  if (/\r?\ntransfer-encoding:[^\n]*chunked/i.test(head)) {
    progress.chunk = body;
    return chunksEnd(bytes, progress, end);
  }
  const length = /\r?\ncontent-length: *(\d{1,15})\s/i.exec(head)?.[1];
  if (length !== undefined) return body + Number(length);
  return status === undefined ? body : end;
}

/** One past the empty line; −1: it is not there. */
function headEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let line = at; line < end; ) {
    const feed = bytes.indexOf(0x0a, line);
    if (feed < 0 || feed >= end) return -1;
    if (feed === line || (feed === line + 1 && bytes[line] === 0x0d)) return feed + 1;
    line = feed + 1;
  }
  return -1;
}

/** RFC 9112 section 7.1: a length in hexadecimal, so many bytes, and again; a length of 0, and lines up to an empty one. */
function chunksEnd(bytes: Uint8Array, progress: Progress, end: number): number {
  for (let at = progress.chunk; ; progress.chunk = at) {
    const feed = bytes.indexOf(0x0a, at);
    if (feed < 0 || feed >= end) return end - at > LONGEST_HEAD ? NEVER : MORE;
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?\r?$/i.exec(latin1(bytes, at, Math.min(feed, at + 256)))?.[1];
    if (size === undefined) return NEVER;
    const length = Number.parseInt(size, 16);
    if (length === 0) {
      const last = headEnd(bytes, feed + 1, end);
      return last < 0 ? MORE : last;
    }
    at = feed + 1 + length;
    // The line end behind the chunk.
    if (at + 2 > end) return MORE;
    at += bytes[at] === 0x0d ? 2 : 1;
  }
}

function begins(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}
