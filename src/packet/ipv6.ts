// RFC 8200, Internet Protocol, Version 6.
//
//    0       1           4               6       7       8
//   +---+-------+-------+---------------+-------+-------+
//   |ver|traffic| flow  | payload length| next  | hop   |
//   |   |class  | label |               | header| limit |
//   +---+-------+-------+---------------+-------+-------+
//    8                              24                             40
//   +------------------------------+------------------------------+
//   | source                       | destination                  |
//   +------------------------------+------------------------------+
import { onesSum, type PseudoHeader } from './checksum.ts';
import { derived, type FieldSink, FieldTable, ipv6, readTable, uint } from './field.ts';
import { formatIpv6 } from './format.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { IP_PROTOCOL, IP_PROTOCOL_NAMES } from './numbers.ts';

const VERSION_CLASS_FLOW = 0;
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER_LENGTH = 40;

const FIELDS = new FieldTable<Ipv6Layer>([
  uint('ipv6.version', VERSION_CLASS_FLOW, 1, 'Always 6.', { mask: 0xf0 }),
  derived(
    'ip.version',
    VERSION_CLASS_FLOW,
    0,
    'The same, under the name that both versions share.',
    (layer) => layer.u8(VERSION_CLASS_FLOW) >>> 4,
    { type: 'uint8' },
  ),
  uint('ipv6.tclass', VERSION_CLASS_FLOW, 4, 'How the packet asks to be treated (DSCP and ECN, as in IPv4).', {
    mask: 0x0ff00000,
    hex: 8,
  }),
  uint('ipv6.tclass.dscp', VERSION_CLASS_FLOW, 4, 'The class of service that it asks for.', { mask: 0x0fc00000 }),
  uint(
    'ipv6.tclass.ecn',
    VERSION_CLASS_FLOW,
    4,
    'Whether a router may mark the packet, or has marked it, instead of dropping it.',
    { mask: 0x00300000 },
  ),
  uint('ipv6.flow', VERSION_CLASS_FLOW, 4, 'Marks the packets of one flow, so that they take one path.', {
    mask: 0x000fffff,
    hex: 6,
  }),
  uint('ipv6.plen', PAYLOAD_LENGTH, 2, 'Bytes after this header, extension headers included.'),
  uint('ipv6.nxt', NEXT_HEADER, 1, 'Which header comes next.', { names: IP_PROTOCOL_NAMES }),
  uint('ipv6.hlim', HOP_LIMIT, 1, 'Routers that the packet may still pass; each takes one off.'),
  ipv6('ipv6.src', SOURCE, 'Who sent the packet.'),
  ipv6('ipv6.dst', DESTINATION, 'Whom the packet is for.'),
]);

/** Of a header of another version, nothing else is known. */
const WRONG_VERSION = new FieldTable(FIELDS.all.slice(0, 2));

export class Ipv6Layer extends LayerBase {
  readonly protocol = 'ipv6';
  readonly headerLength = HEADER_LENGTH;

  get nextHeader(): number {
    return this.u8(NEXT_HEADER);
  }

  get hopLimit(): number {
    return this.u8(HOP_LIMIT);
  }

  get source(): string {
    return this.has(SOURCE, 16) ? formatIpv6(this.bytes, this.offset + SOURCE) : '';
  }

  get destination(): string {
    return this.has(DESTINATION, 16) ? formatIpv6(this.bytes, this.offset + DESTINATION) : '';
  }

  get pseudoHeader(): PseudoHeader {
    const { bytes, offset } = this;
    return {
      destinationAt: offset + DESTINATION,
      whole: true, // a fragment header in between says otherwise (ipv6-extension.ts)
      sum: (protocol, length) => onesSum(bytes, offset + SOURCE, offset + HEADER_LENGTH, protocol + length),
    };
  }

  /** A payload length of 0 is a jumbogram (RFC 2675) or Linux's BIG TCP: then the capture's own length counts. */
  override get declaredEnd(): number {
    const length = this.u16(PAYLOAD_LENGTH);
    return length === 0 ? this.enclosingEnd : this.boundedEnd(this.offset + HEADER_LENGTH + length);
  }

  override get payloadEnd(): number {
    return Math.min(this.end, this.declaredEnd);
  }

  override problem(): Problem | null {
    const version = this.u8(VERSION_CLASS_FLOW) >>> 4;
    if (this.has(0, 1) && version !== 6)
      return {
        at: this.offset,
        reason: `IP version is ${version}, must be 6`,
        line: `Bogus IPv6 version (${version}, must be 6)`,
      };
    return super.problem();
  }

  override info(): string {
    if (this.nextHeader === IP_PROTOCOL.noNext) return 'IPv6 no next header';
    return `${IP_PROTOCOL_NAMES[this.nextHeader] ?? 'Unknown'} (${this.nextHeader})`;
  }

  protected override collect(sink: FieldSink): void {
    const isVersion6 = this.u8(VERSION_CLASS_FLOW) >>> 4 === 6;
    readTable(this, isVersion6 ? FIELDS : WRONG_VERSION, sink);
  }
}
