import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CapturedPacket } from './captured-packet.ts';
import { LARGEST_PACKET, pcapHeader, pcapRecord } from './pcap.ts';
import { PcapStream } from './pcap-stream.ts';

const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const header = pcapHeader(276);

/** A record with a packet of LINUX_SLL2 that carries the payload, `at` seconds into the capture. */
function record(payload: Uint8Array | string, at = 0): Uint8Array {
  const packet = concat(Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6), new Uint8Array(8), Buffer.from(payload));
  return pcapRecord({ seconds: 1_795_405_455 + at, nanoseconds: 96_000 }, packet);
}

const payloadOf = ({ bytes }: CapturedPacket): string => Buffer.from(bytes.subarray(20)).toString('latin1');

/** What a new stream makes of the chunks. */
function read(chunks: readonly Uint8Array[]): { payloads: string[]; lost: number } {
  const stream = new PcapStream();
  const batches = chunks.map((chunk) => stream.push(chunk));
  return {
    payloads: batches.flatMap(({ packets }) => packets.map(payloadOf)),
    lost: batches.reduce((sum, { lost }) => sum + lost, 0),
  };
}

/** The bytes in chunks that end at the given places. */
function cutUp(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.slice(edges[index], edge));
}
const oneByOne = (bytes: Uint8Array): Uint8Array[] => [...bytes].map((byte) => Uint8Array.of(byte));

const payload = fc.uint8Array({ maxLength: 120 });

describe('a capture that arrives in pieces', () => {
  test('split anywhere, the packets are the same, and are copies', () => {
    fc.assert(
      fc.property(fc.array(payload), fc.array(fc.nat(1500)), (payloads, cuts) => {
        const file = concat(header, ...payloads.map((bytes, index) => record(bytes, index)));
        const stream = new PcapStream();
        const packets = cutUp(file, cuts).flatMap((chunk) => {
          const { packets: got, lost } = stream.push(chunk);
          expect(lost).toBe(0);
          chunk.fill(0xee);
          return got;
        });
        expect(packets).toEqual(
          payloads.map((bytes, index) => ({
            seconds: 1_795_405_455 + index,
            nanoseconds: 96_000,
            linkType: 276,
            bytes: record(bytes).slice(16),
            originalLength: bytes.length + 20,
          })),
        );
        expect(stream.header).toEqual(header);
      }),
    );
  });

  test('the largest packet comes whole, however small the pieces', () => {
    const large = new Uint8Array(LARGEST_PACKET - 20).fill(0xd4);
    const file = concat(header, record(large), record('after'));
    const { payloads, lost } = read(oneByOne(file));
    expect(payloads.map(({ length }) => length)).toEqual([large.length, 5]);
    expect(lost).toBe(0);
    expect(read([file]).payloads).toEqual(payloads);
  });

  test('big-endian, in nanoseconds', () => {
    const hex = 'a1b23c4d 0002 0004 00000000 00000000 00040000 00000001 6b038e4f 075bcd15 00000001 00000001 aa';
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(new PcapStream().push(bytes).packets).toEqual([
      {
        seconds: 0x6b038e4f,
        nanoseconds: 123_456_789,
        linkType: 1,
        bytes: Uint8Array.of(0xaa),
        originalLength: 1,
      },
    ]);
  });
});

