// What HTTP/2's frames hold, RFC 9113 section 6. Headers are read with the packet's own part of the connection's table.
import { type FieldType, type ListedField, listed } from './field.ts';
import type { FieldReader } from './field-reader.ts';
import { type GrpcMessage, grpcMessages } from './grpc.ts';
import { type Header, type HeaderTable, readHeaders } from './hpack.ts';

export const FRAME_HEADER = 9;
export const FRAME: Readonly<Record<number, string>> = { 0: 'DATA', 1: 'HEADERS', 9: 'CONTINUATION' };

const END_HEADERS = 0x04;
const PADDED = 0x08;
const PRIORITY = 0x20;
const ACK = 0x01;

/** "/etcdserverpb.KV/Range", and whether this side asks. */
export interface Call {
  readonly path: string;
  readonly isRequest: boolean;
}

export interface FrameFacts {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  /** False when the rest of it is in the next segment. */
  readonly isWhole: boolean;
}

/** What the frames of one segment have told so far. */
export interface SegmentFacts {
  /** For the Info column. */
  readonly names: string[];
  readonly messages: GrpcMessage[];
  readonly table: HeaderTable;
  /** The content type of each stream whose headers were here. */
  readonly types: Map<number, string>;
  /** The call of each stream whose headers were here, or in an earlier packet: gRPC's messages are its. */
  readonly calls: Map<number, Call>;
  /** Of headers that go on in a CONTINUATION: the bytes of the one that is cut off between the two. */
  carry: Uint8Array | null;
  needsStream: boolean;
}

const PAD_LENGTH = listed('http2.pad_length', 'uint16', 'Bytes of padding.');
const DATA = listed('http2.data.data', 'bytes', 'What the stream carries.');
const DATA_PADDING = listed('http2.data.padding', 'bytes', 'Nothing: it hides the length.');
const BLOCK = listed('http2.headers', 'bytes', 'The headers, as HPACK writes them.');
const CONTINUED = listed('http2.continuation.header', 'string', 'Headers that have begun in the frame before.');
const BLOCK_PADDING = listed('http2.headers.padding', 'bytes', 'Nothing: it hides the length.');
const EXCLUSIVE = listed('http2.exclusive', 'boolean', 'No other stream depends on that one (obsolete).');
const DEPENDENCY = listed('http2.stream_dependency', 'uint32', 'The stream that goes before this one (obsolete).');
const WEIGHT = listed('http2.headers.weight', 'uint8', 'The stream’s share, less one (obsolete).');
const ERROR_NAMES: Readonly<Record<number, string>> = {
  0: 'NO_ERROR',
  1: 'PROTOCOL_ERROR',
  2: 'INTERNAL_ERROR',
  3: 'FLOW_CONTROL_ERROR',
  4: 'SETTINGS_TIMEOUT',
  5: 'STREAM_CLOSED',
  6: 'FRAME_SIZE_ERROR',
  7: 'REFUSED_STREAM',
  8: 'CANCEL',
  9: 'COMPRESSION_ERROR',
  10: 'CONNECT_ERROR',
  11: 'ENHANCE_YOUR_CALM',
  12: 'INADEQUATE_SECURITY',
  13: 'HTTP_1_1_REQUIRED',
};
const STREAM_ERROR = listed('http2.rst_stream.error', 'uint32', 'Why the stream ends.', { names: ERROR_NAMES });
const SETTING = listed('http2.settings.id', 'uint16', 'Which setting.');
const setting = (name: string, about: string): ListedField => listed(`http2.settings.${name}`, 'uint32', about);
const SETTINGS: Readonly<Record<number, ListedField>> = {
  1: setting('header_table_size', 'Bytes of the table of headers that the sender keeps.'),
  2: setting('enable_push', 'Whether the server may answer what nobody asked.'),
  3: setting('max_concurrent_streams', 'How many requests may be open at once.'),
  4: setting('initial_window_size', 'Bytes that a stream may send before it has to wait.'),
  5: setting('max_frame_size', 'The longest payload that the sender takes.'),
  6: setting('max_header_list_size', 'The most headers that the sender takes, in bytes.'),
  8: setting('extended_connect', 'Whether other protocols may be tunnelled.'),
};
const UNKNOWN_SETTING = setting('unknown', 'The value of a setting that is not decoded.');
const PING = listed('http2.ping', 'bytes', 'Any eight bytes: they come back.');
const PONG = listed('http2.pong', 'bytes', 'The eight bytes of the ping.');
const GOAWAY_RESERVED = listed('http2.goway.r', 'uint32', 'Reserved, must be clear.', { hex: 8 });
const LAST_STREAM = listed('http2.goaway.last_stream_id', 'uint32', 'The last request that will be answered.');
const GOAWAY_ERROR = listed('http2.goaway.error', 'uint32', 'Why the connection ends.', { names: ERROR_NAMES });
const GOAWAY_DATA = listed('http2.goaway.addata', 'bytes', 'More about why.');
const WINDOW_RESERVED = listed('http2.window_update.r', 'uint32', 'Reserved, must be clear.', { hex: 8 });
const WINDOW = listed('http2.window_update.window_size_increment', 'uint32', 'Bytes more that may be sent.');
const PROMISE_RESERVED = listed('http2.push_promise.r', 'uint32', 'Reserved, must be clear.', { hex: 8 });
const PROMISED = listed('http2.push_promise.promised_stream_id', 'uint32', 'The stream that the answer will come on.');

