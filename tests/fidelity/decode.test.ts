// Our decoder against Debian's tshark, field by field: captures from a bridge, a cooked tap and an uplink with VXLAN, and
// the corner cases written by hand. Also: what our pcapng writer makes, tshark opens.
import { execFileSync } from 'node:child_process';
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
import { noteTexts } from '../../src/recording/notes/note.ts';
import { COMPARED_FIELDS } from './compared-fields.ts';
import { BROKEN, FRAMES } from './corner-cases.ts';
import { SERVICE_FRAMES } from './service-cases.ts';
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
  'tunnels, services and lengths': written(
    'services.pcap',
    LinkType.EN10MB,
    Object.values(SERVICE_FRAMES).map((bytes) => ({ bytes })),
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
    .replace(' SSHv2 ', ' SSH ') // of the first banner alone tshark says less
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
    const line = last?.protocol === '_ws.malformed' ? last.line : null;
    expect(summarize(bytes, LinkType.EN10MB).info).toContain(line ?? '[Malformed Packet]');
  });

  test('says of a length or a version that cannot be what tshark says', () => {
    const ours = cases.map(([, [bytes]]) => {
      const { source, destination, info } = summarize(bytes, LinkType.EN10MB);
      return { source, destination, info };
    });
    const theirs = tsharkSummaries(file).map(({ source, destination, info }) => ({ source, destination, info }));
    const about = theirs.flatMap(({ info }, i) => (/bogus|BAD/i.test(info) ? [i] : []));
    expect(about.length).toBeGreaterThan(5);
    expect(about.map((i) => ours[i])).toEqual(about.map((i) => theirs[i]));
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

/** Those of which tshark marks every cut as we do: it looks into none of them before it knows what they are. */
const CUT = [
  ...['TCP with every option of a SYN', 'DNS with EDNS', 'DNS over TCP', 'VXLAN in VXLAN', 'BGP update'],
  ...['neighbour solicitation with a nonce', 'NTP server', 'DHCPv6 advertise', 'NBNS answer', 'SCTP acknowledgment'],
  ...['SSH server’s key', 'SSH, encrypted', 'IGMPv3 report', 'GRE with a source route', 'BFD, a session that is up'],
];

test('a packet that the capture cut off is short where tshark says so, too', () => {
  const cuts = CUT.flatMap((name) => {
    const whole = FRAMES[name] ?? SERVICE_FRAMES[name] ?? new Uint8Array();
    return Array.from({ length: whole.length - 14 }, (_, i) => ({
      name: `${name}, ${14 + i} bytes`,
      bytes: whole.subarray(0, 14 + i),
      originalLength: whole.length,
    }));
  });
  const theirs = tsharkSummaries(written('short.pcap', LinkType.EN10MB, cuts));
  const isShort = (i: number): boolean => theirs[i]?.info.includes('[Packet size limited during capture]') === true;
  const ours = cuts.map(
    ({ bytes, originalLength }) => dissect(bytes, LinkType.EN10MB, originalLength).at(-1)?.protocol,
  );
  expect(cuts.length).toBeGreaterThan(1000);
  expect(cuts.filter((_, i) => isShort(i) !== (ours[i] === '_ws.short')).map(({ name }) => name)).toEqual([]);
});

test('what the capture cut off is never called malformed', () => {
  const wrong: string[] = [];
  for (const [name, whole] of Object.entries({ ...FRAMES, ...SERVICE_FRAMES }))
    for (let length = 0; length < whole.length; length++) {
      const last = dissect(whole.subarray(0, length), LinkType.EN10MB, whole.length).at(-1);
      const isWrong = last?.protocol === '_ws.malformed' && !name.startsWith('UDP length of more');
      if (isWrong) wrong.push(`${name}, ${length} bytes`);
    }
  expect(wrong).toEqual([]);
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

test('tshark, capinfos and editcap pass over what is noted between the packets: none is listed, none is refused', () => {
  const [cooked] = read(CAPTURES['a cooked tap, version 2'] ?? '');
  const bytes = cooked?.bytes ?? new Uint8Array();
  const written = (notes: boolean): string => {
    const chunks: Uint8Array[] = [];
    const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'lockstep' });
    const note = (name: string): void => {
      if (notes) for (const text of noteTexts({ lab: name, context: { topology: { devices: [] } } })) writer.note(text);
    };
    note('before the first interface');
    for (const seconds of [1, 2, 3]) {
      const number = writer.addInterface({ name: `host-0${seconds}/eth0`, linkType: LinkType.LINUX_SLL2 });
      note('of the next packet');
      writer.packet(number, { bytes, time: { seconds, nanoseconds: 0 } });
    }
    note('at the end');
    const file = join(directory, notes ? 'noted.pcapng' : 'plain.pcapng');
    writeFileSync(file, Buffer.concat(chunks));
    return file;
  };
  const names = ['frame.number', 'frame.interface_name', 'frame.time_epoch', 'frame.protocols', 'frame.comment'];
  const noted = written(true);
  expect(tsharkFields(noted, names)).toEqual(tsharkFields(written(false), names));
  expect(tsharkFields(noted, names)).toHaveLength(3);
  expect(execFileSync('capinfos', ['-T', '-r', '-c', noted], { encoding: 'utf8' })).toMatch(/\t3\s*$/);
  const copy = join(directory, 'copied.pcapng');
  execFileSync('editcap', [noted, copy], { stdio: 'pipe' });
  expect(tsharkFields(copy, names)).toHaveLength(3);
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
