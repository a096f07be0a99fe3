// RFC 2131, Dynamic Host Configuration Protocol, which grew out of BOOTP (RFC 951): how a machine gets an address.
//
//    0       1       2       3       4               8               12              16
//   +-------+-------+-------+-------+---------------+-------+-------+---------------+
//   | op    | htype | hlen  | hops  | transaction   | secs  | flags | client        |
//   +-------+-------+-------+-------+---------------+-------+-------+---------------+
//    16              20              24              28              44              108            236     240
//   +---------------+---------------+---------------+---------------+---------------+--------------+-------+----------
//   | your address  | next server   | relay         | client’s MAC  | server’s name | boot file    | cookie| options …
//   +---------------+---------------+---------------+---------------+---------------+--------------+-------+----------
//   Without the cookie 63825363 it is BOOTP, and what follows is the vendor's.
import { dhcpMessageType, HARDWARE_ABOUT, MAC_ABOUT, readDhcpOptions } from './dhcp-options.ts';
import { bytesField, derived, type FieldSink, FieldTable, flag, ipv4, listed, readTable, uint, when } from './field.ts';
import { walkFields, walkProblem } from './field-reader.ts';
import { formatIpv4, formatMac, formatText } from './format.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { HARDWARE_NAMES } from './numbers.ts';

const OPERATION = 0;
const HARDWARE_TYPE = 1;
const HARDWARE_LENGTH = 2;
const HOPS = 3;
const TRANSACTION = 4;
const SECONDS = 8;
const FLAGS = 10;
const CLIENT = 12;
const YOUR = 16;
const NEXT_SERVER = 20;
const RELAY = 24;
const CLIENT_HARDWARE = 28;
const SERVER_NAME = 44;
const BOOT_FILE = 108;
const COOKIE = 236;
const OPTIONS = 240;

const MAGIC = 0x63825363;

export const DHCP_PORTS: ReadonlySet<number> = new Set([67, 68]);

const OPERATION_NAMES: Readonly<Record<number, string>> = { 1: 'Boot Request', 2: 'Boot Reply' };

const hasMac = (layer: DhcpLayer): boolean => layer.u8(HARDWARE_TYPE) === 1 && layer.u8(HARDWARE_LENGTH) === 6;

/** Text that ends at its first zero byte. */
const text = (layer: LayerBase, at: number, room: number): string => {
  const bytes = layer.view(at, room);
  const end = bytes.indexOf(0);
  return formatText(bytes, 0, end < 0 ? bytes.length : end);
};

const FIELDS = new FieldTable<DhcpLayer>([
  uint('dhcp.type', OPERATION, 1, 'A question of a client, or an answer to one.', { names: OPERATION_NAMES }),
  uint('dhcp.hw.type', HARDWARE_TYPE, 1, HARDWARE_ABOUT, { hex: 2, names: HARDWARE_NAMES }),
  uint('dhcp.hw.len', HARDWARE_LENGTH, 1, 'Bytes of the client’s link-layer address.'),
  uint('dhcp.hops', HOPS, 1, 'Relays that the message has passed.'),
  uint('dhcp.id', TRANSACTION, 4, 'Which question an answer belongs to.', { hex: 8 }),
  uint('dhcp.secs', SECONDS, 2, 'Seconds since the client began to ask.'),
  uint('dhcp.flags', FLAGS, 2, 'How the answer is to be sent.', { hex: 4 }),
  flag('dhcp.flags.bc', FLAGS, 2, 0x8000, 'Answer by broadcast: the client cannot take anything else yet.'),
  uint('dhcp.flags.reserved', FLAGS, 2, 'Reserved, must be clear.', { mask: 0x7fff, hex: 4 }),
  ipv4('dhcp.ip.client', CLIENT, 'The client’s address, if it has one that it can use.'),
  ipv4('dhcp.ip.your', YOUR, 'The address that the client gets.'),
  ipv4('dhcp.ip.server', NEXT_SERVER, 'The server to boot from.'),
  ipv4('dhcp.ip.relay', RELAY, 'The relay that passed the message on; it names the subnet.'),
  derived(
    'dhcp.hw.mac_addr',
    CLIENT_HARDWARE,
    6,
    MAC_ABOUT,
    (layer) => (hasMac(layer) ? formatMac(layer.bytes, layer.offset + CLIENT_HARDWARE) : undefined),
    { type: 'ether' },
  ),
  when(hasMac, bytesField('dhcp.hw.addr_padding', CLIENT_HARDWARE + 6, 10, 'What the MAC address leaves free.')),
  derived('dhcp.server', SERVER_NAME, 64, 'The server’s name.', (layer) => text(layer, SERVER_NAME, 64), {
    type: 'string',
  }),
  derived('dhcp.file', BOOT_FILE, 128, 'The file to boot.', (layer) => text(layer, BOOT_FILE, 128), { type: 'string' }),
  derived(
    'dhcp.cookie',
    COOKIE,
    4,
    'Says that options of DHCP follow.',
    (layer) => (layer.isDhcp ? formatIpv4(layer.bytes, layer.offset + COOKIE) : undefined),
    { type: 'ipv4' },
  ),
]);

const IS_BOOTP = listed('dhcp.bootp', 'boolean', 'BOOTP: no options of DHCP.');

export class DhcpLayer extends LayerBase {
  readonly protocol = 'dhcp';

  /** The whole message: nothing is inside it. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, COOKIE);
  }

  get isDhcp(): boolean {
    return this.u32(COOKIE) === MAGIC;
  }

  override get column(): string | null {
    return this.isDhcp ? null : 'BOOTP';
  }

  override problem(): Problem | null {
    return super.problem() ?? (this.isDhcp ? walkProblem(this, readDhcpOptions, OPTIONS) : null);
  }

  override info(): string {
    const transaction = `Transaction ID 0x${this.u32(TRANSACTION).toString(16)}`;
    const type = this.isDhcp ? dhcpMessageType(this, OPTIONS) : null;
    if (type !== null) return `DHCP ${type.padEnd(8)} - ${transaction}`;
    const name = OPERATION_NAMES[this.u8(OPERATION)] ?? `Unknown BOOTP message type (${this.u8(OPERATION)})`;
    if (this.u8(OPERATION) !== 1 || !hasMac(this) || !this.has(CLIENT_HARDWARE, 6)) return name;
    const mac = formatMac(this.bytes, this.offset + CLIENT_HARDWARE);
    return `${name} from ${mac} (${mac})`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    if (this.isDhcp) walkFields(this, readDhcpOptions, sink, OPTIONS);
    else if (this.has(0, COOKIE)) walkFields(this, (reader) => reader.put(IS_BOOTP, 0, 0, true), sink);
  }
}
