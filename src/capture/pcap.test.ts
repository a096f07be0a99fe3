import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pcapHeader, pcapRecord, readPcap } from './pcap.ts';

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

describe('a file that is none', () => {
  test('says what it begins with', () => {
    const { packets, error } = readPcap(new TextEncoder().encode('tcpdump: eth9: No such device exists'));
    expect(packets).toEqual([]);
    expect(error?.message).toContain('not a pcap capture: it begins with 74637064');
  });

  test('says which version it has', () => {
    expect(readPcap(hex(LITTLE_US.replace('0200', '0300'))).error?.message).toContain('pcap version 3 cannot be read');
  });

  test('says which packet claims more bytes than any packet has, and keeps the ones before it', () => {
    const { packets, error } = readPcap(
      hex(`${LITTLE_US} 01000000 00000000 01000000 01000000 aa 02000000 00000000 ffffff7f ffffff7f bb`),
    );
    expect(packets).toMatchObject([{ seconds: 1 }]);
    expect(error).toMatchObject({ offset: 41, message: expect.stringContaining('claims 2147483647 bytes') });
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

test('what is written is read', () => {
  fc.assert(
    fc.property(packets, fc.constantFrom<6 | 9>(6, 9), fc.boolean(), (list, resolution, little) => {
      const records = list.map((packet) =>
        pcapRecord(packet, packet.bytes, packet.bytes.length + packet.more, resolution, little),
      );
      const file = concat(pcapHeader(1, resolution, 262_144, little), ...records);
      const read = readPcap(file);
      file.fill(0xee); // packets are copies
      expect(read).toEqual({
        linkType: 1,
        snapLength: 262_144,
        error: null,
        packets: list.map(({ seconds, nanoseconds, bytes, more }) => ({
          seconds,
          nanoseconds,
          bytes,
          originalLength: bytes.length + more,
          linkType: 1,
        })),
      });
    }),
  );
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
