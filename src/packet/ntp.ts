// RFC 5905, Network Time Protocol; control messages: RFC 9327 (mode 6). Mode 7 is ntpd's own.
//
//    0       1       2       3       4               8               12              16
//   +-------+-------+-------+-------+---------------+---------------+---------------+
//   |LI V M | strat.| poll  | prec. | root delay    | dispersion    | reference     |
//   +-------+-------+-------+-------+---------------+---------------+---------------+
//    16                     24                      32                      40                      48
//   +----------------------+-----------------------+-----------------------+-----------------------+----------
//   | clock last set       | client sent           | server received       | sent                  | extensions …, key, digest
//   +----------------------+-----------------------+-----------------------+-----------------------+----------
//   control:  | LI V M | flags and operation (1) | sequence (2) | status (2) | association (2) | offset (2) | count (2) | data …
//   Times are seconds since 1900 and 1/2^32 of one.
import { derived, type FieldDef, type FieldSink, FieldTable, listed, readTable, uint, when } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { formatTime } from './time-of-day.ts';

const FLAGS = 0;
const STRATUM = 1;
const POLL = 2;
const PRECISION = 3;
const ROOT_DELAY = 4;
const ROOT_DISPERSION = 8;
const REFERENCE = 12;
const REFERENCE_TIME = 16;
const ORIGIN_TIME = 24;
const RECEIVE_TIME = 32;
const TRANSMIT_TIME = 40;
const HEADER_LENGTH = 48;
const CONTROL_LENGTH = 12;
const PRIVATE_LENGTH = 8;

const CONTROL = 6;
const PRIVATE = 7;

/** Key number and digest: MD5's, SHA-1's; or a key number alone, which refuses. */
const DIGESTS: ReadonlySet<number> = new Set([20, 24, 4]);

/** Seconds from 1900 to 1970; a first bit of 0 is the era that begins in 2036 (RFC 5905 section 6). */
const TO_1970 = 2_208_988_800;
const ERA = 4_294_967_296;

export const NTP_PORT = 123;

const LEAP_NAMES: Readonly<Record<number, string>> = {
  0: 'no warning',
  1: 'last minute of the day has 61 seconds',
  2: 'last minute of the day has 59 seconds',
  3: 'unknown (clock unsynchronized)',
};
/** Of mode 7; floods are made with 20 and 42. */
const REQUEST_NAMES: Readonly<Record<number, string>> = {
  0: 'PEER_LIST',
  1: 'PEER_LIST_SUM',
  2: 'PEER_INFO',
  3: 'PEER_STATS',
  4: 'SYS_INFO',
  5: 'SYS_STATS',
  6: 'IO_STATS',
  7: 'MEM_STATS',
  8: 'LOOP_INFO',
  9: 'TIMER_STATS',
  10: 'CONFIG',
  11: 'UNCONFIG',
  12: 'SET_SYS_FLAG',
  13: 'CLR_SYS_FLAG',
  14: 'MONITOR',
  15: 'NOMONITOR',
  16: 'GET_RESTRICT',
  17: 'RESADDFLAGS',
  18: 'RESSUBFLAGS',
  19: 'UNRESTRICT',
  20: 'MON_GETLIST',
  21: 'RESET_STATS',
  22: 'RESET_PEER',
  23: 'REREAD_KEYS',
  24: 'DO_DIRTY_HACK',
  25: 'DONT_DIRTY_HACK',
  26: 'TRUSTKEY',
  27: 'UNTRUSTKEY',
  28: 'AUTHINFO',
  29: 'TRAPS',
  30: 'ADD_TRAP',
  31: 'CLR_TRAP',
  32: 'REQUEST_KEY',
  33: 'CONTROL_KEY',
  34: 'GET_CTLSTATS',
  35: 'GET_LEAPINFO',
  36: 'GET_CLOCKINFO',
  37: 'SET_CLKFUDGE',
  38: 'GET_KERNEL',
  39: 'GET_CLKBUGINFO',
  41: 'SET_PRECISION',
  42: 'MON_GETLIST_1',
  43: 'HOSTNAME_ASSOCID',
  44: 'IF_STATS',
  45: 'IF_RELOAD',
};
const MODE_NAMES: readonly string[] = [
  'reserved',
  'symmetric active',
  'symmetric passive',
  'client',
  'server',
  'broadcast',
  'control',
  'private',
];

