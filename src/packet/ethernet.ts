// Ethernet II and IEEE 802.3, without the frame check sequence (captures have none).
//
//    0                       6                       12      14
//   +-----------------------+-----------------------+-------+----------
//   | destination           | source                | type  | payload …
//   +-----------------------+-----------------------+-------+----------
//   A "type" of 1500 or less is the payload's length instead (IEEE 802.3 clause 3.2.6), and LLC follows.
import { type FieldSink, FieldTable, flag, mac, readTable, uint, when } from './field.ts';
import { formatMac } from './format.ts';
import { LayerBase } from './layer-base.ts';
import { ETHERTYPE_NAMES } from './numbers.ts';

const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;
const HEADER_LENGTH = 14;
const LARGEST_LENGTH = 1500;

const LOCAL = 0x020000;
const GROUP = 0x010000;

const FIELDS = new FieldTable<EthernetLayer>([
  mac('eth.dst', DESTINATION, 'The MAC address of the interface that the frame is for.'),
  flag(
    'eth.dst.lg',
    DESTINATION,
    3,
    LOCAL,
    'Set when the destination’s address was made up locally rather than bought from the IEEE.',
  ),
  flag('eth.dst.ig', DESTINATION, 3, GROUP, 'Set for a group of stations: multicast or broadcast.'),
  mac('eth.src', SOURCE, 'The MAC address of the interface that sent the frame; bridges learn from it.'),
  flag(
    'eth.src.lg',
    SOURCE,
    3,
    LOCAL,
    'Set when the sender’s address was made up locally, as those of containers are.',
  ),
  flag('eth.src.ig', SOURCE, 3, GROUP, 'Must be clear: nobody sends as a group.'),
  when(
    (layer) => !layer.hasLength,
    uint('eth.type', TYPE, 2, 'Which protocol the frame carries.', { hex: 4, names: ETHERTYPE_NAMES }),
  ),
  when((layer) => layer.hasLength, uint('eth.len', TYPE, 2, 'Bytes of payload; what follows them is padding.')),
]);

export class EthernetLayer extends LayerBase {
  readonly protocol = 'eth';
  readonly headerLength = HEADER_LENGTH;

  get hasLength(): boolean {
    return this.u16(TYPE) <= LARGEST_LENGTH;
  }

  /** EtherType, or the payload's length in an 802.3 frame. */
  get type(): number {
    return this.u16(TYPE);
  }

  get source(): string {
    return this.has(SOURCE, 6) ? formatMac(this.bytes, this.offset + SOURCE) : '';
  }

  get destination(): string {
    return this.has(DESTINATION, 6) ? formatMac(this.bytes, this.offset + DESTINATION) : '';
  }

  override get payloadEnd(): number {
    return this.hasLength ? Math.min(this.end, this.offset + HEADER_LENGTH + this.type) : this.end;
  }

  override get declaredEnd(): number {
    return this.hasLength ? this.offset + HEADER_LENGTH + this.type : this.enclosingEnd;
  }

  override info(): string {
    return this.hasLength
      ? 'IEEE 802.3 Ethernet'
      : (ETHERTYPE_NAMES[this.type] ?? `Ethernet II, type 0x${this.type.toString(16).padStart(4, '0')}`);
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
