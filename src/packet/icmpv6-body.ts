// The ICMPv6 messages that have more to say than their header: Neighbor Discovery (RFC 4861) and Multicast Listener Discovery
// (RFC 2710, version 2: RFC 3810).
//
//    4                               8                               24
//   +-------------------------------+-------------------------------+-----------
//   | flags, or reserved            | target address                | options …       neighbours; a redirect has a second address
//   +-------------------------------+-------------------------------+-----------
//   | hop limit, flags, lifetime    | reachable time, retrans timer, options …        router advertisement
//   +-------------------------------+-------------------------------+-----------
//   | response delay, reserved      | multicast address             | flags, QQIC, sources … (version 2)
//   +-------------------------------+-------------------------------+-----------
//   | reserved, number of records   | records: type, aux length, number of sources (2), multicast address, sources …
//   +-------------------------------+-------------------------------+-----------
//   option:  | type (1) | length in units of 8 bytes (1) | value …
import { listed } from './field.ts';
import type { FieldReader } from './field-reader.ts';
import { formatIpv6, formatText } from './format.ts';
import type { LayerBase } from './layer-base.ts';

const MLD_QUERY = 130;
const MLD_DONE = 132;
export const ROUTER_SOLICITATION = 133;
export const ROUTER_ADVERTISEMENT = 134;
export const NEIGHBOR_SOLICITATION = 135;
export const NEIGHBOR_ADVERTISEMENT = 136;
export const REDIRECT = 137;
const MLD2_REPORT = 143;

/** A query of 28 bytes and more is of version 2 (RFC 3810 section 8.1): those after its type, code and checksum. */
const MLD2_QUERY_BODY = 24;

export const RESERVED_ABOUT = 'Not used, zero.';
const RESERVED = listed('icmpv6.reserved', 'bytes', RESERVED_ABOUT);

const NS_TARGET = listed('icmpv6.nd.ns.target_address', 'ipv6', 'The address whose owner is looked for.');
const NA_FLAGS = listed('icmpv6.nd.na.flag', 'uint32', 'What the sender says of itself.', { hex: 8 });
const NA_ROUTER = listed('icmpv6.nd.na.flag.r', 'boolean', 'The sender is a router.');
const NA_SOLICITED = listed('icmpv6.nd.na.flag.s', 'boolean', 'Somebody asked.');
const NA_OVERRIDE = listed('icmpv6.nd.na.flag.o', 'boolean', 'Replace what you had in your neighbour table.');
const NA_RESERVED = listed('icmpv6.nd.na.flag.rsv', 'uint32', RESERVED_ABOUT);
const NA_TARGET = listed('icmpv6.nd.na.target_address', 'ipv6', 'The address that the sender owns.');
const RD_TARGET = listed('icmpv6.nd.rd.target_address', 'ipv6', 'The better first hop for this destination.');
const RD_DESTINATION = listed('icmpv6.rd.na.destination_address', 'ipv6', 'The destination that this is about.');

const RA_HOP_LIMIT = listed(
  'icmpv6.nd.ra.cur_hop_limit',
  'uint8',
  'The hop limit that hosts are to start with; 0: any.',
);
const RA_FLAGS = listed('icmpv6.nd.ra.flag', 'uint8', 'Where addresses come from, and what kind of router this is.', {
  hex: 2,
});
const RA_MANAGED = listed('icmpv6.nd.ra.flag.m', 'boolean', 'Addresses come from DHCPv6.');
const RA_OTHER = listed('icmpv6.nd.ra.flag.o', 'boolean', 'DHCPv6 knows other things, such as DNS servers.');
const RA_HOME = listed('icmpv6.nd.ra.flag.h', 'boolean', 'The router is a home agent of mobile nodes.');
const RA_PREFERENCE = listed('icmpv6.nd.ra.flag.prf', 'uint8', 'How much to prefer this router to others.', {
  names: { 0: 'Medium', 1: 'High', 2: 'Reserved', 3: 'Low' },
});
const RA_PROXY = listed('icmpv6.nd.ra.flag.p', 'boolean', 'Passed on by a proxy.');
const RA_RESERVED = listed('icmpv6.nd.ra.flag.rsv', 'uint8', RESERVED_ABOUT);
const RA_LIFETIME = listed(
  'icmpv6.nd.ra.router_lifetime',
  'uint16',
  'For how many seconds this is a default router; 0: not at all.',
);
const RA_REACHABLE = listed(
  'icmpv6.nd.ra.reachable_time',
  'uint32',
  'For how many ms a neighbour counts as reachable after it was heard.',
);
const RA_RETRANS = listed('icmpv6.nd.ra.retrans_timer', 'uint32', 'How many ms to wait between two solicitations.');

