// Reads the fields of a header whose places depend on each other: options, records, lists. (A header that has its fields
// at fixed places has a FieldTable instead.) A walk is a function that reads a layer from its first byte to its last:
// once to find out whether it is whole, and again each time that someone looks at the fields.
import { FieldSink, type FieldValue, type ListedField, showAny } from './field.ts';
import { formatHex, formatHexNumber, formatIpv4, formatIpv6, formatMac, formatText } from './format.ts';
import type { LayerBase, Problem } from './layer-base.ts';

export type Walk<L extends LayerBase> = (reader: FieldReader, layer: L) => void;

/** Something that a walk needs is not there. Caught in walkFields; never leaves this file. */
class Malformed extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.reason);
    this.problem = problem;
  }
}

/** Runs a walk from `start` bytes into a layer; what it reads goes into the sink. Gives what is wrong there, or null. */
export function walkFields<L extends LayerBase>(layer: L, walk: Walk<L>, sink: FieldSink, start = 0): Problem | null {
  if (!layer.has(start, 0)) return { at: layer.end, reason: `${layer.protocol} ends before what follows its header` };
  try {
    walk(new FieldReader(layer, sink, start, layer.end - layer.offset), layer);
    return null;
  } catch (error) {
    if (error instanceof Malformed) return error.problem;
    throw error;
  }
}

/** What is wrong with a layer; its fields are not made. */
export function walkProblem<L extends LayerBase>(layer: L, walk: Walk<L>, start = 0): Problem | null {
  return walkFields(layer, walk, new FieldSink(''), start);
}

/** The same for what a TCP segment carries: a message may go on in the next one, unless it was the capture that cut it. */
export function streamProblem<L extends LayerBase>(layer: L, walk: Walk<L>): Problem | null {
  const problem = walkProblem(layer, walk);
  const isCut = (layer.parent?.declaredEnd ?? layer.end) > layer.end;
  return problem !== null && problem.at >= layer.end && !isCut ? null : problem;
}

/** As Wireshark shows bytes that may be none and are. */
const NONE = '<none>';

type Size = 1 | 2 | 3 | 4;
const SIZES: Readonly<Partial<Record<ListedField['type'], Size>>> = { uint8: 1, uint16: 2, uint24: 3, uint32: 4 };

function show({ hex, colons }: ListedField, value: FieldValue): string {
  if (typeof value === 'number' && hex !== undefined) return formatHexNumber(value, hex);
  if (!(value instanceof Uint8Array)) return showAny(value);
  if (value.length === 0) return NONE;
  const digits = formatHex(value, 0, value.length);
  return colons === true ? (digits.match(/../g) ?? []).join(':') : digits;
}

export class FieldReader {
  readonly layer: LayerBase;
  readonly sink: FieldSink;
  /** Where the next field begins, and where this part of the layer ends: bytes from the layer's first. */
  at: number;
  readonly end: number;
  /** Whether something that was read says where this ends, rather than the layer. */
  readonly #isPart: boolean;

  constructor(layer: LayerBase, sink: FieldSink, at: number, end: number, isPart = false) {
    this.layer = layer;
    this.sink = sink;
    this.at = at;
    this.end = end;
    this.#isPart = isPart;
  }

  /** Bytes that are still to be read. */
  get left(): number {
    return this.end - this.at;
  }

  /** An unsigned number in network order, of as many bytes as its type says unless `size` does. */
  number(field: ListedField, size: Size = SIZES[field.type] ?? 4): number {
    const at = this.#take(size, field.name);
    const value = this.layer.uint(at, size);
    this.put(field, at, size, value);
    return value;
  }

  /** Some bits of the number of `size` bytes that was just read, shifted down to the lowest. */
  bits(field: ListedField, size: Size, mask: number): number {
    const at = this.at - size;
    const value = (this.layer.uint(at, size) & mask) >>> (31 - Math.clz32(mask & -mask));
    this.put(field, at, size, value);
    return value;
  }

  /** One bit of the number of `size` bytes that was just read. */
  flag(field: ListedField, size: Size, mask: number): boolean {
    const at = this.at - size;
    const value = (this.layer.uint(at, size) & mask) !== 0;
    this.put(field, at, size, value);
    return value;
  }

  bytes(field: ListedField, length: number): Uint8Array {
    const at = this.#take(length, field.name);
    const value = this.layer.view(at, length);
    this.put(field, at, length, value);
    return value;
  }

  text(field: ListedField, length: number): string {
    const at = this.#take(length, field.name);
    const value = formatText(this.layer.bytes, this.layer.offset + at, length);
    this.put(field, at, length, value);
    return value;
  }

  /** An address of the field's type, as text. */
  address(field: ListedField): string {
    const { type } = field;
    const size = type === 'ipv4' ? 4 : type === 'ipv6' ? 16 : 6;
    const at = this.#take(size, field.name);
    const { bytes, offset } = this.layer;
    const format = type === 'ipv4' ? formatIpv4 : type === 'ipv6' ? formatIpv6 : formatMac;
    const value = format(bytes, offset + at);
    this.put(field, at, size, value);
    return value;
  }

  /** A value that was worked out, or whose bytes were read already; they must lie inside the layer. */
  put(
    field: ListedField,
    at: number,
    length: number,
    value: FieldValue,
    meaning?: string,
    shown: string = show(field, value),
  ): void {
    const { name, about, names } = field;
    if (!this.sink.wants(name)) return;
    const named = meaning ?? (typeof value === 'number' ? (names?.[value] ?? '') : '');
    this.sink.fields.push({ name, about, offset: this.layer.offset + at, length, value, shown, meaning: named });
  }

  /** The next number, which stays the next. */
  peek(size: Size): number {
    return this.left < size ? 0 : this.layer.uint(this.at, size);
  }

  /** Passes over bytes that no field shows. */
  skip(length: number, what: string): void {
    this.#take(length, what);
  }

  /** A reader for the next bytes, which this one passes over: nothing that it reads can lie outside them. */
  part(length: number, what: string): FieldReader {
    const at = this.#take(length, what);
    return new FieldReader(this.layer, this.sink, at, at + length, true);
  }

  /** Ends the walk: what is wrong, `back` bytes before the reader's place. */
  fail(reason: string, back = 0): never {
    throw new Malformed({ at: this.layer.offset + this.at - back, reason });
  }

  #take(length: number, what: string): number {
    const { at } = this;
    if (at + length > this.end) {
      // What the capture cut off is missing at the layer's end; what a length before it forbids is wrong right here.
      const reason = `${what} needs ${length} bytes, ${this.end - at} are left`;
      throw new Malformed({ at: this.layer.offset + (this.#isPart ? at : this.end), reason });
    }
    this.at = at + length;
    return at;
  }
}
