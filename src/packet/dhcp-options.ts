// The options of a DHCP message, RFC 2132: a code, and for all but two of them a length and a value.
//
//   | code (1) | length (1) | value …        code 0 is padding, code 255 the end
import { type FieldType, type ListedField, listed } from './field.ts';
import type { FieldReader } from './field-reader.ts';
import { formatIpv4 } from './format.ts';
import type { LayerBase } from './layer-base.ts';

const PADDING = 0;
const MESSAGE_TYPE = 53;
const REQUEST_LIST = 55;
const CLIENT_IDENTIFIER = 61;
const FULL_NAME = 81;
const RELAY_INFORMATION = 82;
const ROUTES = 121;
const END = 255;

export const HARDWARE_ABOUT = 'What kind of link-layer address.';
export const MAC_ABOUT = 'The client’s MAC address.';

const MESSAGE_NAMES: Readonly<Record<number, string>> = {
  1: 'Discover',
  2: 'Offer',
  3: 'Request',
  4: 'Decline',
  5: 'ACK',
  6: 'NAK',
  7: 'Release',
  8: 'Inform',
  9: 'Force Renew',
};

interface Option {
  readonly title: string;
  /** What its value is; null: read by a function of its own, or shown as bytes only. */
  readonly field: ListedField | null;
}

const option = (title: string, name: string, type: FieldType, about: string): Option => ({
  title,
  field: listed(`dhcp.option.${name}`, type, about),
});
const plain = (title: string): Option => ({ title, field: null });

/** Addresses and numbers repeat for as long as the option is; text is all of it. */
const OPTIONS: Readonly<Record<number, Option>> = {
  [PADDING]: plain('Padding'),
  1: option('Subnet Mask', 'subnet_mask', 'ipv4', 'Which bits of the address are the subnet’s.'),
  3: option('Router', 'router', 'ipv4', 'The way to everywhere else.'),
  4: option('Time Server', 'time_server', 'ipv4', 'A server that knows the time (RFC 868).'),
  6: option('Domain Name Server', 'domain_name_server', 'ipv4', 'A DNS server to ask.'),
  7: option('Log Server', 'log_server', 'ipv4', 'Where to send logs.'),
  12: option('Host Name', 'hostname', 'string', 'The client’s name.'),
  15: option('Domain Name', 'domain_name', 'string', 'The domain in which to look for short names.'),
  17: option('Root Path', 'root_path', 'string', 'Where the client’s root file system is.'),
  23: option('Default IP Time-to-Live', 'default_ip_ttl', 'uint8', 'The TTL to send packets with.'),
  26: option('Interface MTU', 'interface_mtu', 'uint16', 'The largest packet on this link, in bytes.'),
  28: option('Broadcast Address', 'broadcast_address', 'ipv4', 'The subnet’s broadcast address.'),
  42: option('Network Time Protocol Servers', 'ntp_server', 'ipv4', 'A server that knows the time (NTP).'),
  43: option('Vendor-Specific Information', 'vendor.value', 'bytes', 'What only the vendor’s programs understand.'),
  50: option('Requested IP Address', 'requested_ip_address', 'ipv4', 'The address that the client would like.'),
  51: option('IP Address Lease Time', 'ip_address_lease_time', 'uint32', 'For how many seconds the address is lent.'),
  52: option('Option Overload', 'option_overload', 'uint8', 'Options go on in the name’s or the file’s place.'),
  [MESSAGE_TYPE]: {
    title: 'DHCP Message Type',
    field: listed('dhcp.option.dhcp', 'uint8', 'What the message is.', { names: MESSAGE_NAMES }),
  },
  54: option('DHCP Server Identifier', 'dhcp_server_id', 'ipv4', 'Which server this is about: several may answer.'),
  [REQUEST_LIST]: plain('Parameter Request List'),
  56: option('Message', 'message', 'string', 'Why the server refused.'),
  57: option(
    'Maximum DHCP Message Size',
    'dhcp_max_message_size',
    'uint16',
    'The largest answer that the client takes.',
  ),
  58: option('Renewal Time Value', 'renewal_time_value', 'uint32', 'After how many seconds to ask this server again.'),
  59: option('Rebinding Time Value', 'rebinding_time_value', 'uint32', 'After how many seconds to ask any server.'),
  60: option('Vendor class identifier', 'vendor_class_id', 'string', 'What program the client is.'),
  [CLIENT_IDENTIFIER]: plain('Client identifier'),
  67: option('Bootfile name', 'bootfile_name', 'string', 'The file to boot.'),
  [FULL_NAME]: plain('Client Fully Qualified Domain Name'),
  [RELAY_INFORMATION]: plain('Agent Information Option'),
  [ROUTES]: plain('Classless Static Route'),
  [END]: plain('End'),
};

