// What stands between brackets: which bytes of a value, or which layers of a packet.
//
//   [i:j] j bytes from i    [i-j] from i to j    [i] one    [:j] the first j    [i:] from i on    [a,b,…] one after the other
//   A negative i counts from the end.
import { FilterFault, type Piece, type Span } from './syntax.ts';

const PIECE = /^\s*(-?\w+)?\s*(?:([:-])\s*(-?\w+)?\s*)?$/;
const NUMBER = /^-?(0[xX][0-9a-fA-F]{1,8}|\d{1,10})$/;

/** Pieces of the text inside brackets, which stands in the filter at `span`. Throws FilterFault. */
export function parsePieces(text: string, span: Span): Piece[] {
  return text.split(',').map((part) => parsePiece(part, span));
}

function parsePiece(part: string, span: Span): Piece {
  const [, from, separator, to] = PIECE.exec(part) ?? [];
  if (from === undefined && to === undefined)
    throw new FilterFault(span, part.trim() === '' ? 'Between brackets stands at least one number: [0:4].' : bad(part));
  const start = from === undefined ? 0 : number(from, part, span);
  if (separator === undefined) return { kind: 'length', start, length: 1 };
  if (separator === ':') {
    if (to === undefined) return { kind: 'length', start, length: null };
    const length = number(to, part, span);
    if (length <= 0) throw new FilterFault(span, `A length of ${length} is not possible: in [i:j] j is at least 1.`);
    return { kind: 'length', start, length };
  }
  if (from === undefined || to === undefined) throw new FilterFault(span, bad(part));
  const end = number(to, part, span);
  // Both counted from the same side, the order can be told before there is a packet.
  if (start < 0 === end < 0 && start >= end)
    throw new FilterFault(
      span,
      `[${start}-${end}] ends before it begins. A length stands after a colon: [${start}:n].`,
    );
  return { kind: 'range', start, end };
}

const bad = (part: string): string => `"${part.trim()}" is no piece of a value. Write [i:j], [i-j], [i], [:j] or [i:].`;

function number(text: string, part: string, span: Span): number {
  if (!NUMBER.test(text)) throw new FilterFault(span, bad(part));
  const value = Number(text.replace('-', ''));
  return text.startsWith('-') ? -value : value;
}

/** Where a piece lies in `length` bytes; null when it does not lie inside them. */
export function placeOf(piece: Piece, length: number): { readonly from: number; readonly to: number } | null {
  const fromEnd = (offset: number): number => (offset < 0 ? length + offset : offset);
  const from = fromEnd(piece.start);
  const to =
    piece.kind === 'range'
      ? fromEnd(piece.end) + 1
      : piece.length === null
        ? length
        : fromEnd(piece.start) + piece.length;
  return from >= 0 && from < to && to <= length ? { from, to } : null;
}

/** The pieces of some bytes, one after the other, up to the first that is not there; null when that leaves none. */
export function cut(bytes: Uint8Array, pieces: readonly Piece[]): Uint8Array | null {
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    const place = placeOf(piece, bytes.length);
    if (place === null) break;
    parts.push(bytes.subarray(place.from, place.to));
  }
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first ?? null;
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether the layer of that number, of so many of its protocol, is meant. Layers are counted from 1, the outermost. */
export function picksLayer(pieces: readonly Piece[], number: number, count: number): boolean {
  return pieces.some((piece) => {
    const place = placeOf(piece, count + 1) ?? openPlace(piece, count + 1);
    return place !== null && number >= place.from && number < place.to;
  });
}

/** #[2-4] of a packet with three: unlike bytes, layers that are not there are no reason to leave out the others. */
function openPlace(piece: Piece, count: number): { readonly from: number; readonly to: number } | null {
  if (piece.start < 0) return null;
  if (piece.kind === 'range') return piece.end < 0 ? null : { from: piece.start, to: piece.end + 1 };
  return { from: piece.start, to: piece.length === null ? count : piece.start + piece.length };
}
