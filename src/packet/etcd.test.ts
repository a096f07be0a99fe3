import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCapture } from '../capture/read-capture.ts';
import { DataLayer } from './data.ts';
import { dissect } from './dissect.ts';
import { readEtcd } from './etcd.ts';
import { FieldSink } from './field.ts';
import { walkFields } from './field-reader.ts';
import { Watcher } from './stream/watcher.ts';
import { summarize } from './summary.ts';

const recorded = (name: string) =>
  readCapture(readFileSync(new URL(`../../tests/fidelity/captures/${name}`, import.meta.url))).packets;

/** What each message of a capture says, without the headers that all answers have. */
function told(name: string): string[] {
  const watcher = new Watcher();
  return recorded(name).flatMap((packet, i) => {
    const { bytes, linkType, originalLength } = packet;
    const facts = watcher.see(packet, i + 1, '');
    const fields = dissect(bytes, linkType, originalLength, facts)
      .flatMap((layer) => layer.fields())
      .filter((field) => field.name.startsWith('etcd.') && !/cluster_id|member_id|raft_term|\.value/.test(field.name));
    return fields.length === 0
      ? []
      : [fields.map((field) => `${field.name.slice(5)}=${field.meaning || field.shown}`).join(' ')];
  });
}

test('questions and answers of etcd say which keys, which revision, which lease', () => {
  const key = 'key=/coreos.com/network/config';
  expect(told('etcd.pcapng')).toEqual([
    'method=Watch/Watch key=/coreos.com/network range_end=/coreos.com/networl',
    'method=Watch/Watch response=1 revision=1 watch.created=1',
    `method=KV/Put ${key}`,
    `method=Watch/Watch response=1 revision=2 event.type=PUT ${key} create_revision=2 mod_revision=2 version=1`,
    'method=KV/Put response=1 revision=2',
    `method=KV/Range ${key}`,
    `method=KV/Range response=1 revision=2 ${key} create_revision=2 mod_revision=2 version=1 count=1`,
    'method=Lease/LeaseGrant ttl=60',
    'method=Lease/LeaseGrant response=1 revision=2 lease=7587899144473515783 ttl=60',
    `method=KV/DeleteRange ${key}`,
    `method=Watch/Watch response=1 revision=3 event.type=DELETE ${key} mod_revision=3`,
    'method=KV/DeleteRange response=1 revision=3 deleted=1',
    'method=Cluster/MemberList',
    expect.stringContaining('method=Cluster/MemberList response=1 member.name=default'),
  ]);
});

test('the call of a second question is known by what an earlier packet has said', () => {
  const watcher = new Watcher();
  const lines = recorded('continuation.pcap').map((packet, i) => {
    const { bytes, linkType, originalLength } = packet;
    return summarize(bytes, linkType, originalLength, watcher.see(packet, i + 1, '')).info;
  });
  expect(lines).toEqual([
    'Magic, SETTINGS[0], HEADERS[1], CONTINUATION[1], CONTINUATION[1], DATA[1] (GRPC) [etcd: Range /foo]',
    'HEADERS[3]: POST /etcdserverpb.KV/Range, DATA[3] (GRPC) [etcd: Range /bar]',
  ]);
});

test('where a part of the connection is missing, its table of headers is not trusted', () => {
  const [first, second] = recorded('continuation.pcap');
  if (first === undefined || second === undefined) throw new Error('The capture has two packets.');
  const later = second.bytes.slice();
  later[41] = (later[41] ?? 0) + 9; // the sequence number: nine bytes never came
  const watcher = new Watcher();
  watcher.see(first, 1, '');
  const { linkType, originalLength } = second;
  const { info } = summarize(later, linkType, originalLength, watcher.see({ ...second, bytes: later }, 2, ''));
  expect(info).not.toContain('etcd');
});

test('any bytes at all: fields lie inside them, and nothing is thrown', () => {
  const methods = ['KV/Range', 'KV/Txn', 'Watch/Watch', 'Lease/LeaseGrant', 'Cluster/MemberList', 'No/Such'];
  const call = fc.record({
    path: fc.constantFrom(...methods).map((name) => `/etcdserverpb.${name}`),
    isRequest: fc.boolean(),
  });
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom([0x0a, 4, 0x22, 2, 0x0a, 0], [0x12, 3, 0x22, 1, 0x08]),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), call, (pieces, one) => {
      const bytes = Uint8Array.from(pieces.flatMap((part) => [...part]));
      const layer = new DataLayer(bytes, 0, bytes.length, null);
      const sink = new FieldSink(null);
      expect(walkFields(layer, (reader) => readEtcd(reader, 0, bytes.length, one), sink)).toBeNull();
      return sink.fields.every(({ offset, length }) => offset >= 0 && offset + length <= bytes.length);
    }),
  );
});
