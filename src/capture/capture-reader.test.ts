import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CaptureReader } from './capture-reader.ts';
import type { CapturedPacket } from './captured-packet.ts';
import { readCapture } from './read-capture.ts';

const file = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../tests/fidelity/captures/${name}`, import.meta.url)));
const captures = [file('bridge.pcapng'), file('uplink.pcap')];

interface Read {
  readonly packets: readonly { readonly name: string; readonly bytes: Uint8Array; readonly seconds: number }[];
  readonly error: string | null;
}

function inPieces(bytes: Uint8Array, sizes: readonly number[]): Read {
  const packets: { name: string; bytes: Uint8Array; seconds: number }[] = [];
  const take = (packet: CapturedPacket, name: string): void => {
    packets.push({ name, bytes: packet.bytes.slice(), seconds: packet.seconds });
  };
  const reader = new CaptureReader(take);
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    const piece = bytes.slice(at, at + size);
    reader.push(piece);
    piece.fill(0xee); // the buffer is used again
    at += size;
  }
  return { packets, error: reader.end()?.message ?? null };
}

function atOnce(bytes: Uint8Array): Read {
  const { packets, interfaces, error } = readCapture(bytes);
  return {
    packets: packets.map((packet) => ({
      name: interfaces[packet.interface] ?? '',
      bytes: packet.bytes.slice(),
      seconds: packet.seconds,
    })),
    error: error?.message ?? null,
  };
}

test('a file in pieces has the packets, names and errors of the whole, whatever the pieces, wherever it is damaged', () => {
  const damage = fc.array(fc.tuple(fc.nat(8000), fc.nat(255)), { maxLength: 3 });
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9000 })), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(fc.constantFrom(...captures), damage, fc.nat(9000), sizes, (capture, changes, end, pieces) => {
      const bytes = capture.slice(0, end % 7 === 0 ? undefined : end);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      expect(inPieces(bytes, pieces)).toEqual(atOnce(bytes));
    }),
    { numRuns: 300 },
  );
});

test('a whole file has no error', () => {
  for (const capture of captures) expect(inPieces(capture, [100])).toMatchObject({ error: null });
});

test('a block that claims more than any block has is damage, not something to wait for', () => {
  const bytes = (captures[0] as Uint8Array).slice();
  const view = new DataView(bytes.buffer);
  const second = view.getUint32(4, true);
  view.setUint32(second + 4, 0x7ffffffc, true);
  const reader = new CaptureReader(() => {});
  reader.push(bytes);
  expect(reader.error).toMatchObject({ offset: second, message: expect.stringContaining('which no block has') });
});