const OPTION_TYPE = listed('icmpv6.opt.type', 'uint8', 'Which option.', {
  names: {
    1: 'Source link-layer address',
    2: 'Target link-layer address',
    3: 'Prefix information',
    4: 'Redirected header',
    5: 'MTU',
    14: 'Nonce',
    24: 'Route Information',
    25: 'Recursive DNS Server',
    31: 'DNS Search List Option',
  },
});
const OPTION_LENGTH = listed('icmpv6.opt.length', 'uint8', 'Length of the option in units of 8 bytes.');
const LINK = listed('icmpv6.opt.linkaddr', 'bytes', 'A link-layer address, a MAC address on Ethernet.', {
  colons: true,
});
const SOURCE_LINK = listed('icmpv6.opt.src_linkaddr', 'bytes', 'The sender’s link-layer address.', { colons: true });
const TARGET_LINK = listed('icmpv6.opt.target_linkaddr', 'bytes', 'The link-layer address of the target.', {
  colons: true,
});
const MTU = listed('icmpv6.opt.mtu', 'uint32', 'The largest packet on this link, in bytes.');
const NONCE = listed('icmpv6.opt.nonce', 'bytes', 'Tells one’s own solicitation, looped back, from another’s.');
const PREFIX_LENGTH = listed('icmpv6.opt.prefix.length', 'uint8', 'Bits of the prefix.');
const PREFIX_FLAGS = listed('icmpv6.opt.prefix.flag', 'uint8', 'What the prefix may be used for.', { hex: 2 });
const PREFIX_ON_LINK = listed('icmpv6.opt.prefix.flag.l', 'boolean', 'Addresses of this prefix are on this link.');
const PREFIX_AUTONOMOUS = listed('icmpv6.opt.prefix.flag.a', 'boolean', 'Hosts may make addresses from this prefix.');
const PREFIX_ROUTER = listed('icmpv6.opt.prefix.flag.r', 'boolean', 'The prefix is the router’s own whole address.');
const PREFIX_RESERVED = listed('icmpv6.opt.prefix.flag.reserved', 'uint8', RESERVED_ABOUT);
const VALID = listed('icmpv6.opt.prefix.valid_lifetime', 'uint32', 'For how many seconds such addresses are valid.');
const PREFERRED = listed('icmpv6.opt.prefix.preferred_lifetime', 'uint32', 'For how many seconds they are preferred.');
const PREFIX = listed('icmpv6.opt.prefix', 'ipv6', 'The first bits of addresses on this link, or of a route.');
const ROUTE_FLAGS = listed('icmpv6.opt.route_info.flag', 'uint8', 'How good the route is.', { hex: 2 });
const ROUTE_PREFERENCE = listed(
  'icmpv6.opt.route_info.flag.route_preference',
  'uint8',
  'How much to prefer this router for the route.',
  { names: { 0: 'Medium', 1: 'High', 2: 'Reserved', 3: 'Low' } },
);
const ROUTE_RESERVED = listed('icmpv6.opt.route_info.flag.reserved', 'uint8', RESERVED_ABOUT);
const ROUTE_LIFETIME = listed('icmpv6.opt.route_lifetime', 'uint32', 'For how many seconds the route is valid.');
const DNS_LIFETIME = listed('icmpv6.opt.rdnss.lifetime', 'uint32', 'For how many seconds to use the servers.');
const DNS_SERVER = listed('icmpv6.opt.rdnss', 'ipv6', 'A DNS server.');
const SEARCH_LIFETIME = listed('icmpv6.opt.dnssl.lifetime', 'uint32', 'For how many seconds to use the domains.');
const SEARCH = listed('icmpv6.opt.dnssl', 'string', 'A domain in which to look for short names.');

