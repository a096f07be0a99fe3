// RFC 9112, HTTP/1.1: a line, header lines, an empty line, and a body whose length the headers say. SSDP (UPnP Device
// Architecture, section 1) sends the same in datagrams, with methods of its own.
//
//   GET /path HTTP/1.1 CRLF            HTTP/1.1 200 OK CRLF
//   Host: 10.0.0.121 CRLF              Content-Length: 12 CRLF
//   CRLF                               CRLF Hello world…
import type { Field, FieldSink } from './field.ts';
import { formatText } from './format.ts';
import { isJson } from './json.ts';
import { LayerBase } from './layer-base.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);
const LONGEST_METHOD = 7;

export const SSDP_PORT = 1900;
const LETTER_N = 0x4e;
const SSDP_METHODS = ['M-SEARCH ', 'NOTIFY '] as const;

/** Header fields that Wireshark gives a name of their own. */
const HEADER_FIELDS: Readonly<Record<string, readonly [name: string, about: string]>> = {
  accept: ['http.accept', 'The kinds of content that the client takes.'],
  'accept-encoding': ['http.accept_encoding', 'The compressions that the client takes.'],
  'accept-language': ['http.accept_language', 'The languages that the reader prefers.'],
  authorization: ['http.authorization', 'Who asks, and proof of it.'],
  'cache-control': ['http.cache_control', 'Who may keep the answer, and for how long.'],
  connection: ['http.connection', 'Whether the connection stays open.'],
  'content-encoding': ['http.content_encoding', 'How the body is compressed.'],
  'content-length': ['http.content_length_header', 'Bytes of the body.'],
  'content-type': ['http.content_type', 'What the body is.'],
  cookie: ['http.cookie', 'What the server asked the client to remember.'],
  date: ['http.date', 'When the server answered.'],
  host: ['http.host', 'The name that the client asked for: several sites may share an address.'],
  'last-modified': ['http.last_modified', 'When the content last changed.'],
  location: ['http.location', 'Where to go instead.'],
  referer: ['http.referer', 'The page that the link was on.'],
  server: ['http.server', 'The server’s program.'],
  'set-cookie': ['http.set_cookie', 'Something that the client is to remember.'],
  'transfer-encoding': ['http.transfer_encoding', 'How the body’s end is marked.'],
  upgrade: ['http.upgrade', 'The protocol to change to.'],
  'user-agent': ['http.user_agent', 'The client’s program.'],
  'www-authenticate': ['http.www_authenticate', 'How to prove who asks.'],
  'x-forwarded-for': ['http.x_forwarded_for', 'The client’s address as a proxy in between saw it.'],
};

const KINDS = {
  'http.request': 'A question.',
  'http.response': 'An answer.',
  'http.notification': 'News that nobody asked for.',
} as const;

interface Span {
  /** Bytes from the beginning of the packet. */
  readonly at: number;
  readonly length: number;
}

/** Both headers that say something of the body begin with it. */
const LETTER_C = 0x63;
const LOWER_CASE = 0x20;

/** True when a request or status line begins here. */
export function startsHttp(bytes: Uint8Array, at: number, end: number): boolean {
  if (beginsWithHttp(bytes, at)) return end - at >= 12;
  let method = '';
  for (let i = at; i < end && i - at <= LONGEST_METHOD; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === SPACE) return METHODS.has(method) && endsWithVersion(bytes, i, end);
    if (byte < 0x41 || byte > 0x5a) return false;
    method += String.fromCharCode(byte);
  }
  return false;
}

/** The same for a datagram on SSDP's port. */
export function startsSsdp(bytes: Uint8Array, at: number, end: number): boolean {
  if (beginsWithHttp(bytes, at)) return end - at >= 12;
  const begin = formatText(bytes, at, Math.min(end - at, 9));
  return SSDP_METHODS.some((method) => begin.startsWith(method)) && endsWithVersion(bytes, at, end);
}

