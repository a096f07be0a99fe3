// draft-foschiano-erspan-03, Encapsulated Remote Switch Port Analyzer: copies of frames, in GRE (linux/include/net/erspan.h).
//
//    0               2               4               8
//   +---------------+---------------+---------------+----------
//   |ver| VLAN      |cos|en|T|session | 0, index    | frame …                                       version 1 ("type II")
//   +---------------+---------------+---------------+---------------+---------------+----------
//   |ver| VLAN      |cos|bs|T|session | time        | group         |P|ft|hw |D|gr|O| frame …       version 2 ("type III")
//   +---------------+---------------+---------------+---------------+---------------+----------
//   With O set, eight more bytes of the switch's own. "Type I" has no header: the frame follows GRE's at once.
import { type FieldDef, type FieldSink, FieldTable, flag, readTable, uint, when } from './field.ts';
import { LayerBase, type Problem } from './layer-base.ts';

const VERSION_AND_VLAN = 0;
const SESSION = 2;
const INDEX = 4;
const TIME = 4;
const GROUP = 8;
const FLAGS = 10;
const VERSION_1_LENGTH = 8;
const VERSION_2_LENGTH = 12;
const SWITCH_LENGTH = 8;

const MORE = 0x0001;
const FRAME_TYPE = 0x7c00;

const isVersion1 = (layer: ErspanLayer): boolean => layer.version === 1;
const isVersion2 = (layer: ErspanLayer): boolean => layer.version === 2;
const inVersion2 = (name: string, at: number, mask: number, about: string): FieldDef<ErspanLayer> =>
  when(isVersion2, uint(name, at, 2, about, { mask }));

const FIELDS = new FieldTable<ErspanLayer>([
  uint('erspan.version', VERSION_AND_VLAN, 2, '1 is called type II, 2 type III.', { mask: 0xf000 }),
  uint('erspan.vlan', VERSION_AND_VLAN, 2, 'The virtual LAN that the frame was in.', { mask: 0x0fff }),
  uint('erspan.cos', SESSION, 2, 'How urgent the frame was, 0 to 7.', { mask: 0xe000 }),
  when(isVersion1, uint('erspan.encap', SESSION, 2, 'How its virtual LAN was marked.', { mask: 0x1800 })),
  inVersion2('erspan.bso', SESSION, 0x1800, 'Whether the frame was whole.'),
  uint('erspan.truncated', SESSION, 2, 'The copy was cut.', { mask: 0x0400 }),
  uint('erspan.spanid', SESSION, 2, 'Which of the switch’s copies this is.', { mask: 0x03ff }),
  when(isVersion1, uint('erspan.reserved', INDEX, 4, 'Reserved, 0.', { mask: 0xfff00000 })),
  when(isVersion1, uint('erspan.index', INDEX, 4, 'The port that it was copied at.', { mask: 0x000fffff })),
  when(isVersion2, uint('erspan.timestamp', TIME, 4, 'When it was copied, by the switch’s clock.')),
  when(isVersion2, uint('erspan.sgt', GROUP, 2, 'The group of its sender, for policies.')),
  inVersion2('erspan.p', FLAGS, 0x8000, 'The copy is of an Ethernet frame.'),
  inVersion2('erspan.ft', FLAGS, FRAME_TYPE, 'What kind of frame it is.'),
  inVersion2('erspan.hw', FLAGS, 0x03f0, 'Which device of the switch made the copy.'),
  when(isVersion2, flag('erspan.direction', FLAGS, 2, 0x0008, 'The switch sent the frame, rather than received it.')),
  inVersion2('erspan.gra', FLAGS, 0x0006, 'The unit of the time above.'),
  inVersion2('erspan.o', FLAGS, MORE, 'The switch adds something of its own.'),
]);

export class ErspanLayer extends LayerBase {
  readonly protocol = 'erspan';

  get headerLength(): number {
    if (this.version !== 2) return VERSION_1_LENGTH;
    return VERSION_2_LENGTH + ((this.u16(FLAGS) & MORE) === 0 ? 0 : SWITCH_LENGTH);
  }

  get version(): number {
    return this.u16(VERSION_AND_VLAN) >>> 12;
  }

  /** Version 2 may copy other things than Ethernet frames. */
  get carries(): 'eth' | 'other' {
    return this.version === 2 && (this.u16(FLAGS) & FRAME_TYPE) !== 0 ? 'other' : 'eth';
  }

  override problem(): Problem | null {
    const { version } = this;
    if (this.has(0, 2) && version !== 1 && version !== 2)
      return { at: this.offset, reason: `ERSPAN version is ${version}, must be 1 or 2` };
    return super.problem();
  }

  override info(): string {
    return 'ERSPAN:';
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
