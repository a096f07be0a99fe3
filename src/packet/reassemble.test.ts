import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dissect } from './dissect.ts';
import { type Reassembled, Reassembler } from './reassemble.ts';

const RAW = 101;

interface Piece {
  readonly start: number;
  readonly payload: Uint8Array;
  readonly more: boolean;
}

function ipv4({ start, payload, more }: Piece, id = 1): Uint8Array {
  const packet = new Uint8Array(20 + payload.length);
  packet.set([0x45, 0, packet.length >>> 8, packet.length, 0, id, (more ? 0x20 : 0) | (start >>> 11), start >>> 3]);
  packet.set([64, 17, 0, 0, 172, 17, 0, 2, 172, 17, 0, 3], 8);
  packet.set(payload, 20);
  return packet;
}

/** With a hop-by-hop header before the fragment header: it stays in the whole packet. */
function ipv6({ start, payload, more }: Piece, id = 1): Uint8Array {
  const packet = new Uint8Array(56 + payload.length);
  const length = packet.length - 40;
  packet.set([0x60, 0, 0, 0, length >>> 8, length, 0, 64]);
  packet.set([0xfd, 0, 0, 2], 8);
  packet.set([0xfd, 0, 0, 3], 24);
  packet.set([44, 0, 1, 4, 0, 0, 0, 0, 17, 0, start >>> 8, start | (more ? 1 : 0), 0, 0, 0, id], 40);
  packet.set(payload, 56);
  return packet;
}

/** A datagram and the fragments that it is cut into, each but the last of a multiple of 8 bytes. */
const cut = fc
  .record({
    size: fc.integer({ min: 17, max: 400 }),
    pieces: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
    seed: fc.nat(255),
  })
  .map(({ size, pieces, seed }) => {
    const datagram = Uint8Array.from({ length: size }, (_, i) => (i * 7 + seed) & 0xff);
    datagram.set([0x03, 0xe8, 0x07, 0xd0, size >>> 8, size, 0, 0]);
    const fragments: Piece[] = [];
    let start = 0;
    for (const units of pieces) {
      if (start + units * 8 >= size) break;
      fragments.push({ start, payload: datagram.slice(start, start + units * 8), more: true });
      start += units * 8;
    }
    fragments.push({ start, payload: datagram.slice(start), more: false });
    return { datagram, fragments };
  })
  .filter(({ fragments }) => fragments.length > 1);

const shuffledWithCopies = cut.chain(({ datagram, fragments }) =>
  fc
    .subarray(fragments)
    .chain((copies) => fc.shuffledSubarray([...fragments, ...copies], { minLength: fragments.length + copies.length }))
    .map((order) => ({ datagram, fragments, order })),
);

const push = (reassembler: Reassembler, packet: Uint8Array, time = 0, where = ''): Reassembled[] =>
  reassembler.push(dissect(packet, RAW), time, where);
const pushAll = (packets: readonly Uint8Array[]): Reassembled[] => {
  const reassembler = new Reassembler();
  return packets.flatMap((packet) => push(reassembler, packet));
};
const payloadOf = ({ layers }: Reassembled): Uint8Array | undefined => {
  const udp = layers.find(({ protocol }) => protocol === 'udp');
  return udp?.bytes.slice(udp.offset, udp.end);
};

describe.each([
  ['IPv4', ipv4, ['ip', 'udp', 'data']],
  ['IPv6', ipv6, ['ipv6', 'ipv6.hopopts', 'udp', 'data']],
] as const)('%s', (_, build, protocols) => {
  test('fragments in any order, some twice, give the packet that was cut, and nothing else', () => {
    fc.assert(
      fc.property(shuffledWithCopies, ({ datagram, fragments, order }) => {
        const whole = pushAll(order.map((piece) => build(piece)));
        expect(whole.length).toBeGreaterThanOrEqual(1);
        for (const packet of whole) {
          expect(payloadOf(packet)).toEqual(datagram);
          expect(packet.fragments).toBe(fragments.length);
          expect(packet.layers.map(({ protocol }) => protocol)).toEqual(protocols);
        }
      }),
    );
  });

  test('with one fragment lost, nothing comes of the others', () => {
    fc.assert(
      fc.property(shuffledWithCopies, fc.nat(), ({ fragments, order }, which) => {
        const lost = fragments[which % fragments.length];
        expect(pushAll(order.filter((piece) => piece !== lost).map((piece) => build(piece)))).toEqual([]);
      }),
    );
  });

  test('the packets of several senders’ numbers do not mix', () => {
    fc.assert(
      fc.property(cut, cut, (one, two) => {
        const packets = [
          ...one.fragments.map((piece) => ({ at: piece.start, packet: build(piece, 1) })),
          ...two.fragments.map((piece) => ({ at: piece.start, packet: build(piece, 2) })),
        ].sort((a, b) => a.at - b.at);
        const whole = pushAll(packets.map(({ packet }) => packet)).map(payloadOf);
        expect(whole).toHaveLength(2);
        expect(whole).toEqual(expect.arrayContaining([one.datagram, two.datagram]));
      }),
    );
  });

  test('an overlapping fragment takes the others with it', () => {
    fc.assert(
      fc.property(cut, fc.nat(), ({ fragments }, which) => {
        const first = fragments.slice(0, -1);
        const hit = first[which % first.length];
        if (hit === undefined) return;
        // Begins where one of them does, and goes on past the end of them all.
        const end = first.reduce((sum, { payload }) => sum + payload.length, 8);
        const overlap = { start: hit.start, payload: new Uint8Array(end - hit.start), more: true };
        const last = fragments.slice(-1);
        expect(pushAll([...first, overlap, ...last].map((piece) => build(piece)))).toEqual([]);
      }),
    );
  });
});

