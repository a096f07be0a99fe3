// RFC 1002 section 4.2, NetBIOS names: how Windows and Samba found each other before DNS. The shape is DNS's.
//
//    0               2               4               6               8               10              12
//   +---------------+---------------+---------------+---------------+---------------+---------------+-----------
//   | id            | flags         | questions     | answers       | authorities   | additional    | sections …
//   +---------------+---------------+---------------+---------------+---------------+---------------+-----------
//   question:  | name … | type (2) | class (2) |           record:  | … | TTL (4) | data length (2) | flags (2), address (4) … |
//   A name is 16 bytes, padded with blanks, the last of them its kind; each is written as two letters from A to P.
import { readName } from './dns-name.ts';
import { FieldSink, FieldTable, flag, listed, readTable, uint, when } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const ID = 0;
const FLAGS = 2;
const QUESTIONS = 4;
const ANSWERS = 6;
const HEADER_LENGTH = 12;
const NAME_LENGTH = 16;
/** Far more than fit into a datagram that NetBIOS sends (RFC 1002 section 4.2.1.1): each may be said by a pointer to a long one. */
const MOST_NAMES = 1000;

const ADDRESSES = 32;
const STATUS = 33;

export const NBNS_PORT = 137;

const OPERATION_NAMES: Readonly<Record<number, string>> = {
  0: 'Name query',
  5: 'Registration',
  6: 'Release',
  7: 'Wait for acknowledgment',
  8: 'Refresh',
  9: 'Refresh (alternate opcode)',
  15: 'Multi-homed registration',
};
const REPLY_NAMES: Readonly<Record<number, string>> = {
  0: 'No error',
  1: 'Request was invalidly formatted',
  2: 'Server failure',
  3: 'Requested name does not exist',
  4: 'Request is not implemented',
  5: 'Request was refused',
  6: 'Name is owned by another node',
  7: 'Name is in conflict',
};
const NODE_NAMES: Readonly<Record<number, string>> = { 0: 'B-node', 1: 'P-node', 2: 'M-node', 3: 'H-node' };
const TYPE_NAMES: Readonly<Record<number, string>> = { [ADDRESSES]: 'NB', [STATUS]: 'NBSTAT' };

/** What the last byte of a name says. */
const KIND_NAMES: Readonly<Record<number, string>> = {
  0: 'Workstation/Redirector',
  1: 'Browser',
  2: 'Workstation/Redirector',
  3: 'Messenger service/Main name',
  5: 'Forwarded name',
  6: 'RAS Server service',
  27: 'Domain Master Browser',
  28: 'Domain Controllers',
  29: 'Local Master Browser',
  30: 'Browser Election Service',
  31: 'Net DDE Service',
  32: 'Server service',
  33: 'RAS client service',
};

const isResponse = (layer: NbnsLayer): boolean => layer.isResponse;

const FIELDS = new FieldTable<NbnsLayer>([
  uint('nbns.id', ID, 2, 'Ties the answer to its question.', { hex: 4 }),
  uint('nbns.flags', FLAGS, 2, 'What kind of message this is, and how it went.', { hex: 4 }),
  flag('nbns.flags.response', FLAGS, 2, 0x8000, 'An answer.'),
  uint('nbns.flags.opcode', FLAGS, 2, 'What is to be done.', { mask: 0x7800, names: OPERATION_NAMES }),
  when(isResponse, flag('nbns.flags.authoritative', FLAGS, 2, 0x0400, 'Whoever has the name answers.')),
  flag('nbns.flags.truncated', FLAGS, 2, 0x0200, 'Not everything fitted.'),
  flag('nbns.flags.recdesired', FLAGS, 2, 0x0100, 'Please ask others if you do not know.'),
  when(isResponse, flag('nbns.flags.recavail', FLAGS, 2, 0x0080, 'The server does ask others.')),
  flag('nbns.flags.broadcast', FLAGS, 2, 0x0010, 'Sent to everyone.'),
  when(isResponse, uint('nbns.flags.rcode', FLAGS, 2, 'How it went.', { mask: 0x000f, names: REPLY_NAMES })),
  uint('nbns.count.queries', QUESTIONS, 2, 'Questions in this message.'),
  uint('nbns.count.answers', ANSWERS, 2, 'Records that answer them.'),
  uint('nbns.count.auth_rr', 8, 2, 'Always 0.'),
  uint('nbns.count.add_rr', 10, 2, 'Records that say what is to be registered.'),
]);

const NAME = listed('nbns.name', 'string', 'A name, and in angle brackets what kind of service has it.');
const TYPE = listed('nbns.type', 'uint16', 'What is said about the name.', { names: TYPE_NAMES });
const CLASS = listed('nbns.class', 'uint16', 'Always 1, the Internet.');
const TTL = listed('nbns.ttl', 'uint32', 'Seconds for which the answer may be kept; 0: for ever.');
const DATA_LENGTH = listed('nbns.data_length', 'uint16', 'Bytes of the record’s data.');
const NB_FLAGS = listed('nbns.nb_flags', 'uint16', 'Who has the name.', { hex: 4 });
const NB_GROUP = listed('nbns.nb_flags.group', 'boolean', 'A group has it.');
const NB_NODE = listed('nbns.nb_flags.ont', 'uint16', 'How its owner looks for names.', { names: NODE_NAMES });
const ADDRESS = listed('nbns.addr', 'ipv4', 'The address.');
const DATA = listed('nbns.data', 'bytes', 'Data of a record that is not known.');

