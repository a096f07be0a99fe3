// One decoded field, and the tables that say where a protocol's fields lie. A layer's table is walked only when someone
// looks at its fields; until then a layer is four numbers.
import { formatHex, formatHexNumber, formatIpv4, formatIpv6, formatMac } from './format.ts';
import type { LayerBase } from './layer-base.ts';

export type FieldValue = number | string | boolean | Uint8Array;

/**
 * What kind of value a field has: Wireshark's own types (`tshark -G fields`), as far as fields here have them. `none`: a mark, which is there
 * or is not. `time`: seconds. `absolute_time`: nanoseconds since the epoch.
 */
export type FieldType =
  | 'uint8'
  | 'uint16'
  | 'uint24'
  | 'uint32'
  | 'uint64'
  | 'int32'
  | 'double'
  | 'boolean'
  | 'ether'
  | 'ipv4'
  | 'ipv6'
  | 'bytes'
  | 'string'
  | 'none'
  | 'time'
  | 'absolute_time';

export interface Field {
  /** Wireshark's display-filter name, "ip.src". */
  readonly name: string;
  /** One sentence: what the field is for. */
  readonly about: string;
  /** Bytes from the beginning of the packet. */
  readonly offset: number;
  /** Bytes; 0 when the value was worked out rather than read (Wireshark shows such fields in brackets). */
  readonly length: number;
  readonly value: FieldValue;
  /** As `tshark -T fields` prints it. */
  readonly shown: string;
  /** The value in words ("ICMP", "Echo (ping) request"), or "". */
  readonly meaning: string;
}

/** One field of a hundred thousand packets: a Field for each would take longer than its text. */
export interface TextColumn {
  add(shown: string): void;
}

/** Collects fields; when one name is wanted, the others cost a comparison and are not decoded. */
export class FieldSink {
  readonly fields: Field[] = [];
  /** The one name that is looked for, or null for all. */
  readonly want: string | null;
  /** Where a table's fields go when nothing but their text is wanted. */
  readonly column: TextColumn | null;
  #table: unknown = null;
  #wanted: readonly unknown[] = [];

  constructor(want: string | null, column: TextColumn | null = null) {
    this.want = want;
    this.column = column;
  }

  /** The table's fields that are looked for. Remembered for the next layer: a column asks the same table again and again. */
  wantedOf<L extends LayerBase>(table: FieldTable<L>): readonly FieldDef<L>[] {
    if (this.want === null) return table.all;
    if (this.#table !== table) {
      this.#table = table;
      this.#wanted = table.named(this.want);
    }
    return this.#wanted as readonly FieldDef<L>[];
  }

  wants(name: string): boolean {
    return this.want === null || this.want === name;
  }

  add(field: Field): void {
    if (this.wants(field.name)) this.fields.push(field);
  }
}

/** Names for the values of a number: an object of its own numbers, or a function. */
export type Names<L extends LayerBase = LayerBase> =
  | Readonly<Record<number, string>>
  | ((value: number, layer: L) => string);

export interface FieldDef<L extends LayerBase> {
  readonly name: string;
  readonly about: string;
  readonly type: FieldType;
  /** Bytes from the layer's first byte. */
  readonly at: number;
  /** Bytes; 0: worked out. */
  readonly size: number;
  /** undefined: this packet has no such field. */
  readonly read: (layer: L) => FieldValue | undefined;
  readonly show: (value: FieldValue) => string;
  readonly names?: Names<L> | undefined;
}

/** What is known of a field without a packet that has it. */
export type KnownField = Pick<FieldDef<LayerBase>, 'name' | 'about' | 'type'> & {
  readonly names?: Readonly<Record<number, string>> | undefined;
};

const known: KnownField[] = [];

/** The fields of every table that was made: of all protocols whose files are loaded. Filters know fields from here. */
export const knownFields = (): readonly KnownField[] => known;

/** A field without a place of its own: it stands in a list of options or records, which a FieldReader walks. */
export interface ListedField extends KnownField {
  /** A number shown as hexadecimal with this many digits. */
  readonly hex?: number | undefined;
  /** Bytes shown with colons between them, as addresses are. */
  readonly colons?: boolean | undefined;
}

/** Makes a field for a FieldReader, and makes it known. */
export function listed(
  name: string,
  type: FieldType,
  about: string,
  options: Pick<ListedField, 'hex' | 'colons' | 'names'> = {},
): ListedField {
  const field = { name, type, about, ...options };
  known.push(field);
  return field;
}

/** A protocol's fields in the order in which they are shown, and by name. */
export class FieldTable<L extends LayerBase> {
  readonly all: readonly FieldDef<L>[];
  readonly #byName = new Map<string, FieldDef<L>[]>();

  constructor(defs: readonly FieldDef<L>[]) {
    this.all = defs;
    for (const { name, about, type, names } of defs)
      known.push({ name, about, type, names: typeof names === 'function' ? undefined : names });
    for (const def of defs) this.#byName.set(def.name, [...this.named(def.name), def]);
  }

  named(name: string): readonly FieldDef<L>[] {
    return this.#byName.get(name) ?? [];
  }
}