/** "HTTP/": cheaper to compare than to decode, and most segments fail at the first byte. */
function beginsWithHttp(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f
  );
}

/** "… HTTP/1." before the end of the line: what tells a request from a program that happens to say GET. */
function endsWithVersion(bytes: Uint8Array, from: number, end: number): boolean {
  const line = lineAt(bytes, from, end);
  const version = formatText(bytes, line.at + Math.max(line.length - 9, 0), Math.min(line.length, 9));
  return version.startsWith(' HTTP/1.');
}

/** A line without its end; `whole` when its end is in the segment too. */
function lineAt(bytes: Uint8Array, at: number, end: number): Span & { readonly next: number; readonly whole: boolean } {
  const lf = bytes.indexOf(LF, at);
  if (lf < 0 || lf >= end) return { at, length: end - at, next: end, whole: false };
  const length = (bytes[lf - 1] === CR && lf > at ? lf - 1 : lf) - at;
  return { at, length, next: lf + 1, whole: true };
}

interface Head {
  readonly first: Span;
  readonly headers: readonly (Span & { readonly full: number })[];
  /** Where the body begins, or null when the head does not end in this segment. */
  readonly body: number | null;
  readonly contentLength: number | null;
  readonly contentType: string;
}

function readHead(bytes: Uint8Array, offset: number, end: number): Head {
  const first = lineAt(bytes, offset, end);
  const headers: (Span & { full: number })[] = [];
  let contentLength: number | null = null;
  let contentType = '';
  let at = first.next;
  let body: number | null = null;
  while (at < end) {
    const line = lineAt(bytes, at, end);
    at = line.next;
    if (line.length === 0) {
      body = at;
      break;
    }
    if (!line.whole) break; // the rest of it is in the next segment
    headers.push({ at: line.at, length: line.length, full: line.next - line.at });
    if (((bytes[line.at] ?? 0) | LOWER_CASE) !== LETTER_C) continue;
    const [name, value] = splitHeader(bytes, line);
    if (name === 'content-length' && /^\d{1,15}$/.test(value)) contentLength = Number(value);
    if (name === 'content-type') contentType = value.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  }
  return { first, headers, body, contentLength, contentType };
}

/** Name (in lower case) and value of a header line. */
function splitHeader(bytes: Uint8Array, line: Span): readonly [string, string] {
  const colon = bytes.indexOf(COLON, line.at);
  if (colon < 0 || colon >= line.at + line.length) return ['', ''];
  const name = formatText(bytes, line.at, colon - line.at).toLowerCase();
  return [name, formatText(bytes, colon + 1, line.at + line.length - colon - 1).trim()];
}

/** RFC 9112 section 6.3. */
const hasNoBody = (status: number): boolean => (status >= 100 && status < 200) || status === 204 || status === 304;

export class HttpLayer extends LayerBase {
  readonly protocol: 'http' | 'ssdp';
  #head: Head | null = null;
  #json: { readonly at: number; readonly end: number } | null | undefined;

  constructor(
    bytes: Uint8Array,
    offset: number,
    end: number,
    parent: LayerBase | null,
    protocol: 'http' | 'ssdp' = 'http',
  ) {
    super(bytes, offset, end, parent);
    this.protocol = protocol;
  }

  /** The message: its head, and as much of its body as is in this segment. */
  get headerLength(): number {
    const { body, contentLength } = this.head;
    if (body === null) return this.end - this.offset;
    // Without a length the body ends with the connection; a request without one has none (RFC 9112 section 6.3).
    const implied = this.isResponse && !hasNoBody(this.statusCode) ? this.end - body : 0;
    return Math.min(body + (contentLength ?? implied), this.end) - this.offset;
  }

  get isResponse(): boolean {
    return beginsWithHttp(this.bytes, this.offset);
  }

  /** SSDP's news, which nobody asked for. */
  get isNotification(): boolean {
    return this.protocol === 'ssdp' && this.bytes[this.offset] === LETTER_N;
  }

