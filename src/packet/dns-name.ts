// Domain names in messages, RFC 1035 sections 3.1 and 4.1.4.
//
//   3 w w w 7 e x a m p l e 3 c o m 0        labels, each after its length, to the empty one
//   4 m a i l C0 10                          a length with both high bits set: go on at offset 0x010 of the message
import { formatText } from './format.ts';
import type { LayerBase } from './layer-base.ts';

const POINTER = 0xc0;
/** RFC 1035 section 2.3.4. */
const LONGEST_NAME = 255;
/** More jumps than any name has labels: a loop. */
const MOST_POINTERS = 128;

export interface DomainName {
  /** "www.example.com"; the root is "<Root>", as Wireshark shows it. */
  readonly text: string;
  /** Bytes that the name takes where it stands (a pointer takes two, wherever it points). */
  readonly length: number;
  readonly labels: number;
}

/** The name `at` bytes into the layer, in a message that begins `message` bytes into it; or where reading it failed, and why. */
export function readName(
  layer: LayerBase,
  at: number,
  message: number,
): DomainName | { readonly at: number; readonly reason: string } {
  const parts: string[] = [];
  let position = at;
  let length = 0; // known once the first pointer or the end is seen
  let size = 0;
  let pointers = 0;
  for (;;) {
    if (!layer.has(position, 1)) return { at: layer.end, reason: 'domain name runs past the end of the message' };
    const byte = layer.u8(position);
    if (byte === 0) {
      if (length === 0) length = position + 1 - at;
      return { text: parts.length === 0 ? '<Root>' : parts.join('.'), length, labels: parts.length };
    }
    if ((byte & POINTER) === POINTER) {
      if (!layer.has(position, 2)) return { at: layer.end, reason: 'domain name pointer is cut off' };
      if (++pointers > MOST_POINTERS)
        return { at: layer.offset + position, reason: 'domain name pointers go round in a circle' };
      if (length === 0) length = position + 2 - at;
      position = message + (layer.u16(position) & 0x3fff);
      continue;
    }
    if ((byte & POINTER) !== 0)
      return {
        at: layer.offset + position,
        reason: `domain name label has unknown type 0x${(byte & POINTER).toString(16)}`,
      };
    if (!layer.has(position + 1, byte))
      return {
        at: layer.end,
        reason: `domain name label of ${byte} bytes runs past the end of the message`,
      };
    size += byte + 1;
    if (size > LONGEST_NAME) return { at: layer.offset + position, reason: 'domain name is longer than 255 bytes' };
    parts.push(formatText(layer.bytes, layer.offset + position + 1, byte));
    position += 1 + byte;
  }
}
