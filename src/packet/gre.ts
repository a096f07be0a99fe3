// RFC 2784, Generic Routing Encapsulation; key and sequence number: RFC 2890; the source route: RFC 1701; around PPP: RFC 2637.
//
//    0               2               4               8               12              16              20
//   +-+-+-+-+-+------+---------------+---------------+---------------+---------------+---------------+----------
//   |C|R|K|S|A|vers. | protocol type | checksum,     | key           | sequence no.  | acknowledged  | payload …
//   | | | | | |      |               | place in route|               |               |               |
//   +-+-+-+-+-+------+---------------+---------------+---------------+---------------+---------------+----------
//   Each of the last four is there when its bit is set: C or R, K, S, A. Around PPP, as PPTP speaks it (version 1), the key is
//   two numbers: the payload's length and the call. A source route, which nobody speaks any more, stands between sequence number
//   and payload: | address family (2) | place (1) | length (1) | addresses … |, again and again, up to one that is empty.
import { onesSum } from './checksum.ts';
import { derived, type FieldSink, FieldTable, flag, listed, readTable, uint, when } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { ETHERTYPE, ETHERTYPE_NAMES } from './numbers.ts';

const FLAGS = 0;
const TYPE = 2;
const OPTIONAL = 4;
/** What an entry of a source route has before its addresses. */
const ROUTE_ENTRY = 4;

const CHECKSUM_PRESENT = 0x8000;
const ROUTING_PRESENT = 0x4000;
const KEY_PRESENT = 0x2000;
const SEQUENCE_PRESENT = 0x1000;
/** Of GRE around PPP alone; elsewhere the bit is reserved. */
const ACKNOWLEDGMENT_PRESENT = 0x0080;

const isAroundPpp = (layer: GreLayer): boolean => layer.type === ETHERTYPE.ppp;

const FIELDS = new FieldTable<GreLayer>([
  uint('gre.flags_and_version', FLAGS, 2, 'Which of the fields below are there.', { hex: 4 }),
  flag('gre.flags.checksum', FLAGS, 2, CHECKSUM_PRESENT, 'There is a checksum.'),
  flag('gre.flags.routing', FLAGS, 2, ROUTING_PRESENT, 'There is a source route (obsolete).'),
  flag('gre.flags.key', FLAGS, 2, KEY_PRESENT, 'There is a key.'),
  flag('gre.flags.sequence_number', FLAGS, 2, SEQUENCE_PRESENT, 'There is a sequence number.'),
  flag('gre.flags.strict_source_route', FLAGS, 2, 0x0800, 'Only the listed routers may be passed (obsolete).'),
  uint('gre.flags.recursion_control', FLAGS, 2, 'How many more tunnels may be put around this one (obsolete).', {
    mask: 0x0700,
  }),
  when(isAroundPpp, flag('gre.flags.ack', FLAGS, 2, ACKNOWLEDGMENT_PRESENT, 'There is an acknowledgment.')),
  derived('gre.flags.reserved', FLAGS, 2, 'Reserved, must be clear.', (layer) =>
    isAroundPpp(layer) ? (layer.flags & 0x0078) >>> 3 : (layer.flags & 0x00f8) >>> 3,
  ),
  uint('gre.flags.version', FLAGS, 2, '0; 1 is the GRE of PPTP.', { mask: 0x0007 }),
  uint('gre.proto', TYPE, 2, 'Which protocol the tunnel carries; 0x6558: Ethernet frames.', {
    hex: 4,
    names: ETHERTYPE_NAMES,
  }),
]);

const CHECKSUM = listed('gre.checksum', 'uint16', 'Guards this header and what it carries.', { hex: 4 });
const CHECKSUM_STATUS = listed('gre.checksum.status', 'uint8', 'Whether the checksum fits.', {
  names: { 0: 'Bad', 1: 'Good', 2: 'Unverified' },
});
const RESERVED = listed('gre.offset', 'uint16', 'Where in the source route the packet is; reserved, 0.');
const KEY = listed('gre.key', 'uint32', 'Which of the tunnels between these two hosts this is.', { hex: 8 });
const PAYLOAD_LENGTH = listed('gre.key.payload_length', 'uint16', 'Bytes that the tunnel carries in this packet.');
const CALL = listed('gre.key.call_id', 'uint16', 'Which of the calls between these two hosts this is.');
const SEQUENCE = listed('gre.sequence_number', 'uint32', 'Counts the packets of the tunnel.');
const ACKNOWLEDGMENT = listed('gre.ack_number', 'uint32', 'The last packet that has arrived from the other side.');
const FAMILY = listed('gre.routing.address_family', 'uint16', 'What kind of addresses follow.');
const ROUTE_OFFSET = listed('gre.routing.sre_offset', 'uint8', 'Where among them the packet is.');
const ROUTE_LENGTH = listed('gre.routing.src_length', 'uint8', 'Bytes of them.');
const ROUTE = listed('gre.routing.information', 'bytes', 'The addresses to pass.');

