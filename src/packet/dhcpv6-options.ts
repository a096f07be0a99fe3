// DHCPv6's options, RFC 8415 section 21; DNS: RFC 3646, client's name: RFC 4704.
//
//   option:  | type (2) | length (2) | value …       some values hold options in their turn: an association its addresses,
//                                                    a relay the whole message that it passes on
import { DHCPV6_OPTION_NAMES } from './dhcpv6-names.ts';
import { listed } from './field.ts';
import type { FieldReader } from './field-reader.ts';
import { formatHex, formatMac, formatText } from './format.ts';
import { HARDWARE_NAMES } from './numbers.ts';
import { formatTime } from './time-of-day.ts';

const CLIENT = 1;
const SERVER = 2;
const ASSOCIATION = 3;
const TEMPORARY = 4;
const ADDRESS_OF = 5;
const WANTED = 6;
const PREFERENCE = 7;
const ELAPSED = 8;
const RELAYED = 9;
const STATUS = 13;
const INTERFACE = 18;
const DNS_SERVERS = 23;
const SEARCH_LIST = 24;
const DELEGATION = 25;
const PREFIX_OF = 26;
const NAME_OF_CLIENT = 39;

/** As deep as a hostile message gets: a relay of a relay of an association of an address is seven. */
const DEEPEST = 16;

/** Seconds from 1970 to 2000, where the times of identifiers begin (RFC 8415 section 11.2). */
const TO_2000 = 946_684_800;

const STATUS_NAMES: Readonly<Record<number, string>> = {
  0: 'Success',
  1: 'UnspecFail',
  2: 'NoAddrAvail',
  3: 'NoBinding',
  4: 'NotOnLink',
  5: 'UseMulticast',
  6: 'NoPrefixAvail',
};

