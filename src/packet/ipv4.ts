// RFC 791, Internet Protocol. The second byte: RFC 2474 (DSCP) and RFC 3168 (ECN).
//
//    0       1       2               4               6               8
//   +---+---+-------+---------------+---------------+-+-+-+---------+
//   |ver|IHL| DS    | total length  | identification|0|D|M| offset  |
//   +---+---+-------+---------------+---------------+-+-+-+---------+
//    8       9       10              12              16              20
//   +-------+-------+---------------+---------------+---------------+----------
//   | TTL   | proto | checksum      | source        | destination   | options …
//   +-------+-------+---------------+---------------+---------------+----------
import { type ChecksumStatus, checksumStatus, onesSum, type PseudoHeader } from './checksum.ts';
import { derived, type FieldSink, FieldTable, flag, ipv4, readTable, uint, when } from './field.ts';
import { formatIpv4 } from './format.ts';
import { collectIpv4Options, routedDestination } from './ipv4-options.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { IP_PROTOCOL_NAMES } from './numbers.ts';

const VERSION_AND_LENGTH = 0;
const DS = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_AND_OFFSET = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;
const FIXED_LENGTH = 20;

/** Version 4 and a header without options, as nearly all are. */
const PLAIN = 0x45;

const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;

const FIELDS = new FieldTable<Ipv4Layer>([
  uint('ip.version', VERSION_AND_LENGTH, 1, 'Always 4.', { mask: 0xf0 }),
  uint('ip.hdr_len', VERSION_AND_LENGTH, 1, 'Bytes of this header; more than 20 when it has options.', {
    mask: 0x0f,
    unit: 4,
  }),
  uint('ip.dsfield', DS, 1, 'How the packet asks to be treated.', { hex: 2 }),
  uint('ip.dsfield.dscp', DS, 1, 'The class of service that it asks for.', { mask: 0xfc }),
  uint('ip.dsfield.ecn', DS, 1, 'Whether a router may mark the packet, or has marked it, instead of dropping it.', {
    mask: 0x03,
  }),
  derived(
    'ip.len',
    TOTAL_LENGTH,
    2,
    'Bytes of the whole packet, this header included.',
    (layer) => layer.packetLength,
    {
      names: (_, layer) => lengthWords(layer),
    },
  ),
  uint('ip.id', IDENTIFICATION, 2, 'The sender’s number for the packet; fragments of one packet share it.', { hex: 4 }),
  uint('ip.flags', FLAGS_AND_OFFSET, 1, 'May it be cut into fragments, and do more follow?', { mask: 0xe0, hex: 2 }),
  flag('ip.flags.rb', FLAGS_AND_OFFSET, 1, 0x80, 'Reserved, must be clear.'),
  flag(
    'ip.flags.df',
    FLAGS_AND_OFFSET,
    1,
    0x40,
    'Do not cut this packet: drop it and tell the sender (how path MTUs are found).',
  ),
  flag('ip.flags.mf', FLAGS_AND_OFFSET, 1, 0x20, 'More fragments of this packet follow.'),
  uint(
    'ip.frag_offset',
    FLAGS_AND_OFFSET,
    2,
    'Where this fragment’s bytes belong in the whole packet, in units of 8 bytes.',
    { mask: OFFSET_MASK },
  ),
  uint('ip.ttl', TTL, 1, 'Routers that the packet may still pass; each takes one off.'),
  uint('ip.proto', PROTOCOL, 1, 'Which protocol the packet carries.', { names: IP_PROTOCOL_NAMES }),
  uint('ip.checksum', CHECKSUM, 2, 'Guards this header; every router that lowers the TTL makes it anew.', { hex: 4 }),
  checksumStatus('ip.checksum.status', CHECKSUM),
  ipv4('ip.src', SOURCE, 'Who sent the packet.'),
  when((layer) => layer.destinationAt === DESTINATION, ipv4('ip.dst', DESTINATION, 'Whom the packet is for.')),
]);

/** The fields up to the one that is wrong, whose name it has: what follows is not where it should be. */
const upTo = (name: string): FieldTable<Ipv4Layer> =>
  new FieldTable(FIELDS.all.slice(0, FIELDS.all.findIndex((field) => field.name === name) + 1));
const WRONG_VERSION = upTo('ip.version');
const WRONG_HEADER_LENGTH = upTo('ip.hdr_len');
const WRONG_LENGTH = upTo('ip.len');

export class Ipv4Layer extends LayerBase {
  readonly protocol = 'ip';

  get headerLength(): number {
    return Math.max((this.u8(VERSION_AND_LENGTH) & 0x0f) * 4, FIXED_LENGTH);
  }

  /** 0 in what a NIC with segmentation offload hands over (TSO of more than 64 kB): then the capture's own length counts. */
  get totalLength(): number {
    return this.u16(TOTAL_LENGTH);
  }

