// RFC 4302, IP Authentication Header: proves who sent a packet, and hides nothing.
//
//    0       1       2               4               8               12
//   +-------+-------+---------------+---------------+---------------+-------------------------
//   | next  | length| 0             | SPI           | sequence no.  | integrity check value …
//   +-------+-------+---------------+---------------+---------------+-------------------------
//   The length counts words of 4 bytes, less two.
import { addBytes, bytesField, derived, type FieldSink, FieldTable, listed, readTable, uint } from './field.ts';
import { LayerBase, type Problem } from './layer-base.ts';
import { IP_PROTOCOL_NAMES } from './numbers.ts';

const NEXT_HEADER = 0;
const LENGTH = 1;
const RESERVED = 2;
const SPI = 4;
const SEQUENCE = 8;
const FIXED_LENGTH = 12;

const FIELDS = new FieldTable<AhLayer>([
  uint('ah.next_header', NEXT_HEADER, 1, 'Which header comes next.', { names: IP_PROTOCOL_NAMES }),
  derived('ah.length', LENGTH, 1, 'Length of this header in words of 4 bytes, less two.', (layer) => layer.u8(LENGTH), {
    type: 'uint8',
  }),
  bytesField('ah.reserved', RESERVED, 2, 'Reserved, zero.'),
  uint('ah.spi', SPI, 4, 'Which of the agreements between the two ends this packet is under.', { hex: 8 }),
  uint('ah.sequence', SEQUENCE, 4, 'Counts the packets, so that none can be sent again by somebody else.'),
]);

const ICV = listed('ah.icv', 'bytes', 'The proof: only who has the key can make it.');

export class AhLayer extends LayerBase {
  readonly protocol = 'ah';

  get headerLength(): number {
    return Math.max((this.u8(LENGTH) + 2) * 4, FIXED_LENGTH);
  }

  get nextHeader(): number {
    return this.u8(NEXT_HEADER);
  }

  override get declaredEnd(): number {
    return this.parent?.declaredEnd ?? this.end;
  }

  override problem(): Problem | null {
    const length = (this.u8(LENGTH) + 2) * 4;
    if (this.has(LENGTH, 1) && length < FIXED_LENGTH)
      return { at: this.offset + LENGTH, reason: `AH length is ${length} bytes, must be at least ${FIXED_LENGTH}` };
    return super.problem();
  }

  override info(): string {
    return `AH (SPI=0x${this.u32(SPI).toString(16).padStart(8, '0')})`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
    addBytes(this, ICV.name, ICV.about, FIXED_LENGTH, this.offset + this.length, sink);
  }
}