const piece = (start: number, length: number, more: boolean): Piece => ({
  start,
  payload: new Uint8Array(length).fill(start),
  more,
});

test('the header is made new: length, no fragment, and a checksum that fits', () => {
  const [packet] = pushAll([ipv4(piece(16, 5, false)), ipv4(piece(0, 16, true))]);
  expect(packet?.layers[0]).toMatchObject({
    totalLength: 41,
    moreFragments: false,
    fragmentOffset: 0,
    checksum: 'good',
  });
  expect(packet?.bytes.length).toBe(41);
});

test('fragments that disagree about the packet’s end are dropped', () => {
  expect(pushAll([piece(16, 8, false), piece(24, 8, false), piece(0, 16, true)].map((one) => ipv4(one)))).toEqual([]);
  expect(pushAll([piece(16, 8, false), piece(24, 8, true), piece(0, 16, true)].map((one) => ipv4(one)))).toEqual([]);
  expect(pushAll([piece(0, 32, true), piece(16, 8, false)].map((one) => ipv4(one)))).toEqual([]);
});

test('a fragment within one that came before is a duplicate, one across two is not, as in Linux', () => {
  const whole = (pieces: readonly Piece[]): number => pushAll(pieces.map((one) => ipv4(one))).length;
  expect(whole([piece(0, 16, true), piece(8, 8, true), piece(16, 8, false)])).toBe(1);
  expect(whole([piece(0, 8, true), piece(8, 8, true), piece(0, 16, true), piece(16, 8, false)])).toBe(1);
  // Those that came in reverse are no run.
  expect(whole([piece(8, 8, true), piece(0, 8, true), piece(0, 16, true), piece(16, 8, false)])).toBe(0);
});

test('a fragment that ends between two places: of IPv4 what fits is taken, of IPv6 nothing, as in Linux', () => {
  const odd = [piece(0, 19, true), piece(16, 5, false)];
  expect(pushAll(odd.map((one) => ipv4(one)))).toMatchObject([{ fragments: 2 }]);
  expect(pushAll(odd.map((one) => ipv6(one)))).toEqual([]);
  expect(pushAll([...odd, piece(0, 16, true)].map((one) => ipv6(one)))).toMatchObject([{ fragments: 2 }]);
});

test('a packet longer than IP allows is not made', () => {
  expect(pushAll([ipv4(piece(65_528, 16, false)), ipv4(piece(0, 65_000, true))])).toEqual([]);
});

test('a fragment that the capture cut off completes nothing', () => {
  const reassembler = new Reassembler();
  push(reassembler, ipv4(piece(16, 5, false)));
  const first = ipv4(piece(0, 16, true));
  expect(reassembler.push(dissect(first.subarray(0, 30), RAW, first.length))).toEqual([]);
});

test('what several taps saw is kept apart', () => {
  const reassembler = new Reassembler();
  const [one, two] = [ipv4(piece(0, 16, true)), ipv4(piece(16, 5, false))];
  expect(push(reassembler, one, 0, 'eth0')).toEqual([]);
  expect(push(reassembler, one, 0, 'docker0')).toEqual([]);
  expect(push(reassembler, two, 0, 'eth0')).toHaveLength(1);
  expect(push(reassembler, two, 0, 'docker0')).toHaveLength(1);
  expect(reassembler.held).toBe(0);
});

test('a packet that waits for too long is given up', () => {
  const reassembler = new Reassembler();
  push(reassembler, ipv4(piece(0, 16, true)), 100);
  expect(push(reassembler, ipv4(piece(16, 5, false)), 129.9)).toHaveLength(1);
  push(reassembler, ipv4(piece(0, 16, true)), 100);
  expect(push(reassembler, ipv4(piece(16, 5, false)), 130)).toEqual([]);
});

test('no flood of fragments takes more memory than allowed', () => {
  const limit = 20_000;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(255), fc.nat(40), fc.nat(150), fc.boolean()), { maxLength: 200 }), (flood) => {
      const reassembler = new Reassembler({ bytes: limit });
      for (const [id, unit, units, more] of flood) {
        push(reassembler, ipv4(piece(unit * 8, units * 8, more), id));
        expect(reassembler.held).toBeLessThanOrEqual(limit);
        expect(reassembler.held).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test('a tunnel that is cut, and what it carries as well', () => {
  const reassembler = new Reassembler();
  const inner = [ipv4(piece(0, 24, true), 7), ipv4(piece(24, 9, false), 7)];
  const outer = (packet: Uint8Array, id: number): Uint8Array[] => {
    const pieces = [
      ipv4({ start: 0, payload: packet.slice(0, 24), more: true }, id),
      ipv4({ start: 24, payload: packet.slice(24), more: false }, id),
    ];
    for (const one of pieces) one[9] = 4; // IP in IP
    return pieces;
  };
  const packets = inner.flatMap((packet, i) => outer(packet, i + 1));
  const counts = packets.map((packet) => push(reassembler, packet).length);
  expect(counts).toEqual([0, 1, 0, 2]);
  expect(reassembler.held).toBe(0);
});
