// RFC 9113, HTTP/2: frames of many streams in one connection. gRPC (etcd's calls, Kubernetes' runtime) travels in it.
//
//    0                       3       4       5               9
//   +-----------------------+-------+-------+---------------+----------
//   | length                | type  | flags |R| stream      | payload …
//   +-----------------------+-------+-------+---------------+----------
//   A client begins with the magic "PRI * HTTP/2.0". A segment holds several frames, and the last may go on in the next one;
//   a segment that begins in the middle of a frame cannot be told from data without the stream.
import { FieldSink, listed } from './field.ts';
import { type FieldReader, streamProblem, walkFields } from './field-reader.ts';
import type { GrpcMessage } from './grpc.ts';
import type { HeaderTable } from './hpack.ts';
import { type Call, FRAME, FRAME_HEADER, readPayload, type SegmentFacts } from './http2-payload.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const MAGIC_TEXT = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** What an endpoint takes unless it says otherwise (SETTINGS_MAX_FRAME_SIZE); Go's and C's gRPC leave it there. */
const LONGEST = 16_384;

const TYPE_NAMES: readonly string[] = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
];

const MAGIC = listed('http2.magic', 'string', 'How a client begins: a request that no HTTP/1 server answers.');
const LENGTH = listed('http2.length', 'uint24', 'Bytes of the frame’s payload.');
const TYPE = listed('http2.type', 'uint8', 'What the frame is.', { names: Object.fromEntries(TYPE_NAMES.entries()) });
const FLAGS = listed('http2.flags', 'uint8', 'What is special about it; each type has its own.', { hex: 2 });
const END_STREAM = listed('http2.flags.end_stream', 'boolean', 'The sender has nothing more to say on this stream.');
const END_HEADERS = listed('http2.flags.eh', 'boolean', 'The headers end here.');
const PADDED = listed('http2.flags.padded', 'boolean', 'There is padding, which hides how long the content is.');
const PRIORITY = listed('http2.flags.priority', 'boolean', 'The frame says how urgent the stream is.');
const ACK_SETTINGS = listed('http2.flags.ack.settings', 'boolean', 'The other side’s settings are in force.');
const ACK_PING = listed('http2.flags.ack.ping', 'boolean', 'The answer to a ping.');
const RESERVED = listed('http2.r', 'uint32', 'Reserved, must be clear.', { hex: 8 });
const STREAM = listed('http2.streamid', 'uint32', 'Which request and answer the frame belongs to; 0: the connection.');

/** The flags of each type that has some, and what is allowed of its stream (zero or not) and its length. */
const RULES: readonly {
  readonly flags: readonly (readonly [field: typeof END_STREAM, bit: number])[];
  readonly stream: 'none' | 'one' | 'any';
  readonly length: (length: number) => boolean;
}[] = [
  {
    flags: [
      [PADDED, 0x08],
      [END_STREAM, 0x01],
    ],
    stream: 'one',
    length: () => true,
  },
  {
    flags: [
      [PRIORITY, 0x20],
      [PADDED, 0x08],
      [END_HEADERS, 0x04],
      [END_STREAM, 0x01],
    ],
    stream: 'one',
    length: (length) => length > 0,
  },
  { flags: [], stream: 'one', length: (length) => length === 5 },
  { flags: [], stream: 'one', length: (length) => length === 4 },
  { flags: [[ACK_SETTINGS, 0x01]], stream: 'none', length: (length) => length % 6 === 0 },
  {
    flags: [
      [PADDED, 0x08],
      [END_HEADERS, 0x04],
    ],
    stream: 'one',
    length: (length) => length >= 4,
  },
  { flags: [[ACK_PING, 0x01]], stream: 'none', length: (length) => length === 8 },
  { flags: [], stream: 'none', length: (length) => length >= 8 },
  { flags: [], stream: 'any', length: (length) => length === 4 },
  // The padding is Wireshark's: RFC 9113 has none here.
  {
    flags: [
      [PADDED, 0x08],
      [END_HEADERS, 0x04],
    ],
    stream: 'one',
    length: () => true,
  },
];

/**
 * True when the magic begins here, or frames that fit each other up to the segment's end. Nine bytes that could be a frame's
 * header prove nothing: one frame at least has to be whole, and more than a header of zeros.
 */
export function startsHttp2(bytes: Uint8Array, at: number, end: number): boolean {
  if (startsMagic(bytes, at, end)) return true;
  let isProved = false;
  while (end - at >= FRAME_HEADER) {
    const length = frameLength(bytes, at);
    if (length === null) return false;
    const isEmptyData = bytes[at + 3] === 0 && length === 0;
    at += FRAME_HEADER + length;
    isProved ||= at <= end && !isEmptyData;
  }
  return isProved;
}

