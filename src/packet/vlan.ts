// IEEE 802.1Q: the tag between a frame's addresses and its type. 802.1ad puts a second one, the provider's, before the first.
//
//    0                               2                               4
//   +-----+-+-----------------------+-------------------------------+
//   | PCP |D| VLAN identifier (12)  | type                          |
//   +-----+-+-----------------------+-------------------------------+
//   A "type" of 1500 or less is the payload's length instead, as in the frame's own header, and LLC follows.
import { type FieldSink, FieldTable, flag, readTable, uint, when } from './field.ts';
import { LayerBase } from './layer-base.ts';
import { ETHERTYPE_NAMES } from './numbers.ts';

const CONTROL = 0;
const TYPE = 2;
const HEADER_LENGTH = 4;
const LARGEST_LENGTH = 1500;

const FIELDS = new FieldTable<VlanLayer>([
  uint('vlan.priority', CONTROL, 2, 'How urgent the frame is, 0 to 7.', { mask: 0xe000 }),
  flag('vlan.dei', CONTROL, 2, 0x1000, 'Set when the frame may be dropped first under congestion.'),
  uint('vlan.id', CONTROL, 2, 'Which virtual LAN the frame belongs to.', { mask: 0x0fff }),
  when(
    (layer) => !layer.hasLength,
    uint('vlan.etype', TYPE, 2, 'Which protocol the frame carries.', { hex: 4, names: ETHERTYPE_NAMES }),
  ),
  when((layer) => layer.hasLength, uint('vlan.len', TYPE, 2, 'Bytes of payload; what follows them is padding.')),
]);

const PROVIDER_FIELDS = new FieldTable<VlanLayer>([
  uint('ieee8021ad.priority', CONTROL, 2, 'How urgent the frame is, 0 to 7.', { mask: 0xe000 }),
  uint('ieee8021ad.dei', CONTROL, 2, 'Set when the frame may be dropped first under congestion.', { mask: 0x1000 }),
  uint('ieee8021ad.id', CONTROL, 2, 'Which of the provider’s virtual LANs the frame belongs to.', { mask: 0x0fff }),
]);

export class VlanLayer extends LayerBase {
  readonly protocol: 'vlan' | 'ieee8021ad';

  constructor(protocol: 'vlan' | 'ieee8021ad', bytes: Uint8Array, offset: number, end: number, parent: LayerBase) {
    super(bytes, offset, end, parent);
    this.protocol = protocol;
  }

  readonly headerLength = HEADER_LENGTH;

  get id(): number {
    return this.u16(CONTROL) & 0x0fff;
  }

  get type(): number {
    return this.u16(TYPE);
  }

  get hasLength(): boolean {
    return this.type <= LARGEST_LENGTH;
  }

  override get payloadEnd(): number {
    return Math.min(this.end, this.declaredEnd);
  }

  override get declaredEnd(): number {
    return this.hasLength ? this.offset + HEADER_LENGTH + this.type : this.enclosingEnd;
  }

  override info(): string {
    const name = this.protocol === 'vlan' ? '802.1Q Virtual LAN' : '802.1ad Provider Bridge';
    return `${name}, PRI: ${this.u16(CONTROL) >>> 13}, DEI: ${(this.u16(CONTROL) >>> 12) & 1}, ID: ${this.id}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, this.protocol === 'vlan' ? FIELDS : PROVIDER_FIELDS, sink);
  }
}
