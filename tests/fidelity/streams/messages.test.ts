// Messages that lie in several segments, against Debian's tshark as it is by default: it puts them together, and shows them where they are complete.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readCapture } from '../../../src/capture/read-capture.ts';
import { dissect } from '../../../src/packet/dissect.ts';
import { Watcher } from '../../../src/packet/stream/watcher.ts';
import { summarize } from '../../../src/packet/summary.ts';
import { COMPARED_FIELDS } from '../compared-fields.ts';
import { tsharkFields } from '../tshark.ts';

const FIELDS = [
  ...COMPARED_FIELDS.filter((name) => /^(dns|http|tls|bgp|http2|grpc)\./.test(name)),
  ...['tcp.segment', 'tcp.segment.count', 'tcp.reassembled.length'],
];

const PREFERENCES = ['tcp.desegment_tcp_streams:TRUE'];
const PART = '[TCP segment of a reassembled PDU]';

test.each([
  'messages.pcapng',
  'etcd.pcapng',
  'continuation.pcap',
  'bgp.pcapng',
  'tls.pcapng',
  'uplink.pcap',
  'bridge.pcapng',
])('%s has every message where tshark has it, with the same values', (name) => {
  const file = fileURLToPath(new URL(`../captures/${name}`, import.meta.url));
  const theirs = tsharkFields(file, [...FIELDS, 'tls.record.opaque_type', '_ws.col.Info'], PREFERENCES);
  const watcher = new Watcher();
  const differences: string[] = [];
  for (const [i, packet] of readCapture(readFileSync(file)).packets.entries()) {
    const { bytes, linkType, originalLength } = packet;
    const facts = watcher.see(packet, i + 1, '');
    const fields = dissect(bytes, linkType, originalLength, facts).flatMap((layer) => layer.fields());
    for (const field of FIELDS) {
      const ours = fields.filter((each) => each.name === field).map(({ shown }) => shown);
      const expected = [...(theirs[i]?.get(field) ?? [])];
      if (field === 'tls.record.content_type') expected.push(...(theirs[i]?.get('tls.record.opaque_type') ?? []));
      if (ours.join('|') !== expected.join('|'))
        differences.push(`${i + 1}: ${field} is ${ours.join('|')}, tshark says ${expected.join('|')}`.slice(0, 200));
    }
    const { info } = summarize(bytes, linkType, originalLength, facts);
    const line = theirs[i]?.get('_ws.col.Info')?.join() ?? '';
    if (line.endsWith(PART) !== info.endsWith(PART)) differences.push(`${i + 1}: ${info}, tshark says ${line}`);
  }
  expect(differences.slice(0, 20)).toEqual([]);
});
