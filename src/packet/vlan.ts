// IEEE 802.1Q: the tag between a frame's addresses and its type.
//
//    0                               2                               4
//   +-----+-+-----------------------+-------------------------------+
//   | PCP |D| VLAN identifier (12)  | type                          |
//   +-----+-+-----------------------+-------------------------------+
import { type FieldSink, FieldTable, flag, readTable, uint } from './field.ts';
import { LayerBase } from './layer-base.ts';
import { ETHERTYPE_NAMES } from './numbers.ts';

const CONTROL = 0;
const TYPE = 2;
const HEADER_LENGTH = 4;

const FIELDS = new FieldTable<VlanLayer>([
  uint('vlan.priority', CONTROL, 2, 'How urgent the frame is, 0 to 7.', { mask: 0xe000 }),
  flag('vlan.dei', CONTROL, 2, 0x1000, 'Set when the frame may be dropped first under congestion.'),
  uint('vlan.id', CONTROL, 2, 'Which virtual LAN the frame belongs to.', { mask: 0x0fff }),
  uint('vlan.etype', TYPE, 2, 'Which protocol the frame carries.', { hex: 4, names: ETHERTYPE_NAMES }),
]);

export class VlanLayer extends LayerBase {
  readonly protocol = 'vlan';
  readonly headerLength = HEADER_LENGTH;

  get id(): number {
    return this.u16(CONTROL) & 0x0fff;
  }

  get type(): number {
    return this.u16(TYPE);
  }

  override info(): string {
    return `802.1Q Virtual LAN, PRI: ${this.u16(CONTROL) >>> 13}, DEI: ${(this.u16(CONTROL) >>> 12) & 1}, ID: ${this.id}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