  /** Bytes: the header's, or, where it says 0, what is there. */
  get packetLength(): number {
    return this.totalLength === 0 ? this.enclosingEnd - this.offset : this.totalLength;
  }

  get identification(): number {
    return this.u16(IDENTIFICATION);
  }

  /** Bytes. */
  get fragmentOffset(): number {
    return (this.u16(FLAGS_AND_OFFSET) & OFFSET_MASK) * 8;
  }

  get moreFragments(): boolean {
    return (this.u16(FLAGS_AND_OFFSET) & MORE_FRAGMENTS) !== 0;
  }

  get ttl(): number {
    return this.u8(TTL);
  }

  get proto(): number {
    return this.u8(PROTOCOL);
  }

  get source(): string {
    return this.has(SOURCE, 4) ? formatIpv4(this.bytes, this.offset + SOURCE) : '';
  }

  /** Whom the packet is for in the end: with a source route, that is not where it is going next. */
  get destination(): string {
    return this.has(DESTINATION, 4) ? formatIpv4(this.bytes, this.offset + this.destinationAt) : '';
  }

  /** Where that address stands, in bytes from the layer's first. */
  get destinationAt(): number {
    return this.headerLength > FIXED_LENGTH ? (routedDestination(this) ?? DESTINATION) : DESTINATION;
  }

  get checksum(): ChecksumStatus {
    if (!this.has(0, this.headerLength)) return 'unverified';
    return onesSum(this.bytes, this.offset, this.offset + this.headerLength) === 0xffff ? 'good' : 'bad';
  }

  get pseudoHeader(): PseudoHeader {
    const { bytes, offset, destinationAt } = this;
    return {
      destinationAt: offset + destinationAt,
      whole: !this.moreFragments && this.fragmentOffset === 0,
      sum: (protocol, length) => {
        const source = onesSum(bytes, offset + SOURCE, offset + SOURCE + 4, protocol + length);
        return onesSum(bytes, offset + destinationAt, offset + destinationAt + 4, source);
      },
    };
  }

  override get declaredEnd(): number {
    if (this.totalLength === 0) return this.enclosingEnd;
    return this.boundedEnd(this.offset + Math.max(this.totalLength, this.headerLength));
  }

  override get payloadEnd(): number {
    return Math.min(this.end, this.declaredEnd);
  }

  override problem(): Problem | null {
    const version = this.u8(VERSION_AND_LENGTH) >>> 4;
    if (this.has(0, 1) && version !== 4)
      return {
        at: this.offset,
        reason: `IP version is ${version}, must be 4`,
        line: `Bogus IPv4 version (${version}, must be 4)`,
      };
    const words = this.u8(VERSION_AND_LENGTH) & 0x0f;
    if (this.has(0, 1) && words < 5)
      return {
        at: this.offset,
        reason: `IP header length is ${words * 4} bytes, must be at least 20`,
        line: `Bogus IP header length (${words * 4}, must be at least 20)`,
      };
    if (this.totalLength !== 0 && this.totalLength < this.headerLength && this.has(TOTAL_LENGTH, 2))
      return {
        at: this.offset + TOTAL_LENGTH,
        reason: `IP total length is ${this.totalLength} bytes, less than its header`,
        line: `Bogus IP length (${this.totalLength}, less than header length ${this.headerLength})`,
      };
    return super.problem();
  }

  override info(): string {
    const name = IP_PROTOCOL_NAMES[this.proto] ?? 'Unknown';
    if (this.fragmentOffset === 0) return `${name} (${this.proto})`;
    const id = this.identification.toString(16).padStart(4, '0');
    return `Fragmented IP protocol (proto=${name} ${this.proto}, off=${this.fragmentOffset}, ID=${id})`;
  }

  #table(): FieldTable<Ipv4Layer> {
    const first = this.u8(VERSION_AND_LENGTH);
    const { totalLength } = this;
    if (first === PLAIN && totalLength >= FIXED_LENGTH) return FIELDS;
    if (first >>> 4 !== 4) return WRONG_VERSION;
    if ((first & 0x0f) < 5) return WRONG_HEADER_LENGTH;
    return totalLength !== 0 && totalLength < (first & 0x0f) * 4 ? WRONG_LENGTH : FIELDS;
  }

  protected override collect(sink: FieldSink): void {
    const table = this.#table();
    readTable(this, table, sink);
    if (table !== FIELDS) return;
    collectIpv4Options(this, sink);
  }
}

/** What is odd about the length. */
function lengthWords(layer: Ipv4Layer): string {
  if (layer.totalLength === 0) return 'the header says 0: not yet cut into segments';
  const there = layer.end - layer.offset;
  return layer.totalLength > there ? `only ${there} are there` : '';
}
