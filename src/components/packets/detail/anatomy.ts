// A packet taken apart for the page: which bytes are which layer's and which field's, and the way back from a byte.
//
//   bytes   |  eth  |       ip       |     tcp     |   http   |
//   parts   |<----------------------- eth -------------------->|   a layer holds what is inside it: start to end
//                   |<--------------- ip --------------------->|
//   fields  |dst|src|..   |ttl|..
import { dissect } from '../../../packet/dissect.ts';
import type { Field } from '../../../packet/field.ts';
import type { Layer } from '../../../packet/layer.ts';
import type { LayerBase } from '../../../packet/layer-base.ts';
import type { ListedHop } from '../source/packet-source.ts';

/** One layer. Places are bytes from the packet's first. */
export interface Part {
  readonly layer: Layer;
  readonly fields: readonly Field[];
  readonly start: number;
  /** One past the last byte of its header. */
  readonly headerEnd: number;
  /** One past the last byte of what it holds. */
  readonly end: number;
  /** The part that it lies in; −1: none. */
  readonly parent: number;
}

/** A part, and a field of it; field −1: the part as a whole. */
export interface Spot {
  readonly part: number;
  readonly field: number;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

export class Anatomy {
  readonly bytes: Uint8Array;
  readonly parts: readonly Part[];
  readonly #spots: (Spot | undefined)[] = [];

  constructor({
    bytes,
    linkType,
    originalLength,
    facts,
  }: Pick<ListedHop, 'bytes' | 'linkType' | 'originalLength' | 'facts'>) {
    this.bytes = bytes;
    const layers = dissect(bytes, linkType, originalLength, facts);
    this.parts = layers.map((layer) => partOf(layer, layers, bytes));
    for (const [part, { fields, start, headerEnd }] of this.parts.entries()) {
      const sizes = new Map<number, number>();
      for (let at = start; at < headerEnd; at++) this.#spots[at] = { part, field: -1 };
      for (const [field, { offset, length }] of fields.entries()) {
        // The field that says most about a byte is the shortest that has it; of equals the last, as flags come after their byte.
        for (let at = offset; at < Math.min(offset + length, bytes.length); at++) {
          if ((sizes.get(at) ?? length) < length) continue;
          sizes.set(at, length);
          this.#spots[at] = { part, field };
        }
      }
    }
  }

  /** What a byte belongs to; null for one that no layer claims. */
  spotAt(byte: number): Spot | null {
    return this.#spots[byte] ?? null;
  }

  field({ part, field }: Spot): Field | undefined {
    return this.parts[part]?.fields[field];
  }

  /** The bytes of a field, or of a layer's header; empty for a field that was worked out. */
  range(spot: Spot): Range {
    const part = this.parts[spot.part];
    const field = this.field(spot);
    if (field !== undefined)
      return { start: field.offset, end: Math.min(field.offset + field.length, this.bytes.length) };
    return { start: part?.start ?? 0, end: part?.headerEnd ?? 0 };
  }

  /** The innermost field of that name whose value is shown so; null when there is none. */
  find(name: string, shown: string): Spot | null {
    for (let part = this.parts.length - 1; part >= 0; part--) {
      const field = this.parts[part]?.fields.findIndex((each) => each.name === name && each.shown === shown) ?? -1;
      if (field >= 0) return { part, field };
    }
    return null;
  }

  /** The innermost layer that is decoded: what the packet is about. */
  get main(): number {
    const main = this.parts.findLastIndex(
      ({ layer: { protocol } }) => protocol !== 'data' && !protocol.startsWith('_ws.'),
    );
    return Math.max(0, main);
  }
}

export const sameSpot = (a: Spot | null, b: Spot | null): boolean =>
  a === b || (a !== null && b !== null && a.part === b.part && a.field === b.field);

function partOf(layer: Layer, layers: readonly Layer[], bytes: Uint8Array): Part {
  if (layer.bytes !== bytes) return reassembled(layer, layers);
  const { offset: start, length, payloadEnd, parent } = layer;
  const headerEnd = start + length;
  return {
    layer,
    fields: layer.fields(),
    start,
    headerEnd,
    end: Math.max(headerEnd, Math.min(payloadEnd, layer.end)),
    parent: layers.findIndex((each: LayerBase) => each === parent),
  };
}

/** A message from several packets: its bytes are not this packet's, but what this packet carries of TCP completes it. */
function reassembled(layer: Layer, layers: readonly Layer[]): Part {
  const parent = layers.findLastIndex((each) => each.protocol === 'tcp');
  const tcp = layers[parent];
  const start = tcp === undefined ? 0 : Math.min(tcp.offset + tcp.length, tcp.end);
  const fields = layer.fields().map((field) => ({ ...field, offset: start, length: 0 }));
  return { layer, fields, start, headerEnd: start, end: tcp?.end ?? start, parent };
}
