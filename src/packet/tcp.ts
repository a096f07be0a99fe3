// RFC 9293, Transmission Control Protocol. The ninth flag: RFC 9768 (AccECN), once NS.
//
//    0               2               4                               8
//   +---------------+---------------+-------------------------------+
//   | source port   | dest. port    | sequence number               |
//   +---------------+---------------+-------------------------------+
//    8                               12      13      14              16              18              20
//   +-------------------------------+---+---+-------+---------------+---------------+---------------+----------
//   | acknowledgment number         |len|000 flags  | window        | checksum      | urgent pointer| options …
//   +-------------------------------+---+---+-------+---------------+---------------+---------------+----------
import { type ChecksumStatus, checksumStatus, transportChecksum } from './checksum.ts';
import { addBytes, derived, type FieldSink, FieldTable, flag, readTable, uint } from './field.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { IP_PROTOCOL } from './numbers.ts';
import { scaledWindow, type TcpFacts, verdictWords } from './stream/tcp-facts.ts';
import { ANALYSIS_FIELDS } from './tcp-analysis-fields.ts';
import { collectTcpOptions, tcpOptionsInfo, timestampsOf } from './tcp-options.ts';
import { collectSegments } from './tcp-segments-fields.ts';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const OFFSET_AND_FLAGS = 12;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT = 18;
const FIXED_LENGTH = 20;

const URG = 0x20;
const ACK = 0x10;
const SYN = 0x02;
const FIN = 0x01;
/** From the lowest bit up, the order in which Wireshark lists them. */
const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'AE'] as const;
const FIELDS = new FieldTable<TcpLayer>([
  uint('tcp.srcport', SOURCE_PORT, 2, 'The sender’s port.'),
  uint('tcp.dstport', DESTINATION_PORT, 2, 'The port of the program that the segment is for.'),
  derived(
    'tcp.stream',
    SOURCE_PORT,
    0,
    'Which connection it is, in the order in which they were first seen.',
    (layer) => layer.facts?.stream,
    {
      type: 'uint32',
    },
  ),
  derived(
    'tcp.len',
    SEQUENCE,
    0,
    'Bytes of data in this segment.',
    (layer) => (layer.has(OFFSET_AND_FLAGS, 1) ? layer.dataLength : undefined),
    { type: 'uint32' },
  ),
  derived(
    'tcp.seq',
    SEQUENCE,
    4,
    'The number of the segment’s first byte, counted from the connection’s beginning.',
    (layer) => layer.relativeSequence,
    {
      type: 'uint32',
    },
  ),
  uint('tcp.seq_raw', SEQUENCE, 4, 'The number of the segment’s first byte in the stream; it begins anywhere.'),
  derived(
    'tcp.nxtseq',
    SEQUENCE,
    0,
    'The number of the byte after the segment, counted from the connection’s beginning.',
    (layer) => layer.relativeNext,
    {
      type: 'uint32',
    },
  ),
  derived(
    'tcp.ack',
    ACKNOWLEDGMENT,
    4,
    'The number of the next byte that the sender expects, counted from the connection’s beginning.',
    (layer) => layer.relativeAcknowledgment,
    {
      type: 'uint32',
    },
  ),
  uint('tcp.ack_raw', ACKNOWLEDGMENT, 4, 'The number of the next byte that the sender expects from the other side.'),
  uint('tcp.hdr_len', OFFSET_AND_FLAGS, 1, 'Bytes of this header, options included.', { mask: 0xf0, unit: 4 }),
  uint('tcp.flags', OFFSET_AND_FLAGS, 2, 'What kind of segment this is.', { mask: 0x0fff, hex: 4 }),
  flag('tcp.flags.res', OFFSET_AND_FLAGS, 2, 0x0e00, 'Reserved, must be clear.'),
  flag(
    'tcp.flags.ae',
    OFFSET_AND_FLAGS,
    2,
    0x0100,
    'Counts congestion marks, together with CWR and ECE (Accurate ECN).',
  ),
  flag('tcp.flags.cwr', OFFSET_AND_FLAGS, 2, 0x0080, 'The sender has slowed down.'),
  flag('tcp.flags.ece', OFFSET_AND_FLAGS, 2, 0x0040, 'A router marked a packet: slow down.'),
  flag('tcp.flags.urg', OFFSET_AND_FLAGS, 2, URG, 'The urgent pointer means something.'),
  flag(
    'tcp.flags.ack',
    OFFSET_AND_FLAGS,
    2,
    ACK,
    'The acknowledgment number means something; set in all but the first segment.',
  ),
  flag('tcp.flags.push', OFFSET_AND_FLAGS, 2, 0x0008, 'Hand the data to the program now.'),
  flag('tcp.flags.reset', OFFSET_AND_FLAGS, 2, 0x0004, 'There is no such connection, or no longer.'),
  flag('tcp.flags.syn', OFFSET_AND_FLAGS, 2, 0x0002, 'Opens a connection; sequence numbers start here.'),
  flag('tcp.flags.fin', OFFSET_AND_FLAGS, 2, 0x0001, 'The sender has nothing more to say.'),
  derived(
    'tcp.flags.str',
    OFFSET_AND_FLAGS,
    0,
    'The flags as letters.',
    (layer) => (layer.has(OFFSET_AND_FLAGS, 2) ? flagLetters(layer.flags) : undefined),
    { type: 'string' },
  ),
  uint(
    'tcp.window_size_value',
    WINDOW,
    2,
    'Bytes that the sender can take, before the window scale agreed on in the SYNs.',
  ),
  derived('tcp.window_size', WINDOW, 2, 'Bytes that the sender can take.', (layer) => layer.scaledWindow, {
    type: 'uint32',
  }),
  derived(
    'tcp.window_size_scalefactor',
    WINDOW,
    2,
    'What the window is multiplied by; −1: the SYN was not seen, −2: nothing.',
    (layer) => layer.scaleFactor,
    {
      type: 'int32',
    },
  ),
  uint('tcp.checksum', CHECKSUM, 2, 'Guards header, data and addresses.', { hex: 4 }),
  checksumStatus('tcp.checksum.status', CHECKSUM),
  uint('tcp.urgent_pointer', URGENT, 2, 'Where urgent data end, when URG is set.'),
]);