const isTime = (layer: NtpLayer): boolean => layer.mode < CONTROL;
const isControl = (layer: NtpLayer): boolean => layer.mode === CONTROL;
const isPrivate = (layer: NtpLayer): boolean => layer.mode === PRIVATE;

/** Text: Wireshark's kind for it is a time of day. */
const time = (name: string, at: number, about: string): FieldDef<NtpLayer> =>
  derived(name, at, 8, about, (layer) => (isTime(layer) ? layer.timeAt(at) : undefined), { type: 'string' });

const FIELDS = new FieldTable<NtpLayer>([
  uint('ntp.flags', FLAGS, 1, 'Leap second, version and mode in one.', { hex: 2 }),
  when(
    (layer) => !isPrivate(layer),
    uint('ntp.flags.li', FLAGS, 1, 'Whether a leap second is near.', { mask: 0xc0, names: LEAP_NAMES }),
  ),
  when(isPrivate, uint('ntp.priv.flags.r', FLAGS, 1, 'An answer.', { mask: 0x80 })),
  when(isPrivate, uint('ntp.priv.flags.more', FLAGS, 1, 'More of the answer follows.', { mask: 0x40 })),
  uint('ntp.flags.vn', FLAGS, 1, 'The version of the protocol.', { mask: 0x38 }),
  uint('ntp.flags.mode', FLAGS, 1, 'What the message is.', {
    mask: 0x07,
    names: Object.fromEntries(MODE_NAMES.entries()),
  }),
  when(isTime, uint('ntp.stratum', STRATUM, 1, 'How far the sender is from a clock: 1 has one, 0 does not know.')),
  when(isTime, uint('ntp.ppoll', POLL, 1, 'Asks every 2 to the power of so many seconds.')),
  when(
    isTime,
    uint('ntp.precision', PRECISION, 1, 'The precision of its clock, 2 to the power of so many seconds, less 256.'),
  ),
  when(isTime, uint('ntp.rootdelay', ROOT_DELAY, 4, 'The way to the clock and back, in 1/65536 s.')),
  when(isTime, uint('ntp.rootdispersion', ROOT_DISPERSION, 4, 'How wrong the time may be, in 1/65536 s.')),
  derived(
    'ntp.refid',
    REFERENCE,
    4,
    'Whom the sender has its time from: an address, or the kind of clock; of stratum 0: why it gives none.',
    (layer) => (isTime(layer) ? layer.view(REFERENCE, 4) : undefined),
    { type: 'bytes' },
  ),
  time('ntp.reftime', REFERENCE_TIME, 'When its clock was last set.'),
  time('ntp.org', ORIGIN_TIME, 'When the client sent the question, by its own clock.'),
  time('ntp.rec', RECEIVE_TIME, 'When the server received it.'),
  time('ntp.xmt', TRANSMIT_TIME, 'When this message was sent.'),
  when(isControl, uint('ntp.ctrl.flags2', 1, 1, 'What kind of control message this is.', { hex: 2 })),
  when(isControl, uint('ntp.ctrl.flags2.r', 1, 1, 'An answer.', { mask: 0x80 })),
  when(isControl, uint('ntp.ctrl.flags2.error', 1, 1, 'It went wrong.', { mask: 0x40 })),
  when(isControl, uint('ntp.ctrl.flags2.more', 1, 1, 'More of the answer follows.', { mask: 0x20 })),
  when(isControl, uint('ntp.ctrl.flags2.opcode', 1, 1, 'What the server is to do.', { mask: 0x1f })),
  when(isControl, uint('ntp.ctrl.sequence', 2, 2, 'Ties an answer to its question.')),
  when(isControl, uint('ntp.ctrl.status', 4, 2, 'How the server or one of its sources is.', { hex: 4 })),
  when(isControl, uint('ntp.ctrl.associd', 6, 2, 'Which of its sources this is about; 0: the server itself.')),
  when(isControl, uint('ntp.ctrl.offset', 8, 2, 'Where in the whole answer these data belong.')),
  when(isControl, uint('ntp.ctrl.count', 10, 2, 'Bytes of data.')),
  when(isPrivate, uint('ntp.priv.auth_seq', 1, 1, 'Proof and sequence in one.')),
  when(isPrivate, uint('ntp.priv.auth', 1, 1, 'There is a proof.', { mask: 0x80 })),
  when(isPrivate, uint('ntp.priv.seq', 1, 1, 'Counts the messages of an answer.', { mask: 0x7f })),
  when(isPrivate, uint('ntp.priv.impl', 2, 1, 'Whose program this is for.')),
  when(isPrivate, uint('ntp.priv.reqcode', 3, 1, 'What it is to do.', { names: REQUEST_NAMES })),
]);

