import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CapturedPacket } from './captured-packet.ts';
import { pcapHeader, pcapRecord, readPcap } from './pcap.ts';
import { LARGEST_PACKET, PcapStream } from './pcap-stream.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

const LITTLE_US = 'd4c3b2a1 0200 0400 00000000 00000000 00000400 14010000';
const BIG_NS = 'a1b23c4d 0002 0004 00000000 00000000 00040000 00000001';

describe('what tcpdump writes', () => {
  test('little-endian, microseconds, SLL2', () => {
    const [packet] = readPcap(hex(`${LITTLE_US} 4f8e036b 40e20100 03000000 40000000 aabbcc`)).packets;
    expect(packet).toEqual({
      seconds: 0x6b038e4f,
      nanoseconds: 123_456_000,
      linkType: 276,
      bytes: hex('aabbcc'),
      originalLength: 64,
    });
  });

  test('big-endian, nanoseconds, Ethernet', () => {
    const [packet] = readPcap(hex(`${BIG_NS} 6b038e4f 075bcd15 00000001 00000001 aa`)).packets;
    expect(packet).toEqual({
      seconds: 0x6b038e4f,
      nanoseconds: 123_456_789,
      linkType: 1,
      bytes: hex('aa'),
      originalLength: 1,
    });
  });

  test('a packet of no bytes', () => {
    expect(readPcap(hex(`${LITTLE_US} 00000000 00000000 00000000 05000000`)).packets).toMatchObject([
      { originalLength: 5, bytes: new Uint8Array() },
    ]);
  });
});

describe('a stream that is none', () => {
  const pushed = (bytes: Uint8Array): PcapStream => {
    const stream = new PcapStream();
    expect(stream.push(bytes)).toEqual([]);
    return stream;
  };

  test('says what it begins with', () => {
    const stream = pushed(new TextEncoder().encode('tcpdump: eth9: No such device exists'));
    expect(stream.error?.message).toContain('not a pcap capture: it begins with 74637064');
    expect(stream.push(hex(LITTLE_US))).toEqual([]);
  });

  test('says which packet claims more bytes than any packet has, and keeps the ones before it', () => {
    const stream = new PcapStream();
    const packets = stream.push(
      hex(`${LITTLE_US} 01000000 00000000 01000000 01000000 aa 02000000 00000000 ffffff7f ffffff7f bb`),
    );
    expect(packets).toMatchObject([{ seconds: 1 }]);
    expect(stream.error).toMatchObject({ offset: 41, message: expect.stringContaining('claims 2147483647 bytes') });
  });

  test('says where it was cut off', () => {
    const cut = hex(`${LITTLE_US} 01000000 00000000 04000000 04000000 aabb`);
    expect(readPcap(cut).error?.message).toContain('in the middle of a packet');
    expect(readPcap(cut.subarray(0, 30)).error?.message).toContain('in the middle of a packet');
    expect(readPcap(cut.subarray(0, 10)).error?.message).toContain('before its 24-byte header');
    expect(readPcap(cut.subarray(0, 24)).error).toBeNull();
  });
});

const packets = fc.array(
  fc.record({
    seconds: fc.nat(0xffff_ffff),
    nanoseconds: fc.nat(999_999).map((us) => us * 1000),
    bytes: fc.uint8Array({ maxLength: 100 }),
    more: fc.nat(1000),
  }),
  { maxLength: 8 },
);

test('split anywhere, the packets are the same as from the whole', () => {
  fc.assert(
    fc.property(packets, fc.array(fc.nat(400)), fc.constantFrom<6 | 9>(6, 9), (list, cuts, resolution) => {
      const records = list.map((packet) =>
        pcapRecord(packet, packet.bytes, packet.bytes.length + packet.more, resolution),
      );
      const file = concat(pcapHeader(1, resolution), ...records);
      const stream = new PcapStream();
      const got: CapturedPacket[] = [];
      const edges = [0, ...cuts.map((cut) => Math.min(cut, file.length)), file.length].sort((a, b) => a - b);
      for (const [i, edge] of edges.entries()) {
        const chunk = file.slice(edge, edges[i + 1] ?? file.length);
        got.push(...stream.push(chunk));
        chunk.fill(0xee); // the caller may use its chunk again
      }
      expect(stream.end()).toBeNull();
      expect(got).toEqual(readPcap(file).packets);
      expect(got).toEqual(
        list.map(({ seconds, nanoseconds, bytes, more }) => ({
          seconds,
          nanoseconds,
          bytes,
          originalLength: bytes.length + more,
          linkType: 1,
        })),
      );
    }),
  );
});

test('one byte at a time is not slower than the bytes are many', () => {
  const file = concat(pcapHeader(1), pcapRecord({ seconds: 1, nanoseconds: 0 }, new Uint8Array(LARGEST_PACKET)));
  const stream = new PcapStream();
  let count = 0;
  for (let i = 0; i < file.length; i++) count += stream.push(file.subarray(i, i + 1)).length;
  expect(count).toBe(1);
});

test('whatever the bytes: no throw, and no packet larger than the input', () => {
  const start = fc.constantFrom(hex(LITTLE_US), hex(BIG_NS), new Uint8Array());
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), (header, rest) => {
      const { packets: got } = readPcap(concat(header, rest));
      expect(got.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(rest.length);
    }),
    { numRuns: 1000 },
  );
});

test('a capture that is started again on the same pipe goes on with its new header', () => {
  const packet = {
    seconds: 1_795_405_455,
    nanoseconds: 96_000,
    linkType: 276,
    bytes: new Uint8Array(30).fill(7),
    originalLength: 30,
  };
  const file = concat(pcapHeader(276), pcapRecord(packet, packet.bytes));
  const twice = concat(file, file);
  for (let cut = 0; cut <= twice.length; cut++) {
    const stream = new PcapStream();
    const packets = [...stream.push(twice.subarray(0, cut)), ...stream.push(twice.subarray(cut))];
    expect(stream.error).toBeNull();
    expect(packets).toEqual([packet, packet]);
  }
});
