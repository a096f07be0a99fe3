// RFC 4303, IP Encapsulating Security Payload: hides what it carries.
//
//    0               4               8
//   +---------------+---------------+---------------------------------
//   | SPI           | sequence no.  | encrypted, and a check of it …
//   +---------------+---------------+---------------------------------
import { type FieldSink, FieldTable, readTable, uint } from './field.ts';
import { LayerBase } from './layer-base.ts';

const SPI = 0;
const SEQUENCE = 4;
const FIXED_LENGTH = 8;

/** RFC 3948: in UDP, where a NAT is on the way. */
export const ESP_PORT = 4500;

/** True when this is neither a keepalive, a byte, nor a message of IKE, which begins with zeros. */
export function startsEsp(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < FIXED_LENGTH) return false;
  return (
    (bytes[at] ?? 0) !== 0 || (bytes[at + 1] ?? 0) !== 0 || (bytes[at + 2] ?? 0) !== 0 || (bytes[at + 3] ?? 0) !== 0
  );
}

const FIELDS = new FieldTable<EspLayer>([
  uint('esp.spi', SPI, 4, 'Which of the agreements between the two ends this packet is under.', { hex: 8 }),
  uint('esp.sequence', SEQUENCE, 4, 'Counts the packets, so that none can be sent again by somebody else.'),
]);

export class EspLayer extends LayerBase {
  readonly protocol = 'esp';

  /** All of it: what is inside, nobody without the keys can say. */
  get headerLength(): number {
    return Math.max(this.end - this.offset, FIXED_LENGTH);
  }

  override info(): string {
    return `ESP (SPI=0x${this.u32(SPI).toString(16).padStart(8, '0')})`;
  }

  protected override collect(sink: FieldSink): void {
    readTable(this, FIELDS, sink);
  }
}
