// Our decoder against Debian's tshark, field by field: captures from a bridge, a cooked tap and an uplink with VXLAN, and
// the corner cases written by hand. Also: what our pcapng writer makes, tshark opens.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { CapturedPacket } from '../../src/capture/captured-packet.ts';
import { LinkType } from '../../src/capture/link-type.ts';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { PcapngWriter } from '../../src/capture/pcapng-writer.ts';
import { readCapture } from '../../src/capture/read-capture.ts';
import { dissect } from '../../src/packet/dissect.ts';
import { summarize } from '../../src/packet/summary.ts';
import { COMPARED_FIELDS } from './compared-fields.ts';
import { BROKEN, FRAMES } from './corner-cases.ts';
import { tsharkFields, tsharkHosts, tsharkSummaries } from './tshark.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-fidelity-'));
afterAll(() => rmSync(directory, { recursive: true }));

const recorded = (name: string): string => fileURLToPath(new URL(`captures/${name}`, import.meta.url));

function written(
  name: string,
  linkType: number,
  packets: readonly { bytes: Uint8Array; originalLength?: number }[],
): string {
  const file = join(directory, name);
  const records = packets.map(({ bytes, originalLength }, i) =>
    pcapRecord({ seconds: 1_795_405_455 + i, nanoseconds: 96_000 }, bytes, originalLength),
  );
  writeFileSync(file, Buffer.concat([pcapHeader(linkType), ...records]));
  return file;
}

const withoutHeader = (bytes: Uint8Array): Uint8Array => bytes.subarray(14);
const ipFrames = Object.values(FRAMES).filter(
  (frame) => (frame[12] === 0x08 && frame[13] === 0x00) || frame[12] === 0x86,
);
const afNull = (frame: Uint8Array): Uint8Array =>
  Uint8Array.of(frame[12] === 0x86 ? 30 : 2, 0, 0, 0, ...withoutHeader(frame));

const CAPTURES: Readonly<Record<string, string>> = {
  'a bridge with two containers': recorded('bridge.pcapng'),
  'a cooked tap, version 2': recorded('any.pcap'),
  'a cooked tap, version 1': recorded('sll.pcap'),
  'an uplink with VXLAN': recorded('uplink.pcap'),
  'two bridges with spanning tree, DHCP, router advertisements': recorded('joining.pcapng'),
  'a route server and its neighbour': recorded('bgp.pcapng'),
  'an API server’s port': recorded('tls.pcapng'),
  'etcd and its client': recorded('etcd.pcapng'),
  'corner cases': written(
    'corner.pcap',
    LinkType.EN10MB,
    Object.values(FRAMES).map((bytes) => ({ bytes })),
  ),
  'corner cases without a link layer': written(
    'raw.pcap',
    LinkType.RAW,
    ipFrames.map((frame) => ({ bytes: withoutHeader(frame) })),
  ),
  'corner cases on BSD loopback': written(
    'null.pcap',
    LinkType.NULL,
    ipFrames.map((frame) => ({ bytes: afNull(frame) })),
  ),
};

const read = (file: string): readonly CapturedPacket[] => {
  const capture = readCapture(readFileSync(file));
  expect(capture.error).toBeNull();
  return capture.packets;
};

const seen = new Set<string>();

