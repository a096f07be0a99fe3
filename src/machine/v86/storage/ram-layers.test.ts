import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodePages,
  diffRam,
  encodePages,
  LayeredRam,
  type LayerPages,
  layerBytes,
  layerPiece,
  pageBytes,
} from './ram-layers.ts';

const pages = 12;

/** A page: zero, or a few words of one of a few patterns: so that pages of several states are often alike. */
const page = fc.oneof(
  fc.constant<number[]>([]),
  fc.array(fc.constantFrom(0, 1, 0xff), { maxLength: 8 }),
  fc.array(fc.integer({ min: 0, max: 255 }), { minLength: pageBytes, maxLength: pageBytes }),
);
const state = fc.array(page, { minLength: pages, maxLength: pages }).map((list) => {
  const ram = new Uint8Array(pages * pageBytes);
  for (const [index, content] of list.entries()) ram.set(content, index * pageBytes);
  return ram;
});

/** As a builder saves it and an engine loads it, `piece` pages at a time. */
function through(states: readonly Uint8Array[], piece: number): Uint8Array {
  const layers: { pages: LayerPages; data: Uint8Array[] }[] = [];
  let below: Uint8Array | null = null;
  for (const ram of states) {
    const found = diffRam(ram, below);
    const data: Uint8Array[] = [];
    for (let first = 0; first * pageBytes < layerBytes(found); first += piece)
      data.push(layerPiece(ram, below, found, first, piece));
    layers.push({ pages: decodePages(encodePages(found), ram.length), data });
    below = ram;
  }
  const memory = new Uint8Array(pages * pageBytes);
  const ram = new LayeredRam(
    memory,
    layers.map((layer) => layer.pages),
  );
  for (const [level, { data }] of layers.entries())
    for (const [index, bytes] of data.entries()) ram.write(level, index * piece, bytes);
  return memory;
}

test('layers give back the RAM that they were made of, whatever changed from one to the next', () => {
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 5 }), (states, piece) => {
      expect(Buffer.compare(through(states, piece), states.at(-1) as Uint8Array)).toBe(0);
    }),
  );
});

test('what did not change costs nothing', () => {
  fc.assert(
    fc.property(state, (ram) => {
      expect(layerBytes(diffRam(ram, ram.slice()))).toBe(0);
      expect(diffRam(ram, ram.slice()).zeroed).toHaveLength(0);
    }),
  );
});

test('a page with a few words changed is stored as the difference, one that is new as it is', () => {
  const below = new Uint8Array(3 * pageBytes).fill(7);
  const ram = below.slice();
  ram[pageBytes + 5] = 8;
  ram.fill(9, 2 * pageBytes);
  const found = diffRam(ram, below);
  expect([...found.changed]).toEqual([1]);
  expect([...found.replaced]).toEqual([2]);
  const piece = layerPiece(ram, below, found, 0, 1);
  expect([...piece.keys()].filter((at) => piece[at] !== 0)).toEqual([5]);
});

test('a page that is zeroed or replaced above is not written below', () => {
  const full = new Uint8Array(3 * pageBytes).fill(7);
  const above = full.slice();
  above.fill(0, 0, pageBytes);
  above.fill(9, pageBytes, 2 * pageBytes);
  const layers = [diffRam(full, null), diffRam(above, full)];
  const memory = new Uint8Array(3 * pageBytes);
  const ram = new LayeredRam(memory, layers);
  ram.write(0, 0, layerPiece(full, null, layers[0] as LayerPages, 0, 3));
  expect([0, 1, 2].map((page) => memory[page * pageBytes])).toEqual([0, 0, 7]);
});

test('lists that are no lists of pages of this memory are refused', () => {
  const good = encodePages({ zeroed: Uint32Array.of(1), changed: Uint32Array.of(3, 4), replaced: Uint32Array.of() });
  expect(() => decodePages(good, 5 * pageBytes)).not.toThrow();
  expect(() => decodePages(good, 4 * pageBytes)).toThrow(RangeError);
  expect(() => decodePages(good.subarray(0, good.length - 4), 5 * pageBytes)).toThrow(RangeError);
  expect(() => decodePages(new Uint8Array([...good, 0, 0, 0, 0]), 5 * pageBytes)).toThrow(RangeError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        const { zeroed, changed, replaced } = decodePages(bytes, 64 * pageBytes);
        for (const list of [zeroed, changed, replaced])
          expect([...list].every((number, index) => number < 64 && number > (list[index - 1] ?? -1))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});

test('RAM of another size is no layer over this one', () => {
  expect(() => diffRam(new Uint8Array(pageBytes), new Uint8Array(2 * pageBytes))).toThrow('as much memory');
});
