import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CapturedPacket } from '../../capture/captured-packet.ts';
import { LinkType } from '../../capture/link-type.ts';
import { readCapture } from '../../capture/read-capture.ts';
import { dissect } from '../../packet/dissect.ts';
import type { TcpFacts } from '../../packet/stream/tcp-facts.ts';
import { Watcher } from '../../packet/stream/watcher.ts';
import { summarizeLayers } from '../../packet/summary.ts';
import { plainSegment } from '../../packet/tcp-segment.ts';
import { Output } from './output.ts';
import { printSummary } from './packet-lines.ts';

const captures = new URL('../../../tests/fidelity/captures/', import.meta.url);
const recorded = readdirSync(captures)
  .filter((name) => /\.pcap(ng)?$/.test(name))
  .flatMap((name) => readCapture(new Uint8Array(readFileSync(new URL(name, captures)))).packets);

interface Line {
  readonly packet: CapturedPacket;
  readonly number: number;
  readonly time: number;
}

/** What is printed, in writes of at most so many bytes. */
function printed(lines: readonly Line[], most: number): string {
  const parts: Buffer[] = [];
  const output = new Output((bytes, at) => {
    parts.push(Buffer.from(bytes.subarray(at, at + most)));
    return Math.min(most, bytes.length - at);
  });
  const watcher = new Watcher();
  for (const { packet, number, time } of lines) {
    const facts = watcher.see(packet, number, '');
    printSummary(packet, number, time, facts === null ? null : plainSegment(watcher.place, facts), facts, output);
  }
  output.flush();
  return Buffer.concat(parts).toString();
}

/** The same by all of the packet's layers. */
function allExpected(lines: readonly Line[]): string {
  const watcher = new Watcher();
  return lines.map((line) => expected(line, watcher.see(line.packet, line.number, ''))).join('');
}

function expected({ packet, number, time }: Line, facts: TcpFacts | null): string {
  const { bytes, linkType, originalLength } = packet;
  const { source, destination, protocol, info } = summarizeLayers(dissect(bytes, linkType, originalLength, facts));
  const columns = [
    `${number}`.padStart(5),
    time.toFixed(6).padStart(10),
    source.padStart(12),
    '→',
    destination.padEnd(12),
  ];
  const cut = bytes.length < originalLength ? ` [cut: ${bytes.length} of ${originalLength} bytes]` : '';
  return `${[...columns, protocol, originalLength, info].join(' ')}${cut}\n`;
}

const edits = fc.array(fc.tuple(fc.oneof(fc.nat(140), fc.nat(20)), fc.nat(255)), { maxLength: 3 });
const time = fc.oneof(
  fc.nat(2 ** 31).map((all) => all / 1e6),
  fc.constantFrom(0, -0.5, 999.999999, 1000, 1.7e9, 1e12, 1e17),
);
const line = fc
  .tuple(fc.nat(recorded.length - 1), edits, fc.oneof(fc.constant(0), fc.nat(80)), fc.nat(200_000), time)
  .map(([index, changes, missing, number, seconds]) => {
    const original = recorded[index] as CapturedPacket;
    const bytes = original.bytes.slice(0, Math.max(original.bytes.length - missing, 0));
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return { packet: { ...original, bytes }, number, time: seconds };
  });

test('a packet’s line is its layers’ summary, whatever the bytes, and however it is written', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.integer({ min: 1, max: 5000 }), (lines, most) => {
      expect(printed(lines, most)).toBe(allExpected(lines));
    }),
    { numRuns: 400 },
  );
});

test('every recorded packet, many times over: lines at the edges of the buffer are whole', () => {
  const lines = Array.from({ length: 12_000 }, (_, i) => ({
    packet: recorded[i % recorded.length] as CapturedPacket,
    number: i + 1,
    time: i / 7,
  }));
  const whole = allExpected(lines.map((one) => ({ ...one, time: Math.round(one.time * 1e6) / 1e6 })));
  expect(printed(lines, 1 << 20) === whole).toBe(true);
});

test('TCP’s options and flags, in any order and broken anywhere', () => {
  const option = fc.oneof(
    fc.constantFrom('01', '00', '020405b4', '030307', '030320', '0402', '080a0000000100000002', '0502', '13121234'),
    fc.nat(3).map((blocks) => `05${(2 + 8 * blocks).toString(16).padStart(2, '0')}${'fffffff0'.repeat(2 * blocks)}`),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  );
  const options = fc.array(option, { maxLength: 8 }).map((all) => all.join('').slice(0, 80));
  const payload = fc.constantFrom('', '68656c6c6f', '160301', '474554202f20485454502f312e310d0a0d0a');
  fc.assert(
    fc.property(options, fc.nat(0xfff), payload, fc.nat(15), fc.nat(2), (hex, flags, data, words, cut) => {
      const room = hex.padEnd(Math.ceil(hex.length / 8) * 8, '0');
      const size = words < 5 ? 5 + room.length / 8 : words;
      const tcp = `bb420051b475caf0ffffffff${size.toString(16)}${flags.toString(16).padStart(3, '0')}faf058560007${room}${data}`;
      const length = (20 + tcp.length / 2 + cut).toString(16).padStart(4, '0');
      const bytes = Uint8Array.from(
        Buffer.from(
          `0242ac1100030242ac1100020800 4500${length}10af40004006d1e5ac110002ac110003${tcp}`.replace(' ', ''),
          'hex',
        ),
      );
      const packet = {
        seconds: 0,
        nanoseconds: 0,
        linkType: LinkType.EN10MB,
        bytes,
        originalLength: bytes.length + cut,
      };
      const one = { packet, number: 1, time: 0 };
      expect(printed([one], 4096)).toBe(allExpected([one]));
    }),
    { numRuns: 1500 },
  );
});
