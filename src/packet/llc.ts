// IEEE 802.2, Logical Link Control: what follows an 802.3 frame's length. Spanning tree is sent in it; SNAP (RFC 1042) is how
// it says an EtherType.
//
//    0       1       2       3               6               8
//   +-------+-------+-------+---------------+---------------+----------
//   | DSAP  | SSAP  |control| organisation  | type          | payload …     the last two: SNAP, DSAP and SSAP are aa
//   +-------+-------+-------+---------------+---------------+----------
//   Control is one byte when its two lowest bits are set (an unnumbered frame), else two.
import { derived, type FieldSink, FieldTable, flag, readTable, uint, when } from './field.ts';
import { LayerBase } from './layer-base.ts';
import { ETHERTYPE_NAMES } from './numbers.ts';

const DSAP = 0;
const SSAP = 1;
const CONTROL = 2;
const UNNUMBERED_LENGTH = 3;
const NUMBERED_LENGTH = 4;
const ORGANISATION = 3;
const TYPE = 6;
const SNAP_LENGTH = 8;

const SNAP = 0xaa;
const SPANNING_TREE = 0x42;

const SAP_NAMES: Readonly<Record<number, string>> = {
  0: 'NULL LSAP',
  2: 'LLC Sub-Layer Management',
  6: 'TCP/IP',
  66: 'Spanning Tree BPDU',
  170: 'SNAP',
  224: 'NetWare',
  240: 'NetBIOS',
  254: 'ISO Network Layer',
  255: 'Global LSAP',
};

/** What an unnumbered frame does, by its modifier bits. */
const MODIFIER_NAMES: Readonly<Record<number, string>> = {
  0: 'Unnumbered Information',
  43: 'Exchange Identification',
  56: 'Test',
};
const FUNCTIONS: Readonly<Record<number, string>> = { 0: 'UI', 43: 'XID', 56: 'TEST' };
const SUPERVISORY = ['RR', 'RNR', 'REJ', 'SREJ'] as const;

const FIELDS = new FieldTable<LlcLayer>([
  uint('llc.dsap', DSAP, 1, 'Which protocol of the receiver the frame is for.', { hex: 2, names: SAP_NAMES }),
  uint('llc.dsap.sap', DSAP, 1, 'The same without the group bit.', { mask: 0xfe }),
  flag('llc.dsap.ig', DSAP, 1, 0x01, 'Set for a group of protocols.'),
  uint('llc.ssap', SSAP, 1, 'Which protocol of the sender it comes from.', { hex: 2, names: SAP_NAMES }),
  uint('llc.ssap.sap', SSAP, 1, 'The same without the response bit.', { mask: 0xfe }),
  flag('llc.ssap.cr', SSAP, 1, 0x01, 'Set in a response, clear in a command.'),
  derived(
    'llc.control',
    CONTROL,
    1,
    'What kind of frame this is; nearly always unnumbered information.',
    (layer) => layer.control,
    { hex: 4 },
  ),
  when(
    (layer) => layer.isUnnumbered && !layer.isResponse,
    uint('llc.control.u_modifier_cmd', CONTROL, 1, 'Which command.', { mask: 0xec, hex: 2, names: MODIFIER_NAMES }),
  ),
  when(
    (layer) => layer.isUnnumbered && layer.isResponse,
    uint('llc.control.u_modifier_resp', CONTROL, 1, 'Which response.', { mask: 0xec, hex: 2, names: MODIFIER_NAMES }),
  ),
  when(
    (layer) => !layer.isUnnumbered,
    uint('llc.control.n_r', CONTROL, 2, 'The number of the next frame that the sender expects.', { mask: 0x00fe }),
  ),
  when(
    (layer) => layer.isInformation,
    uint('llc.control.n_s', CONTROL, 2, 'The number of this frame.', { mask: 0xfe00 }),
  ),
  when((layer) => layer.isSnap, uint('llc.oui', ORGANISATION, 3, 'Who defines the type; 0 means EtherTypes.')),
  when(
    (layer) => layer.carriesEtherType,
    uint('llc.type', TYPE, 2, 'Which protocol the frame carries.', { hex: 4, names: ETHERTYPE_NAMES }),
  ),
  when(
    (layer) => layer.isSnap && !layer.carriesEtherType,
    uint('llc.pid', TYPE, 2, 'Which of the organisation’s protocols the frame carries.', { hex: 4 }),
  ),
]);

export class LlcLayer extends LayerBase {
  readonly protocol = 'llc';

  get headerLength(): number {
    if (this.isSnap) return SNAP_LENGTH;
    return this.isUnnumbered ? UNNUMBERED_LENGTH : NUMBERED_LENGTH;
  }

  get control(): number {
    // The second byte of a numbered frame is the higher one: LLC counts from its low end.
    return this.isUnnumbered ? this.u8(CONTROL) : this.u8(CONTROL) | (this.u8(CONTROL + 1) << 8);
  }

  get isUnnumbered(): boolean {
    return (this.u8(CONTROL) & 0x03) === 0x03;
  }

  get isInformation(): boolean {
    return (this.u8(CONTROL) & 0x01) === 0;
  }

  get isResponse(): boolean {
    return (this.u8(SSAP) & 0x01) !== 0;
  }

  get isSnap(): boolean {
    return this.u8(DSAP) === SNAP && (this.u8(SSAP) & 0xfe) === SNAP && this.isUnnumbered;
  }

  get carriesEtherType(): boolean {
    return this.isSnap && this.u24(ORGANISATION) === 0;
  }

  get carriesSpanningTree(): boolean {
    return this.u8(DSAP) === SPANNING_TREE && this.control === 0x03;
  }

  /** EtherType, or another organisation's number. */
  get type(): number {
    return this.u16(TYPE);
  }

  override info(): string {
    const about = this.#function();
    if (this.isSnap) {
      const organisation = this.u24(ORGANISATION);
      const of =
        organisation === 0 ? '00:00:00 (Officially Xerox, but ...)' : `0x${hexadecimal(organisation, 6)} (Unknown)`;
      return `${about}; SNAP, OUI ${of}, ${organisation === 0 ? 'Type' : 'PID'} 0x${hexadecimal(this.type, 4)}`;
    }
    const [dsap, ssap] = [this.u8(DSAP), this.u8(SSAP)];
    return `${about}; DSAP ${sapName(dsap)} ${(dsap & 1) === 0 ? 'Individual' : 'Group'}, SSAP ${sapName(ssap & 0xfe)} ${this.isResponse ? 'Response' : 'Command'}`;
  }

  #function(): string {
    const { control } = this;
    if (this.isUnnumbered) return `U, func=${FUNCTIONS[(control & 0xec) >>> 2] ?? 'Unknown'}`;
    if (this.isInformation) return `I, N(R)=${control >>> 9}, N(S)=${(control >>> 1) & 0x7f}`;
    return `S, func=${SUPERVISORY[(control >>> 2) & 3]}, N(R)=${control >>> 9}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}

const hexadecimal = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
const sapName = (sap: number): string => SAP_NAMES[sap] ?? `0x${sap.toString(16).padStart(2, '0')}`;
