import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readPcapng } from '../capture/pcapng.ts';
import { dissect } from './dissect.ts';
import { startsHttp2 } from './http2.ts';
import { summarize } from './summary.ts';

const file = readFileSync(new URL('../../tests/fidelity/captures/etcd.pcapng', import.meta.url));
const { packets } = readPcapng(file);

test('etcd’s calls have their names', () => {
  const calls = packets
    .map(({ bytes, linkType }) => summarize(bytes, linkType))
    .filter(({ protocol, info }) => protocol === 'GRPC' && info.includes('POST'))
    .map(({ info }) => /POST (\S+),/.exec(info)?.[1]);
  expect(calls).toEqual([
    '/etcdserverpb.Watch/Watch',
    '/etcdserverpb.KV/Put',
    '/etcdserverpb.KV/Range',
    '/etcdserverpb.Lease/LeaseGrant',
    '/etcdserverpb.KV/DeleteRange',
    '/etcdserverpb.Cluster/MemberList',
  ]);
});

test('gRPC’s messages lie inside HTTP/2’s frames', () => {
  const put = packets.find(({ bytes, linkType }) => summarize(bytes, linkType).info.includes('KV/Put'));
  const layers = put === undefined ? [] : dissect(put.bytes, put.linkType);
  const [http2, grpc] = layers.slice(-2);
  expect(layers.map(({ protocol }) => protocol)).toEqual(['eth', 'ip', 'tcp', 'http2', 'grpc']);
  expect(http2?.named('http2.headers.path')[0]).toMatchObject({ value: '/etcdserverpb.KV/Put' });
  const message = grpc?.named('grpc.message_data')[0];
  expect(Buffer.from(message?.value as Uint8Array).toString()).toContain('/coreos.com/network/config');
  expect(grpc?.parent).toBe(http2);
});

test('a header that is only a number says that an earlier packet has it', () => {
  // A second call of one connection, written as gRPC does: everything but the path is in the table.
  const frame = Uint8Array.from(
    Buffer.from(
      '0242ac1100030242ac1100020800450000424100400040060000ac110002ac1100030400094b112233445566778850180100000000000000100104000000038386c2c1c0bf44082f612e622f636465',
      'hex',
    ),
  );
  const layer = dissect(frame, 1).find(({ protocol }) => protocol === 'http2');
  expect(layer).toMatchObject({ needsStream: true });
  expect(layer?.info()).toBe('HEADERS[3]: POST /a.b/cde');
  expect(layer?.named('http2.header.index').map(({ value, meaning }) => [value, meaning])).toEqual([
    [3, ''],
    [6, ''],
    [66, 'headers that an earlier packet said'],
    [65, 'headers that an earlier packet said'],
    [64, 'headers that an earlier packet said'],
    [63, 'headers that an earlier packet said'],
    [4, ''],
  ]);
});

test('data is not taken for frames', () => {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
  const starts = (hex: string): boolean => startsHttp2(bytes(hex), 0, bytes(hex).length);
  expect(starts('000000 04 00 00000000')).toBe(true);
  expect(starts('000000 04 00 00000000 000008')).toBe(true); // the next frame's head is in the next segment
  expect(starts('000000 04 00 00000000 ffffff ffff ffffffff')).toBe(false);
  expect(starts('000000 04 00 00000001')).toBe(false); // settings of a stream
  expect(starts('000000 00 00 00000000')).toBe(false); // data of no stream
  expect(starts('000007 06 00 00000000')).toBe(false); // a ping of seven bytes
  expect(starts('000000 0b 00 00000000')).toBe(false);
  expect(starts('001d00 01 01 00000100 00010000')).toBe(false); // of a frame's bytes, hardly more than its head
  expect(starts('000000 00 00 00000001')).toBe(false); // no data of one stream: zeros, nearly
  expect(starts('000000000000000000')).toBe(false);
});
