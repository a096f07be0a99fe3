// Linux cooked captures, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html : what `tcpdump -i any` wrote before
// SLL2. The Ethernet header is gone; the sender's address and the packet's direction are all that is left of it.
//
//    0               2               4               6                              14              16
//   +---------------+---------------+---------------+------------------------------+---------------+
//   | packet type   | ARPHRD type   | addr. length  | link-layer address (8 bytes) | protocol type |
//   +---------------+---------------+---------------+------------------------------+---------------+
import { bytesField, type FieldSink, FieldTable, mac, readTable, uint, when } from './field.ts';
import { formatMac } from './format.ts';
import { LayerBase } from './layer-base.ts';
import { ETHERTYPE_NAMES, HARDWARE_NAMES } from './numbers.ts';

const PACKET_TYPE = 0;
const HARDWARE_TYPE = 2;
const ADDRESS_LENGTH = 4;
const ADDRESS = 6;
const PROTOCOL = 14;
const HEADER_LENGTH = 16;

/** linux/if_packet.h, PACKET_HOST and the ones after it. */
export const PACKET_TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'Unicast to us',
  1: 'Broadcast',
  2: 'Multicast',
  3: 'Unicast to another host',
  4: 'Sent by us',
};

const FIELDS = new FieldTable<SllLayer>([
  uint('sll.pkttype', PACKET_TYPE, 2, 'Whether this machine sent the packet, or whom it was for.', {
    names: PACKET_TYPE_NAMES,
  }),
  uint('sll.hatype', HARDWARE_TYPE, 2, 'The kind of interface (ARPHRD_…).', { names: HARDWARE_NAMES }),
  uint('sll.halen', ADDRESS_LENGTH, 2, 'Bytes of the link-layer address that count.'),
  when(
    (layer) => layer.hasMac,
    mac('sll.src.eth', ADDRESS, 'The sender’s MAC address; the destination’s is not recorded.'),
  ),
  when(
    (layer) => layer.hasMac,
    bytesField('sll.unused', ADDRESS + 6, 2, 'The rest of the eight bytes kept for an address.'),
  ),
  uint('sll.etype', PROTOCOL, 2, 'The protocol inside, as an EtherType.', { hex: 4, names: ETHERTYPE_NAMES }),
]);

export class SllLayer extends LayerBase {
  readonly protocol = 'sll';
  readonly headerLength = HEADER_LENGTH;

  get hasMac(): boolean {
    return this.u16(ADDRESS_LENGTH) === 6;
  }

  get type(): number {
    return this.u16(PROTOCOL);
  }

  get source(): string {
    return this.hasMac && this.has(ADDRESS, 6) ? formatMac(this.bytes, this.offset + ADDRESS) : '';
  }

  override info(): string {
    return PACKET_TYPE_NAMES[this.u16(PACKET_TYPE)] ?? '';
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
