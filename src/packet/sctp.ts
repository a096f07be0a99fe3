// RFC 9260, Stream Control Transmission Protocol: messages between programs, over several addresses at once.
//
//    0               2               4               8               12
//   +---------------+---------------+---------------+---------------+-----------
//   | source port   | dest. port    | verification  | checksum      | chunks …
//   +---------------+---------------+---------------+---------------+-----------
//   chunk:  | type (1) | flags (1) | length with these four bytes (2) | value … | padding to a multiple of four |
//   data:   | number (4) | stream (2) | number in it (2) | what for (4) | bytes … |
//   init:   | tag (4) | window (4) | streams out (2) | in (2) | first number (4) | parameters … |
import { FieldSink, FieldTable, listed, readTable, uint } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const TAG = 4;
const CHECKSUM = 8;
const HEADER_LENGTH = 12;
const CHUNK_HEADER = 4;
/** Of a chunk of data, with the four bytes that every chunk begins with. */
const DATA_HEADER = 16;
/** Its flags where a message both begins and ends in it. */
const WHOLE = 0x03;

const DATA = 0;
const INIT = 1;
const INIT_ACK = 2;
const SACK = 3;
const HEARTBEAT = 4;
const HEARTBEAT_ACK = 5;
const ABORT = 6;
const SHUTDOWN = 7;
const ERROR = 9;
const COOKIE_ECHO = 10;
const SHUTDOWN_COMPLETE = 14;

const CHUNK_NAMES: Readonly<Record<number, string>> = {
  [DATA]: 'DATA',
  [INIT]: 'INIT',
  [INIT_ACK]: 'INIT_ACK',
  [SACK]: 'SACK',
  [HEARTBEAT]: 'HEARTBEAT',
  [HEARTBEAT_ACK]: 'HEARTBEAT_ACK',
  [ABORT]: 'ABORT',
  [SHUTDOWN]: 'SHUTDOWN',
  8: 'SHUTDOWN_ACK',
  [ERROR]: 'ERROR',
  [COOKIE_ECHO]: 'COOKIE_ECHO',
  11: 'COOKIE_ACK',
  12: 'ECNE',
  13: 'CWR',
  [SHUTDOWN_COMPLETE]: 'SHUTDOWN_COMPLETE',
  15: 'AUTH',
  16: 'NR_SACK',
  64: 'I_DATA',
  128: 'ASCONF_ACK',
  129: 'PKTDROP',
  130: 'RE_CONFIG',
  132: 'PAD',
  192: 'FORWARD_TSN',
  193: 'ASCONF',
  194: 'I_FORWARD_TSN',
  255: 'IETF_EXTENSION',
};

const FIELDS = new FieldTable<SctpLayer>([
  uint('sctp.srcport', SOURCE_PORT, 2, 'The sender’s port.'),
  uint('sctp.dstport', DESTINATION_PORT, 2, 'The port of the program that the packet is for.'),
  uint('sctp.verification_tag', TAG, 4, 'The number that the receiver gave the association; 0: it has none yet.', {
    hex: 8,
  }),
  uint('sctp.checksum', CHECKSUM, 4, 'Guards header and chunks.', { hex: 8 }),
]);