describe.each(Object.entries(CAPTURES))('%s', (_, file) => {
  const packets = read(file);

  test('has every field that tshark has, with the same value', () => {
    const theirs = tsharkFields(file, [...COMPARED_FIELDS, 'tls.record.opaque_type']);
    expect(theirs.length).toBe(packets.length);
    const differences: string[] = [];
    for (const [i, packet] of packets.entries()) {
      const layers = dissect(packet.bytes, packet.linkType, packet.originalLength);
      const fields = layers.flatMap((layer) => layer.fields());
      const needsStream = layers.some((layer) => layer.protocol === 'http2' && layer.needsStream);
      for (const name of COMPARED_FIELDS) {
        // tshark knows the headers that an earlier packet said.
        if (needsStream && name.startsWith('http2.header')) continue;
        const ours = fields.filter((field) => field.name === name).map((field) => field.shown);
        const expected = [...(theirs[i]?.get(name) ?? [])];
        // Once it has seen a hello of TLS 1.3, tshark calls the type of encrypted records opaque. We see one packet alone.
        if (name === 'tls.record.content_type') expected.push(...(theirs[i]?.get('tls.record.opaque_type') ?? []));
        if (expected.length > 0) seen.add(name);
        // A router may quote eight bytes of TCP: tshark leaves out the sequence number that they end with.
        if (name === 'tcp.seq_raw' && expected.length === (theirs[i]?.get('tcp.flags')?.length ?? 0))
          ours.length = expected.length;
        if (ours.join('|') !== expected.join('|'))
          differences.push(`packet ${i + 1}: ${name} is ${ours.join('|')}, tshark says ${expected.join('|')}`);
      }
    }
    expect(differences).toEqual([]);
  });

  test('finds a field by name as it lists it', () => {
    for (const packet of packets) {
      for (const layer of dissect(packet.bytes, packet.linkType, packet.originalLength)) {
        const fields = layer.fields();
        for (const name of new Set(fields.map((field) => field.name)))
          expect(layer.named(name)).toEqual(fields.filter((field) => field.name === name));
      }
    }
  });

  test('has the line of every packet', () => {
    const theirs = tsharkSummaries(file).map(
      ({ source, destination, protocol, info }) => `${source} → ${destination} ${protocol} ${info}`,
    );
    const ours = packets.map((packet) => {
      const { source, destination, protocol, info } = summarize(packet.bytes, packet.linkType, packet.originalLength);
      return `${source} → ${destination} ${protocol} ${info}`;
    });
    expect(ours.length).toBe(theirs.length);
    const differences = theirs
      .map((line, i) => ({ packet: i + 1, ours: stateless(ours[i] ?? ''), tshark: stateless(line) }))
      .filter((line) => line.ours !== line.tshark && !isContinuation(line.tshark));
    expect(differences).toEqual([]);
  });
});

/** What tshark knows from other packets: the answer's request, the window's scale, TLS's version; and the blank at the end of HTTP's lines. */
const stateless = (line: string): string =>
  line
    .replace(/ \((request|reply) in \d+\)| \(no response found!\)/, '')
    .replace(/ Win=\d+/, '')
    .replace(' GRPCHTTP2 ', ' GRPC ')
    .replaceAll(' (PROTOBUF)', '')
    .replace(/ \[etcd: .*\]$/, '') // ours
    .replace(/ TLSv1(\.\d)? /, ' TLS ')
    .replace(' [BoundErrorUnreassembled Packet]', '') // asks for the next segment
    .replace(/ +/g, ' ')
    .trimEnd();

/** A body's second segment: tshark knows from the port that it is HTTP's, we say TCP. */
const isContinuation = (line: string): boolean => line.endsWith(' HTTP Continuation');

test('every compared field was in some capture', () => {
  expect(COMPARED_FIELDS.filter((name) => !seen.has(name))).toEqual([]);
});

describe('a broken packet', () => {
  const cases = Object.entries(BROKEN);
  const file = written(
    'broken.pcap',
    LinkType.EN10MB,
    cases.map(([, [bytes]]) => ({ bytes })),
  );

  test.each(cases)('%s says where decoding stopped', (_, [bytes, at]) => {
    const last = dissect(bytes, LinkType.EN10MB).at(-1);
    expect(last).toMatchObject({ protocol: '_ws.malformed', of: at });
    expect(last?.offset).toBeLessThanOrEqual(bytes.length);
    expect(summarize(bytes, LinkType.EN10MB).info).toContain('[Malformed Packet]');
  });

  test('has the same addresses and ports as tshark gives it', () => {
    const names = [
      'eth.src',
      'eth.type',
      'ip.version',
      'tcp.srcport',
      'tcp.dstport',
      'udp.srcport',
      'udp.dstport',
      'dns.id',
    ];
    const theirs = tsharkFields(file, names).map((packet) => names.map((name) => packet.get(name)?.join('|')));
    const ours = cases.map(([, [bytes]]) => {
      const fields = dissect(bytes, LinkType.EN10MB).flatMap((layer) => layer.fields());
      return names.map((name) =>
        fields
          .filter((field) => field.name === name)
          .map((field) => field.shown)
          .join('|'),
      );
    });
    expect(ours).toEqual(theirs);
  });
});

