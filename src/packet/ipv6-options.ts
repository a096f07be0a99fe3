// Options in IPv6's hop-by-hop and destination headers, RFC 8200 section 4.2, and the addresses in its routing header.
//
//   option:   | type (1) | length (1) | value …          type 0 is a single byte of padding
//   routing:  | next | length | type | segments left | by type:
//     0 (RFC 2460, deprecated) and 2 (RFC 6275):  | 0 (4) | addresses …
//     4 (RFC 8754):  | last entry (1) | flags (1) | tag (2) | addresses, the last to be visited first … | options …
import { listed } from './field.ts';
import type { FieldReader } from './field-reader.ts';

const PAD_1 = 0x00;
const PAD_N = 0x01;
const ROUTER_ALERT = 0x05;
const JUMBO = 0xc2;

export const SOURCE_ROUTE = 0;
export const MOBILE_ROUTE = 2;
export const SEGMENT_ROUTE = 4;

const TYPE = listed('ipv6.opt.type', 'uint8', 'Which option.', {
  hex: 2,
  names: {
    [PAD_1]: 'Pad1',
    [PAD_N]: 'PadN',
    4: 'Tunnel Encapsulation Limit',
    [ROUTER_ALERT]: 'Router Alert',
    [JUMBO]: 'Jumbo Payload',
    201: 'Home Address',
  },
});
const ACTION = listed('ipv6.opt.type.action', 'uint8', 'What to do with the packet if you do not know the option.', {
  names: {
    0: 'Skip and continue',
    1: 'Discard',
    2: 'Discard and send ICMP',
    3: 'Discard and send ICMP if not multicast',
  },
});
const CHANGE = listed('ipv6.opt.type.change', 'boolean', 'The option may change on the way.');
const REST = listed('ipv6.opt.type.rest', 'uint8', 'What is left of the type.', { hex: 2 });
const LENGTH = listed('ipv6.opt.length', 'uint8', 'Bytes of the option’s value.');
const PADDING = listed('ipv6.opt.padn', 'bytes', 'Nothing: it fills the header up to a multiple of 8 bytes.');
const ALERT = listed('ipv6.opt.router_alert', 'uint16', 'Every router is to look at what the packet carries.', {
  names: { 0: 'MLD', 1: 'RSVP', 2: 'Active Network' },
});
const JUMBO_LENGTH = listed('ipv6.opt.jumbo', 'uint32', 'Bytes of a packet too large for the header’s own length.');
const TUNNEL_LIMIT = listed('ipv6.opt.tel', 'uint8', 'How many more tunnels may be put around the packet.');
const UNKNOWN = listed('ipv6.opt.unknown', 'bytes', 'The value of an option that is not decoded.');

const RESERVED = listed('ipv6.routing.src.reserved', 'bytes', 'Reserved, zero.');
const NODE = listed('ipv6.routing.src.addr', 'ipv6', 'A node to pass on the way.');
const HOME_RESERVED = listed('ipv6.routing.mipv6.reserved', 'bytes', 'Reserved, zero.');
const HOME = listed('ipv6.routing.mipv6.home_address', 'ipv6', 'The address of a node that is away from home.');
const LAST_ENTRY = listed('ipv6.routing.srh.last_entry', 'uint8', 'The number of the last address in the list.');
const SEGMENT_FLAGS = listed('ipv6.routing.srh.flags', 'uint8', 'None are defined.', { hex: 2 });
const TAG = listed('ipv6.routing.srh.tag', 'bytes', 'Marks packets of one kind.');
const SEGMENT = listed('ipv6.routing.srh.addr', 'ipv6', 'A segment’s end; the list is in reverse, the last one first.');
const ROUTING_DATA = listed('ipv6.routing.unknown_data', 'bytes', 'The rest of a routing header that is not decoded.');

/** Reads options to the reader's end. */
export function readIpv6Options(reader: FieldReader): void {
  while (reader.left > 0) {
    const type = reader.number(TYPE);
    if (type === PAD_1) continue;
    reader.bits(ACTION, 1, 0xc0);
    reader.flag(CHANGE, 1, 0x20);
    reader.bits(REST, 1, 0x1f);
    const length = reader.number(LENGTH);
    const value = reader.part(length, 'IPv6 option');
    if (type === ROUTER_ALERT && length === 2) value.number(ALERT);
    else if (type === JUMBO && length === 4) value.number(JUMBO_LENGTH);
    else if (type === 4 && length === 1) value.number(TUNNEL_LIMIT);
    else if (length > 0 || type === PAD_N) value.bytes(type === PAD_N ? PADDING : UNKNOWN, length);
  }
}

/** Reads what follows "segments left", to the reader's end. */
export function readRoute(reader: FieldReader, type: number): void {
  if (type === SOURCE_ROUTE) {
    reader.bytes(RESERVED, 4);
    while (reader.left >= 16) reader.address(NODE);
  } else if (type === MOBILE_ROUTE) {
    reader.bytes(HOME_RESERVED, 4);
    if (reader.left >= 16) reader.address(HOME);
  } else if (type === SEGMENT_ROUTE) {
    const last = reader.number(LAST_ENTRY);
    reader.number(SEGMENT_FLAGS);
    reader.bytes(TAG, 2);
    for (let i = 0; i <= last && reader.left >= 16; i++) reader.address(SEGMENT);
  } else if (reader.left > 0) {
    reader.bytes(ROUTING_DATA, reader.left);
  }
}