const TYPE = listed('sctp.chunk_type', 'uint8', 'What the chunk is.', { names: CHUNK_NAMES });
const STOP = listed('sctp.chunk_bit_1', 'boolean', 'Whoever does not know the type may pass over it.');
const REPORT = listed('sctp.chunk_bit_2', 'boolean', 'Whoever does not know the type must say so.');
const FLAGS = listed('sctp.chunk_flags', 'uint8', 'What is special about it; each type has its own.', { hex: 2 });
const LENGTH = listed('sctp.chunk_length', 'uint16', 'Bytes of the chunk, these four included, padding not.');
const PADDING = listed('sctp.chunk_padding', 'bytes', 'What makes the chunk end at a multiple of four.');
const VALUE = listed('sctp.chunk_value', 'bytes', 'What a chunk of an unknown type says.');
const LAST_PART = listed('sctp.data_e_bit', 'boolean', 'The message ends here.');
const FIRST_PART = listed('sctp.data_b_bit', 'boolean', 'The message begins here.');
const UNORDERED = listed('sctp.data_u_bit', 'boolean', 'It need not wait for those before it.');
const AT_ONCE = listed('sctp.data_i_bit', 'boolean', 'Acknowledge at once.');
const DATA_NUMBER = listed('sctp.data_tsn_raw', 'uint32', 'The number of the chunk in the association.');
const STREAM = listed('sctp.data_sid', 'uint16', 'Which of the streams the message belongs to.', { hex: 4 });
const STREAM_NUMBER = listed('sctp.data_ssn', 'uint16', 'The number of the message in its stream.');
const PURPOSE = listed('sctp.data_payload_proto_id', 'uint32', 'What the programs speak there.');
const INITIATE_TAG = listed('sctp.initiate_tag', 'uint32', 'What the other side is to write into its packets.', {
  hex: 8,
});
const INIT_TAG = listed('sctp.init_initiate_tag', 'uint32', INITIATE_TAG.about, { hex: 8 });
const ACK_TAG = listed('sctp.initack_initiate_tag', 'uint32', INITIATE_TAG.about, { hex: 8 });
const CREDIT_ABOUT = 'Bytes that the sender can take.';
const OUT_ABOUT = 'How many streams the sender would open.';
const IN_ABOUT = 'How many streams it takes.';
const FIRST_ABOUT = 'The number of its first chunk of data.';
const INIT_CREDIT = listed('sctp.init_credit', 'uint32', CREDIT_ABOUT);
const INIT_OUT = listed('sctp.init_nr_out_streams', 'uint16', OUT_ABOUT);
const INIT_IN = listed('sctp.init_nr_in_streams', 'uint16', IN_ABOUT);
const INIT_FIRST = listed('sctp.init_initial_tsn', 'uint32', FIRST_ABOUT);
const ACK_CREDIT = listed('sctp.initack_credit', 'uint32', CREDIT_ABOUT);
const ACK_OUT = listed('sctp.initack_nr_out_streams', 'uint16', OUT_ABOUT);
const ACK_IN = listed('sctp.initack_nr_in_streams', 'uint16', IN_ABOUT);
const ACK_FIRST = listed('sctp.initack_initial_tsn', 'uint32', FIRST_ABOUT);
const SACK_NUMBER = listed('sctp.sack_cumulative_tsn_ack_raw', 'uint32', 'Everything up to this chunk has arrived.');
const SACK_CREDIT = listed('sctp.sack_a_rwnd', 'uint32', CREDIT_ABOUT);
const SACK_GAPS = listed('sctp.sack_number_of_gap_blocks', 'uint16', 'Blocks that arrived beyond a gap.');
const SACK_TWICE = listed('sctp.sack_number_of_duplicated_tsns', 'uint16', 'Chunks that arrived twice.');
const GAP_START = listed(
  'sctp.sack_gap_block_start',
  'uint16',
  'Where the block begins, counted from the number above.',
);
const GAP_END = listed('sctp.sack_gap_block_end', 'uint16', 'Where the block ends.');
const TWICE = listed('sctp.sack_duplicate_tsn', 'uint32', 'A chunk that arrived twice.');
const SHUTDOWN_NUMBER = listed(
  'sctp.shutdown_cumulative_tsn_ack',
  'uint32',
  'Everything up to this chunk has arrived.',
);
const COOKIE = listed('sctp.cookie', 'bytes', 'What the other side gave, so that it need not remember.');
const PARAMETER = listed('sctp.parameter_type', 'uint16', 'What the parameter is.', { hex: 4 });
const PARAMETER_STOP = listed('sctp.parameter_bit_1', 'boolean', STOP.about);
const PARAMETER_REPORT = listed('sctp.parameter_bit_2', 'boolean', REPORT.about);
const PARAMETER_LENGTH = listed('sctp.parameter_length', 'uint16', 'Bytes of the parameter, these four included.');
const PARAMETER_IPV4 = listed('sctp.parameter_ipv4_address', 'ipv4', 'An address that the sender can be reached at.');
const PARAMETER_IPV6 = listed('sctp.parameter_ipv6_address', 'ipv6', 'An address that the sender can be reached at.');
const PARAMETER_COOKIE = listed('sctp.parameter_state_cookie', 'bytes', 'What to send back.');
const PARAMETER_ECHO = listed('sctp.parameter_heartbeat_information', 'bytes', 'What to send back.');
const CAUSE = listed('sctp.cause_code', 'uint16', 'What went wrong.', { hex: 4 });
const CAUSE_LENGTH = listed('sctp.cause_length', 'uint16', 'Bytes of the cause, these four included.');
const ABORT_TAG = listed('sctp.abort_t_bit', 'boolean', 'The sender knows no such association.');
const COMPLETE_TAG = listed('sctp.shutdown_complete_t_bit', 'boolean', 'The sender knows no such association.');

export class SctpLayer extends LayerBase {
  readonly protocol = 'sctp';

  /** All chunks: what they carry for programs is shown as their bytes. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, HEADER_LENGTH);
  }

  get sourcePort(): number {
    return this.u16(SOURCE_PORT);
  }

  get destinationPort(): number {
    return this.u16(DESTINATION_PORT);
  }

  /** How many messages of programs begin and end in it. */
  get wholeMessages(): number {
    let count = 0;
    for (let at = HEADER_LENGTH; this.has(at, CHUNK_HEADER); ) {
      const length = this.u16(at + 2);
      if (length < CHUNK_HEADER) break;
      if (this.u8(at) === DATA && (this.u8(at + 1) & WHOLE) === WHOLE && length > DATA_HEADER) count++;
      at += length + ((4 - (length & 3)) & 3);
    }
    return count;
  }

  override get declaredEnd(): number {
    return this.parent?.declaredEnd ?? this.end;
  }

  override problem(): Problem | null {
    return super.problem() ?? walkProblem(this, (reader) => readChunks(reader, []), HEADER_LENGTH);
  }

