// RFC 8200 section 4, the extension headers between IPv6 and what it carries.
//
//    0       1       2                                       0       1       2               4               8
//   +-------+-------+-----------------------                +-------+-------+-------------+-+---------------+
//   | next  | length| options or addresses …     fragment:  | next  | 0     | offset      |M| identification|
//   +-------+-------+-----------------------                +-------+-------+-------------+-+---------------+
//   The length counts units of 8 bytes after the first 8; the fragment header has none and is always 8 bytes.
import { onesSum, type PseudoHeader, pseudoHeaderOf } from './checksum.ts';
import { derived, type FieldDef, type FieldSink, FieldTable, flag, readTable, uint } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { formatIpv6 } from './format.ts';
import { MOBILE_ROUTE, readIpv6Options, readRoute, SEGMENT_ROUTE, SOURCE_ROUTE } from './ipv6-options.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { IP_PROTOCOL, IP_PROTOCOL_NAMES } from './numbers.ts';

const NEXT_HEADER = 0;
const LENGTH = 1;
const ROUTING_TYPE = 2;
const SEGMENTS_LEFT = 3;
const OFFSET_AND_MORE = 2;
const IDENTIFICATION = 4;

export type ExtensionProtocol = 'ipv6.hopopts' | 'ipv6.routing' | 'ipv6.fraghdr' | 'ipv6.dstopts';

const ROUTING_NAMES: Readonly<Record<number, string>> = {
  [SOURCE_ROUTE]: 'Source Route',
  [MOBILE_ROUTE]: 'Type 2 Routing Header',
  3: 'RPL Source Route Header',
  [SEGMENT_ROUTE]: 'Segment Routing',
};

const NEXT_ABOUT = 'Which header comes next.';
const LENGTH_ABOUT = 'Length of this header in units of 8 bytes, the first 8 not counted.';

const optionFields = (protocol: ExtensionProtocol): readonly FieldDef<Ipv6ExtensionLayer>[] => [
  uint(`${protocol}.nxt`, NEXT_HEADER, 1, NEXT_ABOUT, { names: IP_PROTOCOL_NAMES }),
  uint(`${protocol}.len`, LENGTH, 1, LENGTH_ABOUT),
  derived(`${protocol}.len_oct`, LENGTH, 1, 'Bytes of this header.', (layer) => 8 + layer.u8(LENGTH) * 8),
];

const FIELDS: Readonly<Record<ExtensionProtocol, FieldTable<Ipv6ExtensionLayer>>> = {
  'ipv6.hopopts': new FieldTable(optionFields('ipv6.hopopts')),
  'ipv6.dstopts': new FieldTable(optionFields('ipv6.dstopts')),
  'ipv6.routing': new FieldTable<Ipv6ExtensionLayer>([
    ...optionFields('ipv6.routing'),
    uint('ipv6.routing.type', ROUTING_TYPE, 1, 'Which kind of source routing.', { names: ROUTING_NAMES }),
    uint('ipv6.routing.segleft', SEGMENTS_LEFT, 1, 'Listed nodes that are still to be visited.'),
  ]),
  'ipv6.fraghdr': new FieldTable<Ipv6ExtensionLayer>([
    uint('ipv6.fraghdr.nxt', NEXT_HEADER, 1, NEXT_ABOUT, { names: IP_PROTOCOL_NAMES }),
    uint('ipv6.fraghdr.reserved_octet', LENGTH, 1, 'Reserved, 0: the header has no length of its own.', { hex: 2 }),
    uint('ipv6.fraghdr.offset', OFFSET_AND_MORE, 2, 'Where this fragment’s bytes belong, in units of 8 bytes.', {
      mask: 0xfff8,
    }),
    uint('ipv6.fraghdr.reserved_bits', OFFSET_AND_MORE, 2, 'Reserved, 0.', { mask: 0x0006 }),
    flag('ipv6.fraghdr.more', OFFSET_AND_MORE, 2, 1, 'More fragments of this packet follow.'),
    uint('ipv6.fraghdr.ident', IDENTIFICATION, 4, 'The sender’s number for the packet; its fragments share it.', {
      hex: 8,
    }),
  ]),
};