test('a packet that the capture cut off is short, not malformed, as tshark says too', () => {
  const whole = FRAMES['TCP with every option of a SYN'] as Uint8Array;
  const lengths = [...whole.keys()].filter((length) => length >= 14 && length !== 14 && length !== 34);
  const file = written(
    'short.pcap',
    LinkType.EN10MB,
    lengths.map((length) => ({ bytes: whole.subarray(0, length), originalLength: whole.length })),
  );
  const theirs = tsharkSummaries(file).map(({ info }) => info.includes('[Packet size limited during capture]'));
  const ours = lengths.map(
    (length) => dissect(whole.subarray(0, length), LinkType.EN10MB, whole.length).at(-1)?.protocol === '_ws.short',
  );
  expect(ours).toEqual(theirs);
  expect(new Set(ours)).toContain(true);
});

test('tshark opens what the pcapng writer makes: interfaces, link types, times, lengths, comments, directions', () => {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'lockstep' });
  const bridge = writer.addInterface({ name: 'host-01/docker0', linkType: LinkType.LINUX_SLL2 });
  const [cooked] = read(CAPTURES['a cooked tap, version 2'] ?? '');
  const bytes = cooked?.bytes ?? new Uint8Array();
  writer.packet(bridge, {
    bytes,
    time: { seconds: 1_795_405_455, nanoseconds: 96_123_000 },
    direction: 'in',
    comment: 'held for a minute: größer',
  });
  const wire = writer.addInterface({
    name: 'wire-1',
    linkType: LinkType.EN10MB,
    resolution: 9,
    description: 'between the hosts',
  });
  const frame = FRAMES['VLAN tag'] as Uint8Array;
  writer.packet(wire, {
    bytes: frame,
    originalLength: frame.length + 7,
    time: { seconds: 1_795_405_455, nanoseconds: 96_123_456 },
  });
  writer.packet(bridge, { bytes, time: { seconds: 1_795_405_456, nanoseconds: 0 }, direction: 'out' });
  const file = join(directory, 'written.pcapng');
  writeFileSync(file, Buffer.concat(chunks));

  const names = [
    'frame.interface_name',
    'frame.interface_description',
    'frame.time_epoch',
    'frame.len',
    'frame.cap_len',
    'frame.comment',
    'frame.packet_flags_direction',
    'frame.protocols',
  ];
  const packets = tsharkFields(file, names).map((packet) => names.map((name) => packet.get(name)?.join('|')));
  expect(packets).toEqual([
    [
      'host-01/docker0',
      '',
      '1795405455.096123000',
      `${bytes.length}`,
      `${bytes.length}`,
      'held for a minute: größer',
      '0x00000001',
      'sll:ethertype:arp',
    ],
    [
      'wire-1',
      'between the hosts',
      '1795405455.096123456',
      `${frame.length + 7}`,
      `${frame.length}`,
      '',
      '',
      'eth:ethertype:vlan:ethertype:ip:icmp:data',
    ],
    [
      'host-01/docker0',
      '',
      '1795405456.000000000',
      `${bytes.length}`,
      `${bytes.length}`,
      '',
      '0x00000002',
      'sll:ethertype:arp',
    ],
  ]);
});

test('tshark takes the pcapng writer’s names for addresses, and passes over its statistics', () => {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'lockstep' });
  const number = writer.addInterface({ name: 'docker0', linkType: LinkType.RAW });
  const time = { seconds: 1_795_405_455, nanoseconds: 0 };
  writer.names([
    ['172.17.0.2', ['first', 'web.example']], // of several it shows the last
    ['172.17.0.3', ['größer']],
  ]);
  writer.statistics(number, { time, received: 2n, dropped: 0n });
  const bytes = Uint8Array.from(Buffer.from('450000146c3e000040010000ac110002ac110003', 'hex'));
  writer.packet(number, { bytes, time });
  const file = join(directory, 'names.pcapng');
  writeFileSync(file, Buffer.concat(chunks));
  expect(tsharkHosts(file)).toEqual(['web.example\tgrößer']);
});