const titles = Object.fromEntries(Object.entries(OPTIONS).map(([code, { title }]) => [code, title]));

const CODE = listed('dhcp.option.type', 'uint8', 'Which option.', { names: titles });
const LENGTH = listed('dhcp.option.length', 'uint8', 'Bytes of the option’s value.');
const VALUE = listed('dhcp.option.value', 'bytes', 'The option’s value as bytes.');
const PADDING_BYTES = listed('dhcp.option.padding', 'bytes', 'Nothing: zeros that fill the message.');
const END_MARK = listed('dhcp.option.end', 'uint8', 'No more options.');
const REQUESTED = listed('dhcp.option.request_list_item', 'uint8', 'An option that the client would like to know.', {
  names: titles,
});
const ROUTE = listed('dhcp.option.classless_static_route', 'bytes', 'A subnet, and the router that leads there.');
const HARDWARE = listed('dhcp.hw.type', 'uint8', HARDWARE_ABOUT, { hex: 2, names: { 1: 'Ethernet' } });
const MAC = listed('dhcp.hw.mac_addr', 'ether', MAC_ABOUT);
const CLIENT_ID = listed('dhcp.client_id', 'bytes', 'Which client this is, where that is not its MAC address.');
const NAME_FLAGS = listed('dhcp.fqdn.flags', 'uint8', 'Who tells DNS about the name.', { hex: 2 });
const NAME_RESERVED = listed('dhcp.fqdn.mbz', 'uint8', 'Reserved, must be clear.', { hex: 2 });
const NAME_NO_UPDATE = listed('dhcp.fqdn.n', 'boolean', 'The server is to leave DNS alone.');
const NAME_ENCODED = listed('dhcp.fqdn.e', 'boolean', 'The name is written as in DNS rather than as text.');
const NAME_OVERRIDDEN = listed('dhcp.fqdn.o', 'boolean', 'The server does not do as the client asked.');
const NAME_SERVER = listed('dhcp.fqdn.s', 'boolean', 'The server tells DNS the name’s address.');
const NAME_RESULT_1 = listed('dhcp.fqdn.rcode1', 'uint8', 'What DNS answered (obsolete).');
const NAME_RESULT_2 = listed('dhcp.fqdn.rcode2', 'uint8', 'What DNS answered (obsolete).');
const NAME = listed('dhcp.fqdn.name', 'string', 'The client’s full name.');
const RELAY_OPTION = listed('dhcp.option.agent_information_option.suboption', 'uint8', 'What the relay adds.', {
  names: { 1: 'Agent Circuit ID', 2: 'Agent Remote ID' },
});
const RELAY_LENGTH = listed('dhcp.option.suboption_length', 'uint8', 'Bytes of it.');
const RELAY_VALUE = listed('dhcp.option.agent_information_option.value', 'bytes', 'It as bytes.');
const RELAY_CIRCUIT = listed(
  'dhcp.option.agent_information_option.agent_circuit_id',
  'bytes',
  'The relay’s port to the client.',
);
const RELAY_REMOTE = listed(
  'dhcp.option.agent_information_option.agent_remote_id',
  'bytes',
  'Who is at the other end of that port.',
);

/** "Discover", from the options that begin `at` bytes into the layer; null when none of them says. */
export function dhcpMessageType(layer: LayerBase, at: number): string | null {
  const end = layer.end - layer.offset;
  for (let i = at; i < end; ) {
    const code = layer.u8(i);
    if (code === END) return null;
    if (code === MESSAGE_TYPE && i + 2 < end) return MESSAGE_NAMES[layer.u8(i + 2)] ?? `Unknown (${layer.u8(i + 2)})`;
    i += code === PADDING ? 1 : 2 + layer.u8(i + 1);
  }
  return null;
}

