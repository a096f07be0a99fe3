// IEEE 802.1D-2004 clause 9, bridge protocol data units: how bridges agree on a tree. Linux's bridge speaks version 0
// (net/bridge/br_stp_bpdu.c), rapid spanning tree is version 2.
//
//    0               2       3       4       5                               13
//   +---------------+-------+-------+-------+-------------------------------+
//   | protocol = 0  |version| type  | flags | root: priority (2), MAC (6)   |
//   +---------------+-------+-------+-------+-------------------------------+
//    13              17                              25      27      29      31      33      35
//   +---------------+-------------------------------+-------+-------+-------+-------+-------+
//   | cost to root  | bridge: priority (2), MAC (6) | port  |msg age|max age| hello | delay |
//   +---------------+-------------------------------+-------+-------+-------+-------+-------+
//   Times are in 1/256 of a second. A topology change notification ends after its type.
import { derived, type FieldDef, type FieldSink, FieldTable, flag, mac, readTable, uint, when } from './field.ts';
import { formatMac } from './format.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const PROTOCOL = 0;
const VERSION = 2;
const TYPE = 3;
const FLAGS = 4;
const ROOT = 5;
const COST = 13;
const BRIDGE = 17;
const PORT = 25;
const MESSAGE_AGE = 27;
const MAX_AGE = 29;
const HELLO = 31;
const FORWARD_DELAY = 33;
const VERSION_1_LENGTH = 35;

const NOTIFICATION_LENGTH = 4;
const CONFIGURATION_LENGTH = 35;
const RAPID_LENGTH = 36;

const CONFIGURATION = 0x00;
const RAPID = 0x02;
const TOPOLOGY_CHANGE = 0x80;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [CONFIGURATION]: 'Configuration',
  [RAPID]: 'Rapid/Multiple Spanning Tree',
  [TOPOLOGY_CHANGE]: 'Topology Change Notification',
};
const VERSION_NAMES: Readonly<Record<number, string>> = { 0: 'Spanning Tree', 2: 'Rapid Spanning Tree' };
const ROLE_NAMES: Readonly<Record<number, string>> = {
  0: 'Unknown',
  1: 'Alternate or Backup',
  2: 'Root',
  3: 'Designated',
};

const hasBody = (layer: StpLayer): boolean => layer.type === CONFIGURATION || layer.type === RAPID;
const isRapid = (layer: StpLayer): boolean => layer.type === RAPID;

const time = (name: string, at: number, about: string): FieldDef<StpLayer> =>
  derived(name, at, 2, about, (layer) => (hasBody(layer) ? layer.u16(at) / 256 : undefined), { type: 'double' });

/** A bridge's identifier: four bits of priority, twelve that tell its trees apart (802.1t), and its MAC address. */
const identifier = (name: string, at: number, whose: string): readonly FieldDef<StpLayer>[] => [
  derived(`${name}.prio`, at, 2, `The priority of ${whose}: the lowest becomes the root.`, (layer) =>
    hasBody(layer) ? layer.u16(at) & 0xf000 : undefined,
  ),
  when(hasBody, uint(`${name}.ext`, at, 2, 'Which of its trees this is about.', { mask: 0x0fff })),
  when(hasBody, mac(`${name}.hw`, at + 2, `The MAC address of ${whose}.`)),
];

const FIELDS = new FieldTable<StpLayer>([
  uint('stp.protocol', PROTOCOL, 2, 'Always 0, spanning tree.', { hex: 4 }),
  uint('stp.version', VERSION, 1, 'Plain or rapid spanning tree.', { names: VERSION_NAMES }),
  uint('stp.type', TYPE, 1, 'What the message is.', { hex: 2, names: TYPE_NAMES }),
  when(
    hasBody,
    uint('stp.flags', FLAGS, 1, 'What the sender’s port does, and whether the tree is changing.', { hex: 2 }),
  ),
  when(hasBody, flag('stp.flags.tcack', FLAGS, 1, 0x80, 'Your notification of a change has arrived.')),
  when(isRapid, flag('stp.flags.agreement', FLAGS, 1, 0x40, 'The sender agrees to the proposal.')),
  when(isRapid, flag('stp.flags.forwarding', FLAGS, 1, 0x20, 'The port forwards frames.')),
  when(isRapid, flag('stp.flags.learning', FLAGS, 1, 0x10, 'The port learns addresses.')),
  when(
    isRapid,
    uint('stp.flags.port_role', FLAGS, 1, 'What the port is in the tree.', { mask: 0x0c, names: ROLE_NAMES }),
  ),
  when(isRapid, flag('stp.flags.proposal', FLAGS, 1, 0x02, 'The sender proposes to forward here.')),
  when(hasBody, flag('stp.flags.tc', FLAGS, 1, 0x01, 'The tree is changing: forget learnt addresses soon.')),
  ...identifier('stp.root', ROOT, 'the bridge that the sender takes for the root'),
  when(hasBody, uint('stp.root.cost', COST, 4, 'The cost of the sender’s way to the root.')),
  ...identifier('stp.bridge', BRIDGE, 'the sender'),
  when(hasBody, uint('stp.port', PORT, 2, 'The sender’s port: four bits of priority, twelve of number.', { hex: 4 })),
  time('stp.msg_age', MESSAGE_AGE, 'How old the root’s news is, in seconds; each bridge adds one.'),
  time('stp.max_age', MAX_AGE, 'After how many seconds the news is too old.'),
  time('stp.hello', HELLO, 'Seconds between two such messages.'),
  time('stp.forward', FORWARD_DELAY, 'Seconds that a port listens, and again learns, before it forwards.'),
  when(isRapid, uint('stp.version_1_length', VERSION_1_LENGTH, 1, 'Always 0.')),
]);

export class StpLayer extends LayerBase {
  readonly protocol = 'stp';

  get headerLength(): number {
    if (!hasBody(this)) return NOTIFICATION_LENGTH;
    return this.type === RAPID ? RAPID_LENGTH : CONFIGURATION_LENGTH;
  }

  get type(): number {
    return this.u8(TYPE);
  }

  override problem(): Problem | null {
    if (this.u16(PROTOCOL) !== 0)
      return { at: this.offset, reason: `spanning tree protocol is ${this.u16(PROTOCOL)}, must be 0` };
    return super.problem();
  }

  override info(): string {
    const { type } = this;
    if (!hasBody(this)) return TYPE_NAMES[type] ?? `Unknown BPDU type 0x${type.toString(16).padStart(2, '0')}`;
    const change = (this.u8(FLAGS) & 0x01) === 0 ? '' : 'TC + ';
    const priority = this.u16(ROOT);
    const address = this.has(ROOT + 2, 6) ? formatMac(this.bytes, this.offset + ROOT + 2) : '';
    const port = this.u16(PORT).toString(16).padStart(4, '0');
    return `${type === RAPID ? 'RST' : 'Conf'}. ${change}Root = ${priority & 0xf000}/${priority & 0x0fff}/${address}  Cost = ${this.u32(COST)}  Port = 0x${port}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