const TYPE = listed('dhcpv6.option.type', 'uint16', 'Which option.', { names: DHCPV6_OPTION_NAMES });
const LENGTH = listed('dhcpv6.option.length', 'uint16', 'Bytes of its value.');
const TYPE_TEXT = listed('dhcpv6.option.type_str', 'string', 'Which option, in words.');
const DUID = listed('dhcpv6.duid.bytes', 'bytes', 'Who a client or a server is, once and for all.');
const DUID_TYPE = listed('dhcpv6.duid.type', 'uint16', 'What that is made of.', {
  names: {
    1: 'link-layer address plus time',
    2: 'assigned by vendor based on Enterprise number',
    3: 'link-layer address',
    4: 'Universally Unique IDentifier (UUID)',
  },
});
const LINK_ABOUT = 'The link-layer address that it is made of.';
const HARDWARE_ABOUT = 'What kind of link that is.';
const TIME_HARDWARE = listed('dhcpv6.duidllt.hwtype', 'uint16', HARDWARE_ABOUT, { names: HARDWARE_NAMES });
const TIME = listed('dhcpv6.duidllt.time', 'string', 'When it was made.');
const TIME_LINK = listed('dhcpv6.duidllt.link_layer_addr', 'string', LINK_ABOUT);
const LINK_HARDWARE = listed('dhcpv6.duidll.hwtype', 'uint16', HARDWARE_ABOUT, { names: HARDWARE_NAMES });
const LINK = listed('dhcpv6.duidll.link_layer_addr', 'string', LINK_ABOUT);
const VENDOR = listed('dhcpv6.duiden.enterprise', 'uint32', 'The vendor that gave it.');
const VENDOR_ID = listed('dhcpv6.duiden.identifier', 'bytes', 'What the vendor gave.');
const UUID = listed('dhcpv6.duiduuid.bytes', 'bytes', 'A number that nothing else in the world has.');
const ASSOCIATION_ID = listed('dhcpv6.iaid', 'string', 'Which of the client’s interfaces this is for.');
const TEMPORARY_ID = listed('dhcpv6.iata', 'string', 'Which of the client’s interfaces this is for.');
const RENEW = listed('dhcpv6.iaid.t1', 'uint32', 'After how many seconds to ask the same server to go on.');
const REBIND = listed('dhcpv6.iaid.t2', 'uint32', 'After how many seconds to ask any server.');
const ADDRESS = listed('dhcpv6.iaaddr.ip', 'ipv6', 'The address that the client gets, or asks for.');
const PREFERRED_ABOUT = 'For how many seconds to use it for what is new.';
const VALID_ABOUT = 'For how many seconds it is the client’s.';
const PREFERRED = listed('dhcpv6.iaaddr.pref_lifetime', 'uint32', PREFERRED_ABOUT);
const VALID = listed('dhcpv6.iaaddr.valid_lifetime', 'uint32', VALID_ABOUT);
const PREFIX_PREFERRED = listed('dhcpv6.iaprefix.pref_lifetime', 'uint32', PREFERRED_ABOUT);
const PREFIX_VALID = listed('dhcpv6.iaprefix.valid_lifetime', 'uint32', VALID_ABOUT);
const PREFIX_LENGTH = listed('dhcpv6.iaprefix.pref_len', 'uint8', 'Bits of the prefix.');
const PREFIX = listed('dhcpv6.iaprefix.pref_addr', 'ipv6', 'The network that a router gets to give out.');
const REQUESTED = listed('dhcpv6.requested_option_code', 'uint16', 'An option that the client would like.', {
  names: DHCPV6_OPTION_NAMES,
});
const PREFERENCE_FIELD = listed('dhcpv6.option_preference', 'uint8', 'The server with the highest is to be taken.');
const ELAPSED_TIME = listed('dhcpv6.elapsed_time', 'uint16', 'Milliseconds since the client began to ask.');
const STATUS_CODE = listed('dhcpv6.status_code', 'uint16', 'How it went.', { names: STATUS_NAMES });
const STATUS_TEXT = listed('dhcpv6.status_msg', 'string', 'The same for people.');
const INTERFACE_ID = listed('dhcpv6.interface_id', 'bytes', 'Where the relay heard it.');
const DNS_SERVER = listed('dhcpv6.dns_server', 'ipv6', 'A DNS server.');
const SEARCH = listed('dhcpv6.search_list_entry', 'string', 'A domain in which to look for short names.');
const NAME_FLAGS = listed('dhcpv6.client_fqdn_flags', 'uint8', 'Who tells DNS about the name.', { hex: 2 });
const NAME_UPDATE = listed('dhcpv6.clientfqdn.client.s', 'boolean', 'The server is to tell DNS the name’s address.');
const NAME_NO_UPDATE = listed('dhcpv6.clientfqdn.client.n', 'boolean', 'The server is to leave DNS alone.');
const NAME_SERVER_UPDATE = listed('dhcpv6.clientfqdn.server.s', 'boolean', 'The server tells DNS the address.');
const NAME_OVERRIDDEN = listed('dhcpv6.clientfqdn.server.o', 'boolean', 'The server does not do as it was asked.');
const NAME_SERVER_LEAVES = listed('dhcpv6.clientfqdn.server.n', 'boolean', 'The server leaves DNS alone.');
const NAME = listed('dhcpv6.client_domain', 'string', 'The client’s name.');

/** What a line about the message says, filled in by whoever reads the options. */
export interface Dhcpv6Facts {
  /** "CID: 0003… ", "IAA: fd00::5 " */
  readonly words: string[];
}

/** @param relayed reads the message that a relay passes on, with how deep it lies */
export function readDhcpv6Options(
  reader: FieldReader,
  isFromServer: boolean,
  depth: number,
  facts: Dhcpv6Facts,
  relayed: (reader: FieldReader, depth: number) => void,
): void {
  if (depth > DEEPEST) reader.fail(`DHCPv6 options more than ${DEEPEST} deep`);
  while (reader.left > 0) {
    const type = reader.number(TYPE);
    const length = reader.number(LENGTH);
    reader.put(TYPE_TEXT, reader.at - 4, 2, DHCPV6_OPTION_NAMES[type] ?? `DHCP option ${type}`);
    const value = reader.part(length, `DHCPv6 option ${type}`);
    const options = (): void => readDhcpv6Options(value, isFromServer, depth + 1, facts, relayed);
    switch (type) {
      case CLIENT:
      case SERVER:
        readIdentifier(value, type === CLIENT ? facts : null);
        break;
      case ASSOCIATION:
      case DELEGATION:
        readAssociationId(value, ASSOCIATION_ID);
        value.number(RENEW);
        value.number(REBIND);
        options();
        break;
      case TEMPORARY:
        readAssociationId(value, TEMPORARY_ID);
        options();
        break;
      case ADDRESS_OF:
        facts.words.push(`IAA: ${value.address(ADDRESS)} `);
        value.number(PREFERRED);
        value.number(VALID);
        options();
        break;
      case PREFIX_OF:
        value.number(PREFIX_PREFERRED);
        value.number(PREFIX_VALID);
        value.number(PREFIX_LENGTH);
        value.address(PREFIX);
        options();
        break;
      case WANTED:
        while (value.left > 0) value.number(REQUESTED);
        break;
      case PREFERENCE:
        value.number(PREFERENCE_FIELD);
        break;
      case ELAPSED: {
        // In hundredths of a second; Wireshark shows milliseconds, in 16 bits.
        const { at } = value;
        const hundredths = value.peek(2);
        value.skip(2, ELAPSED_TIME.name);
        value.put(ELAPSED_TIME, at, 2, hundredths * 10);
        break;
      }
      case RELAYED:
        relayed(value, depth + 1);
        break;
      case STATUS:
        value.number(STATUS_CODE);
        if (value.left > 0) value.text(STATUS_TEXT, value.left);
        break;
      case INTERFACE:
        if (value.left > 0) value.bytes(INTERFACE_ID, value.left);
        break;
      case DNS_SERVERS:
        while (value.left > 0) value.address(DNS_SERVER);
        break;
      case SEARCH_LIST:
        readNames(value, SEARCH);
        break;
      case NAME_OF_CLIENT:
        readNameOfClient(value, isFromServer);
        break;
      default:
        break;
    }
  }
}

