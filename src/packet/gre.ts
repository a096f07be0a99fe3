// RFC 2784, Generic Routing Encapsulation; key and sequence number: RFC 2890.
//
//    0               2               4               8               12              16
//   +-+-+-+-+--------+---------------+---------------+---------------+---------------+----------
//   |C|R|K|S| version| protocol type | checksum, 0   | key           | sequence no.  | payload …
//   +-+-+-+-+--------+---------------+---------------+---------------+---------------+----------
//   The last three are there when C, K and S are set. R, a source route (RFC 1701), nobody speaks any more; version 1 is
//   PPTP's (RFC 2637), whose payload is not decoded.
import { onesSum } from './checksum.ts';
import { type FieldSink, FieldTable, flag, listed, readTable, uint } from './field.ts';
import { type FieldReader, walkFields } from './field-reader.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { ETHERTYPE, ETHERTYPE_NAMES } from './numbers.ts';

const FLAGS = 0;
const TYPE = 2;
const OPTIONAL = 4;

const CHECKSUM_PRESENT = 0x8000;
const ROUTING_PRESENT = 0x4000;
const KEY_PRESENT = 0x2000;
const SEQUENCE_PRESENT = 0x1000;

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
  uint('gre.flags.reserved', FLAGS, 2, 'Reserved, must be clear.', { mask: 0x00f8 }),
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
const SEQUENCE = listed('gre.sequence_number', 'uint32', 'Counts the packets of the tunnel.');

export class GreLayer extends LayerBase {
  readonly protocol = 'gre';

  get headerLength(): number {
    const flags = this.flags;
    return OPTIONAL + (hasChecksum(flags) ? 4 : 0) + (flags & KEY_PRESENT ? 4 : 0) + (flags & SEQUENCE_PRESENT ? 4 : 0);
  }

  get flags(): number {
    return this.u16(FLAGS);
  }

  /** EtherType of the payload. */
  get type(): number {
    return this.u16(TYPE);
  }

  /** null: the header has none. */
  get key(): number | null {
    return (this.flags & KEY_PRESENT) === 0 ? null : this.u32(hasChecksum(this.flags) ? OPTIONAL + 4 : OPTIONAL);
  }

  override problem(): Problem | null {
    const version = this.flags & 0x0007;
    if (version !== 0) return { at: this.offset, reason: `GRE version is ${version}, only 0 is decoded` };
    if ((this.flags & ROUTING_PRESENT) !== 0)
      return { at: this.offset, reason: 'GRE with a source route, which RFC 2784 has done away with' };
    return super.problem();
  }

  override info(): string {
    const { type } = this;
    const name = type === ETHERTYPE.ipv4 ? 'IP' : ETHERTYPE_NAMES[type];
    return `Encapsulated ${name ?? `0x${type.toString(16).padStart(4, '0')} (unknown)`}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    if (super.problem() === null) walkFields(this, readOptional, sink, OPTIONAL);
  }
}

/** The checksum's room is there for a source route, too. */
const hasChecksum = (flags: number): boolean => (flags & (CHECKSUM_PRESENT | ROUTING_PRESENT)) !== 0;

function readOptional(reader: FieldReader, layer: GreLayer): void {
  const { flags } = layer;
  if (hasChecksum(flags)) {
    reader.number(CHECKSUM);
    if ((flags & CHECKSUM_PRESENT) !== 0) {
      const whole = (layer.parent?.declaredEnd ?? layer.end) <= layer.end;
      const good = onesSum(layer.bytes, layer.offset, layer.end) === 0xffff;
      reader.put(CHECKSUM_STATUS, OPTIONAL, 0, whole ? Number(good) : 2);
    }
    reader.number(RESERVED);
  }
  if ((flags & KEY_PRESENT) !== 0) reader.number(KEY);
  if ((flags & SEQUENCE_PRESENT) !== 0) reader.number(SEQUENCE);
}
