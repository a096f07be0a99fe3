// What stands where a header could not be decoded. Wireshark has the same three: "_ws.short" when the capture kept too few
// bytes of the packet, "_ws.unreassembled" when the rest is in other fragments, "_ws.malformed" when the bytes themselves are wrong.
import type { FieldSink } from './field.ts';
import { LayerBase, type Problem } from './layer-base.ts';

type Kind = '_ws.short' | '_ws.unreassembled' | '_ws.malformed';

/** As Wireshark's Info column has them. */
const WORDS: Readonly<Record<Kind, string>> = {
  '_ws.short': '[Packet size limited during capture]',
  '_ws.unreassembled': '[BoundErrorUnreassembled Packet]',
  '_ws.malformed': '[Malformed Packet]',
};

export class MalformedLayer extends LayerBase {
  readonly protocol: Kind;
  /** The protocol that could not be decoded. */
  readonly of: string;
  readonly reason: string;
  /** What a line about the packet says in place of the broken layer's own words; null: those are true; "": those say it themselves. */
  readonly line: string | null;

  /** `end`: the end of the broken layer; the problem lies at or before it. */
  constructor(protocol: Kind, of: string, problem: Problem, bytes: Uint8Array, end: number, parent: LayerBase | null) {
    super(bytes, Math.min(problem.at, end), end, parent);
    this.protocol = protocol;
    this.of = of;
    this.reason = problem.reason;
    this.line = problem.line ?? null;
  }

  get headerLength(): number {
    return this.end - this.offset;
  }

  override info(): string {
    return WORDS[this.protocol];
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
