// Protocol buffers (protobuf.dev, "Encoding"): a key and a value, again and again. What a number means is in nobody's bytes but in a schema.
//
//   key: a varint, number of the field << 3 | type        type 0: a varint        type 1: 8 bytes        type 5: 4 bytes
//   varint: 7 bits a byte, the lowest first; all bytes but the last have the highest bit set        type 2: a length (varint), and so many bytes
import type { FieldReader } from './field-reader.ts';

/** One field. Places are bytes from the layer's first; `value` of a number, `content` of bytes. */
export interface ProtobufField {
  readonly number: number;
  readonly at: number;
  readonly length: number;
  /** Exact up to 64 bits. */
  readonly value: bigint;
  readonly content: { readonly at: number; readonly length: number } | null;
}

const MOST_VARINT = 10;

/** The next field; null: what is left is no field, or not whole. The reader stands behind it then. */
export function nextField(reader: FieldReader): ProtobufField | null {
  const { at } = reader;
  const key = varint(reader);
  if (key === null) return null;
  const number = Number(key >> 3n);
  if (number < 1 || number > 0x1fff_ffff) return null;
  switch (Number(key & 7n)) {
    case 0: {
      const value = varint(reader);
      return value === null ? null : { number, at, length: reader.at - at, value, content: null };
    }
    case 2: {
      const length = varint(reader);
      if (length === null || length > BigInt(reader.left)) return null;
      const content = { at: reader.at, length: Number(length) };
      reader.skip(content.length, 'protobuf field');
      return { number, at, length: reader.at - at, value: 0n, content };
    }
    case 1:
    case 5: {
      const size = (key & 7n) === 1n ? 8 : 4;
      if (reader.left < size) return null;
      reader.skip(size, 'protobuf field');
      return { number, at, length: reader.at - at, value: 0n, content: null };
    }
    default:
      return null;
  }
}

function varint(reader: FieldReader): bigint | null {
  let value = 0n;
  for (let i = 0; i < MOST_VARINT; i++) {
    if (reader.left < 1) return null;
    const byte = reader.peek(1);
    reader.skip(1, 'protobuf number');
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if ((byte & 0x80) === 0) return value;
  }
  return null;
}