/** RFC 8415 section 11. */
function readIdentifier(value: FieldReader, client: Dhcpv6Facts | null): void {
  const { at, layer, left } = value;
  const bytes = layer.view(at, left);
  value.put(DUID, at, left, bytes);
  if (client !== null) client.words.push(`CID: ${formatHex(bytes, 0, bytes.length)} `);
  const type = value.number(DUID_TYPE);
  if (type === 1) {
    value.number(TIME_HARDWARE);
    const seconds = value.layer.u32(value.at);
    value.skip(4, TIME.name);
    value.put(TIME, value.at - 4, 4, formatTime(TO_2000 + seconds, 0));
    readLink(value, TIME_LINK);
  } else if (type === 2) {
    value.number(VENDOR);
    if (value.left > 0) value.bytes(VENDOR_ID, value.left);
  } else if (type === 3) {
    value.number(LINK_HARDWARE);
    readLink(value, LINK);
  } else if (type === 4 && value.left > 0) value.bytes(UUID, value.left);
}

/** A MAC address, or another link's. */
function readLink(value: FieldReader, field: typeof LINK): void {
  const { at, layer, left } = value;
  if (left === 0) return;
  value.skip(left, field.name);
  const from = layer.offset + at;
  value.put(field, at, left, left === 6 ? formatMac(layer.bytes, from) : formatHex(layer.bytes, from, left));
}

function readAssociationId(value: FieldReader, field: typeof ASSOCIATION_ID): void {
  const { at, layer } = value;
  value.skip(4, field.name);
  value.put(field, at, 4, formatHex(layer.bytes, layer.offset + at, 4));
}

/** RFC 4704. */
function readNameOfClient(value: FieldReader, isFromServer: boolean): void {
  value.number(NAME_FLAGS);
  if (isFromServer) {
    value.flag(NAME_SERVER_UPDATE, 1, 0x01);
    value.flag(NAME_OVERRIDDEN, 1, 0x02);
    value.flag(NAME_SERVER_LEAVES, 1, 0x04);
  } else {
    value.flag(NAME_UPDATE, 1, 0x01);
    value.flag(NAME_NO_UPDATE, 1, 0x04);
  }
  readNames(value, NAME);
}

/** Names as in DNS, without pointers (RFC 8415 section 10). One without an end is a part of a name: "node-1"; a whole one has a dot there. */
function readNames(value: FieldReader, field: typeof NAME): void {
  while (value.left > 0) {
    const from = value.at;
    let name = '';
    let isWhole = false;
    while (value.left > 0 && !isWhole) {
      const length = value.peek(1);
      value.skip(1, field.name);
      if (length > 63) value.fail(`label of ${length} bytes in a name, must be at most 63`, 1);
      isWhole = length === 0;
      const { at, layer } = value;
      value.skip(length, 'label');
      if (!isWhole) name += `${name === '' ? '' : '.'}${formatText(layer.bytes, layer.offset + at, length)}`;
    }
    value.put(field, from, value.at - from, isWhole ? `${name}.` : name);
  }
}
