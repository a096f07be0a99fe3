// RFC 1035 section 4, Domain Name System messages; AD and CD: RFC 4035, AD in queries: RFC 6840. Multicast DNS (RFC 6762) and
// LLMNR (RFC 4795) have the same shape.
//
//    0               2               4               6               8               10              12
//   +---------------+---------------+---------------+---------------+---------------+---------------+-----------
//   | id            | flags         | questions     | answers       | authorities   | additional    | sections …
//   +---------------+---------------+---------------+---------------+---------------+---------------+-----------
//   Over TCP the message's length stands before it, in two bytes (section 4.2.2).
import { type DnsSections, readSections } from './dns-records.ts';
import { type FieldDef, type FieldSink, FieldTable, flag, readTable, uint, when } from './field.ts';
import { LayerBase, type Problem } from './layer-base.ts';

/** As in Wireshark (COL_MAX_INFO_LEN, epan/column-utils.h). */
const LONGEST_INFO = 4096;

const ID = 0;
const FLAGS = 2;
const HEADER_LENGTH = 12;

export const DNS_PORT = 53;
export const MDNS_PORT = 5353;
export const LLMNR_PORT = 5355;

const OPCODE_NAMES: Readonly<Record<number, string>> = {
  0: 'Standard query',
  1: 'Inverse query',
  2: 'Server status request',
  4: 'Zone change notification',
  5: 'Dynamic update',
};
const REPLY_NAMES: Readonly<Record<number, string>> = {
  0: 'No error',
  1: 'Format error',
  2: 'Server failure',
  3: 'No such name',
  4: 'Not implemented',
  5: 'Refused',
};

const isResponse = (layer: DnsLayer): boolean => layer.isResponse;
const isLlmnr = (layer: DnsLayer): boolean => layer.protocol === 'llmnr';
const isUnicast = (layer: DnsLayer): boolean => !isLlmnr(layer);
const isAnswered = (layer: DnsLayer): boolean => isUnicast(layer) && layer.isResponse;
/** In a question the bit is shown where it means something (RFC 6840 section 5.7). */
const saysVerified = (layer: DnsLayer): boolean => isUnicast(layer) && (layer.isResponse || layer.asksForVerified);

/** The header's fields in a message that begins `base` bytes into the layer. */
const headerFields = (base: number): FieldDef<DnsLayer>[] => [
  uint('dns.id', base + ID, 2, 'Ties the answer to its question.', { hex: 4 }),
  uint('dns.flags', base + FLAGS, 2, 'What kind of message this is, and how it went.', { hex: 4 }),
  flag('dns.flags.response', base + FLAGS, 2, 0x8000, 'An answer.'),
  uint('dns.flags.opcode', base + FLAGS, 2, 'What the server is to do.', { mask: 0x7800, names: OPCODE_NAMES }),
  when(
    isAnswered,
    flag('dns.flags.authoritative', base + FLAGS, 2, 0x0400, 'The server answers for this zone itself.'),
  ),
  when(isLlmnr, flag('dns.flags.conflict', base + FLAGS, 2, 0x0400, 'Several hosts have the name.')),
  flag('dns.flags.truncated', base + FLAGS, 2, 0x0200, 'Not everything fitted: ask again over TCP.'),
  when(
    isLlmnr,
    flag('dns.flags.tentative', base + FLAGS, 2, 0x0100, 'The sender is not sure yet that the name is its own.'),
  ),
  when(isUnicast, flag('dns.flags.recdesired', base + FLAGS, 2, 0x0100, 'Please ask others if you do not know.')),
  when(isAnswered, flag('dns.flags.recavail', base + FLAGS, 2, 0x0080, 'The server does ask others.')),
  when(isUnicast, flag('dns.flags.z', base + FLAGS, 2, 0x0040, 'Reserved, must be clear.')),
  when(
    saysVerified,
    flag(
      'dns.flags.authenticated',
      base + FLAGS,
      2,
      0x0020,
      'The server has verified the answer’s signatures; in a question: please say whether you have.',
    ),
  ),
  when(isUnicast, flag('dns.flags.checkdisable', base + FLAGS, 2, 0x0010, 'Unverified answers are welcome.')),
  when(isResponse, uint('dns.flags.rcode', base + FLAGS, 2, 'How it went.', { mask: 0x000f, names: REPLY_NAMES })),
  uint('dns.count.queries', base + 4, 2, 'Questions in this message.'),
  uint('dns.count.answers', base + 6, 2, 'Records that answer them.'),
  uint('dns.count.auth_rr', base + 8, 2, 'Records that say who answers for the zone.'),
  uint('dns.count.add_rr', base + 10, 2, 'Records that may be useful next.'),
];

const UDP_FIELDS = new FieldTable<DnsLayer>(headerFields(0));
const TCP_FIELDS = new FieldTable<DnsLayer>([
  uint('dns.length', 0, 2, 'Bytes of the message that follows.'),
  ...headerFields(2),
]);

/** Where the message that begins in a segment here ends, if all of it is in the segment; else null. */
export function wholeDnsMessage(bytes: Uint8Array, start: number, end: number): number | null {
  const length = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  return length >= HEADER_LENGTH && start + 2 + length <= end ? start + 2 + length : null;
}

export class DnsLayer extends LayerBase {
  readonly protocol: 'dns' | 'mdns' | 'llmnr';
  /** Where the message begins: 2 over TCP, 0 over UDP. */
  readonly message: 0 | 2;
  #sections: DnsSections | null = null;

  constructor(
    protocol: 'dns' | 'mdns' | 'llmnr',
    message: 0 | 2,
    bytes: Uint8Array,
    offset: number,
    end: number,
    parent: LayerBase | null,
  ) {
    super(bytes, offset, end, parent);
    this.protocol = protocol;
    this.message = message;
  }

  /** The whole message: nothing is inside it. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, this.message + HEADER_LENGTH);
  }

  get isResponse(): boolean {
    return (this.u16(this.message + FLAGS) & 0x8000) !== 0;
  }

  get asksForVerified(): boolean {
    return !this.isResponse && (this.u16(this.message + FLAGS) & 0x0020) !== 0;
  }

  override problem(): Problem | null {
    return super.problem() ?? this.sections.problem;
  }

  override info(): string {
    const flags = this.u16(this.message + FLAGS);
    const kind = OPCODE_NAMES[(flags & 0x7800) >>> 11] ?? 'Unknown operation';
    const id = this.u16(this.message + ID)
      .toString(16)
      .padStart(4, '0');
    const reply = flags & 0x000f;
    const failure = this.isResponse && reply !== 0 ? ` ${REPLY_NAMES[reply] ?? `Unknown error (${reply})`}` : '';
    return `${kind}${this.isResponse ? ' response' : ''} 0x${id}${failure}${this.sections.info}`.slice(0, LONGEST_INFO);
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, this.message === 0 ? UDP_FIELDS : TCP_FIELDS, sink);
    for (const field of this.sections.fields) sink.add(field);
  }

  private get sections(): DnsSections {
    this.#sections ??= readSections(this, this.message);
    return this.#sections;
  }
}
