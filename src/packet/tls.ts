// RFC 8446 section 5.1, TLS records; version 1.2: RFC 5246. What travels before the keys do can be read, the rest cannot.
//
//    0       1               3               5
//   +-------+---------------+---------------+----------
//   | type  | version       | length        | content …
//   +-------+---------------+---------------+----------
//   A segment holds several records, and the last may go on in the next one.
import { FieldSink, listed } from './field.ts';
import { type FieldReader, streamProblem, walkFields } from './field-reader.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { handshakeName, readHandshake } from './tls-handshake.ts';
import { TLS_VERSION_NAMES } from './tls-numbers.ts';

const HEADER_LENGTH = 5;
/** What encryption may add to the 16 kB that a record holds (RFC 5246 section 6.2.3). */
const LONGEST = 16_384 + 2048;

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const HEARTBEAT = 24;

const CONTENT_TYPE = listed('tls.record.content_type', 'uint8', 'What the record holds.', {
  names: {
    [CHANGE_CIPHER_SPEC]: 'Change Cipher Spec',
    [ALERT]: 'Alert',
    [HANDSHAKE]: 'Handshake',
    [APPLICATION_DATA]: 'Application Data',
    [HEARTBEAT]: 'Heartbeat',
  },
});
const VERSION = listed(
  'tls.record.version',
  'uint16',
  'Never above 1.2, which old routers know: see supported versions.',
  {
    hex: 4,
    names: TLS_VERSION_NAMES,
  },
);
const LENGTH = listed('tls.record.length', 'uint16', 'Bytes of what the record holds.');
const ALERT_LEVEL = listed('tls.alert_message.level', 'uint8', 'Whether the connection ends.', {
  names: { 1: 'Warning', 2: 'Fatal' },
});
const ALERT_DESCRIPTION = listed('tls.alert_message.desc', 'uint8', 'What is wrong; 0: nothing, goodbye.', {
  names: {
    0: 'Close Notify',
    10: 'Unexpected Message',
    20: 'Bad Record MAC',
    40: 'Handshake Failure',
    42: 'Bad Certificate',
    43: 'Unsupported Certificate',
    44: 'Certificate Revoked',
    45: 'Certificate Expired',
    46: 'Certificate Unknown',
    47: 'Illegal Parameter',
    48: 'Unknown CA',
    49: 'Access Denied',
    50: 'Decode Error',
    51: 'Decrypt Error',
    70: 'Protocol Version',
    71: 'Insufficient Security',
    80: 'Internal Error',
    86: 'Inappropriate Fallback',
    90: 'User Canceled',
    109: 'Missing Extension',
    112: 'Unrecognized Name',
    116: 'Certificate Required',
    120: 'No application Protocol',
  },
});
const DATA = listed('tls.app_data', 'bytes', 'What a program sent, encrypted.');

/** True when a record begins here. */
export function startsTls(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < HEADER_LENGTH) return false;
  const type = bytes[at] ?? 0;
  const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0);
  return (
    type >= CHANGE_CIPHER_SPEC &&
    type <= HEARTBEAT &&
    bytes[at + 1] === 3 &&
    (bytes[at + 2] ?? 0) <= 4 &&
    length > 0 &&
    length <= LONGEST
  );
}

export class TlsLayer extends LayerBase {
  readonly protocol = 'tls';

  /** All records of the segment. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, HEADER_LENGTH);
  }

  override problem(): Problem | null {
    return super.problem() ?? streamProblem(this, (reader) => readRecords(reader, []));
  }

  override info(): string {
    const names: string[] = [];
    walkFields(this, (reader) => readRecords(reader, names), new FieldSink(''));
    return names.join(', ');
  }

  protected override collect(sink: FieldSink): void {
    walkFields(this, (reader) => readRecords(reader, []), sink);
  }
}

/** @param names what Wireshark calls each record or message in the Info column; filled in here */
function readRecords(reader: FieldReader, names: string[]): void {
  let encrypted = false;
  while (reader.left > 0) {
    const { at, layer } = reader;
    if (reader.left >= HEADER_LENGTH && !startsTls(layer.bytes, layer.offset + at, layer.end)) {
      names.push('Ignored Unknown Record');
      return;
    }
    const type = reader.number(CONTENT_TYPE);
    reader.number(VERSION);
    const length = reader.number(LENGTH);
    // What is there of a record is read before it is found out that the rest is in the next segment.
    const here = Math.min(length, reader.left);
    const content = here < length ? reader : reader.part(length, 'TLS record');
    if (type === HANDSHAKE && !encrypted && handshakeName(content.peek(4), length) !== null) {
      readHandshake(content, length, names);
    } else if (type === ALERT && length === 2) {
      readAlert(content, names);
    } else {
      names.push(TYPE_INFO[type] ?? 'Encrypted Data');
      if (type === APPLICATION_DATA && here > 0) content.bytes(DATA, here);
      else content.skip(here, 'TLS record');
    }
    if (type === CHANGE_CIPHER_SPEC) encrypted = true;
    if (here < length) reader.skip(length - here, 'TLS record');
  }
}

const TYPE_INFO: Readonly<Record<number, string>> = {
  [CHANGE_CIPHER_SPEC]: 'Change Cipher Spec',
  [ALERT]: 'Encrypted Alert',
  [HANDSHAKE]: 'Encrypted Handshake Message',
  [APPLICATION_DATA]: 'Application Data',
  [HEARTBEAT]: 'Encrypted Heartbeat',
};

function readAlert(content: FieldReader, names: string[]): void {
  const level = content.number(ALERT_LEVEL);
  const description = content.number(ALERT_DESCRIPTION);
  const name = (field: typeof ALERT_LEVEL, value: number): string => field.names?.[value] ?? `Unknown (${value})`;
  names.push(`Alert (Level: ${name(ALERT_LEVEL, level)}, Description: ${name(ALERT_DESCRIPTION, description)})`);
}
