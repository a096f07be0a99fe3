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
import { collectTcpOptions, tcpOptionsInfo, timestampsOf } from './tcp-options.ts';

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
/** From the lowest bit up, the order in which Wireshark lists them. */
const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'AE'] as const;
const FIELDS = new FieldTable<TcpLayer>([
  uint('tcp.srcport', SOURCE_PORT, 2, 'The sender’s port.'),
  uint('tcp.dstport', DESTINATION_PORT, 2, 'The port of the program that the segment is for.'),
  derived(
    'tcp.len',
    SEQUENCE,
    0,
    'Bytes of data in this segment.',
    (layer) => (layer.has(OFFSET_AND_FLAGS, 1) ? layer.dataLength : undefined),
    { type: 'uint32' },
  ),
  uint('tcp.seq_raw', SEQUENCE, 4, 'The number of the segment’s first byte in the stream; it begins anywhere.'),
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
  uint('tcp.checksum', CHECKSUM, 2, 'Guards header, data and addresses.', { hex: 4 }),
  checksumStatus('tcp.checksum.status', CHECKSUM),
  uint('tcp.urgent_pointer', URGENT, 2, 'Where urgent data end, when URG is set.'),
]);

export class TcpLayer extends LayerBase {
  readonly protocol = 'tcp';

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

  get flags(): number {
    return this.u16(OFFSET_AND_FLAGS) & 0x0fff;
  }

  /** Not scaled: the scale was said in the SYN, which is another packet. */
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
        line: `${this.partialInfo()}, bogus TCP header length (${words * 4}, must be at least 20)`,
      };
    return super.problem();
  }

  override partialInfo(): string {
    if (!this.has(SOURCE_PORT, 4)) return '';
    const ports = `${this.sourcePort} → ${this.destinationPort}`;
    return this.has(0, WINDOW + 2) ? this.#numbers(ports) : ports;
  }

  override info(): string {
    return `${this.#numbers(`${this.sourcePort} → ${this.destinationPort}`)} Len=${this.dataLength}${tcpOptionsInfo(this)}`;
  }

  #numbers(ports: string): string {
    const { flags } = this;
    let text = `${ports} [${flagNames(flags)}] Seq=${this.sequence}`;
    if ((flags & ACK) !== 0) text += ` Ack=${this.acknowledgment}`;
    text += ` Win=${this.window}`;
    if ((flags & URG) !== 0 && this.has(URGENT, 2)) text += ` Urg=${this.u16(URGENT)}`;
    return text;
  }

  /** Bytes of header and data: what the IP header leaves for them. TCP has no length of its own. */
  get segmentLength(): number {
    return (this.parent?.declaredEnd ?? this.end) - this.offset;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    collectTcpOptions(this, sink);
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