describe('a capture that is started again on the same pipe', () => {
  test('goes on with its new header, wherever the pieces end', () => {
    const twice = concat(header, record('a'), header, record('b'));
    for (let cut = 0; cut <= twice.length; cut++)
      expect(read(cutUp(twice, [cut]))).toEqual({ payloads: ['a', 'b'], lost: 0 });
  });

  test('after it was killed inside a record loses that record, and nothing else', () => {
    const run = fc.record({
      whole: fc.array(payload, { maxLength: 4 }),
      cut: payload,
      kept: fc.double({ min: 0, max: 1, noNaN: true }),
      cuts: fc.array(fc.nat(900), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 5 }), (runs) => {
        const expected = { payloads: [] as string[], lost: 0 };
        const chunks = runs.flatMap(({ whole, cut, kept, cuts }, index) => {
          const last = record(cut);
          const rest = last.subarray(0, Math.floor(kept * last.length));
          expected.payloads.push(...whole.map((bytes) => Buffer.from(bytes).toString('latin1')));
          if (rest.length === last.length) expected.payloads.push(Buffer.from(cut).toString('latin1'));
          else if (rest.length > 0 && index < runs.length - 1) expected.lost++;
          // tcpdump writes the header by itself, so that a chunk begins with it; what follows is cut up anyhow.
          const [first = header, ...more] = cutUp(concat(header, ...whole.map((bytes) => record(bytes)), rest), [
            ...cuts.map((at) => at + header.length),
          ]);
          return [first, ...more];
        });
        expect(read(chunks)).toEqual(expected);
      }),
    );
  });

  test('is found inside the record that swallowed its beginning', () => {
    const cut = record('x'.repeat(100));
    const after = [record('b'), record('ARP'.repeat(30)), record('c'.repeat(200))];
    for (let kept = 1; kept < cut.length; kept++) {
      // Where the record would end with the header, or with the first record after it, it is a packet that carries a capture.
      if ([24, 24 + 37].includes(cut.length - kept)) continue;
      const stream = concat(header, record('a'), cut.subarray(0, kept), header, ...after);
      for (const chunks of [[stream], oneByOne(stream)]) {
        const { payloads, lost } = read(chunks);
        // Of a record that lacks less than a magic number, so little is wrong that nobody can tell.
        const asIfWhole = cut.length - kept < 4 ? payloads.splice(1, 1).length : 0;
        expect({ payloads, lost, asIfWhole }, `${kept} bytes were written`).toEqual({
          payloads: ['a', 'b', 'ARP'.repeat(30), 'c'.repeat(200)],
          lost: 1,
          asIfWhole: cut.length - kept < 4 ? 1 : 0,
        });
      }
    }
  });

  test('is not seen in a packet that carries a capture', () => {
    const carried = Buffer.from(concat(header, record('inner'), record('inner'))).toString('latin1');
    const file = (...tail: readonly Uint8Array[]) =>
      concat(header, record('a'), record(Buffer.from(`GET ${carried}`, 'latin1')), ...tail);
    for (const chunks of [[file(record('b'))], oneByOne(file(record('b')))])
      expect(read(chunks)).toEqual({ payloads: ['a', `GET ${carried}`, 'b'], lost: 0 });
    // Until the next record it may as well have been cut; a capture that begins by itself says that it was not.
    expect(read([file()])).toEqual({ payloads: ['a'], lost: 0 });
    expect(read([file(), header, record('b')])).toEqual({ payloads: ['a', `GET ${carried}`, 'b'], lost: 0 });
  });
});

describe('bytes that are no capture', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom(header, header.subarray(0, 9), header.subarray(3), pcapHeader(1, 9, 60), new Uint8Array(40)),
    payload.map((bytes) => record(bytes)),
    fc.tuple(payload, fc.nat(60)).map(([bytes, at]) => record(bytes).subarray(0, at)),
    fc.uint8Array({ minLength: 16, maxLength: 40 }).map((bytes) => bytes.map((byte, index) => (index % 4 ? 0 : byte))),
  );

  test.each([
    ['a record longer than any', [0x7f, 0x7f, 0x7f, 0x7f]],
    ['a record of nothing', [0, 0, 0, 0]],
    ['a record with more bytes than its packet had', [40, 0, 0, 0]],
  ])('%s is lost, and so is what follows, up to the next header', (_, captured) => {
    const bad = record('12345');
    bad.set(captured, 8);
    const file = concat(header, record('a'), bad, record('b'), header, record('c'));
    for (const chunks of [[file], oneByOne(file)]) expect(read(chunks)).toEqual({ payloads: ['a', 'c'], lost: 1 });
  });

  test('that end like a header, and in a new capture, are lost once', () => {
    const bad = concat(new Uint8Array(16).fill(0x7f), header.subarray(0, 6));
    expect(read([header, bad, header, record('a')])).toEqual({ payloads: ['a'], lost: 1 });
  });

  test('are skipped before the first header', () => {
    const words = Buffer.from('tcpdump: eth9: No such device');
    expect(read([words, concat(Buffer.from('\n'), header, record('a'))])).toEqual({ payloads: ['a'], lost: 1 });
  });

  test('do no harm, whatever they are, and what is captured after them is read', () => {
    fc.assert(
      fc.property(fc.array(garbage), fc.array(payload, { minLength: 1, maxLength: 4 }), (chunks, payloads) => {
        const stream = new PcapStream();
        const size = chunks.reduce((sum, { length }) => sum + length, 0);
        const got = chunks.flatMap((chunk) => stream.push(chunk).packets);
        expect(got.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0)).toBeLessThanOrEqual(size);
        const after = stream.push(concat(header, ...payloads.map((bytes) => record(bytes)))).packets;
        expect(after.slice(-payloads.length).map(payloadOf)).toEqual(
          payloads.map((bytes) => Buffer.from(bytes).toString('latin1')),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('take no longer than they are many, even if a capture seems to begin everywhere in them', () => {
    const claim = pcapRecord({ seconds: 1, nanoseconds: 0 }, new Uint8Array(LARGEST_PACKET)).subarray(0, 16);
    const piece = concat(header, claim);
    const bytes = new Uint8Array(200_000 * piece.length).map((_, index) => piece[index % piece.length] ?? 0);
    // With the square of their number it would be half an hour, and the test would not end in time.
    const { packets } = new PcapStream().push(bytes);
    expect(packets.reduce((sum, packet) => sum + 16 + packet.bytes.length, 0)).toBeLessThanOrEqual(bytes.length);
  });
});
