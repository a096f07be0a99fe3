// RFC 8200 section 4, the extension headers between IPv6 and what it carries.
//
//    0       1       2                                       0       1       2               4               8
//   +-------+-------+-----------------------                +-------+-------+-------------+-+---------------+
//   | next  | length| options or addresses …     fragment:  | next  | 0     | offset      |M| identification|
//   +-------+-------+-----------------------                +-------+-------+-------------+-+---------------+
//   The length counts units of 8 bytes after the first 8; the fragment header has none and is always 8 bytes.
import type { PseudoHeader } from './checksum.ts';
import { pseudoHeaderOf } from './checksum.ts';
import { type FieldDef, type FieldSink, FieldTable, flag, readTable, uint } from './field.ts';
import { LayerBase } from './layer-base.ts';
import { IP_PROTOCOL, IP_PROTOCOL_NAMES } from './numbers.ts';

const NEXT_HEADER = 0;
const LENGTH = 1;
const OFFSET_AND_MORE = 2;
const IDENTIFICATION = 4;

export type ExtensionProtocol = 'ipv6.hopopts' | 'ipv6.routing' | 'ipv6.fraghdr' | 'ipv6.dstopts';

const NEXT_ABOUT = 'Which header comes next.';
const LENGTH_ABOUT = 'Length of this header in units of 8 bytes, the first 8 not counted.';

const optionFields = (protocol: ExtensionProtocol): readonly FieldDef<Ipv6ExtensionLayer>[] => [
  uint(`${protocol}.nxt`, NEXT_HEADER, 1, NEXT_ABOUT, { names: IP_PROTOCOL_NAMES }),
  uint(`${protocol}.len`, LENGTH, 1, LENGTH_ABOUT),
];

const FIELDS: Readonly<Record<ExtensionProtocol, FieldTable<Ipv6ExtensionLayer>>> = {
  'ipv6.hopopts': new FieldTable(optionFields('ipv6.hopopts')),
  'ipv6.dstopts': new FieldTable(optionFields('ipv6.dstopts')),
  'ipv6.routing': new FieldTable<Ipv6ExtensionLayer>([
    ...optionFields('ipv6.routing'),
    uint('ipv6.routing.type', 2, 1, 'Which kind of source routing.'),
    uint('ipv6.routing.segleft', 3, 1, 'Listed nodes that are still to be visited.'),
  ]),
  'ipv6.fraghdr': new FieldTable<Ipv6ExtensionLayer>([
    uint('ipv6.fraghdr.nxt', NEXT_HEADER, 1, NEXT_ABOUT, { names: IP_PROTOCOL_NAMES }),
    uint('ipv6.fraghdr.offset', OFFSET_AND_MORE, 2, 'Where this fragment’s bytes belong, in units of 8 bytes.', {
      mask: 0xfff8,
    }),
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
    // A routing header changes the final destination, which is what the checksum covers (RFC 8200 section 8.1).
    const whole = outer.whole && this.fragmentOffset === 0 && !this.moreFragments && this.protocol !== 'ipv6.routing';
    return { whole, sum: (protocol, length) => outer.sum(protocol, length) };
  }

  override get declaredEnd(): number {
    return this.parent?.declaredEnd ?? this.end;
  }

  override info(): string {
    if (this.protocol !== 'ipv6.fraghdr') return IP_PROTOCOL_NAMES[this.nextHeader] ?? `Next header ${this.nextHeader}`;
    const ident = this.u32(IDENTIFICATION).toString(16).padStart(8, '0');
    return `IPv6 fragment (off=${this.fragmentOffset} more=${this.moreFragments ? 'y' : 'n'} ident=0x${ident} nxt=${this.nextHeader})`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS[this.protocol], sink);
  }
}
