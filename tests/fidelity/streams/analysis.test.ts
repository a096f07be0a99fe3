// What the packets before a segment tell of it, against Debian's tshark: real connections that lost, doubled and delayed segments on
// their way, and segments that nobody sends.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { CapturedPacket } from '../../../src/capture/captured-packet.ts';
import { LinkType } from '../../../src/capture/link-type.ts';
import { pcapHeader, pcapRecord } from '../../../src/capture/pcap.ts';
import { readCapture } from '../../../src/capture/read-capture.ts';
import { dissect } from '../../../src/packet/dissect.ts';
import { Watcher } from '../../../src/packet/stream/watcher.ts';
import { summarize } from '../../../src/packet/summary.ts';
import { tsharkFields } from '../tshark.ts';
import { randomSegments } from './random-segments.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-streams-'));
afterAll(() => rmSync(directory, { recursive: true }));

const FIELDS = [
  ...['stream', 'len', 'seq', 'seq_raw', 'nxtseq', 'ack', 'ack_raw', 'window_size', 'window_size_scalefactor'],
  ...['analysis', 'analysis.acks_frame', 'analysis.ack_rtt', 'analysis.initial_rtt', 'analysis.bytes_in_flight'],
  ...['analysis.push_bytes_sent', 'analysis.flags', 'analysis.reused_ports', 'analysis.retransmission', 'analysis.rto'],
  ...['analysis.rto_frame', 'analysis.fast_retransmission', 'analysis.spurious_retransmission'],
  ...['analysis.out_of_order', 'analysis.lost_segment', 'analysis.ack_lost_segment', 'analysis.window_update'],
  ...['analysis.window_full', 'analysis.keep_alive', 'analysis.keep_alive_ack', 'analysis.duplicate_ack'],
  ...['analysis.duplicate_ack_num', 'analysis.duplicate_ack_frame', 'analysis.zero_window_probe'],
  ...['analysis.zero_window', 'analysis.zero_window_probe_ack', 'options.sack_le', 'options.sack_re'],
].map((name) => `tcp.${name}`);

/** Each segment by itself, as far as its content goes; but with all that came before it. */
const PREFERENCES = ['tcp.desegment_tcp_streams:FALSE', 'ip.defragment:FALSE', 'ipv6.defragment:FALSE'];

/** Where what is said of a packet differs, at most so many. */
function differences(file: string, packets: readonly CapturedPacket[], most = 20): string[] {
  const theirs = tsharkFields(file, [...FIELDS, '_ws.col.Info', '_ws.col.Protocol'], PREFERENCES);
  expect(theirs.length).toBe(packets.length);
  const watcher = new Watcher();
  const found: string[] = [];
  for (const [i, packet] of packets.entries()) {
    const { bytes, linkType, originalLength } = packet;
    const expected = (name: string): string => [...new Set(theirs[i]?.get(name))].join();
    const facts = watcher.see(packet, i + 1, 'tap');
    const { info } = summarize(bytes, linkType, originalLength, facts);
    const line = expected('_ws.col.Info').replace(SHORT, '');
    // Of what a segment carries, tshark knows some by its port.
    if (expected('_ws.col.Protocol') === 'TCP' && info.replace(SHORT, '') !== line)
      found.push(`${i + 1}: ${info}, tshark says ${line}`);
    const fields = dissect(bytes, linkType, originalLength, facts).flatMap((layer) => layer.fields());
    for (const name of FIELDS) {
      const ours = fields.filter((field) => field.name === name).map(({ shown }) => shown);
      if (ours.join() !== expected(name))
        found.push(`${i + 1}: ${name} is ${ours}, tshark says ${expected(name)}: ${line}`);
    }
  }
  return found.slice(0, most);
}

/** Where the capture kept the headers only. */
const SHORT = '[Packet size limited during capture]';

test.each([1, 2, 3, 4, 5])('3000 segments that nobody sends, %i', (seed) => {
  const file = join(directory, `random-${seed}.pcap`);
  const records = randomSegments(seed, 3000).map(({ bytes, ...time }) => pcapRecord(time, bytes));
  writeFileSync(file, Buffer.concat([pcapHeader(LinkType.EN10MB), ...records]));
  expect(differences(file, readCapture(readFileSync(file)).packets)).toEqual([]);
});

test.each([
  'lossy-sender.pcap',
  'lossy-receiver.pcap',
  'bridge.pcapng',
  'uplink.pcap',
  'etcd.pcapng',
  'tls.pcapng',
  'bgp.pcapng',
])('what happened in %s', (name) => {
  const file = fileURLToPath(new URL(`../captures/${name}`, import.meta.url));
  expect(differences(file, readCapture(readFileSync(file)).packets)).toEqual([]);
});

test.each(
  [54, 58, 60, 70].flatMap((kept) =>
    ['lossy-sender.pcap', 'lossy-receiver.pcap'].map((name): readonly [number, string] => [kept, name]),
  ),
)('what is known of the first %i bytes of every packet in %s', (kept, name) => {
  const { packets } = readCapture(readFileSync(new URL(`../captures/${name}`, import.meta.url)));
  const records = packets.map((packet) => pcapRecord(packet, packet.bytes.subarray(0, kept), packet.originalLength));
  const file = join(directory, `${kept}-${name}`);
  writeFileSync(file, Buffer.concat([pcapHeader(LinkType.EN10MB), ...records]));
  expect(differences(file, readCapture(readFileSync(file)).packets)).toEqual([]);
});