  override info(): string {
    const words: string[] = [];
    walkFields(this, (reader) => readChunks(reader, words), new FieldSink(''), HEADER_LENGTH);
    return words.join('');
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    walkFields(this, (reader) => readChunks(reader, []), sink, HEADER_LENGTH);
  }
}

function readChunks(reader: FieldReader, words: string[]): void {
  while (reader.left > 0) {
    const { at } = reader;
    const type = reader.number(TYPE);
    reader.flag(STOP, 1, 0x80);
    reader.flag(REPORT, 1, 0x40);
    reader.number(FLAGS);
    if (type === DATA) {
      reader.flag(LAST_PART, 1, 0x01);
      reader.flag(FIRST_PART, 1, 0x02);
      reader.flag(UNORDERED, 1, 0x04);
      reader.flag(AT_ONCE, 1, 0x08);
    } else if (type === ABORT) reader.flag(ABORT_TAG, 1, 0x01);
    else if (type === SHUTDOWN_COMPLETE) reader.flag(COMPLETE_TAG, 1, 0x01);
    const length = reader.number(LENGTH);
    if (length < CHUNK_HEADER) reader.fail(`SCTP chunk of ${length} bytes, must be at least ${CHUNK_HEADER}`, 2);
    const name = CHUNK_NAMES[type];
    words.push(name === undefined ? 'RESERVED ' : `${name} `);
    // A chunk that the capture cut off is known by its header.
    readValue(type, reader.part(length - CHUNK_HEADER, 'SCTP chunk'), words);
    const padding = Math.min((4 - (length & 3)) & 3, reader.left);
    if (padding > 0) reader.bytes(PADDING, padding);
    if (reader.at === at) return;
  }
}

function readValue(type: number, value: FieldReader, words: string[]): void {
  switch (type) {
    case DATA:
      words[words.length - 1] = `DATA (TSN=${value.number(DATA_NUMBER)}) `;
      value.number(STREAM);
      value.number(STREAM_NUMBER);
      value.number(PURPOSE);
      break;
    case INIT:
    case INIT_ACK: {
      const isAnswer = type === INIT_ACK;
      const tag = value.number(INITIATE_TAG);
      value.put(isAnswer ? ACK_TAG : INIT_TAG, value.at - 4, 4, tag);
      value.number(isAnswer ? ACK_CREDIT : INIT_CREDIT);
      value.number(isAnswer ? ACK_OUT : INIT_OUT);
      value.number(isAnswer ? ACK_IN : INIT_IN);
      value.number(isAnswer ? ACK_FIRST : INIT_FIRST);
      readParameters(value);
      break;
    }
    case SACK:
      words[words.length - 1] = readSack(value);
      break;
    case HEARTBEAT:
    case HEARTBEAT_ACK:
      readParameters(value);
      break;
    case ABORT:
    case ERROR:
      readCauses(value);
      break;
    case SHUTDOWN:
      value.number(SHUTDOWN_NUMBER);
      break;
    case COOKIE_ECHO:
      if (value.left > 0) value.bytes(COOKIE, value.left);
      break;
    default:
      if (CHUNK_NAMES[type] === undefined && value.left > 0) value.bytes(VALUE, value.left);
  }
}

/** Its words: up to what everything has arrived, and what has beyond that. */
function readSack(value: FieldReader): string {
  const number = value.number(SACK_NUMBER);
  const credit = value.number(SACK_CREDIT);
  const gaps = value.number(SACK_GAPS);
  const twice = value.number(SACK_TWICE);
  let last = 0;
  for (let i = 0; i < gaps; i++) {
    value.number(GAP_START);
    last = value.number(GAP_END);
  }
  for (let i = 0; i < twice; i++) value.number(TWICE);
  return `SACK (Ack=${number}${last === 0 ? '' : `+${last}`}, Arwnd=${credit}) `;
}

function readParameters(value: FieldReader): void {
  while (value.left >= 4) {
    const type = value.number(PARAMETER);
    value.flag(PARAMETER_STOP, 2, 0x8000);
    value.flag(PARAMETER_REPORT, 2, 0x4000);
    const length = value.number(PARAMETER_LENGTH);
    if (length < 4) value.fail(`SCTP parameter of ${length} bytes, must be at least 4`, 2);
    const parameter = value.part(length - 4, 'SCTP parameter');
    const { left } = parameter;
    if (type === 5 && left === 4) parameter.address(PARAMETER_IPV4);
    else if (type === 6 && left === 16) parameter.address(PARAMETER_IPV6);
    else if (type === 7 && left > 0) parameter.bytes(PARAMETER_COOKIE, left);
    else if (type === 1 && left > 0) parameter.bytes(PARAMETER_ECHO, left);
    value.skip(Math.min((4 - (length & 3)) & 3, value.left), 'padding');
  }
}

function readCauses(value: FieldReader): void {
  while (value.left >= 4) {
    value.number(CAUSE);
    const length = value.number(CAUSE_LENGTH);
    if (length < 4) value.fail(`SCTP cause of ${length} bytes, must be at least 4`, 2);
    value.skip(length - 4, 'SCTP cause');
    value.skip(Math.min((4 - (length & 3)) & 3, value.left), 'padding');
  }
}
