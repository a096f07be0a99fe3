// What every decoded header shares: where it lies, and the only functions that read bytes. They refuse to read past
// the layer's own end, so no protocol's file can run off a packet, however wrong its lengths are.
import { type Field, FieldSink } from './field.ts';

/** What is wrong with a header, and where (bytes from the beginning of the packet). */
export interface Problem {
  readonly at: number;
  readonly reason: string;
  /** What a line about the packet says in place of the layer's own words, which would be of numbers that cannot be; "": those say it themselves. */
  readonly line?: string;
}

export abstract class LayerBase {
  /** Wireshark's short name: "eth", "ip", "tcp". */
  abstract readonly protocol: string;
  // `declare`: the constructor is all that sets these. Defined as fields first, a layer takes half as long again to make.
  /** The whole packet. */
  declare readonly bytes: Uint8Array;
  /** The layer's first byte. */
  declare readonly offset: number;
  /** One past the last byte that this layer and those inside it may read. */
  declare readonly end: number;
  /** The layer that carries this one. */
  declare readonly parent: LayerBase | null;
  /** One past the last byte that was on the wire: of a packet's first layer past its end, when the capture cut the packet. */
  declare wireEnd: number;
  constructor(bytes: Uint8Array, offset: number, end: number, parent: LayerBase | null) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    this.parent = parent;
    this.wireEnd = end;
  }

  /** Bytes the header says it has, or needs at least; may be more than are there. */
  abstract readonly headerLength: number;
  /** The layer in Wireshark's Info column. */
  abstract info(): string;
  protected abstract collect(sink: FieldSink): void;

  /** Bytes of the header that are there. */
  get length(): number {
    return Math.min(this.headerLength, this.end - this.offset);
  }

  /** Wireshark's Protocol column, where it is not the same for all layers of this protocol. */
  get column(): string | null {
    return null;
  }

  /** One past the last byte of what this layer carries. */
  get payloadEnd(): number {
    return this.end;
  }

  /** One past the last byte that this layer says it carries; beyond `end` when the capture was cut off. */
  get declaredEnd(): number {
    const { payloadEnd } = this;
    return payloadEnd < this.end ? payloadEnd : this.enclosingEnd;
  }

  /** What `declaredEnd` is for a header that says no length: what the one around it says, or how much the capture cut off. */
  protected get enclosingEnd(): number {
    return Math.max(this.end, this.parent === null ? this.wireEnd : this.parent.declaredEnd);
  }

  /** An end that a header says, which may be past all that was on the wire: then it is not true. What an error quotes is cut short by right. */
  protected boundedEnd(said: number): number {
    return said <= this.end || this.quoted ? said : Math.min(said, this.enclosingEnd);
  }

  /** True when what follows is not carried by this packet but quoted in it. */
  get quotes(): boolean {
    return false;
  }

  /** True inside an ICMP error: this header belongs to the packet that the error is about. */
  get quoted(): boolean {
    for (let carrier = this.parent; carrier !== null; carrier = carrier.parent) if (carrier.quotes) return true;
    return false;
  }

  /** What `info` is when not all of the header is there: nothing of bytes that are missing. */
  partialInfo(): string {
    return '';
  }

  /** Why nothing inside this layer can be trusted, or null. */
  problem(): Problem | null {
    const available = this.end - this.offset;
    if (this.headerLength <= available) return null;
    return { at: this.end, reason: `${this.protocol} header needs ${this.headerLength} bytes, ${available} are there` };
  }

  /** Every field, in the order in which Wireshark shows them. Decoded anew at each call: keep it if you look often. */
  fields(): Field[] {
    const sink = new FieldSink(null);
    this.collect(sink);
    return sink.fields;
  }

  /** The fields of one name ("ip.src"); several where a layer repeats it. */
  named(name: string): Field[] {
    const sink = new FieldSink(name);
    this.collect(sink);
    return sink.fields;
  }

  /** The same into a sink of the caller's, which can be used again for the next layer. */
  collectInto(sink: FieldSink): void {
    this.collect(sink);
  }

  /** True when `count` bytes from `at` (relative to the layer) lie inside it. */
  has(at: number, count: number): boolean {
    return at >= 0 && this.offset + at + count <= this.end;
  }

  /** Numbers in network order, `at` relative to the layer; 0 when they lie outside it. */
  u8(at: number): number {
    const i = this.offset + at;
    return i >= this.offset && i < this.end ? (this.bytes[i] ?? 0) : 0;
  }

  u16(at: number): number {
    const i = this.offset + at;
    if (i < this.offset || i + 2 > this.end) return 0;
    return ((this.bytes[i] ?? 0) << 8) | (this.bytes[i + 1] ?? 0);
  }

  u24(at: number): number {
    return this.has(at, 3) ? (this.u8(at) << 16) | this.u16(at + 1) : 0;
  }

  u32(at: number): number {
    const i = this.offset + at;
    if (i < this.offset || i + 4 > this.end) return 0;
    const { bytes } = this;
    const high = ((bytes[i] ?? 0) << 24) | ((bytes[i + 1] ?? 0) << 16);
    return (high | ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0)) >>> 0;
  }

  uint(at: number, size: 1 | 2 | 3 | 4): number {
    if (size === 1) return this.u8(at);
    if (size === 2) return this.u16(at);
    return size === 3 ? this.u24(at) : this.u32(at);
  }

  /** A view of at most `count` bytes; shorter where the layer ends. */
  view(at: number, count: number): Uint8Array {
    const from = Math.min(Math.max(this.offset + at, this.offset), this.end);
    return this.bytes.subarray(from, Math.max(from, Math.min(from + count, this.end)));
  }
}
