// RFC 4271, Border Gateway Protocol: routers tell each other their routes. Capabilities: RFC 5492; route refresh: RFC 2918.
//
//    0                               16              18      19
//   +-------------------------------+---------------+-------+----------
//   | marker: ff, sixteen times     | length        | type  | body …
//   +-------------------------------+---------------+-------+----------
//   open:    | version | AS (2) | hold time (2) | identifier (4) | length | parameters …
//   update:  | length (2) | withdrawn … | length (2) | attributes … | prefixes …         prefix:  | bits (1) | bytes … |
//   A segment holds several messages, and the last may go on in the next one.
import { readUpdate } from './bgp-update.ts';
import { type FieldSink, listed } from './field.ts';
import { type FieldReader, streamProblem, walkFields } from './field-reader.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const MARKER_LENGTH = 16;
const HEADER_LENGTH = 19;
/** RFC 8654 allows as many; RFC 4271 allowed 4096. */
const LONGEST = 65_535;

export const BGP_PORT = 179;

const OPEN = 1;
const UPDATE = 2;
const NOTIFICATION = 3;
const ROUTE_REFRESH = 5;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [OPEN]: 'OPEN Message',
  [UPDATE]: 'UPDATE Message',
  [NOTIFICATION]: 'NOTIFICATION Message',
  4: 'KEEPALIVE Message',
  [ROUTE_REFRESH]: 'ROUTE-REFRESH Message',
};
const FAMILY_NAMES = { 1: 'IPv4', 2: 'IPv6', 25: 'Layer-2 VPN' } as const;
const SUBFAMILY_NAMES = { 1: 'Unicast', 2: 'Multicast', 4: 'Labeled Unicast', 70: 'EVPN', 128: 'Labeled VPN Unicast' };

const MARKER = listed('bgp.marker', 'bytes', 'All ones: where a message begins.');
const LENGTH = listed('bgp.length', 'uint16', 'Bytes of the message, this header included.');
const TYPE = listed('bgp.type', 'uint8', 'What the message is.', { names: TYPE_NAMES });

const VERSION = listed('bgp.open.version', 'uint8', 'Always 4.');
const MY_AS = listed(
  'bgp.open.myas',
  'uint16',
  'The number of the sender’s network; 23456 when it needs more than two bytes.',
);
const HOLD_TIME = listed(
  'bgp.open.holdtime',
  'uint16',
  'After how many seconds of silence the connection is given up.',
);
const IDENTIFIER = listed('bgp.open.identifier', 'ipv4', 'The sender’s own number, written as an address.');
const PARAMETERS_LENGTH = listed('bgp.open.opt.len', 'uint8', 'Bytes of the parameters.');
const PARAMETER_TYPE = listed('bgp.open.opt.param.type', 'uint8', 'Nearly always 2, capabilities.', {
  names: { 1: 'Authentication', 2: 'Capability' },
});
const PARAMETER_LENGTH = listed('bgp.open.opt.param.len', 'uint8', 'Bytes of the parameter.');
const CAPABILITY = listed('bgp.cap.type', 'uint8', 'Something that the sender can do.', {
  names: {
    1: 'Multiprotocol extensions capability',
    2: 'Route refresh capability',
    5: 'Extended Next Hop Encoding',
    6: 'BGP-Extended Message',
    64: 'Graceful Restart capability',
    65: 'Support for 4-octet AS number capability',
    69: 'Support for Additional Paths',
    70: 'Enhanced Route Refresh',
    71: 'Long-Lived Graceful Restart (LLGR) Capability',
    73: 'FQDN Capability',
  },
});
const CAPABILITY_LENGTH = listed('bgp.cap.length', 'uint8', 'Bytes of what it says about that.');
const FAMILY = listed('bgp.cap.mp.afi', 'uint16', 'Which kind of addresses.', { names: FAMILY_NAMES });
const RESERVED = listed('bgp.cap.reserved', 'bytes', 'Reserved, zero.');
const SUBFAMILY = listed('bgp.cap.mp.safi', 'uint8', 'What for.', { names: SUBFAMILY_NAMES });
const LONG_AS = listed('bgp.cap.4as', 'uint32', 'The number of the sender’s network in four bytes.');
const RESTART = listed('bgp.cap.gr.timers', 'uint16', 'What happens to routes while the sender starts again.', {
  hex: 4,
});
const RESTARTED = listed('bgp.cap.gr.timers.restart_flag', 'boolean', 'The sender has just started again.');
const NOTIFIES = listed(
  'bgp.cap.gr.timers.notification_flag',
  'boolean',
  'That holds after notifications too (RFC 8538).',
);
const RESTART_TIME = listed('bgp.cap.gr.timers.restart_time', 'uint16', 'For how many seconds to keep its routes.');
const UNKNOWN = listed('bgp.cap.unknown', 'bytes', 'What is said about a capability that is not decoded.');

