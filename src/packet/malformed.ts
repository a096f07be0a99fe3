// What stands where a header could not be decoded. Wireshark has the same two: "_ws.short" when the capture kept too few
// bytes of the packet, "_ws.malformed" when the bytes themselves are wrong.
import type { FieldSink } from './field.ts';
import { LayerBase, type Problem } from './layer-base.ts';

export class MalformedLayer extends LayerBase {
  readonly protocol: '_ws.short' | '_ws.malformed';
  /** The protocol that could not be decoded. */
  readonly of: string;
  readonly reason: string;

  /** `end`: the end of the broken layer; the problem lies at or before it. */
  constructor(
    protocol: '_ws.short' | '_ws.malformed',
    of: string,
    problem: Problem,
    bytes: Uint8Array,
    end: number,
    parent: LayerBase | null,
  ) {
    super(bytes, Math.min(problem.at, end), end, parent);
    this.protocol = protocol;
    this.of = of;
    this.reason = problem.reason;
  }

  get headerLength(): number {
    return this.end - this.offset;
  }

  override info(): string {
    return this.protocol === '_ws.short' ? '[Packet size limited during capture]' : '[Malformed Packet]';
  }

  protected override collect(sink: FieldSink): void {
    const about = 'Why decoding stopped here.';
    sink.add({
      name: this.protocol,
      about,
      offset: this.offset,
      length: this.length,
      value: this.reason,
      shown: this.reason,
      meaning: this.of,
    });
  }
}
