// RFC 826, An Ethernet Address Resolution Protocol; probes and announcements: RFC 5227. Lengths as for IPv4 over Ethernet.
//
//    0               2               4       5       6               8
//   +---------------+---------------+-------+-------+---------------+-------------
//   | hardware type | protocol type | h.len | p.len | operation     | addresses …
//   +---------------+---------------+-------+-------+---------------+-------------
//    8                       14              18                      24              28
//   +-----------------------+---------------+-----------------------+---------------+
//   | sender MAC            | sender IP     | target MAC            | target IP     |
//   +-----------------------+---------------+-----------------------+---------------+
import { derived, type FieldSink, FieldTable, ipv4, mac, readTable, uint, when } from './field.ts';
import { formatHexNumber, formatIpv4, formatMac } from './format.ts';
import { LayerBase } from './layer-base.ts';
import { ETHERTYPE, ETHERTYPE_NAMES, HARDWARE_NAMES } from './numbers.ts';

const HARDWARE_TYPE = 0;
const PROTOCOL_TYPE = 2;
const HARDWARE_SIZE = 4;
const PROTOCOL_SIZE = 5;
const OPERATION = 6;
const SENDER_MAC = 8;
const SENDER_IP = 14;
const TARGET_MAC = 18;
const TARGET_IP = 24;
const FIXED_LENGTH = 8;

const REQUEST = 1;
const REPLY = 2;
const OPERATION_NAMES: Readonly<Record<number, string>> = {
  1: 'request',
  2: 'reply',
  3: 'reverse request',
  4: 'reverse reply',
};

const FIELDS = new FieldTable<ArpLayer>([
  uint('arp.hw.type', HARDWARE_TYPE, 2, 'The kind of link whose addresses are asked for.', { names: HARDWARE_NAMES }),
  uint('arp.proto.type', PROTOCOL_TYPE, 2, 'The protocol whose addresses are known.', {
    hex: 4,
    names: ETHERTYPE_NAMES,
  }),
  uint('arp.hw.size', HARDWARE_SIZE, 1, 'Bytes of a link-layer address.'),
  uint('arp.proto.size', PROTOCOL_SIZE, 1, 'Bytes of a protocol address.'),
  uint('arp.opcode', OPERATION, 2, 'A question or its answer.', { names: OPERATION_NAMES }),
  derived(
    'arp.isprobe',
    0,
    0,
    'A request from 0.0.0.0: is anyone using this address already?',
    (layer) => layer.isProbe || undefined,
    { type: 'boolean' },
  ),
  derived(
    'arp.isgratuitous',
    0,
    0,
    'Nobody asked: the sender tells everyone about its own address.',
    (layer) => layer.isGratuitous || undefined,
    { type: 'boolean' },
  ),
  derived(
    'arp.isannouncement',
    0,
    0,
    'A gratuitous request: the sender now uses this address.',
    (layer) => layer.isAnnouncement || undefined,
    { type: 'boolean' },
  ),
  when((layer) => layer.isIpv4, mac('arp.src.hw_mac', SENDER_MAC, 'The MAC address of whoever sends this.')),
  when((layer) => layer.isIpv4, ipv4('arp.src.proto_ipv4', SENDER_IP, 'The IP address of whoever sends this.')),
  when(
    (layer) => layer.isIpv4,
    mac('arp.dst.hw_mac', TARGET_MAC, 'The MAC address looked for (zero in a question), or of whoever asked.'),
  ),
  when(
    (layer) => layer.isIpv4,
    ipv4('arp.dst.proto_ipv4', TARGET_IP, 'The IP address that is looked for, or of whoever asked.'),
  ),
]);

export class ArpLayer extends LayerBase {
  readonly protocol = 'arp';

  get headerLength(): number {
    return FIXED_LENGTH + 2 * (this.u8(HARDWARE_SIZE) + this.u8(PROTOCOL_SIZE));
  }

  get isIpv4(): boolean {
    return this.u16(PROTOCOL_TYPE) === ETHERTYPE.ipv4 && this.u8(HARDWARE_SIZE) === 6 && this.u8(PROTOCOL_SIZE) === 4;
  }

  get isProbe(): boolean {
    return this.isIpv4 && this.u16(OPERATION) === REQUEST && this.u32(SENDER_IP) === 0 && this.u32(TARGET_IP) !== 0;
  }

  get isGratuitous(): boolean {
    return this.isIpv4 && this.u32(SENDER_IP) === this.u32(TARGET_IP) && this.has(TARGET_IP, 4);
  }

  get isAnnouncement(): boolean {
    return this.isGratuitous && this.u16(OPERATION) === REQUEST;
  }

  override info(): string {
    const operation = this.u16(OPERATION);
    if (!this.isIpv4 || !this.has(0, 28)) return operationName(operation);
    const { bytes, offset } = this;
    const sender = formatIpv4(bytes, offset + SENDER_IP);
    const target = formatIpv4(bytes, offset + TARGET_IP);
    if (operation === REQUEST) {
      if (this.isProbe) return `Who has ${target}? (ARP Probe)`;
      return this.isAnnouncement ? `ARP Announcement for ${sender}` : `Who has ${target}? Tell ${sender}`;
    }
    if (operation === REPLY) {
      const address = formatMac(bytes, offset + SENDER_MAC);
      return this.isGratuitous ? `Gratuitous ARP for ${sender} (Reply)` : `${sender} is at ${address}`;
    }
    return operationName(operation);
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}

function operationName(operation: number): string {
  const name = OPERATION_NAMES[operation];
  return name === undefined ? `Unknown ARP opcode ${formatHexNumber(operation, 4)}` : `ARP ${name}`;
}