const ERROR = listed('bgp.notify.major_error', 'uint8', 'Why the connection ends.', {
  names: {
    1: 'Message Header Error',
    2: 'OPEN Message Error',
    3: 'UPDATE Message Error',
    4: 'Hold Timer Expired',
    5: 'Finite State Machine Error',
    6: 'Cease',
    7: 'ROUTE-REFRESH Message Error',
  },
});
const DETAIL_ABOUT = 'More exactly.';
const DETAIL = listed('bgp.notify.minor_error', 'uint8', DETAIL_ABOUT);
const DETAILS = {
  2: listed('bgp.notify.minor_error_open', 'uint8', DETAIL_ABOUT, {
    names: {
      1: 'Unsupported Version Number',
      2: 'Bad Peer AS',
      3: 'Bad BGP Identifier',
      6: 'Unacceptable Hold Time',
      7: 'Unsupported Capability',
    },
  }),
  3: listed('bgp.notify.minor_error_update', 'uint8', DETAIL_ABOUT),
  4: listed('bgp.notify.minor_error_expired', 'uint8', DETAIL_ABOUT),
  5: listed('bgp.notify.minor_error_state', 'uint8', DETAIL_ABOUT),
  6: listed('bgp.notify.minor_error_cease', 'uint8', DETAIL_ABOUT, {
    names: {
      1: 'Maximum Number of Prefixes Reached',
      2: 'Administratively Shutdown',
      3: 'Peer De-configured',
      4: 'Administratively Reset',
      5: 'Connection Rejected',
      6: 'Other Configuration Change',
      7: 'Connection Collision Resolution',
      8: 'Out of Resources',
    },
  }),
} as const;
const ERROR_DATA = listed('bgp.notify.minor_data', 'bytes', 'What the error is about.');

const REFRESH_FAMILY = listed('bgp.route_refresh.afi', 'uint16', 'Which kind of addresses.', { names: FAMILY_NAMES });
const REFRESH_KIND = listed('bgp.route_refresh.subtype', 'uint8', 'A request, or the beginning or end of the answer.');
const REFRESH_SUBFAMILY = listed('bgp.route_refresh.safi', 'uint8', 'What for.', { names: SUBFAMILY_NAMES });

/** True when a message begins here: its marker is all ones and its length possible. */
export function startsBgp(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < HEADER_LENGTH) return false;
  for (let i = 0; i < MARKER_LENGTH; i++) if (bytes[at + i] !== 0xff) return false;
  return true;
}

export class BgpLayer extends LayerBase {
  readonly protocol = 'bgp';

  /** All messages of the segment. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, HEADER_LENGTH);
  }

  override problem(): Problem | null {
    return super.problem() ?? streamProblem(this, readMessages);
  }

  override info(): string {
    const names: string[] = [];
    const end = this.end - this.offset;
    for (let at = 0; at + HEADER_LENGTH <= end; ) {
      const type = this.u8(at + MARKER_LENGTH + 2);
      names.push(TYPE_NAMES[type] ?? `Unknown Message (${type})`);
      at += Math.max(this.u16(at + MARKER_LENGTH), HEADER_LENGTH);
    }
    return names.join(', ');
  }

  protected override collect(sink: FieldSink): void {
    walkFields(this, readMessages, sink);
  }
}

function readMessages(reader: FieldReader): void {
  while (reader.left > 0) {
    if (reader.left < HEADER_LENGTH) reader.skip(HEADER_LENGTH, 'BGP header'); // goes on in the next segment
    const marker = reader.bytes(MARKER, MARKER_LENGTH);
    if (marker.some((byte) => byte !== 0xff)) reader.fail('BGP marker is not all ones', MARKER_LENGTH);
    const length = reader.number(LENGTH);
    if (length < HEADER_LENGTH || length > LONGEST)
      reader.fail(`BGP length is ${length} bytes, must be at least 19`, 2);
    const type = reader.number(TYPE);
    readBody(type, reader.part(length - HEADER_LENGTH, 'BGP message'));
  }
}

function readBody(type: number, body: FieldReader): void {
  if (type === OPEN) readOpen(body);
  else if (type === UPDATE) readUpdate(body);
  else if (type === NOTIFICATION) readNotification(body);
  else if (type === ROUTE_REFRESH) {
    body.number(REFRESH_FAMILY);
    body.number(REFRESH_KIND);
    body.number(REFRESH_SUBFAMILY);
  }
}

function readOpen(body: FieldReader): void {
  body.number(VERSION);
  body.number(MY_AS);
  body.number(HOLD_TIME);
  body.address(IDENTIFIER);
  const parameters = body.part(body.number(PARAMETERS_LENGTH), 'parameters');
  while (parameters.left > 0) {
    const type = parameters.number(PARAMETER_TYPE);
    const parameter = parameters.part(parameters.number(PARAMETER_LENGTH), 'parameter');
    while (type === 2 && parameter.left > 0) readCapability(parameter);
  }
}

function readCapability(parameter: FieldReader): void {
  const type = parameter.number(CAPABILITY);
  const length = parameter.number(CAPABILITY_LENGTH);
  const capability = parameter.part(length, 'capability');
  if (type === 1 && length === 4) {
    capability.number(FAMILY);
    capability.bytes(RESERVED, 1);
    capability.number(SUBFAMILY);
  } else if (type === 65 && length === 4) {
    capability.number(LONG_AS);
  } else if (type === 64 && length >= 2) {
    capability.number(RESTART);
    capability.flag(RESTARTED, 2, 0x8000);
    capability.flag(NOTIFIES, 2, 0x4000);
    capability.bits(RESTART_TIME, 2, 0x0fff);
  } else if (length > 0) {
    capability.bytes(UNKNOWN, length);
  }
}

function readNotification(body: FieldReader): void {
  const error = body.number(ERROR);
  body.number(DETAILS[error as keyof typeof DETAILS] ?? DETAIL);
  if (body.left > 0) body.bytes(ERROR_DATA, body.left);
}
