// RFC 1661, Point-to-Point Protocol, and its framing, RFC 1662: what PPTP's GRE carries.
//
//    0       1       2               4
//   +-------+-------+---------------+----------
//   | ff    | 03    | protocol      | payload …       both ends may agree to leave out the first two bytes,
//   +-------+-------+---------------+----------       and the protocol's first where it is 0
//   In a control protocol the payload begins:  | code (1) | identifier (1) | length (2) | …
import { derived, type FieldSink, FieldTable, readTable } from './field.ts';
import { LayerBase } from './layer-base.ts';

const ADDRESS = 0xff;
const IP = 0x0021;
const IPV6 = 0x0057;

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  [IP]: 'Internet Protocol version 4',
  [IPV6]: 'Internet Protocol version 6',
  32801: 'Internet Protocol Control Protocol',
  32855: 'IPv6 Control Protocol',
  33021: 'Compression Control Protocol',
  49185: 'Link Control Protocol',
  49187: 'Password Authentication Protocol',
  49699: 'Challenge Handshake Authentication Protocol',
};

/** The control protocols that share the codes below, as the Protocol column calls them. */
const CONTROL: Readonly<Record<number, string>> = {
  32801: 'PPP IPCP',
  32855: 'PPP IPV6CP',
  33021: 'PPP CCP',
  49185: 'PPP LCP',
};

const CODE_NAMES: Readonly<Record<number, string>> = {
  1: 'Configuration Request',
  2: 'Configuration Ack',
  3: 'Configuration Nak',
  4: 'Configuration Reject',
  5: 'Termination Request',
  6: 'Termination Ack',
  7: 'Code Reject',
  8: 'Protocol Reject',
  9: 'Echo Request',
  10: 'Echo Reply',
  11: 'Discard Request',
};

// The places depend on what was left out: none of them is in the table.
const FIELDS = new FieldTable<PppLayer>([
  derived('ppp.address', 0, 1, 'Always ff, all stations.', (layer) => (layer.hasAddress ? layer.u8(0) : undefined), {
    type: 'uint8',
    hex: 2,
  }),
  derived('ppp.control', 1, 1, 'Always 03, unnumbered.', (layer) => (layer.hasAddress ? layer.u8(1) : undefined), {
    type: 'uint8',
    hex: 2,
  }),
  derived('ppp.protocol', 0, 0, 'Which protocol the frame carries.', (layer) => layer.carried, {
    hex: 4,
    names: PROTOCOL_NAMES,
  }),
  derived('ppp.code', 0, 0, 'What a control protocol’s message does.', (layer) => layer.code ?? undefined, {
    type: 'uint8',
    names: CODE_NAMES,
  }),
  derived(
    'ppp.identifier',
    0,
    0,
    'Ties an answer to its question.',
    (layer) => (layer.code === null ? undefined : layer.u8(layer.headerLength + 1)),
    { type: 'uint8' },
  ),
  derived('ppp.length', 0, 0, 'Bytes of the message, code included.', (layer) =>
    layer.code === null ? undefined : layer.u16(layer.headerLength + 2),
  ),
]);

export class PppLayer extends LayerBase {
  readonly protocol = 'ppp';

  get hasAddress(): boolean {
    return this.u8(0) === ADDRESS;
  }

  get headerLength(): number {
    return this.protocolAt + (this.isCompressed ? 1 : 2);
  }

  /** PPP's own number of what the frame carries. */
  get carried(): number {
    return this.isCompressed ? this.u8(this.protocolAt) : this.u16(this.protocolAt);
  }

  get carries(): 'ip' | 'ipv6' | 'other' {
    if (this.carried === IP) return 'ip';
    return this.carried === IPV6 ? 'ipv6' : 'other';
  }

  /** Of a control protocol's message; null: it is something else, or cut off. */
  get code(): number | null {
    const isControl = CONTROL[this.carried] !== undefined && this.has(this.headerLength, 4);
    return isControl ? this.u8(this.headerLength) : null;
  }

  /** Wireshark's short name of the control protocol that the frame carries: "lcp"; null: it carries something else. */
  get control(): string | null {
    return this.column?.slice('PPP '.length).toLowerCase() ?? null;
  }

  override get column(): string | null {
    return CONTROL[this.carried] ?? null;
  }

  override info(): string {
    const { code, carried } = this;
    if (code !== null) return CODE_NAMES[code] ?? `Unknown (0x${code.toString(16).padStart(2, '0')})`;
    return PROTOCOL_NAMES[carried] ?? `Unknown (0x${carried.toString(16).padStart(4, '0')})`;
  }

  private get protocolAt(): number {
    return this.hasAddress ? 2 : 0;
  }

  /** The numbers of protocols are made so that their first byte is even and their second odd. */
  private get isCompressed(): boolean {
    return (this.u8(this.protocolAt) & 0x01) !== 0;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