const HEADERS_LENGTH = listed('http2.header.length', 'uint32', 'Bytes of the headers in full, with 8 for each.');
const HEADERS_COUNT = listed('http2.header.count', 'uint32', 'How many headers.');
const NAME_LENGTH = listed('http2.header.name.length', 'uint32', 'Characters of the name.');
const NAME = listed(
  'http2.header.name',
  'string',
  'A header’s name; those that begin with a colon were HTTP/1’s first line.',
);
const VALUE_LENGTH = listed('http2.header.value.length', 'uint32', 'Characters of the value.');
const VALUE = listed('http2.header.value', 'string', 'What it says.');
const FORM = listed('http2.header.repr', 'string', 'How it is written: in full, or as a number in a table.');
const INDEX = listed('http2.header.index', 'uint32', 'Its number in the table: from 62 on, the connection’s own part.');

const header = (name: string, about: string, type: FieldType = 'string'): ListedField =>
  listed(`http2.headers.${name}`, type, about);
/** Headers that have a field of their own. */
const HEADERS: Readonly<Record<string, ListedField>> = {
  ':authority': header('authority', 'The server that is asked.'),
  ':method': header('method', 'What to do with the resource.'),
  ':path': header('path', 'Which resource; of gRPC: the service and the call.'),
  ':scheme': header('scheme', 'Whether the connection is encrypted.'),
  ':status': header('status', 'How it went.', 'uint16'),
  accept: header('accept', 'The kinds of content that the client takes.'),
  authorization: header('authorization', 'Who asks, and proof of it.'),
  'content-length': header('content_length', 'Bytes of the body.', 'uint64'),
  'content-type': header('content_type', 'What the body is.'),
  date: header('date', 'When the server answered.'),
  location: header('location', 'Where to go instead.'),
  server: header('server', 'The server’s program.'),
  'user-agent': header('user_agent', 'The client’s program.'),
};

const STATUS_NAMES: Readonly<Record<string, string>> = {
  '200': 'OK',
  '201': 'Created',
  '204': 'No Content',
  '301': 'Moved Permanently',
  '302': 'Found',
  '304': 'Not Modified',
  '400': 'Bad Request',
  '401': 'Unauthorized',
  '403': 'Forbidden',
  '404': 'Not Found',
  '405': 'Method Not Allowed',
  '409': 'Conflict',
  '415': 'Unsupported Media Type',
  '429': 'Too Many Requests',
  '500': 'Internal Server Error',
  '502': 'Bad Gateway',
  '503': 'Service Unavailable',
  '504': 'Gateway Time-out',
};

/** Reads a frame's payload, as far as it is in the segment. */
export function readPayload(frame: FrameFacts, payload: FieldReader, facts: SegmentFacts): void {
  if (frame.type === 0) readData(frame, payload, facts);
  else if (frame.type === 1) readHeadersFrame(frame, payload, facts);
  else if (frame.type === 9) readContinuation(frame, payload, facts);
  else if (frame.isWhole) readControl(frame, payload, facts);
}

