// IPv4 options, RFC 791 section 3.1: a type, and for all but two of them a length that counts the type and itself.
//
//   types 0 and 1: end of list, and padding            type 68: timestamps (and addresses) of the routers passed
//   types 131 and 137: loose and strict source route   type 148: router alert (RFC 2113)
//   type 7: record route. A route is a pointer to the next address, counted from the option's first byte as 1, and addresses.
import { type FieldSink, listed } from './field.ts';
import { type FieldReader, walkFields } from './field-reader.ts';
import { formatIpv4 } from './format.ts';
import type { LayerBase } from './layer-base.ts';

const FIXED_LENGTH = 20;

const END = 0;
const NO_OPERATION = 1;
const RECORD_ROUTE = 7;
const TIMESTAMP = 68;
const LOOSE_ROUTE = 131;
const STRICT_ROUTE = 137;
const ROUTER_ALERT = 148;

const TYPE = listed('ip.opt.type', 'uint8', 'The kind of option.', {
  names: {
    [END]: 'End of Option List (EOL)',
    [NO_OPERATION]: 'No-Operation (NOP)',
    [RECORD_ROUTE]: 'Record route',
    [TIMESTAMP]: 'Time stamp',
    [LOOSE_ROUTE]: 'Loose source route',
    [STRICT_ROUTE]: 'Strict source route',
    [ROUTER_ALERT]: 'Router Alert',
  },
});
const COPY = listed('ip.opt.type.copy', 'boolean', 'Every fragment carries the option, not only the first.');
const CLASS = listed('ip.opt.type.class', 'uint8', 'For control, or for debugging and measurement.', {
  names: { 0: 'Control', 2: 'Debugging and measurement' },
});
const NUMBER = listed('ip.opt.type.number', 'uint8', 'Which option of its class.');
const LENGTH = listed('ip.opt.len', 'uint8', 'Bytes of the option.');
const POINTER = listed('ip.opt.ptr', 'uint8', 'Where the next router reads or writes; the first byte is 1.');
const RECORDED = listed('ip.rec_rt', 'ipv4', 'A router that the packet has passed.');
const TO_VISIT = listed('ip.src_rt', 'ipv4', 'A router that the packet is still to pass.');
const EMPTY = listed('ip.empty_rt', 'ipv4', 'Room for a router to write its address.');
const CURRENT = listed(
  'ip.cur_rt',
  'ipv4',
  'The router that the packet is on its way to: it stands in the destination’s place.',
);
const DESTINATION = listed('ip.dst', 'ipv4', 'Whom the packet is for.');
const OVERFLOW = listed('ip.opt.overflow', 'uint8', 'Routers that found no room for their timestamp.');
const FLAG = listed('ip.opt.flag', 'uint8', 'Timestamps alone, with addresses, or of given routers only.', {
  hex: 2,
  names: { 0: 'Time stamps only', 1: 'Time stamp and address', 3: 'Time stamps for prespecified addresses' },
});
const TIME = listed('ip.opt.time_stamp', 'uint32', 'When a router passed the packet on, in ms since midnight UTC.');
const TIME_ADDRESS = listed('ip.opt.time_stamp_addr', 'ipv4', 'The router that this timestamp is from.');
const ALERT = listed(
  'ip.opt.ra',
  'uint16',
  'Every router is to look at what the packet carries, though it is not for it.',
  {
    names: { 0: 'Router shall examine packet' },
  },
);

export function collectIpv4Options(layer: LayerBase, sink: FieldSink): void {
  if (layer.length > FIXED_LENGTH) walkFields(layer, readOptions, sink, FIXED_LENGTH);
}

/**
 * Where the address stands that a source-routed packet is for in the end, in bytes from the layer's first; null when there is
 * no source route, or all of it was visited.
 */
export function routedDestination(layer: LayerBase): number | null {
  for (let at = FIXED_LENGTH; at < layer.length; ) {
    const type = layer.u8(at);
    if (type === END) return null;
    const length = type === NO_OPERATION ? 1 : layer.u8(at + 1);
    if (type !== NO_OPERATION && (length < 2 || at + length > layer.length)) return null;
    if (type === LOOSE_ROUTE || type === STRICT_ROUTE) {
      const pointer = layer.u8(at + 2);
      return isRoute(length, pointer) && pointer < length ? at + length - 4 : null;
    }
    at += length;
  }
  return null;
}

/** Header and whole addresses, and a pointer to the beginning of one of them or past the last. */
const isRoute = (length: number, pointer: number): boolean => length % 4 === 3 && pointer >= 4 && pointer % 4 === 0;

/** What follows a broken option cannot be found, so the list ends there. */
function readOptions(reader: FieldReader, layer: LayerBase): void {
  const current = routedDestination(layer);
  if (current !== null) reader.put(CURRENT, 16, 4, formatIpv4(layer.bytes, layer.offset + 16));
  const options = reader.part(layer.length - FIXED_LENGTH, 'options');
  while (options.left > 0) {
    const type = options.number(TYPE);
    options.flag(COPY, 1, 0x80);
    options.bits(CLASS, 1, 0x60);
    options.bits(NUMBER, 1, 0x1f);
    if (type === END) return;
    if (type === NO_OPERATION) continue;
    const length = options.peek(1);
    if (length < 2 || length - 1 > options.left) return;
    options.number(LENGTH);
    readOption(type, length, options.part(length - 2, 'option'), current);
  }
}

function readOption(type: number, length: number, option: FieldReader, destination: number | null): void {
  if (type === ROUTER_ALERT && length === 4) option.number(ALERT);
  else if (type === RECORD_ROUTE || type === LOOSE_ROUTE || type === STRICT_ROUTE) {
    if (option.left < 1) return;
    const pointer = option.number(POINTER);
    // The pointer counts from the option's type, which is 3 bytes before the first address.
    const next = option.at + pointer - 4;
    const ahead = type === RECORD_ROUTE ? EMPTY : TO_VISIT;
    if (!isRoute(length, pointer)) return;
    while (option.left >= 4)
      option.address(option.at < next ? RECORDED : option.at === destination ? DESTINATION : ahead);
  } else if (type === TIMESTAMP) {
    if (option.left < 2) return;
    option.number(POINTER);
    option.skip(1, 'flags');
    option.bits(OVERFLOW, 1, 0xf0);
    const kind = option.bits(FLAG, 1, 0x0f);
    while (option.left >= (kind === 0 ? 4 : 8)) {
      if (kind !== 0) option.address(TIME_ADDRESS);
      option.number(TIME);
    }
  }
}
