// Linux cooked captures, version 2, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html : what `tcpdump -i any`
// writes. Version 1 with the one thing that a tap needs most: the interface that saw the packet.
//
//    0               2               4                               8               10      11      12        20
//   +---------------+---------------+-------------------------------+---------------+-------+-------+---------+
//   | protocol type | reserved (0)  | interface index               | ARPHRD type   | pkt   | addr. | address |
//   |               |               |                               |               | type  | len.  | (8)     |
//   +---------------+---------------+-------------------------------+---------------+-------+-------+---------+
import { bytesField, type FieldSink, FieldTable, mac, readTable, uint, when } from './field.ts';
import { formatMac } from './format.ts';
import { LayerBase } from './layer-base.ts';
import { ETHERTYPE_NAMES, HARDWARE_NAMES } from './numbers.ts';
import { PACKET_TYPE_NAMES } from './sll.ts';

const PROTOCOL = 0;
const INTERFACE = 4;
const HARDWARE_TYPE = 8;
const PACKET_TYPE = 10;
const ADDRESS_LENGTH = 11;
const ADDRESS = 12;
const HEADER_LENGTH = 20;

const FIELDS = new FieldTable<Sll2Layer>([
  uint('sll.etype', PROTOCOL, 2, 'The protocol inside, as an EtherType.', { hex: 4, names: ETHERTYPE_NAMES }),
  uint('sll.ifindex', INTERFACE, 4, 'The number of the interface that saw the packet (`ip link` shows it).'),
  uint('sll.hatype', HARDWARE_TYPE, 2, 'The kind of interface (ARPHRD_…).', { names: HARDWARE_NAMES }),
  uint('sll.pkttype', PACKET_TYPE, 1, 'Whether this machine sent the packet, or whom it was for.', {
    names: PACKET_TYPE_NAMES,
  }),
  uint('sll.halen', ADDRESS_LENGTH, 1, 'Bytes of the link-layer address that count.'),
  when(
    (layer) => layer.hasMac,
    mac('sll.src.eth', ADDRESS, 'The sender’s MAC address; the destination’s is not recorded.'),
  ),
  when(
    (layer) => layer.hasMac,
    bytesField('sll.unused', ADDRESS + 6, 2, 'The rest of the eight bytes kept for an address.'),
  ),
]);

export class Sll2Layer extends LayerBase {
  /** Wireshark calls both versions "sll". */
  readonly protocol = 'sll';
  readonly headerLength = HEADER_LENGTH;

  get hasMac(): boolean {
    return this.u8(ADDRESS_LENGTH) === 6;
  }

  get type(): number {
    return this.u16(PROTOCOL);
  }

  get interfaceIndex(): number {
    return this.u32(INTERFACE);
  }

  get source(): string {
    return this.hasMac && this.has(ADDRESS, 6) ? formatMac(this.bytes, this.offset + ADDRESS) : '';
  }

  override info(): string {
    return PACKET_TYPE_NAMES[this.u8(PACKET_TYPE)] ?? '';
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
