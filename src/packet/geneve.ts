// RFC 8926, Generic Network Virtualization Encapsulation: VXLAN with room for options.
//
//    0       1       2               4                       7       8
//   +---+----+-+-+---+---------------+-----------------------+-------+---------------------------------
//   |ver|opts|O|C|   | protocol type | VNI                   | 0     | options …, then the frame or packet
//   +---+----+-+-+---+---------------+-----------------------+-------+---------------------------------
//   option:  | class (2) | type (1) | 0 (3 bits), length in words (5 bits) | data …
import { derived, type FieldSink, FieldTable, flag, listed, readTable, uint } from './field.ts';
import { type FieldReader, walkFields, walkProblem } from './field-reader.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { ETHERTYPE_NAMES } from './numbers.ts';

const VERSION_AND_LENGTH = 0;
const FLAGS = 1;
const TYPE = 2;
const VNI = 4;
const RESERVED = 7;
const FIXED_LENGTH = 8;

const LENGTH_ABOUT = 'Bytes of all the options, and of each with its first four.';

const FIELDS = new FieldTable<GeneveLayer>([
  uint('geneve.version', VERSION_AND_LENGTH, 1, 'Always 0.', { mask: 0xc0 }),
  derived('geneve.option.length', VERSION_AND_LENGTH, 1, LENGTH_ABOUT, (layer) => layer.optionsLength, {
    type: 'uint8',
  }),
  uint('geneve.flags', FLAGS, 1, 'What the receiver has to know before it looks further.', { hex: 2 }),
  flag('geneve.flags.oam', FLAGS, 1, 0x80, 'For the tunnel’s ends themselves rather than for what is behind them.'),
  flag('geneve.flags.critical', FLAGS, 1, 0x40, 'Some option must be understood, or the packet dropped.'),
  flag('geneve.flags.reserved', FLAGS, 1, 0x3f, 'Reserved, must be clear.'),
  uint('geneve.proto_type', TYPE, 2, 'Which protocol the tunnel carries; 0x6558: Ethernet frames.', {
    hex: 4,
    names: ETHERTYPE_NAMES,
  }),
  uint('geneve.vni', VNI, 3, 'Which virtual network the frame belongs to.', { hex: 6 }),
  uint('geneve.reserved', RESERVED, 1, 'Reserved, 0.', { hex: 2 }),
]);

const OPTIONS = listed('geneve.options', 'bytes', 'All the options.');
const OPTION = listed('geneve.option', 'bytes', 'One option.');
const CLASS = listed('geneve.option.class', 'uint16', 'Who defined the option.', { hex: 4 });
const OPTION_TYPE = listed('geneve.option.type', 'uint8', 'Which of its definer’s options.', { hex: 2 });
const CRITICAL = listed(
  'geneve.option.type.critical',
  'boolean',
  'Whoever does not know the option must drop the packet.',
);
const OPTION_FLAGS = listed('geneve.option.flags', 'uint8', 'Reserved bits.', { hex: 2 });
const OPTION_RESERVED = listed('geneve.option.flags.reserved', 'boolean', 'Reserved, must be clear.');
const OPTION_LENGTH = listed('geneve.option.length', 'uint8', LENGTH_ABOUT);
const DATA = listed('geneve.option.unknown.data', 'bytes', 'What the option says.');
const GCP_NETWORK = listed('geneve.option.gcp.vnid', 'uint32', 'Which of the cloud’s networks the packet is in.');
const GCP_RESERVED = listed('geneve.option.gcp.reserved', 'boolean', 'Reserved, must be clear.');
const GCP_DIRECTION = listed(
  'geneve.option.gcp.direction',
  'boolean',
  'Set for what leaves the network, clear for what enters.',
);
const GCP_ENDPOINT = listed('geneve.option.gcp.endpoint', 'bytes', 'The machine that the packet is from or for.');
const GCP_PROFILE = listed('geneve.option.gcp.profile', 'uint64', 'Which of the reader’s rules sent it here.');

/** The one definer whose options are public: Google’s cloud, in what it hands to packet mirrors and inspectors. */
const GOOGLE = 0x0132;

export class GeneveLayer extends LayerBase {
  readonly protocol = 'geneve';

  get headerLength(): number {
    return FIXED_LENGTH + this.optionsLength;
  }

  /** Bytes. */
  get optionsLength(): number {
    return (this.u8(VERSION_AND_LENGTH) & 0x3f) * 4;
  }

  get vni(): number {
    return this.u24(VNI);
  }

  /** EtherType of the payload. */
  get type(): number {
    return this.u16(TYPE);
  }

  override problem(): Problem | null {
    const version = this.u8(VERSION_AND_LENGTH) >>> 6;
    if (version !== 0) return { at: this.offset, reason: `Geneve version is ${version}, must be 0` };
    return super.problem() ?? walkProblem(this, readOptions, FIXED_LENGTH);
  }

  override info(): string {
    const { type } = this;
    const carries = ETHERTYPE_NAMES[type] ?? `0x${type.toString(16).padStart(4, '0')} (unknown)`;
    return `Encapsulated ${carries}`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    walkFields(this, readOptions, sink, FIXED_LENGTH);
  }
}

function readOptions(reader: FieldReader, layer: GeneveLayer): void {
  const length = layer.optionsLength;
  const from = reader.at;
  const options = reader.part(length, 'options');
  if (length > 0) reader.put(OPTIONS, from, length, layer.view(from, length));
  while (options.left > 0) readOption(options, layer);
}

function readOption(options: FieldReader, layer: GeneveLayer): void {
  const from = options.at;
  if (options.left < 4) options.fail(`Geneve option of ${options.left} bytes, must be at least 4`);
  const length = 4 + (layer.u8(from + 3) & 0x1f) * 4;
  if (length > options.left) options.fail(`Geneve option of ${length} bytes runs past the options’ end`);
  options.put(OPTION, from, length, layer.view(from, length));
  const definer = options.number(CLASS);
  const type = options.number(OPTION_TYPE) & 0x7f;
  options.flag(CRITICAL, 1, 0x80);
  options.skip(1, 'length');
  options.bits(OPTION_FLAGS, 1, 0xe0);
  options.flag(OPTION_RESERVED, 1, 0xe0);
  options.put(OPTION_LENGTH, from + 3, 1, length);
  if (definer !== GOOGLE || !readGoogle(type, options, length - 4)) {
    if (length > 4) options.bytes(DATA, length - 4);
  }
}

/** False: it is none that is known. */
function readGoogle(type: number, options: FieldReader, length: number): boolean {
  if (type === 1 && length === 4) {
    options.skip(4, GCP_NETWORK.name);
    options.bits(GCP_NETWORK, 4, 0xfffffff0);
    options.flag(GCP_RESERVED, 4, 0x0e);
    options.flag(GCP_DIRECTION, 4, 0x01);
    return true;
  }
  if (type === 2 && length > 0) {
    options.bytes(GCP_ENDPOINT, length);
    return true;
  }
  const { at, layer } = options;
  // Beyond 53 bits it would not be exact: then its bytes are shown.
  if (type !== 3 || length !== 8 || layer.u32(at) >= 0x200000) return false;
  options.skip(8, GCP_PROFILE.name);
  options.put(GCP_PROFILE, at, 8, layer.u32(at) * 2 ** 32 + layer.u32(at + 4));
  return true;
}