export function readDhcpOptions(reader: FieldReader): void {
  while (reader.left > 0) {
    const code = reader.peek(1);
    if (code === PADDING) {
      reader.number(CODE);
      reader.at--;
      reader.bytes(PADDING_BYTES, zeros(reader));
    } else if (code === END) {
      // Wireshark's type of the end is 0: its number stands in the field after it.
      reader.put(CODE, reader.at, 1, PADDING, 'End');
      reader.number(END_MARK);
      if (reader.left > 0) reader.bytes(PADDING_BYTES, reader.left);
    } else {
      reader.number(CODE);
      const length = reader.number(LENGTH);
      const value = reader.part(length, `DHCP option ${code}`);
      value.put(VALUE, value.at, length, value.layer.view(value.at, length));
      readValue(code, value);
    }
  }
}

function zeros(reader: FieldReader): number {
  let count = 0;
  while (count < reader.left && reader.layer.u8(reader.at + count) === 0) count++;
  return count;
}

function readValue(code: number, value: FieldReader): void {
  const field = OPTIONS[code]?.field ?? null;
  if (field !== null) readPlain(field, value);
  else if (code === REQUEST_LIST) while (value.left > 0) value.number(REQUESTED);
  else if (code === CLIENT_IDENTIFIER) readClient(value);
  else if (code === FULL_NAME) readName(value);
  else if (code === RELAY_INFORMATION) readRelay(value);
  else if (code === ROUTES) readRoutes(value);
}

function readPlain(field: ListedField, value: FieldReader): void {
  if (field.type === 'string') value.text(field, value.left);
  else if (field.type === 'bytes') value.bytes(field, value.left);
  else if (field.type === 'ipv4') while (value.left >= 4) value.address(field);
  else {
    const size = field.type === 'uint8' ? 1 : field.type === 'uint16' ? 2 : 4;
    if (value.left === size) value.number(field);
  }
}

/** A type of hardware and an address, or anything else that is always the same (RFC 2132 section 9.14). */
function readClient(value: FieldReader): void {
  if (value.left === 7 && value.peek(1) === 1) {
    value.number(HARDWARE);
    value.address(MAC);
  } else if (value.left > 0) value.bytes(CLIENT_ID, value.left);
}

/** RFC 4702. */
function readName(value: FieldReader): void {
  if (value.left < 3) return;
  value.number(NAME_FLAGS);
  value.bits(NAME_RESERVED, 1, 0xf0);
  value.flag(NAME_NO_UPDATE, 1, 0x08);
  const encoded = value.flag(NAME_ENCODED, 1, 0x04);
  value.flag(NAME_OVERRIDDEN, 1, 0x02);
  value.flag(NAME_SERVER, 1, 0x01);
  value.number(NAME_RESULT_1);
  value.number(NAME_RESULT_2);
  if (!encoded && value.left > 0) value.text(NAME, value.left);
}

/** RFC 3046. */
function readRelay(value: FieldReader): void {
  while (value.left >= 2) {
    const kind = value.number(RELAY_OPTION);
    const length = value.number(RELAY_LENGTH);
    if (length > value.left) return;
    value.put(RELAY_VALUE, value.at, length, value.layer.view(value.at, length));
    if (kind === 1) value.bytes(RELAY_CIRCUIT, length);
    else if (kind === 2) value.bytes(RELAY_REMOTE, length);
    else value.skip(length, 'suboption');
  }
}

/** RFC 3442: the length of a prefix, as many of its bytes as that needs, and a router. */
function readRoutes(value: FieldReader): void {
  while (value.left > 0) {
    const { at, layer } = value;
    const bits = value.peek(1);
    const bytes = Math.ceil(bits / 8);
    const length = 1 + bytes + 4;
    if (bits > 32 || length > value.left) return;
    const prefix = new Uint8Array(4);
    prefix.set(layer.view(at + 1, bytes));
    const router = formatIpv4(layer.bytes, layer.offset + at + 1 + bytes);
    const subnet = bits === 0 ? 'default' : `${formatIpv4(prefix, 0)}/${bits}`;
    value.put(ROUTE, at, length, layer.view(at, length), `${subnet} by ${router}`);
    value.skip(length, 'route');
  }
}
