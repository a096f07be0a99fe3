// The line of a plain TCP segment, written as bytes: no layer, no string. In most captures nearly every packet is one, and for
// a hundred thousand lines the strings cost more than all the decoding. What TcpLayer.info() says, byte for byte.
import { tcpPayload } from './dissect.ts';
import { isMessagePort } from './stopped.ts';
import type { SegmentPlace } from './stream/segment-place.ts';
import { scaledWindow, type TcpFacts, verdictWords } from './stream/tcp-facts.ts';
import { flagNames } from './tcp.ts';
import { OPTION } from './tcp-options.ts';

/** Where text goes that is wanted as bytes. */
export interface TextSink {
  bytes(bytes: Uint8Array): void;
  /** An integer from 0 on. */
  decimal(value: number): void;
}

export interface TcpSegment {
  readonly bytes: Uint8Array;
  /** Where the headers begin, in bytes from the packet's beginning. */
  readonly ip: number;
  readonly tcp: number;
  readonly headerLength: number;
}

const IPV4_HEADER = 20;
/** Where they are in it. */
const ADDRESSES = 12;
const FIXED_HEADER = 20;
const SYN = 0x02;
const ACK = 0x10;
const URG = 0x20;

const encoder = new TextEncoder();
const BLANK = encoder.encode(' ');
const ARROW = encoder.encode(' → ');
const OPEN = encoder.encode(' [');
const SEQUENCE = encoder.encode('] Seq=');
const ACKNOWLEDGMENT = encoder.encode(' Ack=');
const WINDOW = encoder.encode(' Win=');
const URGENT = encoder.encode(' Urg=');
const LENGTH = encoder.encode(' Len=');
const TIME = encoder.encode(' TSval=');
const ECHO = encoder.encode(' TSecr=');
const SEGMENT_SIZE = encoder.encode(' MSS=');
const SCALE = encoder.encode(' WS=');
const SACK_PERMITTED = encoder.encode(' SACK_PERM');
const LEFT_EDGE = encoder.encode(' SLE=');
const RIGHT_EDGE = encoder.encode(' SRE=');
const POINT = encoder.encode('.');

/**
 * The segment that a packet's line is about, if it is a plain one: in IPv4 without options, with
 * nothing in it that has a line of its own. null: summarize() has to say.
 */
export function plainSegment(
  { bytes, addresses, addressLength, tcp, end, length }: SegmentPlace,
  facts: TcpFacts,
): TcpSegment | null {
  if (facts.messages !== null) return null;
  const ip = addresses - ADDRESSES;
  if (addressLength !== 4 || tcp !== ip + IPV4_HEADER) return null;
  const headerLength = ((bytes[tcp + 12] ?? 0) >>> 4) * 4;
  const data = tcp + headerLength;
  if (headerLength < FIXED_HEADER || data > end) return null;
  const [source, destination] = [u16(bytes, tcp), u16(bytes, tcp + 2)];
  if (data < end && tcpPayload(source, destination, bytes, data, end) !== 'data') return null;
  if (tcp + length > end && isMessagePort(source, destination)) return null;
  // Another length than the header's: that one is not true.
  if (tcp + length !== ip + u16(bytes, ip + 2)) return null;
  return { bytes, ip, tcp, headerLength };
}

/** "172.17.0.2 → 172.17.0.3  ", each at least `width` characters. */
export function writeAddresses({ bytes, ip }: TcpSegment, width: number, sink: TextSink): void {
  const source = ip + 12;
  const destination = ip + 16;
  for (let i = lengthOf(bytes, source); i < width; i++) sink.bytes(BLANK);
  writeIpv4(bytes, source, sink);
  sink.bytes(ARROW);
  writeIpv4(bytes, destination, sink);
  for (let i = lengthOf(bytes, destination); i < width; i++) sink.bytes(BLANK);
}