/** Behind the line of a segment whose last bytes are of a message that goes on. */
const PART = ' [TCP segment of a reassembled PDU]';

export class TcpLayer extends LayerBase {
  readonly protocol = 'tcp';
  /** What the packets before this one tell of it; undefined where nobody has looked at them. Set by dissect(). */
  declare facts: TcpFacts | undefined;

  get headerLength(): number {
    return Math.max((this.u8(OFFSET_AND_FLAGS) >>> 4) * 4, FIXED_LENGTH);
  }

  get sourcePort(): number {
    return this.u16(SOURCE_PORT);
  }

  get destinationPort(): number {
    return this.u16(DESTINATION_PORT);
  }

  get sequence(): number {
    return this.u32(SEQUENCE);
  }

  get acknowledgment(): number {
    return this.u32(ACKNOWLEDGMENT);
  }

  get relativeSequence(): number | undefined {
    return this.facts === undefined ? undefined : (this.sequence - this.facts.senderBase) >>> 0;
  }

  /** A FIN and a SYN count as a byte. */
  get relativeNext(): number | undefined {
    const sequence = this.relativeSequence;
    if (sequence === undefined) return undefined;
    return (sequence + this.dataLength + ((this.flags & (FIN | SYN)) === 0 ? 0 : 1)) >>> 0;
  }

  get relativeAcknowledgment(): number | undefined {
    const { facts, acknowledgment } = this;
    if (facts === undefined) return undefined;
    return (this.flags & ACK) === 0 ? acknowledgment : (acknowledgment - facts.receiverBase) >>> 0;
  }

  /** In bytes, where the scale is known. */
  get scaledWindow(): number | undefined {
    return this.facts === undefined ? undefined : scaledWindow(this.window, (this.flags & SYN) !== 0, this.facts.scale);
  }

  get scaleFactor(): number | undefined {
    if (this.facts === undefined || (this.flags & SYN) !== 0) return undefined;
    const { scale } = this.facts;
    return scale < 0 ? scale : 2 ** scale;
  }

