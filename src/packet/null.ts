// BSD loopback, https://www.tcpdump.org/linktypes/LINKTYPE_NULL.html : four bytes that say which protocol family follows,
// in the byte order of the machine that captured them.
//
//    0                               4
//   +-------------------------------+
//   | address family (host order)   |
//   +-------------------------------+
import { derived, type FieldSink, FieldTable, readTable } from './field.ts';
import { LayerBase } from './layer-base.ts';

const FAMILY = 0;
const HEADER_LENGTH = 4;

/** AF_INET6 is 30 on Darwin, 28 on FreeBSD, 24 on NetBSD and OpenBSD, 10 on Linux. */
const FAMILY_NAMES: Readonly<Record<number, string>> = { 2: 'IP', 10: 'IPv6', 24: 'IPv6', 28: 'IPv6', 30: 'IPv6' };

const FIELDS = new FieldTable<NullLayer>([
  derived('null.family', FAMILY, 4, 'The address family of the packet inside.', (layer) => layer.family, {
    type: 'uint32',
    names: FAMILY_NAMES,
  }),
]);

export class NullLayer extends LayerBase {
  readonly protocol = 'null';
  readonly headerLength = HEADER_LENGTH;

  get family(): number {
    const family = this.u32(FAMILY);
    // No family is above 65535: a larger number was written by a little-endian machine.
    if (family <= 0xffff) return family;
    return ((family >>> 24) | ((family >>> 8) & 0xff00) | ((family << 8) & 0xff0000) | (family << 24)) >>> 0;
  }

  get carries(): 'ip' | 'ipv6' | 'other' {
    const name = FAMILY_NAMES[this.family];
    return name === 'IP' ? 'ip' : name === 'IPv6' ? 'ipv6' : 'other';
  }

  override info(): string {
    return FAMILY_NAMES[this.family] ?? '';
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