/** "47938 → 81 [ACK] Seq=1 …": TcpLayer.info(), with what the packets before it tell of it. */
export function writeSegment({ bytes, ip, tcp, headerLength }: TcpSegment, facts: TcpFacts, sink: TextSink): void {
  const flags = u16(bytes, tcp + 12) & 0x0fff;
  if (facts.verdicts !== 0) sink.bytes(verdictBytes(facts));
  sink.decimal(u16(bytes, tcp));
  sink.bytes(ARROW);
  sink.decimal(u16(bytes, tcp + 2));
  sink.bytes(OPEN);
  sink.bytes(flagBytes(flags));
  sink.bytes(SEQUENCE);
  sink.decimal((u32(bytes, tcp + 4) - facts.senderBase) >>> 0);
  if ((flags & ACK) !== 0) {
    sink.bytes(ACKNOWLEDGMENT);
    sink.decimal((u32(bytes, tcp + 8) - facts.receiverBase) >>> 0);
  }
  sink.bytes(WINDOW);
  const window = u16(bytes, tcp + 14);
  sink.decimal(scaledWindow(window, (flags & SYN) !== 0, facts.scale));
  if ((flags & URG) !== 0) {
    sink.bytes(URGENT);
    sink.decimal(u16(bytes, tcp + 18));
  }
  sink.bytes(LENGTH);
  sink.decimal(u16(bytes, ip + 2) - IPV4_HEADER - headerLength);
  writeOptions(bytes, tcp + FIXED_HEADER, tcp + headerLength, facts.receiverBase, sink);
}

/** What tcpOptionsInfo() says (tcp-options.ts). */
function writeOptions(bytes: Uint8Array, from: number, end: number, base: number, sink: TextSink): void {
  for (let at = from; at < end; ) {
    const kind = bytes[at] ?? 0;
    if (kind === OPTION.noOperation) {
      at++;
      continue;
    }
    const length = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
    if (kind === OPTION.end || length < 2 || at + length > end) return;
    if (kind === OPTION.maximumSegmentSize && length === 4) {
      sink.bytes(SEGMENT_SIZE);
      sink.decimal(u16(bytes, at + 2));
    } else if (kind === OPTION.windowScale && length === 3) {
      sink.bytes(SCALE);
      sink.decimal(2 ** Math.min(bytes[at + 2] ?? 0, 14));
    } else if (kind === OPTION.sackPermitted) {
      sink.bytes(SACK_PERMITTED);
    } else if (kind === OPTION.timestamps && length === 10) {
      sink.bytes(TIME);
      sink.decimal(u32(bytes, at + 2));
      sink.bytes(ECHO);
      sink.decimal(u32(bytes, at + 6));
    } else if (kind === OPTION.sack) {
      for (let block = at + 2; block + 8 <= at + length; block += 8) {
        sink.bytes(LEFT_EDGE);
        sink.decimal((u32(bytes, block) - base) >>> 0);
        sink.bytes(RIGHT_EDGE);
        sink.decimal((u32(bytes, block + 4) - base) >>> 0);
      }
    }
    at += length;
  }
}

const verdictsSeen = new Map<number, Uint8Array>();

/** Few segments have one, and those mostly the same; a duplicate ACK has numbers of its own. */
function verdictBytes(facts: TcpFacts): Uint8Array {
  if (facts.rare !== null) return encoder.encode(verdictWords(facts));
  let bytes = verdictsSeen.get(facts.verdicts);
  if (bytes === undefined) {
    bytes = encoder.encode(verdictWords(facts));
    verdictsSeen.set(facts.verdicts, bytes);
  }
  return bytes;
}

const flagsSeen = new Map<number, Uint8Array>();

function flagBytes(flags: number): Uint8Array {
  let bytes = flagsSeen.get(flags);
  if (bytes === undefined) {
    bytes = encoder.encode(flagNames(flags));
    flagsSeen.set(flags, bytes);
  }
  return bytes;
}

function writeIpv4(bytes: Uint8Array, at: number, sink: TextSink): void {
  for (let i = 0; i < 4; i++) {
    if (i > 0) sink.bytes(POINT);
    sink.decimal(bytes[at + i] ?? 0);
  }
}

/** Characters of an IPv4 address. */
function lengthOf(bytes: Uint8Array, at: number): number {
  let length = 3;
  for (let i = 0; i < 4; i++) length += digits(bytes[at + i] ?? 0);
  return length;
}

const digits = (byte: number): number => (byte < 10 ? 1 : byte < 100 ? 2 : 3);

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