const RESPONSE_DELAY = listed('icmpv6.mld.maximum_response_delay', 'uint16', 'Within how many ms to report.');
const RESPONSE_CODE = listed(
  'icmpv6.mld.maximum_response_code',
  'uint16',
  'Within how many ms to report; from 32768 on, a floating-point number.',
);
const GROUP = listed('icmpv6.mld.multicast_address', 'ipv6', 'The group that this is about; :: asks for all.');
const MLD_FLAGS = listed('icmpv6.mld.flag', 'uint8', 'How queriers are to take the query.', { hex: 2 });
const MLD_SUPPRESS = listed('icmpv6.mld.flag.s', 'boolean', 'Other routers are not to restart their timers.');
const MLD_ROBUSTNESS = listed('icmpv6.mld.flag.qrv', 'uint8', 'How many messages in a row may be lost.');
const MLD_RESERVED = listed('icmpv6.mld.flag.reserved', 'uint8', RESERVED_ABOUT);
const QUERY_INTERVAL = listed(
  'icmpv6.mld.qqi',
  'uint8',
  'Seconds between queries; from 128 on, a floating-point number.',
);
const SOURCES = listed('icmpv6.mld.nb_sources', 'uint16', 'How many senders are listed.');
const SOURCE = listed('icmpv6.mld.source_address', 'ipv6', 'A sender that is asked about.');
const RECORDS = listed('icmpv6.mldr.nb_mcast_records', 'uint16', 'How many groups are reported.');
const RECORD_TYPE = listed('icmpv6.mldr.mar.record_type', 'uint8', 'What the host wants to hear of this group.', {
  names: {
    1: 'Include',
    2: 'Exclude',
    3: 'Changed to include',
    4: 'Changed to exclude',
    5: 'Allow new sources',
    6: 'Block old sources',
  },
});
const RECORD_AUX = listed('icmpv6.mldr.mar.aux_data_len', 'uint8', 'Length of what follows the senders, in words.');
const RECORD_SOURCES = listed('icmpv6.mldr.mar.nb_sources', 'uint16', 'How many senders are listed for this group.');
const RECORD_GROUP = listed('icmpv6.mldr.mar.multicast_address', 'ipv6', 'The group that the host listens to.');
const RECORD_SOURCE = listed('icmpv6.mldr.mar.source_address', 'ipv6', 'A sender that it wants to hear, or not to.');
const RECORD_DATA = listed('icmpv6.mldr.mar.auxiliary_data', 'bytes', 'Nothing is defined for this.');

/** Whether messages of this type are read here. */
export const hasBody = (type: number): boolean => (type >= MLD_QUERY && type <= REDIRECT) || type === MLD2_REPORT;

/** Where a neighbour discovery message's options begin, in bytes from its first. */
export function optionsAt(type: number): number {
  if (type === ROUTER_SOLICITATION) return 8;
  if (type === ROUTER_ADVERTISEMENT) return 16;
  return type === REDIRECT ? 40 : 24;
}

/** Reads what follows the checksum. */
export function readIcmpv6Body(reader: FieldReader, layer: LayerBase): void {
  const type = layer.u8(0);
  if (type === MLD2_REPORT) readReport(reader);
  else if (type >= MLD_QUERY && type <= MLD_DONE) readListeners(reader, type);
  else readNeighbours(reader, type);
}

function readNeighbours(reader: FieldReader, type: number): void {
  if (type === ROUTER_ADVERTISEMENT) {
    readAdvertisement(reader);
  } else if (type === NEIGHBOR_ADVERTISEMENT) {
    reader.number(NA_FLAGS);
    reader.flag(NA_ROUTER, 4, 0x80000000);
    reader.flag(NA_SOLICITED, 4, 0x40000000);
    reader.flag(NA_OVERRIDE, 4, 0x20000000);
    reader.bits(NA_RESERVED, 4, 0x1fffffff);
    reader.address(NA_TARGET);
  } else {
    reader.bytes(RESERVED, 4);
    if (type === NEIGHBOR_SOLICITATION) reader.address(NS_TARGET);
    if (type === REDIRECT) {
      reader.address(RD_TARGET);
      reader.address(RD_DESTINATION);
    }
  }
  while (reader.left > 0) readOption(reader);
}

function readAdvertisement(reader: FieldReader): void {
  reader.number(RA_HOP_LIMIT);
  reader.number(RA_FLAGS);
  reader.flag(RA_MANAGED, 1, 0x80);
  reader.flag(RA_OTHER, 1, 0x40);
  reader.flag(RA_HOME, 1, 0x20);
  reader.bits(RA_PREFERENCE, 1, 0x18);
  reader.flag(RA_PROXY, 1, 0x04);
  reader.bits(RA_RESERVED, 1, 0x03);
  reader.number(RA_LIFETIME);
  reader.number(RA_REACHABLE);
  reader.number(RA_RETRANS);
}