/** The extension header that a next-header number names, or null when it is something else. */
export function extensionProtocol(nextHeader: number): ExtensionProtocol | null {
  switch (nextHeader) {
    case IP_PROTOCOL.hopByHop:
      return 'ipv6.hopopts';
    case IP_PROTOCOL.routing:
      return 'ipv6.routing';
    case IP_PROTOCOL.fragment:
      return 'ipv6.fraghdr';
    case IP_PROTOCOL.destinationOptions:
      return 'ipv6.dstopts';
    default:
      return null;
  }
}

export class Ipv6ExtensionLayer extends LayerBase {
  readonly protocol: ExtensionProtocol;

  constructor(protocol: ExtensionProtocol, bytes: Uint8Array, offset: number, end: number, parent: LayerBase) {
    super(bytes, offset, end, parent);
    this.protocol = protocol;
  }

  get headerLength(): number {
    return this.protocol === 'ipv6.fraghdr' ? 8 : 8 + this.u8(LENGTH) * 8;
  }

  get nextHeader(): number {
    return this.u8(NEXT_HEADER);
  }

  /** Bytes; 0 for every header but the fragment header. */
  get fragmentOffset(): number {
    return this.protocol === 'ipv6.fraghdr' ? this.u16(OFFSET_AND_MORE) & 0xfff8 : 0;
  }

  get moreFragments(): boolean {
    return this.protocol === 'ipv6.fraghdr' && (this.u16(OFFSET_AND_MORE) & 1) !== 0;
  }

  get pseudoHeader(): PseudoHeader | null {
    const outer = pseudoHeaderOf(this);
    if (outer === null) return null;
    const whole = outer.whole && this.fragmentOffset === 0 && !this.moreFragments;
    const at = this.finalDestinationAt;
    if (at === null) return { ...outer, whole };
    // The checksum covers the last destination, not the next (RFC 8200 section 8.1): the one is taken off the sum, the
    // other put on. In one's complement that is adding the complement.
    const next = onesSum(this.bytes, outer.destinationAt, outer.destinationAt + 16);
    const sum = (protocol: number, length: number): number =>
      onesSum(this.bytes, this.offset + at, this.offset + at + 16, outer.sum(protocol, length) + (0xffff - next));
    return { whole, sum, destinationAt: outer.destinationAt };
  }

  /** Where a routing header says that the packet ends up; "" when it has arrived there, and in all other headers. */
  get finalDestination(): string {
    const at = this.finalDestinationAt;
    return at === null ? '' : formatIpv6(this.bytes, this.offset + at);
  }

  private get finalDestinationAt(): number | null {
    if (this.protocol !== 'ipv6.routing' || this.u8(SEGMENTS_LEFT) === 0) return null;
    const type = this.u8(ROUTING_TYPE);
    const at = type === SOURCE_ROUTE ? this.headerLength - 16 : 8;
    if (type !== SOURCE_ROUTE && type !== MOBILE_ROUTE && type !== SEGMENT_ROUTE) return null;
    return at >= 8 && at + 16 <= this.headerLength && this.has(at, 16) ? at : null;
  }

  override get declaredEnd(): number {
    return this.parent?.declaredEnd ?? this.end;
  }

  override problem(): Problem | null {
    return super.problem() ?? walkProblem(this, readRest, this.restAt);
  }

  override info(): string {
    if (this.nextHeader === IP_PROTOCOL.noNext) return 'IPv6 no next header';
    if (this.protocol !== 'ipv6.fraghdr') return IP_PROTOCOL_NAMES[this.nextHeader] ?? `Next header ${this.nextHeader}`;
    const ident = this.u32(IDENTIFICATION).toString(16).padStart(8, '0');
    return `IPv6 fragment (off=${this.fragmentOffset} more=${this.moreFragments ? 'y' : 'n'} ident=0x${ident} nxt=${this.nextHeader})`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS[this.protocol], sink);
    walkFields(this, readRest, sink, this.restAt);
  }

  /** Where options or addresses begin. */
  private get restAt(): number {
    return this.protocol === 'ipv6.routing' ? 4 : 2;
  }
}

function readRest(reader: FieldReader, layer: Ipv6ExtensionLayer): void {
  if (layer.protocol === 'ipv6.fraghdr') return;
  const rest = reader.part(Math.max(layer.length - reader.at, 0), 'options');
  if (layer.protocol === 'ipv6.routing') readRoute(rest, layer.u8(ROUTING_TYPE));
  else readIpv6Options(rest);
}
