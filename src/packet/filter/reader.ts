// A field's values in a packet: every one of them, from the outermost layer in. Only layers that can have the field are
// decoded, and of them only that field.
import type { Field } from '../field.ts';
import type { Layer } from '../layer.ts';
import { FRAME_FIELDS, type FrameFacts } from './frame.ts';
import { picksLayer } from './pieces.ts';
import { canHave, type FieldInfo, type ValueType } from './registry.ts';
import type { Piece } from './syntax.ts';
import type { Value } from './values.ts';

/** What a filter is asked about. `layers` may be a getter: filters that only look at frame.… never ask for them. */
export interface FilterPacket {
  readonly layers: readonly Layer[];
  readonly frame: FrameFacts;
}

export interface FieldValues {
  read(packet: FilterPacket): readonly Value[];
  /** Where "contains" and "matches" look: a protocol's whole content rather than its header. */
  search(packet: FilterPacket): readonly Value[];
}

/** @param layers which of the layers of a protocol, counted from 1; null: all */
export function fieldValues(info: FieldInfo, layers: readonly Piece[] | null): FieldValues {
  const { name, type, parts } = info;
  if (parts !== null) return joined(parts.map((part) => fieldValues({ ...info, name: part, parts: null }, layers)));
  const ofFrame = FRAME_FIELDS.find((field) => field.name === name);
  if (ofFrame !== undefined) {
    const picked = layers === null || picksLayer(layers, 1, 1);
    return same((packet) => {
      const value = picked ? ofFrame.read(packet) : null;
      return value === null ? NONE : [typeof value === 'string' ? toBytesText(value) : value];
    });
  }
  if (type === 'protocol') {
    return {
      read: each(
        layers,
        (layer) => layer.protocol === name,
        (layer) => [ownBytes(layer)],
      ),
      search: each(
        layers,
        (layer) => layer.protocol === name,
        (layer) => [layer.bytes.subarray(layer.offset, contentEnd(layer))],
      ),
    };
  }
  return same(each(layers, ownerOf(name), (layer) => layer.named(name).map((field) => comparable(field, layer, type))));
}

const NONE: readonly Value[] = [];

const same = (read: FieldValues['read']): FieldValues => ({ read, search: read });
const joined = (all: readonly FieldValues[]): FieldValues => same((packet) => all.flatMap(({ read }) => read(packet)));

/** Protocol names are few, packets many. */
function ownerOf(field: string): (layer: Layer) => boolean {
  const known = new Map<string, boolean>();
  return ({ protocol }) => {
    let answer = known.get(protocol);
    if (answer === undefined) {
      answer = canHave(protocol, field);
      known.set(protocol, answer);
    }
    return answer;
  };
}

function each(
  pieces: readonly Piece[] | null,
  wanted: (layer: Layer) => boolean,
  values: (layer: Layer) => readonly Value[],
): FieldValues['read'] {
  return ({ layers }) => {
    let found: readonly Value[] = NONE;
    for (const [i, layer] of layers.entries()) {
      if (!wanted(layer) || (pieces !== null && !isPicked(pieces, layers, i))) continue;
      const more = values(layer);
      if (more.length > 0) found = found.length === 0 ? more : [...found, ...more];
    }
    return found;
  };
}

function isPicked(pieces: readonly Piece[], layers: readonly Layer[], index: number): boolean {
  const { protocol } = layers[index] as Layer;
  const before = layers.slice(0, index + 1).filter((layer) => layer.protocol === protocol).length;
  return picksLayer(pieces, before, layers.filter((layer) => layer.protocol === protocol).length);
}

/** Wireshark's idea of how far these reach, as filters see it: their data too. Of the others, the header. */
const WITH_DATA: ReadonlySet<string> = new Set(['tcp', 'icmp', 'icmpv6']);

const ownBytes = (layer: Layer): Uint8Array =>
  layer.bytes.subarray(layer.offset, WITH_DATA.has(layer.protocol) ? contentEnd(layer) : layer.offset + layer.length);

/** Ethernet's content includes the padding, IP's ends where its length says so. */
const contentEnd = (layer: Layer): number =>
  layer.protocol === 'ip' || layer.protocol === 'ipv6' ? layer.payloadEnd : layer.end;

function comparable({ value, offset, length }: Field, { bytes }: Layer, type: ValueType): Value {
  switch (type) {
    case 'ipv4':
      return length === 4 ? new DataView(bytes.buffer, bytes.byteOffset + offset).getUint32(0) : String(value);
    case 'ipv6':
    case 'ether':
      return bytes.subarray(offset, offset + length);
    case 'string':
      return toBytesText(String(value));
    default:
      return typeof value === 'boolean' ? Number(value) : value;
  }
}

/** Text in a filter is made of bytes: so is a value beyond ASCII (a name that somebody gave an interface). */
function toBytesText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what needs nothing done
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}