function readOption(reader: FieldReader): void {
  const type = reader.number(OPTION_TYPE);
  const units = reader.number(OPTION_LENGTH);
  if (units === 0) reader.fail('option length is 0, must be at least 1', 1);
  const option = reader.part(units * 8 - 2, 'option');
  switch (type) {
    case 1:
    case 2: {
      const at = option.at;
      const address = option.bytes(LINK, option.left);
      option.put(type === 1 ? SOURCE_LINK : TARGET_LINK, at, address.length, address);
      break;
    }
    case 3:
      readPrefix(option);
      break;
    case 5:
      option.skip(2, 'reserved');
      option.number(MTU);
      break;
    case 14:
      option.bytes(NONCE, option.left);
      break;
    case 24:
      readRoute(option);
      break;
    case 25:
      option.skip(2, 'reserved');
      option.number(DNS_LIFETIME);
      while (option.left >= 16) option.address(DNS_SERVER);
      break;
    case 31:
      option.skip(2, 'reserved');
      option.number(SEARCH_LIFETIME);
      readDomains(option);
      break;
  }
}

function readPrefix(option: FieldReader): void {
  option.number(PREFIX_LENGTH);
  option.number(PREFIX_FLAGS);
  option.flag(PREFIX_ON_LINK, 1, 0x80);
  option.flag(PREFIX_AUTONOMOUS, 1, 0x40);
  option.flag(PREFIX_ROUTER, 1, 0x20);
  option.bits(PREFIX_RESERVED, 1, 0x1f);
  option.number(VALID);
  option.number(PREFERRED);
  option.skip(4, 'reserved');
  option.address(PREFIX);
}

/** RFC 4191 section 2.3. Only as much of the prefix is there as its length needs. */
function readRoute(option: FieldReader): void {
  option.number(PREFIX_LENGTH);
  option.number(ROUTE_FLAGS);
  option.bits(ROUTE_PREFERENCE, 1, 0x18);
  option.bits(ROUTE_RESERVED, 1, 0xe7);
  option.number(ROUTE_LIFETIME);
  const length = Math.min(option.left, 16);
  const prefix = new Uint8Array(16);
  prefix.set(option.layer.view(option.at, length));
  option.put(PREFIX, option.at, length, formatIpv6(prefix, 0));
}

/** RFC 8106 section 5.2: names as DNS writes them, without compression; zeros fill the option. */
function readDomains(option: FieldReader): void {
  while (option.peek(1) !== 0) {
    const from = option.at;
    const labels: string[] = [];
    for (let length = option.peek(1); option.left > 0; length = option.peek(1)) {
      option.skip(1, 'label');
      if (length === 0) break;
      labels.push(formatText(option.layer.bytes, option.layer.offset + option.at, Math.min(length, option.left)));
      option.skip(length, 'label');
    }
    option.put(SEARCH, from, option.at - from, labels.join('.'));
  }
}

function readListeners(reader: FieldReader, type: number): void {
  const second = type === MLD_QUERY && reader.left >= MLD2_QUERY_BODY;
  reader.number(second ? RESPONSE_CODE : RESPONSE_DELAY);
  reader.bytes(RESERVED, 2);
  reader.address(GROUP);
  if (!second) return;
  reader.number(MLD_FLAGS);
  reader.flag(MLD_SUPPRESS, 1, 0x08);
  reader.bits(MLD_ROBUSTNESS, 1, 0x07);
  reader.bits(MLD_RESERVED, 1, 0xf0);
  reader.number(QUERY_INTERVAL);
  const sources = reader.number(SOURCES);
  for (let i = 0; i < sources; i++) reader.address(SOURCE);
}

function readReport(reader: FieldReader): void {
  reader.bytes(RESERVED, 2);
  const records = reader.number(RECORDS);
  for (let i = 0; i < records; i++) {
    reader.number(RECORD_TYPE);
    const words = reader.number(RECORD_AUX);
    const sources = reader.number(RECORD_SOURCES);
    reader.address(RECORD_GROUP);
    for (let j = 0; j < sources; j++) reader.address(RECORD_SOURCE);
    if (words > 0) reader.bytes(RECORD_DATA, words * 4);
  }
}
