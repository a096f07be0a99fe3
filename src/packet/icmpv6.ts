// RFC 4443, ICMPv6.
//
//    0       1       2               4                               8
//   +-------+-------+---------------+-------------------------------+----------------------------------------
//   | type  | code  | checksum      | id + sequence, MTU, flags …   | data (echo), the packet that an error is
//   |       |       |               |                               | about, or more (icmpv6-body.ts)
//   +-------+-------+---------------+-------------------------------+----------------------------------------
import { type ChecksumStatus, checksumStatus, transportChecksum } from './checksum.ts';
import { bytesField, type FieldSink, FieldTable, readTable, uint, when } from './field.ts';
import { walkFields, walkProblem } from './field-reader.ts';
import { formatIpv6, formatMac } from './format.ts';
import {
  hasBody,
  NEIGHBOR_ADVERTISEMENT,
  NEIGHBOR_SOLICITATION,
  optionsAt,
  REDIRECT,
  RESERVED_ABOUT,
  ROUTER_ADVERTISEMENT,
  ROUTER_SOLICITATION,
  readIcmpv6Body,
} from './icmpv6-body.ts';
import { Ipv6Layer } from './ipv6.ts';
import { Ipv6ExtensionLayer } from './ipv6-extension.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { IP_PROTOCOL } from './numbers.ts';

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const BODY = 4;
const TARGET = 8;
const HEADER_LENGTH = 8;

const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;
const UNREACHABLE = 1;
const PACKET_TOO_BIG = 2;
const TIME_EXCEEDED = 3;
const PARAMETER_PROBLEM = 4;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'Destination Unreachable',
  2: 'Packet Too Big',
  3: 'Time Exceeded',
  4: 'Parameter Problem',
  128: 'Echo (ping) request',
  129: 'Echo (ping) reply',
  130: 'Multicast Listener Query',
  131: 'Multicast Listener Report',
  132: 'Multicast Listener Done',
  133: 'Router Solicitation',
  134: 'Router Advertisement',
  135: 'Neighbor Solicitation',
  136: 'Neighbor Advertisement',
  137: 'Redirect',
  143: 'Multicast Listener Report Message v2',
};

const CODE_NAMES: Readonly<Record<number, readonly string[]>> = {
  1: [
    'no route to destination',
    'Administratively prohibited',
    'Beyond scope of source address',
    'Address unreachable',
    'Port unreachable',
    'Source address failed ingress/egress policy',
    'Reject route to destination',
  ],
  3: ['hop limit exceeded in transit', 'fragment reassembly time exceeded'],
  4: [
    'erroneous header field encountered',
    'unrecognized Next Header type encountered',
    'unrecognized IPv6 option encountered',
  ],
};

const isEcho = (layer: Icmpv6Layer): boolean => layer.type === ECHO_REQUEST || layer.type === ECHO_REPLY;

const FIELDS = new FieldTable<Icmpv6Layer>([
  uint('icmpv6.type', TYPE, 1, 'What the message is; errors are below 128.', { names: TYPE_NAMES }),
  uint('icmpv6.code', CODE, 1, 'What it is more exactly.'),
  uint('icmpv6.checksum', CHECKSUM, 2, 'Guards the message and the addresses.', { hex: 4 }),
  checksumStatus('icmpv6.checksum.status', CHECKSUM),
  when(isEcho, uint('icmpv6.echo.identifier', BODY, 2, 'Which ping this belongs to.', { hex: 4 })),
  when(isEcho, uint('icmpv6.echo.sequence_number', BODY + 2, 2, 'Counts the requests of one ping.')),
  when(
    (layer) => layer.type === PACKET_TOO_BIG,
    uint('icmpv6.mtu', BODY, 4, 'The largest packet that fits the next link, in bytes.'),
  ),
  when(
    (layer) => layer.type === PARAMETER_PROBLEM,
    uint('icmpv6.pointer', BODY, 4, 'The byte of the quoted packet that is wrong.'),
  ),
  when(
    (layer) => layer.type === UNREACHABLE || layer.type === TIME_EXCEEDED,
    bytesField('icmpv6.reserved', BODY, 4, RESERVED_ABOUT),
  ),
]);

export class Icmpv6Layer extends LayerBase {
  readonly protocol = 'icmpv6';

  /** Neighbour discovery and multicast listeners: the whole message. A ping carries something, an error quotes a packet. */
  get headerLength(): number {
    return hasBody(this.type) ? Math.max(this.end - this.offset, HEADER_LENGTH) : HEADER_LENGTH;
  }

  get type(): number {
    return this.u8(TYPE);
  }

  get code(): number {
    return this.u8(CODE);
  }

  /** RFC 4443 section 2.1: types below 128 are errors and carry as much of the packet as fits. */
  override get quotes(): boolean {
    return this.type >= 1 && this.type <= 4;
  }

  get checksum(): ChecksumStatus {
    const declared = this.parent?.declaredEnd ?? this.end;
    return transportChecksum(this, IP_PROTOCOL.icmpv6, CHECKSUM, declared - this.offset);
  }

  override problem(): Problem | null {
    return super.problem() ?? (hasBody(this.type) ? walkProblem(this, readIcmpv6Body, BODY) : null);
  }

  override info(): string {
    const { type } = this;
    const name = TYPE_NAMES[type] ?? `Unknown (${type})`;
    if (isEcho(this)) {
      const id = this.u16(BODY).toString(16).padStart(4, '0');
      let carrier = this.parent;
      while (carrier instanceof Ipv6ExtensionLayer) carrier = carrier.parent;
      const hops = carrier instanceof Ipv6Layer ? `, hop limit=${carrier.hopLimit}` : '';
      return `${name} id=0x${id}, seq=${this.u16(BODY + 2)}${hops}`;
    }
    const link = this.linkAddress();
    const from = link === '' ? '' : ` from ${link}`;
    if (type === ROUTER_SOLICITATION || type === ROUTER_ADVERTISEMENT) return `${name}${from}`;
    if (type === NEIGHBOR_SOLICITATION && this.has(TARGET, 16))
      return `${name} for ${formatIpv6(this.bytes, this.offset + TARGET)}${from}`;
    if (type === NEIGHBOR_ADVERTISEMENT && this.has(TARGET, 16)) {
      const bits = this.u8(BODY);
      const flags = [(bits & 0x80) !== 0 && 'rtr', (bits & 0x40) !== 0 && 'sol', (bits & 0x20) !== 0 && 'ovr'].filter(
        Boolean,
      );
      const shown = flags.length === 0 ? '' : ` (${flags.join(', ')})`;
      return `${name} ${formatIpv6(this.bytes, this.offset + TARGET)}${shown}${link === '' ? '' : ` is at ${link}`}`;
    }
    if (type === REDIRECT && link !== '') return `${name} is at ${link}`;
    const detail = CODE_NAMES[type]?.[this.code];
    return detail === undefined ? name : `${name} (${detail})`;
  }

  /** The MAC address in a source or target link-layer option (RFC 4861 section 4.6.1), or "". */
  private linkAddress(): string {
    for (let at = optionsAt(this.type); this.has(at, 2); ) {
      const option = this.u8(at);
      const length = this.u8(at + 1) * 8;
      if (length === 0) break;
      if ((option === 1 || option === 2) && length === 8 && this.has(at, 8))
        return formatMac(this.bytes, this.offset + at + 2);
      at += length;
    }
    return '';
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    if (hasBody(this.type)) walkFields(this, readIcmpv6Body, sink, BODY);
  }
}
