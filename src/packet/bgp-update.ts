// A BGP update, RFC 4271 section 4.3: prefixes that cannot be reached any more, and attributes of those that now can.
//
//   attribute:  | flags (1) | type (1) | length (1, or 2 with the flag for it) | value …
//   AS path:    | type (1) | count (1) | AS numbers, of 2 bytes or of 4 if both sides said so in their opens … | …
import { listed } from './field.ts';
import type { FieldReader } from './field-reader.ts';
import { formatIpv4 } from './format.ts';

const ORIGIN = 1;
const AS_PATH = 2;
const NEXT_HOP = 3;
const EXIT_DISCRIMINATOR = 4;
const LOCAL_PREFERENCE = 5;

const WITHDRAWN_LENGTH = listed('bgp.update.withdrawn_routes.length', 'uint16', 'Bytes of the withdrawn prefixes.');
const PREFIX_LENGTH = listed('bgp.prefix_length', 'uint8', 'Bits of the prefix.');
const WITHDRAWN = listed('bgp.withdrawn_prefix', 'ipv4', 'A prefix that the sender no longer knows a way to.');
const ATTRIBUTES_LENGTH = listed('bgp.update.path_attributes.length', 'uint16', 'Bytes of the attributes.');
const PREFIX = listed(
  'bgp.nlri_prefix',
  'ipv4',
  'A prefix that can be reached by the way that the attributes describe.',
);

const attribute = (name: string): string => `bgp.update.path_attribute.${name}`;
const FLAGS = listed(attribute('flags'), 'uint8', 'What to do with the attribute.', { hex: 2 });
const OPTIONAL = listed(attribute('flags.optional'), 'boolean', 'Not every router has to know the attribute.');
const TRANSITIVE = listed(attribute('flags.transitive'), 'boolean', 'Whoever does not know it passes it on.');
const PARTIAL = listed(attribute('flags.partial'), 'boolean', 'Somebody who did not know it has passed it on.');
const EXTENDED = listed(attribute('flags.extended_length'), 'boolean', 'The length has two bytes.');
const UNUSED = listed(attribute('flags.unused'), 'uint8', 'Reserved, must be clear.', { hex: 2 });
const TYPE = listed(attribute('type_code'), 'uint8', 'Which attribute.', {
  names: {
    [ORIGIN]: 'ORIGIN',
    [AS_PATH]: 'AS_PATH',
    [NEXT_HOP]: 'NEXT_HOP',
    [EXIT_DISCRIMINATOR]: 'MULTI_EXIT_DISC',
    [LOCAL_PREFERENCE]: 'LOCAL_PREF',
    6: 'ATOMIC_AGGREGATE',
    7: 'AGGREGATOR',
    8: 'COMMUNITIES',
    9: 'ORIGINATOR_ID',
    10: 'CLUSTER_LIST',
    14: 'MP_REACH_NLRI',
    15: 'MP_UNREACH_NLRI',
  },
});
const LENGTH = listed(attribute('length'), 'uint16', 'Bytes of the attribute’s value.');
const ORIGIN_VALUE = listed(attribute('origin'), 'uint8', 'How the route came into BGP.', {
  names: { 0: 'IGP', 1: 'EGP', 2: 'INCOMPLETE' },
});
const SEGMENT_TYPE = listed(attribute('as_path_segment.type'), 'uint8', 'A sequence, or a set without order.', {
  names: { 1: 'AS_SET', 2: 'AS_SEQUENCE', 3: 'AS_CONFED_SEQUENCE', 4: 'AS_CONFED_SET' },
});
const SEGMENT_LENGTH = listed(attribute('as_path_segment.length'), 'uint8', 'How many networks.');
const AS_2 = listed(attribute('as_path_segment.as2'), 'uint16', 'A network that the route leads through.');
const AS_4 = listed(attribute('as_path_segment.as4'), 'uint32', 'A network that the route leads through.');
const NEXT_HOP_VALUE = listed(attribute('next_hop'), 'ipv4', 'The router to send packets for these prefixes to.');
const EXIT_VALUE = listed(
  attribute('multi_exit_disc'),
  'uint32',
  'Among several links to this network, lower is preferred.',
);
const PREFERENCE_VALUE = listed(attribute('local_pref'), 'uint32', 'Inside a network, higher is preferred.');

export function readUpdate(body: FieldReader): void {
  const withdrawn = body.part(body.number(WITHDRAWN_LENGTH), 'withdrawn routes');
  while (withdrawn.left > 0) readPrefix(withdrawn, WITHDRAWN);
  const attributes = body.part(body.number(ATTRIBUTES_LENGTH), 'path attributes');
  while (attributes.left > 0) readAttribute(attributes);
  while (body.left > 0) readPrefix(body, PREFIX);
}

function readPrefix(reader: FieldReader, field: typeof PREFIX): void {
  const bits = reader.number(PREFIX_LENGTH);
  if (bits > 32) reader.fail(`prefix of ${bits} bits, must be at most 32`, 1);
  const length = Math.ceil(bits / 8);
  const { at } = reader;
  reader.skip(length, 'prefix');
  const address = new Uint8Array(4);
  address.set(reader.layer.view(at, length));
  reader.put(field, at, length, formatIpv4(address, 0));
}

function readAttribute(reader: FieldReader): void {
  reader.number(FLAGS);
  reader.flag(OPTIONAL, 1, 0x80);
  reader.flag(TRANSITIVE, 1, 0x40);
  reader.flag(PARTIAL, 1, 0x20);
  const extended = reader.flag(EXTENDED, 1, 0x10);
  reader.bits(UNUSED, 1, 0x0f);
  const type = reader.number(TYPE);
  const length = reader.number(LENGTH, extended ? 2 : 1);
  const value = reader.part(length, 'path attribute');
  if (type === ORIGIN && length === 1) value.number(ORIGIN_VALUE);
  else if (type === AS_PATH) readPath(value);
  else if (length !== 4) return;
  else if (type === NEXT_HOP) value.address(NEXT_HOP_VALUE);
  else if (type === EXIT_DISCRIMINATOR) value.number(EXIT_VALUE);
  else if (type === LOCAL_PREFERENCE) value.number(PREFERENCE_VALUE);
}

/** The opens say whether AS numbers have two bytes or four; without them, the length that comes out even does. */
function readPath(value: FieldReader): void {
  const number = fills(value, 2) ? AS_2 : AS_4;
  while (value.left > 0) {
    value.number(SEGMENT_TYPE);
    const count = value.number(SEGMENT_LENGTH);
    for (let i = 0; i < count; i++) value.number(number);
  }
}

/** Whether segments of AS numbers of so many bytes end exactly where the attribute does. */
function fills(value: FieldReader, size: 2 | 4): boolean {
  let { at } = value;
  while (at + 2 <= value.end) {
    const type = value.layer.u8(at);
    if (type < 1 || type > 4) return false;
    at += 2 + value.layer.u8(at + 1) * size;
  }
  return at === value.end;
}
