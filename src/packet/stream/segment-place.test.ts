import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCapture } from '../../capture/read-capture.ts';
import { dissect } from '../dissect.ts';
import { findSegment, segmentOf } from './segment-place.ts';

const captures = new URL('../../../tests/fidelity/captures/', import.meta.url);
const packets = readdirSync(captures)
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .flatMap((name) => readCapture(new Uint8Array(readFileSync(new URL(name, captures)))).packets)
  .filter(({ bytes, linkType, originalLength }) => findSegment(bytes, linkType, originalLength) !== null);

test('a segment lies where its layers say, whatever the bytes and however short the capture cut them', () => {
  const edits = fc.array(fc.tuple(fc.nat(110), fc.nat(255)), { maxLength: 2 });
  fc.assert(
    fc.property(fc.nat(packets.length - 1), edits, fc.oneof(fc.constant(0), fc.nat(100)), (index, changes, missing) => {
      const { bytes: whole, linkType, originalLength } = packets[index] as (typeof packets)[number];
      const bytes = whole.slice(0, Math.max(whole.length - missing, 0));
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const found = findSegment(bytes, linkType, originalLength);
      const expected = segmentOf(dissect(bytes, linkType, originalLength));
      // Of a header that ends before its first byte there is no layer.
      if (expected !== null || (found !== null && found.tcp < found.end)) expect(found).toEqual(expected);
    }),
    { numRuns: 3000 },
  );
});

test('a length of more than was on the wire is not believed', () => {
  const [one] = packets.filter(({ linkType, bytes }) => linkType === 1 && bytes[12] === 0x08 && bytes[14] === 0x45);
  const { bytes, linkType, originalLength } = one as (typeof packets)[number];
  const odd = bytes.slice();
  odd.set([0x40, 0x00], 16);
  expect(findSegment(odd, linkType, originalLength)?.length).toBe(originalLength - 34);
  expect(findSegment(odd, linkType, 20_000)?.length).toBe(0x4000 - 20);
});

test('a header around it may end where the capture does, and says then how long it is', () => {
  const { bytes, linkType, originalLength } = packets.find(
    (one) => one.linkType === 1 && one.bytes[23] === 17 && one.bytes.length > 100,
  ) as (typeof packets)[number];
  const cut = bytes.slice(0, 88);
  // The outer IP packet's total length.
  cut.set([0, 88 - 14], 16);
  expect(findSegment(cut, linkType, originalLength)).toEqual(segmentOf(dissect(cut, linkType, originalLength)));
});
