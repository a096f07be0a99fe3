// RFC 5880, Bidirectional Forwarding Detection: two routers tell each other many times a second that the way works.
//
//    0       1       2       3       4               8               12              16              20              24
//   +-------+-------+-------+-------+---------------+---------------+---------------+---------------+---------------+-----
//   |ver|why|st|flag| mult. | length| my number     | your number   | I send every  | I take every  | echo every    | proof …
//   +-------+-------+-------+-------+---------------+---------------+---------------+---------------+---------------+-----
//   Times are in microseconds. The proof is there when the flag A is set: | type (1) | length (1) | key (1) | password or digest … |
import { type FieldSink, FieldTable, flag, listed, readTable, uint } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { formatHexNumber } from './format.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const VERSION_AND_REASON = 0;
const STATE_AND_FLAGS = 1;
const MULTIPLIER = 2;
const LENGTH = 3;
const MINE = 4;
const YOURS = 8;
const SEND = 12;
const TAKE = 16;
const ECHO = 20;
const HEADER_LENGTH = 24;

const AUTHENTICATED = 0x04;
const PASSWORD = 1;
const STRONGEST = 5;

/** One hop: RFC 5881; several: RFC 5883; each link of a bundle: RFC 7130; answered without a session: RFC 7881. */
export const BFD_PORTS: readonly number[] = [3784, 4784, 6784, 7784];

const REASON_NAMES: readonly string[] = [
  'No Diagnostic',
  'Control Detection Time Expired',
  'Echo Function Failed',
  'Neighbor Signaled Session Down',
  'Forwarding Plane Reset',
  'Path Down',
  'Concatenated Path Down',
  'Administratively Down',
  'Reverse Concatenated Path Down',
];
const STATE_NAMES: readonly string[] = ['AdminDown', 'Down', 'Init', 'Up'];

const named = (names: readonly string[]): Readonly<Record<number, string>> => Object.fromEntries(names.entries());

const FIELDS = new FieldTable<BfdLayer>([
  uint('bfd.version', VERSION_AND_REASON, 1, 'Always 1.', { mask: 0xe0 }),
  uint('bfd.diag', VERSION_AND_REASON, 1, 'Why the session was last down.', {
    mask: 0x1f,
    hex: 2,
    names: named(REASON_NAMES),
  }),
  uint('bfd.sta', STATE_AND_FLAGS, 1, 'The session as the sender sees it.', {
    mask: 0xc0,
    hex: 2,
    names: named(STATE_NAMES),
  }),
  uint('bfd.flags', STATE_AND_FLAGS, 1, 'State and flags in one.', { hex: 2 }),
  flag('bfd.flags.p', STATE_AND_FLAGS, 1, 0x20, 'Answer at once.'),
  flag('bfd.flags.f', STATE_AND_FLAGS, 1, 0x10, 'The answer to that.'),
  flag('bfd.flags.c', STATE_AND_FLAGS, 1, 0x08, 'The session outlives a restart of the program that routes.'),
  flag('bfd.flags.a', STATE_AND_FLAGS, 1, AUTHENTICATED, 'There is a proof of who sends.'),
  flag('bfd.flags.d', STATE_AND_FLAGS, 1, 0x02, 'Send no more than you must: the way is known to work.'),
  flag('bfd.flags.m', STATE_AND_FLAGS, 1, 0x01, 'Reserved for several receivers.'),
  uint('bfd.detect_time_multiplier', MULTIPLIER, 1, 'How many messages may be lost in a row.'),
  uint('bfd.message_length', LENGTH, 1, 'Bytes of the message.'),
  uint('bfd.my_discriminator', MINE, 4, 'The sender’s number for the session.', { hex: 8 }),
  uint('bfd.your_discriminator', YOURS, 4, 'The receiver’s number; 0: it is not known yet.', { hex: 8 }),
  uint('bfd.desired_min_tx_interval', SEND, 4, 'The sender would send every so many microseconds.'),
  uint('bfd.required_min_rx_interval', TAKE, 4, 'It takes one every so many microseconds.'),
  uint('bfd.required_min_echo_interval', ECHO, 4, 'It sends back an echo every so many microseconds; 0: never.'),
]);

const AUTH_TYPE = listed('bfd.auth.type', 'uint8', 'How the message is proved.', {
  names: {
    1: 'Simple Password',
    2: 'Keyed MD5',
    3: 'Meticulous Keyed MD5',
    4: 'Keyed SHA1',
    5: 'Meticulous Keyed SHA1',
  },
});
const AUTH_LENGTH = listed('bfd.auth.len', 'uint8', 'Bytes of the proof.');
const AUTH_KEY = listed('bfd.auth.key', 'uint8', 'Which of the passwords or keys.');
const AUTH_PASSWORD = listed('bfd.auth.password', 'string', 'The password, for everyone to read.');
const AUTH_SEQUENCE = listed('bfd.auth.seq_num', 'uint32', 'Counts the messages.', { hex: 8 });
const AUTH_DIGEST = listed('bfd.checksum', 'bytes', 'What only the holder of the key can compute.');

export class BfdLayer extends LayerBase {
  readonly protocol = 'bfd';

  /** The whole message: nothing is inside it. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, HEADER_LENGTH);
  }

  override problem(): Problem | null {
    return super.problem() ?? walkProblem(this, readProof, HEADER_LENGTH);
  }

  override info(): string {
    const reason = REASON_NAMES[this.u8(VERSION_AND_REASON) & 0x1f] ?? 'Unknown';
    const state = STATE_NAMES[this.u8(STATE_AND_FLAGS) >>> 6];
    return `Diag: ${reason}, State: ${state}, Flags: ${formatHexNumber(this.u8(STATE_AND_FLAGS) & 0x3f, 2)}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    walkFields(this, readProof, sink, HEADER_LENGTH);
  }
}

/** True when version 1 begins here: the draft before it, version 0, had other flags. */
export const startsBfd = (bytes: Uint8Array, at: number): boolean => (bytes[at] ?? 0) >>> 5 === 1;

function readProof(reader: FieldReader, layer: BfdLayer): void {
  if ((layer.u8(STATE_AND_FLAGS) & AUTHENTICATED) === 0) return;
  const type = reader.number(AUTH_TYPE);
  const length = reader.number(AUTH_LENGTH);
  if (length < 3) reader.fail(`BFD proof of ${length} bytes, must be at least 3`, 1);
  const proof = reader.part(length - 2, 'BFD proof');
  proof.number(AUTH_KEY);
  if (type === PASSWORD) proof.text(AUTH_PASSWORD, proof.left);
  else if (type <= STRONGEST && proof.left > 5) {
    proof.skip(1, 'reserved');
    proof.number(AUTH_SEQUENCE);
    proof.bytes(AUTH_DIGEST, proof.left);
  }
}