const EXTENSION_TYPE = listed('ntp.ext.type', 'uint16', 'What the extension is.', { hex: 4 });
const EXTENSION_LENGTH = listed('ntp.ext.length', 'uint16', 'Bytes of the extension, these four included.');
const EXTENSION_VALUE = listed('ntp.ext.value', 'bytes', 'What it says.');
const KEY = listed('ntp.keyid', 'bytes', 'Which key the digest was made with.');
const DIGEST = listed('ntp.mac', 'bytes', 'What only the holder of the key can compute.');

export class NtpLayer extends LayerBase {
  readonly protocol = 'ntp';

  /** The whole message: nothing is inside it. */
  get headerLength(): number {
    const { mode } = this;
    const least = mode === CONTROL ? CONTROL_LENGTH : mode === PRIVATE ? PRIVATE_LENGTH : HEADER_LENGTH;
    return Math.max(this.end - this.offset, least);
  }

  get mode(): number {
    return this.u8(FLAGS) & 0x07;
  }

  /** "Nov  7, 2023 11:45:04.375000000 UTC"; "NULL": not set. */
  timeAt(at: number): string {
    const [whole, part] = [this.u32(at), this.u32(at + 4)];
    if (whole === 0 && part === 0) return 'NULL';
    const seconds = whole - TO_1970 + (whole >= 0x80000000 ? 0 : ERA);
    return formatTime(seconds, Math.floor((part * 1e9) / ERA));
  }

  override problem(): Problem | null {
    return super.problem() ?? (isTime(this) ? walkProblem(this, readRest, HEADER_LENGTH) : null);
  }

  override info(): string {
    const text = `NTP Version ${(this.u8(FLAGS) >>> 3) & 0x07}, ${MODE_NAMES[this.mode]}`;
    if (!isPrivate(this)) return text;
    const request = REQUEST_NAMES[this.u8(3)];
    const isAnswer = (this.u8(FLAGS) & 0x80) !== 0;
    return `${text}, ${isAnswer ? 'Response' : 'Request'}${request === undefined ? '' : `, ${request}`}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    if (isTime(this)) walkFields(this, readRest, sink, HEADER_LENGTH);
  }
}

/** RFC 7822: extensions, and at the very end a digest, which only its length tells from one. */
function readRest(reader: FieldReader): void {
  while (reader.left >= 16 && !DIGESTS.has(reader.left)) {
    reader.number(EXTENSION_TYPE);
    const length = reader.number(EXTENSION_LENGTH);
    if (length < 16) reader.fail(`NTP extension of ${length} bytes, must be at least 16`, 2);
    reader.bytes(EXTENSION_VALUE, length - 4);
  }
  if (reader.left < 4) return;
  reader.bytes(KEY, 4);
  if (reader.left > 0) reader.bytes(DIGEST, reader.left);
}
