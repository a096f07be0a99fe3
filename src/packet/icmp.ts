// RFC 792, Internet Control Message Protocol; the next-hop MTU: RFC 1191.
//
//    0       1       2               4               6               8
//   +-------+-------+---------------+---------------+---------------+-------------------------------------
//   | type  | code  | checksum      | identifier    | sequence no.  | data (echo), or the packet that
//   |       |       |               | unused        | next-hop MTU  | an error is about
//   +-------+-------+---------------+---------------+---------------+-------------------------------------
import { type ChecksumStatus, checksumStatus, onesSum } from './checksum.ts';
import { bytesField, derived, type FieldSink, FieldTable, ipv4, readTable, uint, when } from './field.ts';
import { Ipv4Layer } from './ipv4.ts';
import { LayerBase } from './layer-base.ts';

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const IDENTIFIER = 4;
const SEQUENCE = 6;
const GATEWAY = 4;
const MTU = 6;
const HEADER_LENGTH = 8;

const ECHO_REPLY = 0;
const UNREACHABLE = 3;
const REDIRECT = 5;
const ECHO_REQUEST = 8;
const TIME_EXCEEDED = 11;
const PARAMETER_PROBLEM = 12;
const FRAGMENTATION_NEEDED = 4;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'Echo (ping) reply',
  3: 'Destination unreachable',
  4: 'Source quench (flow control)',
  5: 'Redirect',
  8: 'Echo (ping) request',
  9: 'Router advertisement',
  10: 'Router solicitation',
  11: 'Time-to-live exceeded',
  12: 'Parameter problem',
  13: 'Timestamp request',
  14: 'Timestamp reply',
};

const CODE_NAMES: Readonly<Record<number, readonly string[]>> = {
  [UNREACHABLE]: [
    'Network unreachable',
    'Host unreachable',
    'Protocol unreachable',
    'Port unreachable',
    'Fragmentation needed',
    'Source route failed',
    'Destination network unknown',
    'Destination host unknown',
    'Source host isolated',
    'Network administratively prohibited',
    'Host administratively prohibited',
    'Network unreachable for TOS',
    'Host unreachable for TOS',
    'Communication administratively filtered',
    'Host precedence violation',
    'Precedence cutoff in effect',
  ],
  [REDIRECT]: [
    'Redirect for network',
    'Redirect for host',
    'Redirect for Type of Service and network',
    'Redirect for Type of Service and host',
  ],
  [TIME_EXCEEDED]: ['Time to live exceeded in transit', 'Fragment reassembly time exceeded'],
};

const littleEndian = (value: number): number => ((value & 0xff) << 8) | (value >>> 8);
const isEcho = (layer: IcmpLayer): boolean => layer.isEcho;

const FIELDS = new FieldTable<IcmpLayer>([
  uint('icmp.type', TYPE, 1, 'What the message is.', { names: TYPE_NAMES }),
  derived('icmp.code', CODE, 1, 'What it is more exactly.', (layer) => layer.code, { type: 'uint8' }),
  uint('icmp.checksum', CHECKSUM, 2, 'Guards the whole message.', { hex: 4 }),
  checksumStatus('icmp.checksum.status', CHECKSUM),
  when(
    isEcho,
    uint('icmp.ident', IDENTIFIER, 2, 'Which ping this belongs to; answers carry it back, and NAT may rewrite it.'),
  ),
  // Some systems write their numbers in their own byte order, so Wireshark shows both readings.
  derived('icmp.ident_le', IDENTIFIER, 2, 'The identifier, read in little-endian order.', (layer) =>
    layer.isEcho ? littleEndian(layer.u16(IDENTIFIER)) : undefined,
  ),
  when(isEcho, uint('icmp.seq', SEQUENCE, 2, 'Counts the requests of one ping.')),
  derived('icmp.seq_le', SEQUENCE, 2, 'The sequence number, read in little-endian order.', (layer) =>
    layer.isEcho ? littleEndian(layer.u16(SEQUENCE)) : undefined,
  ),
  when(
    (layer) => layer.type === TIME_EXCEEDED || (layer.type === UNREACHABLE && layer.code !== FRAGMENTATION_NEEDED),
    bytesField('icmp.unused', 4, 4, 'Not used, zero.'),
  ),
  when(
    (layer) => layer.type === UNREACHABLE && layer.code === FRAGMENTATION_NEEDED,
    bytesField('icmp.unused', 4, 2, 'Not used, zero.'),
  ),
  when(
    (layer) => layer.type === UNREACHABLE && layer.code === FRAGMENTATION_NEEDED,
    uint('icmp.mtu', MTU, 2, 'The largest packet that fits the next link, in bytes.'),
  ),
  when(
    (layer) => layer.type === REDIRECT,
    ipv4('icmp.redir_gw', GATEWAY, 'The better first router for this destination.'),
  ),
]);

export class IcmpLayer extends LayerBase {
  readonly protocol = 'icmp';
  readonly headerLength = HEADER_LENGTH;

  get type(): number {
    return this.u8(TYPE);
  }

  get code(): number {
    return this.u8(CODE);
  }

  get isEcho(): boolean {
    return this.type === ECHO_REQUEST || this.type === ECHO_REPLY;
  }

  /** True for an error: what follows is the head of the packet that it is about. */
  override get quotes(): boolean {
    const { type } = this;
    return (
      type === UNREACHABLE || type === TIME_EXCEEDED || type === REDIRECT || type === PARAMETER_PROBLEM || type === 4
    );
  }

  get identifier(): number {
    return this.u16(IDENTIFIER);
  }

  get sequence(): number {
    return this.u16(SEQUENCE);
  }

  get checksum(): ChecksumStatus {
    const carrier = this.parent;
    const fragmented = carrier instanceof Ipv4Layer && !carrier.pseudoHeader.whole;
    const declared = carrier?.declaredEnd ?? this.end;
    if (this.quoted || fragmented || declared > this.end) return 'unverified';
    return onesSum(this.bytes, this.offset, this.end) === 0xffff ? 'good' : 'bad';
  }

  override info(): string {
    const { type, code } = this;
    const name = TYPE_NAMES[type] ?? `Unknown ICMP (type ${type})`;
    if (this.isEcho) {
      const id = this.identifier.toString(16).padStart(4, '0');
      const ttl = this.parent instanceof Ipv4Layer ? `, ttl=${this.parent.ttl}` : '';
      // Wireshark pads "reply" so that the columns of a ping stand under each other.
      return `${name.padEnd(21)}id=0x${id}, seq=${this.sequence}/${littleEndian(this.sequence)}${ttl}`;
    }
    const detail = CODE_NAMES[type]?.[code];
    return detail === undefined ? name : `${name} (${detail})`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
