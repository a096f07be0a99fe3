import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixedAddress, prelink } from './prelink.ts';

const relatives = 6000;
const tableAt = 0x400;
const dataAt = 0x10000;
const dynamicAt = 0x200;
const symbolsAt = 0x300;
const sectionsAt = 0x360;
const dynamic: [number, number][] = [
  [17, tableAt],
  [18, (relatives + 1) * 8],
  [6, symbolsAt],
  [0x6ffffffa, relatives],
  [0x6ffffffb, 0x08000001],
  [0, 0],
];

/** A position-independent i386 program: 6000 words that point into it, one that waits for a library's symbol. */
function program(): DataView {
  const view = new DataView(new ArrayBuffer(0x20000));
  const words = (at: number, ...values: number[]) => {
    for (const [index, value] of values.entries()) view.setUint32(at + index * 4, value, true);
  };
  words(0, 0x464c457f, 0x00010101);
  words(16, 0x00030003, 1, 0x1234, 52, sectionsAt);
  view.setUint16(44, 4, true);
  view.setUint16(48, 1, true);
  words(52, 1, 0, 0, 0, 0x20000, 0x20000);
  words(84, 2, dynamicAt, dynamicAt, dynamicAt, dynamic.length * 8, dynamic.length * 8);
  words(116, 3, 0x100, 0x100, 0x100, 19, 19);
  words(148, 0x6474e551);
  for (const [index, [tag, value]] of dynamic.entries()) words(dynamicAt + index * 8, tag, value);
  // Symbols: the empty one, one of a library, one of its own (section 5).
  view.setUint32(symbolsAt + 32 + 4, 0x777, true);
  view.setUint16(symbolsAt + 32 + 14, 5, true);
  words(sectionsAt, 0, 11, 0, symbolsAt, symbolsAt, 48);
  // The one for the loader stands in the middle.
  for (let index = 0; index <= relatives; index++) {
    words(tableAt + index * 8, dataAt + index * 4, index === 3 ? (1 << 8) | 6 : 8);
    words(dataAt + index * 4, index === 3 ? 0 : index);
  }
  return view;
}

const bytesOf = (view: DataView) => new Uint8Array(view.buffer);

describe('a position-independent program', () => {
  const out = prelink(bytesOf(program()));
  if (out === null) throw new Error('it was not relocated');
  const view = new DataView(out.buffer);
  const word = (at: number) => view.getUint32(at, true);

  it('has a fixed place', () => {
    expect(view.getUint16(16, true)).toBe(2);
    expect(word(24)).toBe(0x1234 + fixedAddress);
    expect([word(60), word(92), word(124), word(156)]).toEqual([
      fixedAddress,
      dynamicAt + fixedAddress,
      0x100 + fixedAddress,
      0,
    ]);
  });

  it('has its own words relocated, each once', () => {
    for (let index = 0; index <= relatives; index++) {
      expect(word(dataAt + index * 4)).toBe(index === 3 ? 0 : index + fixedAddress);
    }
  });

  it('leaves to the loader what needs a library', () => {
    expect([word(tableAt), word(tableAt + 4)]).toEqual([dataAt + 12 + fixedAddress, (1 << 8) | 6]);
    const after = dynamic.map((_, index) => word(dynamicAt + index * 8 + 4));
    expect(after).toEqual([tableAt + fixedAddress, 8, symbolsAt + fixedAddress, 0, 1, 0]);
  });

  it('has its own symbols moved, and no other', () => {
    expect([word(symbolsAt + 4), word(symbolsAt + 20), word(symbolsAt + 36)]).toEqual([0, 0, 0x777 + fixedAddress]);
  });

  it('is not relocated twice', () => {
    expect(prelink(out)).toBeNull();
  });
});

it('what is no such program is left alone', () => {
  expect(prelink(new Uint8Array())).toBeNull();
  expect(
    prelink(new TextEncoder().encode('#!/bin/sh\necho a script that is longer than the head of an ELF file\n')),
  ).toBeNull();
});

it('a damaged program is refused or relocated, and never hangs', () => {
  fc.assert(
    fc.property(fc.nat(0x3ff), fc.nat(255), fc.integer({ min: 52, max: 0x20000 }), (at, value, length) => {
      const bytes = bytesOf(program()).slice(0, length);
      bytes[at] = value;
      try {
        prelink(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2000 },
  );
});
