// Virtual Router Redundancy Protocol: which of several routers holds the addresses that hosts use. Version 2: RFC 3768, 3: RFC 5798.
//
//    0       1       2       3       4               6               8
//   +-------+-------+-------+-------+---------------+---------------+----------
//   |ver|typ| router| prio. | count | auth. | secs  | checksum      | addresses …, then 8 bytes of password      version 2
//   +-------+-------+-------+-------+-------+-------+---------------+----------
//   |ver|typ| router| prio. | count | 0, interval   | checksum      | addresses …                                version 3
//   +-------+-------+-------+-------+---------------+---------------+----------
import { type ChecksumStatus, checksumStatus, onesSum, pseudoHeaderOf, transportChecksum } from './checksum.ts';
import { type FieldSink, FieldTable, listed, readTable, uint, when } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { formatText } from './format.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { IP_PROTOCOL } from './numbers.ts';

const VERSION_AND_TYPE = 0;
const ROUTER = 1;
const PRIORITY = 2;
const COUNT = 3;
const AUTHENTICATION = 4;
const SECONDS = 5;
const CHECKSUM = 6;
const HEADER_LENGTH = 8;
const PASSWORD_LENGTH = 8;

const PASSWORD = 1;

const AUTHENTICATION_NAMES: Readonly<Record<number, string>> = {
  0: 'No Authentication',
  [PASSWORD]: 'Simple Text Authentication [RFC 2338]',
  2: 'IP Authentication Header [RFC 2338]',
};

const isVersion3 = (layer: VrrpLayer): boolean => layer.version === 3;
const isOlder = (layer: VrrpLayer): boolean => layer.version < 3;

const FIELDS = new FieldTable<VrrpLayer>([
  uint('vrrp.typever', VERSION_AND_TYPE, 1, 'Version and type in one.'),
  uint('vrrp.version', VERSION_AND_TYPE, 1, 'The version of the protocol.', { mask: 0xf0 }),
  uint('vrrp.type', VERSION_AND_TYPE, 1, 'Always 1, an advertisement.', { mask: 0x0f, names: { 1: 'Advertisement' } }),
  uint('vrrp.virt_rtr_id', ROUTER, 1, 'Which virtual router this is about.'),
  uint('vrrp.prio', PRIORITY, 1, 'The highest holds the addresses; 0: the sender gives them up.', {
    names: {
      0: 'Current Master has stopped participating in VRRP',
      100: 'Default priority for a backup VRRP router',
      255: 'This VRRP router owns the virtual router’s IP address(es)',
    },
  }),
  uint('vrrp.addr_count', COUNT, 1, 'How many addresses follow.'),
  when(
    isOlder,
    uint('vrrp.auth_type', AUTHENTICATION, 1, 'How the message is proved; later versions have done away with it.', {
      names: AUTHENTICATION_NAMES,
    }),
  ),
  when(isOlder, uint('vrrp.adver_int', SECONDS, 1, 'Seconds between two advertisements.')),
  when(isVersion3, uint('vrrp.reserved_mbz', AUTHENTICATION, 1, 'Reserved, zero.', { mask: 0xf0 })),
  when(
    isVersion3,
    uint('vrrp.short_adver_int', AUTHENTICATION, 2, 'Hundredths of a second between two advertisements.', {
      mask: 0x0fff,
    }),
  ),
  uint('vrrp.checksum', CHECKSUM, 2, 'Guards the message; in version 3 the addresses of its packet, too.', { hex: 4 }),
  checksumStatus('vrrp.checksum.status', CHECKSUM),
]);

const ADDRESS = listed('vrrp.ip_addr', 'ipv4', 'An address that the virtual router has.');
const ADDRESS_6 = listed('vrrp.ipv6_addr', 'ipv6', 'An address that the virtual router has.');
const PASSWORD_FIELD = listed('vrrp.auth_string', 'string', 'The password, for everyone to read.');

export class VrrpLayer extends LayerBase {
  readonly protocol = 'vrrp';

  /** The whole message: nothing is inside it. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, HEADER_LENGTH);
  }

  get version(): number {
    return this.u8(VERSION_AND_TYPE) >>> 4;
  }

  get isOverIpv6(): boolean {
    return this.parent?.protocol.startsWith('ipv6') === true;
  }

  get checksum(): ChecksumStatus {
    const length = (this.parent?.declaredEnd ?? this.end) - this.offset;
    if (this.version === 3 && pseudoHeaderOf(this) !== null)
      return transportChecksum(this, IP_PROTOCOL.vrrp, CHECKSUM, length);
    if (!this.has(0, length)) return 'unverified';
    return onesSum(this.bytes, this.offset, this.offset + length) === 0xffff ? 'good' : 'bad';
  }

  override problem(): Problem | null {
    return super.problem() ?? walkProblem(this, readRest, HEADER_LENGTH);
  }

  override info(): string {
    const type = this.u8(VERSION_AND_TYPE) & 0x0f;
    return `${type === 1 ? 'Announcement' : `Unknown (${type})`} (v${this.version})`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    walkFields(this, readRest, sink, HEADER_LENGTH);
  }
}

function readRest(reader: FieldReader, layer: VrrpLayer): void {
  const field = layer.isOverIpv6 ? ADDRESS_6 : ADDRESS;
  for (let left = layer.u8(COUNT); left > 0; left--) reader.address(field);
  if (!isOlder(layer) || layer.u8(AUTHENTICATION) !== PASSWORD) return;
  const { at } = reader;
  const bytes = reader.layer.view(at, PASSWORD_LENGTH);
  reader.skip(PASSWORD_LENGTH, PASSWORD_FIELD.name);
  const zero = bytes.indexOf(0);
  reader.put(PASSWORD_FIELD, at, PASSWORD_LENGTH, formatText(bytes, 0, zero < 0 ? bytes.length : zero));
}