function readControl({ type, flags, stream }: FrameFacts, payload: FieldReader, facts: SegmentFacts): void {
  switch (type) {
    case 2:
      readPriority(payload);
      break;
    case 3:
      payload.number(STREAM_ERROR);
      break;
    case 4:
      while (payload.left >= 6) payload.number(SETTINGS[payload.number(SETTING)] ?? UNKNOWN_SETTING);
      break;
    case 5: {
      const end = readPadding(flags, payload);
      payload.skip(4, PROMISED.name);
      payload.bits(PROMISE_RESERVED, 4, 0x80000000);
      payload.bits(PROMISED, 4, 0x7fffffff);
      const { at } = payload;
      if (at >= end) break;
      payload.bytes(BLOCK, end - at);
      readBlock(payload, at, end, { stream, isLast: (flags & END_HEADERS) !== 0 }, facts);
      break;
    }
    case 6:
      payload.bytes((flags & ACK) === 0 ? PING : PONG, 8);
      break;
    case 7:
      payload.skip(4, LAST_STREAM.name);
      payload.bits(GOAWAY_RESERVED, 4, 0x80000000);
      payload.bits(LAST_STREAM, 4, 0x7fffffff);
      payload.number(GOAWAY_ERROR);
      if (payload.left > 0) payload.bytes(GOAWAY_DATA, payload.left);
      break;
    case 8:
      payload.skip(4, WINDOW.name);
      payload.bits(WINDOW_RESERVED, 4, 0x80000000);
      payload.bits(WINDOW, 4, 0x7fffffff);
      break;
  }
}

function readData(frame: FrameFacts, payload: FieldReader, facts: SegmentFacts): void {
  const end = readPadding(frame.flags, payload);
  const { at, layer } = payload;
  if (end > at) payload.bytes(DATA, end - at);
  if (payload.left > 0) payload.bytes(DATA_PADDING, payload.left);
  const type = facts.types.get(frame.stream);
  if (!frame.isWhole || (type !== undefined && !type.startsWith('application/grpc'))) return;
  const messages = grpcMessages(layer.bytes, layer.offset + at, layer.offset + end);
  if (messages.length === 0) return;
  const call = facts.calls.get(frame.stream);
  facts.messages.push(...messages.map((message) => ({ ...message, call })));
  facts.names.push(`${facts.names.pop()} (GRPC)`);
}

function readHeadersFrame(frame: FrameFacts, payload: FieldReader, facts: SegmentFacts): void {
  const end = readPadding(frame.flags, payload);
  if ((frame.flags & PRIORITY) !== 0) readPriority(payload);
  if (payload.at > end) payload.fail('padding longer than the HTTP/2 frame');
  const { at } = payload;
  if (at < end) {
    payload.bytes(BLOCK, end - at);
    readBlock(payload, at, end, { stream: frame.stream, isLast: (frame.flags & END_HEADERS) !== 0 }, facts);
  }
  if (payload.left > 0) payload.bytes(BLOCK_PADDING, payload.left);
}

/** Where the content ends. Wireshark shows a padding of 0 where there is none. */
function readPadding(flags: number, payload: FieldReader): number {
  if ((flags & PADDED) === 0) {
    payload.put(PAD_LENGTH, payload.at, 0, 0);
    return payload.end;
  }
  const padding = payload.number(PAD_LENGTH, 1);
  if (padding > payload.left) payload.fail('padding longer than the HTTP/2 frame', 1);
  return payload.end - padding;
}

function readPriority(payload: FieldReader): void {
  payload.skip(4, DEPENDENCY.name);
  payload.flag(EXCLUSIVE, 4, 0x80000000);
  payload.bits(DEPENDENCY, 4, 0x7fffffff);
  payload.number(WEIGHT);
}

/** RFC 9113 section 6.10: more of the headers before it; a header may be cut anywhere between the two. */
function readContinuation({ flags, stream }: FrameFacts, payload: FieldReader, facts: SegmentFacts): void {
  payload.put(PAD_LENGTH, payload.at, 0, 0);
  const { at, end } = payload;
  if (at >= end) return;
  payload.text(CONTINUED, end - at);
  if (facts.carry === null) facts.needsStream = true;
  else readBlock(payload, at, end, { stream, isLast: (flags & END_HEADERS) !== 0 }, facts);
}