export class NbnsLayer extends LayerBase {
  readonly protocol = 'nbns';

  /** The whole message: nothing is inside it. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, HEADER_LENGTH);
  }

  get isResponse(): boolean {
    return (this.u16(FLAGS) & 0x8000) !== 0;
  }

  override problem(): Problem | null {
    return super.problem() ?? walkProblem(this, (reader, layer) => readSections(reader, layer, []), HEADER_LENGTH);
  }

  override info(): string {
    const flags = this.u16(FLAGS);
    const operation = OPERATION_NAMES[(flags & 0x7800) >>> 11] ?? 'Unknown operation';
    const reply = flags & 0x000f;
    const failure = this.isResponse && reply !== 0 ? `, ${REPLY_NAMES[reply] ?? 'Unknown error'}` : '';
    const words: string[] = [];
    walkFields(this, (reader, layer) => readSections(reader, layer, words), new FieldSink(''), HEADER_LENGTH);
    return `${operation}${this.isResponse ? ' response' : ''}${failure}${words.join('')}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    walkFields(this, (reader, layer) => readSections(reader, layer, []), sink, HEADER_LENGTH);
  }
}

/** @param words what a line about the message says of the questions, and of the answers */
function readSections(reader: FieldReader, layer: NbnsLayer, words: string[]): void {
  const names = layer.u16(QUESTIONS) + layer.u16(ANSWERS) + layer.u16(8) + layer.u16(10);
  if (names > MOST_NAMES) reader.fail(`NBNS message of ${names} names, more than ${MOST_NAMES}`);
  for (let left = layer.u16(QUESTIONS); left > 0; left--) {
    const { text } = readNetbiosName(reader);
    const type = reader.number(TYPE);
    reader.number(CLASS);
    words.push(` ${TYPE_NAMES[type] ?? `Unknown (${type})`} ${text}`);
  }
  const others = layer.u16(8) + layer.u16(10);
  for (let left = layer.u16(ANSWERS); left > 0; left--) readRecord(reader, words);
  for (let left = others; left > 0; left--) readRecord(reader, []);
}

function readRecord(reader: FieldReader, words: string[]): void {
  const { kind, at, length, text } = readNetbiosName(reader, false);
  const named = KIND_NAMES[kind];
  reader.put(NAME, at, length, named === undefined ? text : `${text} (${named})`);
  const type = reader.number(TYPE);
  reader.number(CLASS);
  reader.number(TTL);
  const data = reader.part(reader.number(DATA_LENGTH), 'NBNS record');
  words.push(` ${TYPE_NAMES[type] ?? `Unknown (${type})`}`);
  if (type !== ADDRESSES) {
    if (data.left > 0 && type !== STATUS) data.bytes(DATA, data.left);
    return;
  }
  while (data.left >= 6) {
    data.number(NB_FLAGS);
    data.flag(NB_GROUP, 2, 0x8000);
    data.bits(NB_NODE, 2, 0x6000);
    words.push(` ${data.address(ADDRESS)}`);
  }
}

interface NetbiosName {
  /** "SERVER<20>" */
  readonly text: string;
  /** Its last byte. */
  readonly kind: number;
  readonly at: number;
  readonly length: number;
}

/** Pointers are DNS's; of the labels the first is the name, those after it a scope, which nobody uses. */
function readNetbiosName(reader: FieldReader, show = true): NetbiosName {
  const { at, layer } = reader;
  const name = readName(layer, at, 0);
  if ('reason' in name) {
    reader.at = name.at - layer.offset;
    reader.fail(name.reason);
  }
  reader.skip(name.length, NAME.name);
  const [first = '', ...scope] = name.text.split('.');
  const bytes = decoded(first);
  const kind = bytes === null ? -1 : (bytes[NAME_LENGTH - 1] ?? 0);
  const plain = bytes === null ? first : plainText(bytes);
  const ending = bytes === null ? '' : `<${kind.toString(16).padStart(2, '0')}>`;
  const text = `${plain}${ending}${scope.length === 0 ? '' : `.${scope.join('.')}`}`;
  if (show) reader.put(NAME, at, name.length, text);
  return { text, kind, at, length: name.length };
}

/** The characters before the kind, without their padding; those that cannot be printed in angle brackets. */
function plainText(bytes: Uint8Array): string {
  let end = NAME_LENGTH - 1;
  while (end > 0 && (bytes[end - 1] === 0x20 || bytes[end - 1] === 0)) end--;
  let text = '';
  for (const byte of bytes.subarray(0, end))
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `<${byte.toString(16).padStart(2, '0')}>`;
  return text;
}

/** null: these are not 32 letters from A to P. */
function decoded(letters: string): Uint8Array | null {
  if (!/^[A-P]{32}$/.test(letters)) return null;
  const half = (i: number): number => letters.charCodeAt(i) - 0x41;
  return Uint8Array.from({ length: NAME_LENGTH }, (_, i) => (half(2 * i) << 4) | half(2 * i + 1));
}