  get flags(): number {
    return this.u16(OFFSET_AND_FLAGS) & 0x0fff;
  }

  /** As in the header: not scaled. */
  get window(): number {
    return this.u16(WINDOW);
  }

  /** TSval and TSecr (RFC 7323); null where there are none. */
  get stamps(): { readonly value: number; readonly echo: number } | null {
    return timestampsOf(this);
  }

  /** Bytes of data in the segment as it was sent, which may be more than were captured. */
  get dataLength(): number {
    return Math.max(this.segmentLength - this.headerLength, 0);
  }

  get checksum(): ChecksumStatus {
    return transportChecksum(this, IP_PROTOCOL.tcp, CHECKSUM, this.segmentLength);
  }

  override get declaredEnd(): number {
    return this.parent?.declaredEnd ?? this.end;
  }

  override problem(): Problem | null {
    const words = this.u8(OFFSET_AND_FLAGS) >>> 4;
    if (words < 5 && this.has(OFFSET_AND_FLAGS, 1))
      return {
        at: this.offset + OFFSET_AND_FLAGS,
        reason: `TCP header length is ${words * 4} bytes, must be at least 20`,
        line: `${this.#fixedInfo()}, bogus TCP header length (${words * 4}, must be at least 20)`,
      };
    return super.problem();
  }

  override partialInfo(): string {
    return this.has(0, FIXED_LENGTH) ? this.info() : this.#fixedInfo();
  }

  #fixedInfo(): string {
    if (!this.has(SOURCE_PORT, 4)) return '';
    const ports = `${this.sourcePort} → ${this.destinationPort}`;
    return this.has(0, WINDOW + 2) ? this.#numbers(ports) : ports;
  }

  override info(): string {
    const { facts } = this;
    const numbers = this.#numbers(`${this.sourcePort} → ${this.destinationPort}`);
    const part = facts?.messages?.goesOn === true ? PART : '';
    return `${numbers} Len=${this.dataLength}${tcpOptionsInfo(this, facts?.receiverBase ?? 0)}${part}`;
  }

  #numbers(ports: string): string {
    const { flags, facts } = this;
    let text = facts === undefined ? '' : verdictWords(facts);
    text += `${ports} [${flagNames(flags)}] Seq=${this.relativeSequence ?? this.sequence}`;
    if ((flags & ACK) !== 0) text += ` Ack=${this.relativeAcknowledgment ?? this.acknowledgment}`;
    text += ` Win=${this.scaledWindow ?? this.window}`;
    if ((flags & URG) !== 0 && this.has(URGENT, 2)) text += ` Urg=${this.u16(URGENT)}`;
    return text;
  }

  /** Bytes of header and data: what the IP header leaves for them. TCP has no length of its own. */
  get segmentLength(): number {
    return (this.parent?.declaredEnd ?? this.end) - this.offset;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    collectTcpOptions(this, this.facts?.receiverBase ?? 0, sink);
    if (this.facts?.analyzed === true) readTable(this, ANALYSIS_FIELDS, sink);
    if (this.facts?.messages !== undefined && this.facts.messages !== null)
      collectSegments(this, this.facts.messages, sink);
    addBytes(
      this,
      'tcp.payload',
      'The bytes of the stream that the segment carries.',
      this.headerLength,
      this.end,
      sink,
    );
  }
}

const flagNamesSeen = new Map<number, string>();

/** "SYN, ACK". A run sees a handful of combinations: each is spelled once. */
export function flagNames(flags: number): string {
  let text = flagNamesSeen.get(flags);
  if (text === undefined) {
    const names: string[] = FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0);
    if ((flags & 0x0e00) !== 0) names.push('Reserved');
    text = names.length === 0 ? '<None>' : names.join(', ');
    flagNamesSeen.set(flags, text);
  }
  return text;
}

/** "·······A··S·", as Wireshark writes tcp.flags.str. */
function flagLetters(flags: number): string {
  return Array.from('RRRACEUAPRSF', (letter, i) => ((flags & (0x800 >>> i)) === 0 ? '·' : letter)).join('');
}