interface Block {
  readonly stream: number;
  /** No CONTINUATION follows. */
  readonly isLast: boolean;
}

/** Headers between two places, which were passed over already; those that are whole. */
function readBlock(
  payload: FieldReader,
  at: number,
  end: number,
  { stream, isLast }: Block,
  facts: SegmentFacts,
): void {
  const { layer } = payload;
  const { carry } = facts;
  const own = layer.bytes.subarray(layer.offset + at, layer.offset + end);
  const bytes = carry === null ? own : joined(carry, own);
  // Where the block would begin, were it in one piece.
  const shift = layer.offset + at - (carry?.length ?? 0);
  const { headers: read, broken, rest } = readHeaders(bytes, 0, bytes.length, facts.table);
  const headers = read.map((one) => ({ ...one, ...within(one, shift, layer.offset + at) }));
  facts.carry = isLast || bytes.length - rest > LONGEST_CARRY ? null : bytes.slice(rest);
  const isKnown = headers.every(({ name, value }) => name !== null && value !== null);
  if (isKnown && headers.length > 0) {
    payload.put(
      HEADERS_LENGTH,
      at,
      0,
      headers.reduce((sum, { name, value }) => sum + (name ?? '').length + (value ?? '').length + 8, 0),
    );
    payload.put(HEADERS_COUNT, at, 0, headers.length);
  }
  if (!isKnown) facts.needsStream = true;
  for (const one of headers) putHeader(one, payload);
  const about = firstLine(headers);
  if (about !== '' && carry === null) facts.names.push(`${facts.names.pop()}: ${about}`);
  const type = headers.find(({ name }) => name === 'content-type')?.value;
  if (typeof type === 'string') facts.types.set(stream, type);
  const path = headers.find(({ name }) => name === ':path')?.value;
  if (typeof path === 'string') facts.calls.set(stream, { path, isRequest: true });
  if (broken !== null)
    payload.fail(broken.reason, layer.offset + payload.at - Math.max(broken.at + shift, layer.offset + at));
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** A header's place in the packet: of one that has begun in the frame before, the part that is in this one. */
function within({ at, length }: Header, shift: number, from: number): Pick<Header, 'at' | 'length'> {
  const start = Math.max(at + shift, from);
  return { at: start, length: at + shift + length - start };
}

/** A header that is cut off is no longer than that. */
const LONGEST_CARRY = 1 << 16;

function putHeader({ at, length, name, value, index, form }: Header, payload: FieldReader): void {
  const where = at - payload.layer.offset;
  if (name !== null) {
    payload.put(NAME_LENGTH, where, 0, name.length);
    payload.put(NAME, where, length, name);
  }
  if (value !== null) {
    payload.put(VALUE_LENGTH, where, 0, value.length);
    payload.put(VALUE, where, length, value);
    const field = name === null ? undefined : HEADERS[name];
    const isNumber = field !== undefined && field.type !== 'string';
    if (field !== undefined && (!isNumber || /^\d{1,15}$/.test(value)))
      payload.put(field, where, length, isNumber ? Number(value) : value);
  }
  payload.put(FORM, where, length, form);
  if (index !== null) payload.put(INDEX, where, length, index, value === null ? ELSEWHERE : '');
}

const ELSEWHERE = 'headers that an earlier packet said';

/** "POST /etcdserverpb.KV/Range" or "200 OK"; "" for trailers. */
function firstLine(headers: readonly Header[]): string {
  const value = (wanted: string): string | null => headers.find(({ name }) => name === wanted)?.value ?? null;
  const status = value(':status');
  if (status !== null) return `${status} ${STATUS_NAMES[status] ?? 'Unknown'}`;
  const [method, path] = [value(':method'), value(':path')];
  if (path !== null) return method === null ? path : `${method} ${path}`;
  if (headers.every(({ name }) => name !== null)) return '';
  return `${method === null ? '' : `${method} `}(${ELSEWHERE})`;
}
