// draft-ietf-nvo3-vxlan-gpe, Generic Protocol Extension for VXLAN: says what it carries, which need not be Ethernet.
//
//    0       1               3       4                       7       8
//   +-------+---------------+-------+-----------------------+-------+----------
//   | flags | 0             | next  | VNI                   | 0     | payload …
//   +-------+---------------+-------+-----------------------+-------+----------
//   flags: two bits of 0, two of version, I (the VNI is valid), P ("next" is), a bit of 0, O (for the tunnel's ends)
import { type FieldSink, FieldTable, readTable, uint } from './field.ts';
import { LayerBase } from './layer-base.ts';

const FLAGS = 0;
const NEXT = 3;
const VNI = 4;
const RESERVED = 7;
const HEADER_LENGTH = 8;

const NEXT_PRESENT = 0x04;

export const VXLAN_GPE_PORT = 4790;

const NEXT_NAMES: Readonly<Record<number, string>> = {
  1: 'IPv4',
  2: 'IPv6',
  3: 'Ethernet',
  4: 'Network Service Header',
  5: 'MPLS',
};

const FIELDS = new FieldTable<VxlanGpeLayer>([
  uint('vxlan.flags', FLAGS, 1, 'Which of the fields below mean something.', { hex: 2 }),
  uint('vxlan.ver', FLAGS, 1, 'Always 0.', { mask: 0x30 }),
  uint('vxlan.i_bit', FLAGS, 1, 'The VNI is valid.', { mask: 0x08 }),
  uint('vxlan.p_bit', FLAGS, 1, 'The next protocol is valid.', { mask: NEXT_PRESENT }),
  uint('vxlan.o_bit', FLAGS, 1, 'For the tunnel’s ends themselves rather than for what is behind them.', {
    mask: 0x01,
  }),
  uint('vxlan.reserved_16', FLAGS + 1, 2, 'Reserved, 0.'),
  uint('vxlan.next_proto', NEXT, 1, 'Which protocol the tunnel carries.', { names: NEXT_NAMES }),
  uint('vxlan.vni', VNI, 3, 'Which virtual network the frame belongs to; flannel uses 1.'),
  uint('vxlan.reserved8', RESERVED, 1, 'Reserved, 0.'),
]);

export class VxlanGpeLayer extends LayerBase {
  /** Wireshark calls both kinds "vxlan". */
  readonly protocol = 'vxlan';
  readonly headerLength = HEADER_LENGTH;

  get vni(): number {
    return this.u24(VNI);
  }

  get carries(): 'eth' | 'ip' | 'ipv6' | 'other' {
    switch (this.u8(NEXT)) {
      case 1:
        return 'ip';
      case 2:
        return 'ipv6';
      case 3:
        return 'eth';
      default:
        return 'other';
    }
  }

  override info(): string {
    return `VXLAN-GPE, VNI ${this.vni}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