function startsMagic(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < MAGIC_TEXT.length || bytes[at] !== 0x50) return false;
  for (let i = 0; i < MAGIC_TEXT.length; i++) if (bytes[at + i] !== MAGIC_TEXT.charCodeAt(i)) return false;
  return true;
}

/** The length of the payload, or null where no frame can begin. */
export function frameLength(bytes: Uint8Array, at: number): number | null {
  const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  const rule = RULES[bytes[at + 3] ?? 0];
  if (rule === undefined || length > LONGEST || !rule.length(length)) return null;
  let known = 0;
  for (const [, bit] of rule.flags) known |= bit;
  if (((bytes[at + 4] ?? 0) & ~known) !== 0) return null;
  // The stream's number has 31 bits; no connection here lives for 16 million requests.
  if (bytes[at + 5] !== 0) return null;
  const stream = ((bytes[at + 6] ?? 0) << 16) | ((bytes[at + 7] ?? 0) << 8) | (bytes[at + 8] ?? 0);
  return rule.stream === 'any' || (rule.stream === 'none') === (stream === 0) ? length : null;
}

export class Http2Layer extends LayerBase {
  readonly protocol = 'http2';
  /** What the packets before this one tell of its connection; undefined where nobody has looked at them. */
  declare known: Http2Known | undefined;
  #facts: SegmentFacts | null = null;

  /** All frames of the segment. */
  get headerLength(): number {
    return this.end - this.offset;
  }

  /** gRPC's messages in this segment, as far as they are whole. */
  get messages(): readonly GrpcMessage[] {
    return this.facts.messages;
  }

  /** What is known behind this segment. */
  get after(): Pick<SegmentFacts, 'table' | 'calls'> {
    return this.facts;
  }

  /** The call that each of its streams is of, as far as that is known. */
  get calls(): ReadonlyMap<number, Call> {
    return this.facts.calls;
  }

  /** Whether some header is only a number here: an earlier packet of the connection says what it stands for. */
  get needsStream(): boolean {
    return this.facts.needsStream;
  }

  override get column(): string | null {
    return this.messages.length > 0 ? 'GRPC' : null;
  }

  override problem(): Problem | null {
    return streamProblem(this, (reader) => readFrames(reader, noFacts(this.known)));
  }

  override info(): string {
    return this.facts.names.join(', ');
  }

  protected override collect(sink: FieldSink): void {
    walkFields(this, (reader) => readFrames(reader, noFacts(this.known)), sink);
  }

  private get facts(): SegmentFacts {
    if (this.#facts === null) {
      const facts = noFacts(this.known);
      walkFields(this, (reader) => readFrames(reader, facts), new FieldSink(''));
      this.#facts = facts;
    }
    return this.#facts;
  }
}

/** What a side of the connection has said before a segment: the table of its headers, and which call each stream is of. */
export interface Http2Known {
  readonly table: HeaderTable;
  readonly calls: ReadonlyMap<number, Call>;
}

const noFacts = (known: Http2Known | undefined): SegmentFacts => ({
  names: [],
  messages: [],
  table: [...(known?.table ?? [])],
  types: new Map(),
  calls: new Map(known?.calls),
  carry: null,
  needsStream: false,
});

function readFrames(reader: FieldReader, facts: SegmentFacts): void {
  const { layer } = reader;
  if (startsMagic(layer.bytes, layer.offset, layer.end)) {
    facts.names.push('Magic');
    reader.text(MAGIC, MAGIC_TEXT.length);
  }
  while (reader.left > 0) {
    if (reader.left >= FRAME_HEADER && frameLength(layer.bytes, layer.offset + reader.at) === null)
      reader.fail('HTTP/2 frame with a type, flags or a length that it cannot have');
    const length = reader.number(LENGTH);
    const type = reader.number(TYPE);
    const flags = reader.number(FLAGS);
    for (const [field, bit] of RULES[type]?.flags ?? []) reader.flag(field, 1, bit);
    reader.skip(4, STREAM.name);
    reader.bits(RESERVED, 4, 0x80000000);
    const stream = reader.bits(STREAM, 4, 0x7fffffff);
    facts.names.push(`${TYPE_NAMES[type]}[${stream}]`);
    const here = Math.min(length, reader.left);
    readPayload({ type, flags, stream, isWhole: here === length }, reader.part(here, 'HTTP/2 frame'), facts);
    if (here < length) reader.skip(length - here, FRAME[type] ?? 'HTTP/2 frame');
  }
}
