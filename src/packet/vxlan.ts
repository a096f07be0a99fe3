// RFC 7348, Virtual eXtensible Local Area Network: an Ethernet frame inside a UDP datagram. Its UDP ports: tunnels.ts.
//
//    0               2               4                       7       8
//   +---------------+---------------+-----------------------+-------+----------------
//   | flags (I=0800)| group policy  | VNI                   | 0     | Ethernet frame …
//   +---------------+---------------+-----------------------+-------+----------------
import { type FieldSink, FieldTable, flag, readTable, uint } from './field.ts';
import { LayerBase } from './layer-base.ts';

const FLAGS = 0;
const GROUP_POLICY = 2;
const VNI = 4;
const RESERVED = 7;
const HEADER_LENGTH = 8;

const FIELDS = new FieldTable<VxlanLayer>([
  uint('vxlan.flags', FLAGS, 2, 'Which of the fields below mean something.', { hex: 4 }),
  flag('vxlan.flag_g', FLAGS, 2, 0x8000, 'The group policy is valid.'),
  flag('vxlan.flag_i', FLAGS, 2, 0x0800, 'The VNI is valid; always set.'),
  flag('vxlan.flag_d', FLAGS, 2, 0x0040, 'The receiver must not learn the sender’s address from this frame.'),
  flag('vxlan.flag_a', FLAGS, 2, 0x0008, 'The group policy was applied already.'),
  uint('vxlan.gbp', GROUP_POLICY, 2, 'A group of senders, for policies (an extension).'),
  uint('vxlan.vni', VNI, 3, 'Which virtual network the frame belongs to; flannel uses 1.'),
  uint('vxlan.reserved8', RESERVED, 1, 'Reserved, 0.'),
]);

export class VxlanLayer extends LayerBase {
  readonly protocol = 'vxlan';
  readonly headerLength = HEADER_LENGTH;

  get vni(): number {
    return this.u24(VNI);
  }

  get carries(): 'eth' {
    return 'eth';
  }

  override info(): string {
    return `VXLAN, VNI ${this.vni}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