  /** Where its body lies, if that is JSON and all of it is here. */
  get json(): { readonly at: number; readonly end: number } | null {
    if (this.#json === undefined) this.#json = this.#findJson();
    return this.#json;
  }

  #findJson(): { readonly at: number; readonly end: number } | null {
    const { body, contentType, contentLength } = this.head;
    if (this.protocol === 'ssdp' || body === null || !/^application\/(?:[\w.-]+\+)?json$/.test(contentType))
      return null;
    const end = this.offset + this.headerLength;
    if (contentLength !== null && body + contentLength > end) return null;
    return isJson(this.bytes, body, end) ? { at: body, end } : null;
  }

  override get column(): string | null {
    return this.json === null ? null : 'HTTP/JSON';
  }

  /** The first line and the body's type, as Wireshark's Info column has them. */
  override info(): string {
    const { first, contentType, body } = this.head;
    const line = formatText(this.bytes, first.at, Math.min(first.length, 512));
    const hasBody = body !== null && this.offset + this.headerLength > body;
    const what = this.json === null ? '' : ', JavaScript Object Notation';
    return contentType !== '' && hasBody ? `${line} ${what} (${contentType})` : line;
  }

  protected override collect(sink: FieldSink): void {
    const { first, headers, body, contentLength } = this.head;
    const add = (
      name: string,
      about: string,
      span: Span,
      value: Field['value'] = formatText(this.bytes, span.at, span.length),
    ): void =>
      sink.add({
        name,
        about,
        offset: span.at,
        length: span.length,
        value,
        shown: value === true ? '1' : String(value),
        meaning: '',
      });

    const [start, middle, rest] = this.words();
    const kind = this.isResponse ? 'http.response' : this.isNotification ? 'http.notification' : 'http.request';
    if (this.isResponse) {
      add('http.response.version', 'The version that the server speaks.', start);
      add(
        'http.response.code',
        'How it went: 2xx well, 3xx go elsewhere, 4xx your fault, 5xx mine.',
        middle,
        this.statusCode,
      );
      add('http.response.phrase', 'The same in words.', rest);
    } else {
      add('http.request.method', 'What to do with the resource.', start);
      add('http.request.uri', 'Which resource.', middle);
      add('http.request.version', 'The version that the client speaks.', rest);
    }
    if (body !== null) add(kind, KINDS[kind], { at: first.at, length: 0 }, true);
    for (const line of headers) {
      const [header, value] = splitHeader(this.bytes, line);
      const known = HEADER_FIELDS[header];
      if (known !== undefined) add(known[0], known[1], line, value);
      if (kind !== 'http.notification') add(`${kind}.line`, 'One header line.', { at: line.at, length: line.full });
    }
    if (contentLength !== null)
      add('http.content_length', 'Bytes of the body, as a number.', { at: first.at, length: 0 }, contentLength);
    const length = body === null ? 0 : this.offset + this.headerLength - body;
    if (body !== null && length > 0)
      add('http.file_data', 'The body, as far as it is in this segment.', { at: body, length });
  }

  /** 0 where there is none. */
  private get statusCode(): number {
    const { at, length } = this.words()[1];
    return Number(formatText(this.bytes, at, length)) || 0;
  }

  /** The first line up to its first space, up to the second, and the rest; what is missing is empty. */
  private words(): readonly [Span, Span, Span] {
    const { at, length } = this.head.first;
    const end = at + length;
    const spaceAfter = (from: number): number => {
      const space = this.bytes.indexOf(SPACE, from);
      return space < 0 || space > end ? end : space;
    };
    const one = spaceAfter(at);
    const second = Math.min(one + 1, end);
    const two = spaceAfter(second);
    const third = Math.min(two + 1, end);
    return [
      { at, length: one - at },
      { at: second, length: two - second },
      { at: third, length: end - third },
    ];
  }

  private get head(): Head {
    this.#head ??= readHead(this.bytes, this.offset, this.end);
    return this.#head;
  }
}
