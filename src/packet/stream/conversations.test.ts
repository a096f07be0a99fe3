import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CapturedPacket } from '../../capture/captured-packet.ts';
import { readCapture } from '../../capture/read-capture.ts';
import { dissect } from '../dissect.ts';
import { Conversations } from './conversations.ts';
import { findSegment } from './segment-place.ts';
import { type TcpFacts, VERDICT, verdictWords } from './tcp-facts.ts';

const captures = new URL('../../../tests/fidelity/captures/', import.meta.url);
const recorded = (name: string): readonly CapturedPacket[] =>
  readCapture(new Uint8Array(readFileSync(new URL(name, captures)))).packets;
const lossy = recorded('lossy-sender.pcap').filter(
  ({ bytes, linkType, originalLength }) => findSegment(bytes, linkType, originalLength) !== null,
);

/** What is said of each packet; `taps`: where it is seen, one after the other. */
function told(
  packets: readonly CapturedPacket[],
  taps = [0],
  conversations = new Conversations(),
): (TcpFacts | null)[] {
  let number = 0;
  return packets.flatMap((packet) =>
    taps.map((tap) => {
      const place = findSegment(packet.bytes, packet.linkType, packet.originalLength);
      return place === null ? null : conversations.take(place, ++number, packet, tap);
    }),
  );
}

const words = (facts: readonly (TcpFacts | null)[]): string[] =>
  facts.map((one) => (one === null ? '' : verdictWords(one).replace(/\d+#/, '')));

test('a segment that the next tap sees as well is not sent again: each tap says what it would say alone', () => {
  const alone = words(told(lossy));
  expect(alone.filter((text) => text.includes('Retransmission')).length).toBeGreaterThan(5);
  const both = words(told(lossy, [3, 8]));
  expect(both.filter((_, i) => i % 2 === 0)).toEqual(alone);
  expect(both.filter((_, i) => i % 2 === 1)).toEqual(alone);
});

test('a connection has one number at all of them', () => {
  const both = told(lossy, [3, 8]).map((facts) => facts?.stream);
  expect(both.filter((_, i) => i % 2 === 0)).toEqual(both.filter((_, i) => i % 2 === 1));
  expect(new Set(both).size).toBe(new Set(told(lossy).map((facts) => facts?.stream)).size);
});

test('sequence numbers are counted from the SYN, and windows scaled as it said', () => {
  const facts = told(lossy);
  const fields = lossy.flatMap(({ bytes, linkType, originalLength }, i) =>
    dissect(bytes, linkType, originalLength, facts[i]).filter(({ protocol }) => protocol === 'tcp'),
  );
  const [syn, synAck, ack] = fields.map((layer) => layer.info().replace(/ TSval.*/, ''));
  expect(syn).toMatch(/^40001 → 7001 \[SYN\] Seq=0 Win=64240 Len=0 MSS=1460/);
  expect(synAck).toMatch(/^7001 → 40001 \[SYN, ACK\] Seq=0 Ack=1 Win=65160 Len=0/);
  expect(ack).toBe('40001 → 7001 [ACK] Seq=1 Ack=1 Win=64512 Len=0');
});

test('of connections that were quiet the longest nothing is kept, and the latest are known', () => {
  const conversations = new Conversations(8);
  const [packet] = lossy;
  if (packet === undefined) throw new Error('The capture is empty.');
  const place = findSegment(packet.bytes, packet.linkType, packet.originalLength);
  if (place === null) throw new Error('It does not begin with a segment.');
  const from = (port: number): number | undefined => {
    const bytes = packet.bytes.slice();
    bytes[place.tcp] = port >>> 8;
    bytes[place.tcp + 1] = port & 0xff;
    return conversations.take({ ...place, bytes }, port, packet, 0)?.stream;
  };
  const ports = Array.from({ length: 100 }, (_, i) => 1000 + i);
  expect(ports.map(from)).toEqual(ports.map((_, i) => i));
  expect(ports.slice(-8).map(from)).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
  expect(from(1000)).toBe(100);
});

test('whatever the bytes, something is said, and what is said can be shown', () => {
  const all = readdirSync(captures)
    .filter((name) => /\.pcap(ng)?$/.test(name))
    .flatMap(recorded)
    .filter(({ bytes, linkType, originalLength }) => findSegment(bytes, linkType, originalLength) !== null);
  const changed = fc
    .tuple(fc.nat(all.length - 1), fc.array(fc.tuple(fc.nat(110), fc.nat(255)), { maxLength: 4 }), fc.nat(60))
    .map(([index, edits, missing]) => {
      const original = all[index] as CapturedPacket;
      const bytes = original.bytes.slice(0, Math.max(0, original.bytes.length - missing));
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      return { ...original, bytes };
    });
  fc.assert(
    fc.property(fc.array(changed, { maxLength: 60 }), (packets) => {
      const facts = told(packets, [0], new Conversations(4));
      for (const [i, { bytes, linkType, originalLength }] of packets.entries())
        for (const layer of dissect(bytes, linkType, originalLength, facts[i])) {
          layer.info();
          layer.fields();
        }
      return facts.every((one) => one === null || (one.verdicts >= 0 && one.inFlight >= 0));
    }),
    { numRuns: 300 },
  );
});

test('words stand in the order in which Wireshark has them', () => {
  const [facts] = told(lossy);
  if (facts === undefined || facts === null) throw new Error('The capture does not begin with a segment.');
  facts.say(VERDICT.retransmission | VERDICT.zeroWindow | VERDICT.reusedPorts);
  expect(verdictWords(facts)).toBe('[TCP ZeroWindow] [TCP Retransmission] [TCP Port numbers reused] ');
});