export class GreLayer extends LayerBase {
  readonly protocol = 'gre';

  get headerLength(): number {
    return this.routeAt + this.routeLength;
  }

  get flags(): number {
    return this.u16(FLAGS);
  }

  /** EtherType of the payload. */
  get type(): number {
    return this.u16(TYPE);
  }

  /** Where the source route begins, if there is one: everything else before the payload has been said. */
  private get routeAt(): number {
    const { flags } = this;
    const acknowledges = isAroundPpp(this) && (flags & ACKNOWLEDGMENT_PRESENT) !== 0;
    return (
      OPTIONAL +
      (hasChecksum(flags) ? 4 : 0) +
      ((flags & KEY_PRESENT) !== 0 ? 4 : 0) +
      ((flags & SEQUENCE_PRESENT) !== 0 ? 4 : 0) +
      (acknowledges ? 4 : 0)
    );
  }

  /** Bytes, the empty entry at its end included. */
  private get routeLength(): number {
    if ((this.flags & ROUTING_PRESENT) === 0) return 0;
    const start = this.routeAt;
    let at = start;
    while (this.has(at, ROUTE_ENTRY)) {
      const isLast = this.u16(at) === 0 && this.u8(at + 3) === 0;
      at += ROUTE_ENTRY + this.u8(at + 3);
      if (isLast) return at - start;
    }
    return at + ROUTE_ENTRY - start;
  }

  /** The first kind of ERSPAN has neither a number nor a header. */
  get isNumbered(): boolean {
    return (this.flags & SEQUENCE_PRESENT) !== 0;
  }

  /** null: the header has none. */
  get key(): number | null {
    return (this.flags & KEY_PRESENT) === 0 ? null : this.u32(hasChecksum(this.flags) ? OPTIONAL + 4 : OPTIONAL);
  }

  override problem(): Problem | null {
    return super.problem() ?? walkProblem(this, readOptional, OPTIONAL);
  }

  override info(): string {
    const { type } = this;
    // Routers send themselves one through the far end: type 0 and nothing in it.
    if (type === 0) return 'Encapsulated Possible GRE keepalive packet';
    const name = type === ETHERTYPE.ipv4 ? 'IP' : ETHERTYPE_NAMES[type];
    return `Encapsulated ${name ?? `0x${type.toString(16).padStart(4, '0')} (unknown)`}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    walkFields(this, readOptional, sink, OPTIONAL);
  }
}

/** The checksum's room is there for a source route, too. */
const hasChecksum = (flags: number): boolean => (flags & (CHECKSUM_PRESENT | ROUTING_PRESENT)) !== 0;

function readOptional(reader: FieldReader, layer: GreLayer): void {
  const { flags } = layer;
  if (hasChecksum(flags)) {
    reader.number(CHECKSUM);
    const isThere = (flags & CHECKSUM_PRESENT) !== 0 && (layer.parent?.declaredEnd ?? layer.end) <= layer.end;
    const good = isThere && onesSum(layer.bytes, layer.offset, layer.end) === 0xffff;
    reader.put(CHECKSUM_STATUS, OPTIONAL, 0, isThere ? Number(good) : 2);
    reader.number(RESERVED);
  }
  if ((flags & KEY_PRESENT) !== 0) {
    if (isAroundPpp(layer)) {
      reader.number(PAYLOAD_LENGTH);
      reader.number(CALL);
    } else reader.number(KEY);
  }
  if ((flags & SEQUENCE_PRESENT) !== 0) reader.number(SEQUENCE);
  if (isAroundPpp(layer) && (flags & ACKNOWLEDGMENT_PRESENT) !== 0) reader.number(ACKNOWLEDGMENT);
  if ((flags & ROUTING_PRESENT) !== 0) readRoute(reader);
}

function readRoute(reader: FieldReader): void {
  for (;;) {
    const family = reader.number(FAMILY);
    reader.number(ROUTE_OFFSET);
    const length = reader.number(ROUTE_LENGTH);
    if (length > 0) reader.bytes(ROUTE, length);
    else if (family === 0) return;
  }
}
