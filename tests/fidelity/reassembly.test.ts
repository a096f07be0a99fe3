// Fragmented packets put together again: the same ones as in tshark, on the same fragments, with the same bytes inside.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LinkType } from '../../src/capture/link-type.ts';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { dissect } from '../../src/packet/dissect.ts';
import { formatHex } from '../../src/packet/format.ts';
import type { Layer } from '../../src/packet/layer.ts';
import { Reassembler } from '../../src/packet/reassemble.ts';
import { tsharkFields } from './tshark.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-reassembly-'));
afterAll(() => rmSync(directory, { recursive: true }));

type Cut = (payload: Uint8Array, start: number, end: number) => Uint8Array;

/** From 172.17.0.2 to .3. */
const ipv4 =
  (id: number, protocol: number): Cut =>
  (payload, start, end) => {
    const packet = new Uint8Array(20 + end - start);
    packet.set([
      0x45,
      0,
      packet.length >>> 8,
      packet.length,
      0,
      id,
      (end < payload.length ? 0x20 : 0) | (start >>> 11),
    ]);
    packet.set([start >>> 3, 64, protocol, 0, 0, 172, 17, 0, 2, 172, 17, 0, 3], 7);
    packet.set(payload.subarray(start, end), 20);
    return packet;
  };

const ipv6 =
  (id: number, protocol: number): Cut =>
  (payload, start, end) => {
    const packet = new Uint8Array(48 + end - start);
    const length = packet.length - 40;
    packet.set([0x60, 0, 0, 0, length >>> 8, length, 44, 64, 0xfd]);
    packet[23] = 2;
    packet[24] = 0xfd;
    packet[39] = 3;
    packet.set([protocol, 0, start >>> 8, start | (end < payload.length ? 1 : 0), 0, 0, 0, id], 40);
    packet.set(payload.subarray(start, end), 48);
    return packet;
  };

/** The payload in fragments that begin at the given places. */
function pieces(cut: Cut, payload: Uint8Array, ...starts: readonly number[]): Uint8Array[] {
  return starts.map((start) =>
    cut(payload, start, Math.min(payload.length, ...starts.filter((other) => other > start))),
  );
}

function datagram(length: number, sourcePort: number, destinationPort = 9): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, i) => i & 0xff);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, length);
  view.setUint16(6, 0);
  return bytes;
}

const shuffled = pieces(ipv4(3, 17), datagram(70, 1003), 0, 24, 48, 64);
const interleaved = [pieces(ipv4(4, 17), datagram(64, 1004), 0, 32), pieces(ipv4(5, 17), datagram(64, 1005), 0, 32)];
/** VXLAN, cut: an Ethernet frame with an IPv4 packet in it. */
const tunnel = datagram(8 + 8 + 14 + 40, 1006, 8472);
tunnel.set([8, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0], 8);
tunnel.set(ipv4(9, 17)(datagram(20, 1007), 0, 20), 30);

const FRAGMENTS: readonly Uint8Array[] = [
  ...pieces(ipv4(1, 17), datagram(50, 1001), 0, 16, 40),
  ...pieces(ipv4(2, 17), datagram(50, 1002), 0, 16), // the last one never comes
  ...[2, 0, 3, 1].map((n) => shuffled[n] as Uint8Array),
  ...[0, 1].flatMap((n) => interleaved.map((packet) => packet[n] as Uint8Array)),
  ...pieces(ipv4(6, 17), tunnel, 0, 24),
  ...pieces(ipv6(7, 17), datagram(90, 1008), 0, 40, 80),
  ...pieces(ipv6(8, 17), datagram(90, 1009), 0, 40, 80).reverse(),
];

const NAMES = ['udp.srcport', 'udp.length', 'udp.payload', 'vxlan.vni', 'eth.src'];

test('the last fragment yields what tshark finds in the whole packet', () => {
  // Not the last of packet 2.
  const sent = FRAGMENTS.filter((_, i) => i !== 4);
  const file = join(directory, 'fragments.pcap');
  const records = sent.map((bytes, i) => pcapRecord({ seconds: 1_795_405_455, nanoseconds: i * 1_000_000 }, bytes));
  writeFileSync(file, Buffer.concat([pcapHeader(LinkType.RAW), ...records]));
  const theirs = tsharkFields(
    file,
    [...NAMES, 'ip.fragment.count', 'ipv6.fragment.count'],
    ['ip.defragment:TRUE', 'ipv6.defragment:TRUE'],
  ).map((packet) => ({
    fragments: Number(
      [...(packet.get('ip.fragment.count') ?? []), ...(packet.get('ipv6.fragment.count') ?? [])][0] ?? 0,
    ),
    fields: NAMES.map((name) => packet.get(name)?.join('|')),
  }));

  const reassembler = new Reassembler();
  const ours = sent.map((bytes) => {
    const [whole] = reassembler.push(dissect(bytes, LinkType.RAW));
    const layers: readonly Layer[] = whole?.layers ?? [];
    return {
      fragments: whole?.fragments ?? 0,
      fields: NAMES.map((name) => layers.flatMap((layer) => layer.named(name).map(({ shown }) => shown)).join('|')),
    };
  });
  // tshark lists a packet's fragments when it has them all; what the first ones hold it does not decode.
  expect(ours).toEqual(theirs);
  expect(ours.filter(({ fragments }) => fragments > 0)).toHaveLength(7);
  expect(formatHex(datagram(50, 1001), 8, 42)).toBe(ours[2]?.fields[2]);
});