/** Puts the fields of a table that lie inside the layer's bytes into the sink. */
export function readTable<L extends LayerBase>(layer: L, table: FieldTable<L>, sink: FieldSink): void {
  const available = layer.end - layer.offset;
  for (const def of sink.wantedOf(table)) {
    if (def.at + def.size > available) continue;
    const value = def.read(layer);
    if (value === undefined) continue;
    if (sink.column !== null) {
      sink.column.add(def.show(value));
      continue;
    }
    const { names } = def;
    const meaning =
      names === undefined || typeof value !== 'number'
        ? ''
        : typeof names === 'function'
          ? names(value, layer)
          : (names[value] ?? '');
    sink.fields.push({
      name: def.name,
      about: def.about,
      offset: layer.offset + def.at,
      length: def.size,
      value,
      shown: def.show(value),
      meaning,
    });
  }
}

const showPlain = (value: FieldValue): string => String(value);
const showFlag = (value: FieldValue): string => (value === true ? '1' : '0');
const showBytes = (value: FieldValue): string =>
  value instanceof Uint8Array ? formatHex(value, 0, value.length) : String(value);
const showHex =
  (digits: number) =>
  (value: FieldValue): string =>
    typeof value === 'number' ? formatHexNumber(value, digits) : String(value);

interface NumberOptions {
  /** Show as hexadecimal with this many digits. */
  readonly hex?: number;
  /** Only these bits, shifted down to the lowest. */
  readonly mask?: number;
  /** Multiplied by this after masking (a header length in 32-bit words is shown in bytes). */
  readonly unit?: number;
  readonly names?: Names;
}

const UINT_TYPES = { 1: 'uint8', 2: 'uint16', 3: 'uint24', 4: 'uint32' } as const;

/** An unsigned number of 1 to 4 bytes in network order. */
export function uint(
  name: string,
  at: number,
  size: 1 | 2 | 3 | 4,
  about: string,
  options: NumberOptions = {},
): FieldDef<LayerBase> {
  const { mask, unit = 1 } = options;
  const shift = mask === undefined ? 0 : 31 - Math.clz32(mask & -mask);
  return {
    name,
    about,
    type: UINT_TYPES[size],
    at,
    size,
    read: (layer) => {
      const raw = layer.uint(at, size);
      return (mask === undefined ? raw : (raw & mask) >>> shift) * unit;
    },
    show: options.hex === undefined ? showPlain : showHex(options.hex),
    names: options.names,
  };
}

/** One bit of a number of 1 to 4 bytes. */
export function flag(name: string, at: number, size: 1 | 2 | 3 | 4, mask: number, about: string): FieldDef<LayerBase> {
  const read = (layer: LayerBase): boolean => (layer.uint(at, size) & mask) !== 0;
  return { name, about, type: 'boolean', at, size, read, show: showFlag };
}

export function mac(name: string, at: number, about: string): FieldDef<LayerBase> {
  const read = (layer: LayerBase): string => formatMac(layer.bytes, layer.offset + at);
  return { name, about, type: 'ether', at, size: 6, read, show: showPlain };
}

export function ipv4(name: string, at: number, about: string): FieldDef<LayerBase> {
  const read = (layer: LayerBase): string => formatIpv4(layer.bytes, layer.offset + at);
  return { name, about, type: 'ipv4', at, size: 4, read, show: showPlain };
}

export function ipv6(name: string, at: number, about: string): FieldDef<LayerBase> {
  const read = (layer: LayerBase): string => formatIpv6(layer.bytes, layer.offset + at);
  return { name, about, type: 'ipv6', at, size: 16, read, show: showPlain };
}

export function bytesField(name: string, at: number, size: number, about: string): FieldDef<LayerBase> {
  return { name, about, type: 'bytes', at, size, read: (layer) => layer.view(at, size), show: showBytes };
}

/** A field that only some packets have: the same definition, asked for only when `present`. */
export function when<L extends LayerBase>(present: (layer: L) => boolean, def: FieldDef<LayerBase>): FieldDef<L> {
  return { ...def, read: (layer) => (present(layer) ? def.read(layer) : undefined) };
}

/**
 * A value that is worked out from more than its own bytes. `at` is where its bytes begin, `size` how many (0: none of its own).
 * `type`: a 16-bit number unless something else is said.
 */
export function derived<L extends LayerBase>(
  name: string,
  at: number,
  size: number,
  about: string,
  read: (layer: L) => FieldValue | undefined,
  options: { readonly type?: FieldType; readonly hex?: number; readonly names?: Names<L> } = {},
): FieldDef<L> {
  const { type = 'uint16', hex, names } = options;
  return { name, about, type, at, size, read, show: hex === undefined ? showAny : showHex(hex), names };
}

/** Adds the bytes between two offsets of the layer as a field, unless there are none. */
export function addBytes(
  layer: LayerBase,
  name: string,
  about: string,
  at: number,
  end: number,
  sink: FieldSink,
): void {
  if (!sink.wants(name) || layer.offset + at >= end) return;
  const value = layer.view(at, end - layer.offset - at);
  sink.add({
    name,
    about,
    offset: layer.offset + at,
    length: value.length,
    value,
    shown: showBytes(value),
    meaning: '',
  });
}

/** A value as `tshark -T fields` prints one of its kind. */
export function showAny(value: FieldValue): string {
  if (typeof value === 'boolean') return showFlag(value);
  return value instanceof Uint8Array ? showBytes(value) : String(value);
}
