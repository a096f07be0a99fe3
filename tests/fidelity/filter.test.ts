// Display filters against Debian's tshark: the same packets of one capture that has everything, and the same refusals. And the
// registry of fields against what tshark says of their types, and against what the layers make of these packets.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CapturedPacket } from '../../src/capture/captured-packet.ts';
import { LinkType } from '../../src/capture/link-type.ts';
import { PcapngWriter } from '../../src/capture/pcapng-writer.ts';
import { readCapture } from '../../src/capture/read-capture.ts';
import { dissect } from '../../src/packet/dissect.ts';
import { columnsLine } from '../../src/packet/filter/columns.ts';
import { compileFilter } from '../../src/packet/filter/compile.ts';
import { allFields, canHave, fieldInfo } from '../../src/packet/filter/registry.ts';
import { FRAMES } from './corner-cases.ts';
import { ANSWERED, REFUSED } from './filters.ts';
import { SERVICE_FRAMES } from './service-cases.ts';
import { tsharkFields, tsharkFilters } from './tshark.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-filter-'));
afterAll(() => rmSync(directory, { recursive: true }));

const file = join(directory, 'everything.pcapng');
writeFileSync(file, everything());
const { packets: captured, interfaces } = readCapture(readFileSync(file));
const [first] = captured;
if (first === undefined) throw new Error('There is no packet to compare.');
const between = (from: CapturedPacket, to: CapturedPacket): number =>
  ((to.seconds - from.seconds) * 1e9 + to.nanoseconds - from.nanoseconds) / 1e9;
const packets = captured.map((packet, i) => {
  const { bytes, linkType, originalLength, seconds, nanoseconds } = packet;
  return {
    layers: dissect(bytes, linkType, originalLength),
    frame: {
      number: i + 1,
      bytes,
      originalLength,
      time: { seconds, nanoseconds },
      timeRelative: between(first, packet),
      timeDelta: between(captured[i - 1] ?? packet, packet),
      timeDeltaDisplayed: between(captured[i - 1] ?? packet, packet),
      interfaceName: interfaces[packet.interface] ?? null,
    },
  };
});

/** The recorded captures and the packets written by hand, on an interface for each. */
function everything(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'lockstep' });
  for (const name of ['bridge.pcapng', 'any.pcap', 'sll.pcap', 'uplink.pcap']) {
    const capture = readCapture(readFileSync(new URL(`captures/${name}`, import.meta.url)));
    const number = writer.addInterface({ name, linkType: capture.packets[0]?.linkType ?? LinkType.EN10MB });
    for (const { bytes, originalLength, seconds, nanoseconds } of capture.packets)
      writer.packet(number, { bytes, originalLength, time: { seconds, nanoseconds } });
  }
  const corner = writer.addInterface({ name: 'corner', linkType: LinkType.EN10MB });
  for (const [i, bytes] of [...Object.values(FRAMES), ...Object.values(SERVICE_FRAMES)].entries())
    writer.packet(corner, { bytes, time: { seconds: 1_795_405_455 + i, nanoseconds: 96_000 } });
  return Buffer.concat(chunks);
}

function passed(text: string): readonly number[] | string {
  const compiled = compileFilter(text);
  if (!compiled.ok) return compiled.error.message;
  return packets.filter((packet) => compiled.filter.matches(packet)).map(({ frame }) => frame.number);
}

test(`${ANSWERED.length} filters let the same packets through as tshark’s`, () => {
  const theirs = tsharkFilters(file, ANSWERED);
  expect(theirs.length).toBe(ANSWERED.length);
  const answers = ANSWERED.map((text, i) => ({ text, ours: passed(text), tshark: theirs[i] }));
  expect(answers.filter(({ ours, tshark }) => JSON.stringify(ours) !== JSON.stringify(tshark))).toEqual([]);
  // Filters that let nothing or everything through would prove little.
  const telling = answers.filter(({ ours }) => ours.length > 0 && ours.length < packets.length);
  expect(telling.length).toBeGreaterThan(ANSWERED.length / 2);
});

test(`${REFUSED.length} filters are refused here as there`, () => {
  const theirs = tsharkFilters(file, REFUSED);
  expect(REFUSED.filter((_, i) => typeof theirs[i] !== 'string')).toEqual([]);
  expect(REFUSED.filter((text) => typeof passed(text) !== 'string')).toEqual([]);
});

/** Where a field has one type in one header and another in the next, or fewer bits than bytes; and times of day, which are text here. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...['ipv6.flow', 'sll.pkttype', 'sll.halen'],
  ...['ntp.reftime', 'ntp.org', 'ntp.rec', 'ntp.xmt', 'dhcpv6.duidllt.time'],
]);

test('fields have the types that Wireshark gives them', () => {
  const output = execFileSync('tshark', ['-G', 'fields'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const types = new Map<string, Set<string>>();
  for (const line of output.split('\n')) {
    const [kind, , name = '', type = ''] = line.split('\t');
    if (kind === 'F') types.set(name, (types.get(name) ?? new Set()).add(type.replace('FT_', '').toLowerCase()));
    else if (kind === 'P') types.set(name, new Set(['protocol']));
  }
  const different = allFields().filter(({ name, type }) => {
    const theirs = types.get(name);
    const known = type === 'time' ? 'relative_time' : type;
    // Of etcd's calls Wireshark has no fields: those are ours.
    if (name.startsWith('etcd.')) return false;
    // The number of a packet has a type of its own there.
    if (type === 'uint32' && theirs?.has('framenum') === true) return false;
    return !ELSEWHERE.has(name) && theirs?.has(known) !== true && theirs?.has(`${known}z`) !== true;
  });
  expect(different.map(({ name, type }) => ({ name, type, theirs: [...(types.get(name) ?? [])] }))).toEqual([]);
});

test('the registry knows every field that a layer has, and says the same of it', () => {
  const wrong = new Set<string>();
  for (const { layers } of packets) {
    for (const layer of layers) {
      for (const { name, about, value } of layer.fields()) {
        const info = fieldInfo(name);
        const is = typeof value;
        const fits =
          info !== null &&
          (info.type === 'boolean' || is !== 'boolean') &&
          (info.type === 'string' || is !== 'string' || ['ipv4', 'ipv6', 'ether', 'protocol'].includes(info.type));
        // A name that two tables have is described by the first of them, a protocol in general.
        if (
          !fits ||
          !canHave(layer.protocol, name) ||
          (info.about !== about && name !== 'ip.version' && info.type !== 'protocol')
        )
          wrong.add(`${layer.protocol}: ${name} (${info?.type ?? 'unknown'}): ${about}`);
      }
    }
  }
  expect([...wrong]).toEqual([]);
});

test('a column of a field has the text of its occurrences', () => {
  const fields = allFields().filter(({ name, type }) => type !== 'protocol' && !name.startsWith('frame.'));
  const line = columnsLine(fields);
  for (const packet of packets) {
    const all = packet.layers.flatMap((layer) => layer.fields());
    const expected = fields.map(({ name, parts }) =>
      all
        .filter((field) => (parts ?? [name]).includes(field.name))
        .map(({ shown }) => shown)
        .join(','),
    );
    // A line for each column: a difference is found by its field.
    const named = (columns: readonly string[]): string[] => columns.map((text, i) => `${fields[i]?.name}: ${text}`);
    expect(named(line(packet).split('\t'))).toEqual(named(expected));
  }
});

test('columns of fields that stand for others, and of the frame, are tshark’s', () => {
  const names = [
    ...['eth.addr', 'eth.lg', 'eth.ig', 'ip.addr', 'ip.host', 'ipv6.addr', 'tcp.port', 'udp.port'],
    ...[
      'frame.number',
      'frame.len',
      'frame.cap_len',
      'frame.time_epoch',
      'frame.time_relative',
      'frame.time',
      'frame.time_delta',
      'frame.time_delta_displayed',
      'frame.interface_name',
    ],
  ];
  const line = columnsLine(names.flatMap((name) => fieldInfo(name) ?? []));
  const theirs = tsharkFields(file, names).map((packet) => names.map((name) => packet.get(name)?.join(',')).join('\t'));
  expect(packets.map((packet) => line(packet))).toEqual(theirs);
});

test('the protocols of every packet are tshark’s, but for what it finds inside bodies and certificates', () => {
  const line = columnsLine([fieldInfo('frame.protocols') ?? []].flat());
  const outer = (protocols: string): string =>
    protocols.replace(/:(?:x509\w+|pkcs-1|protobuf|urlencoded-form)(?=:|$)/g, '');
  const theirs = tsharkFields(file, ['frame.protocols']).map((packet) =>
    outer(packet.get('frame.protocols')?.join() ?? ''),
  );
  const differences = packets
    .map((packet, i) => ({ packet: i + 1, ours: line(packet), tshark: theirs[i] }))
    // A body's second segment is HTTP's by its port; of a quoted packet's last bytes tshark makes no layer.
    .filter(({ ours, tshark }) => ours !== tshark && ours.replace(/:data$/, ':http') !== tshark)
    .filter(({ ours, tshark }) => ours.replace(/(:icmp:.*):data$/, '$1') !== tshark);
  expect(differences).toEqual([]);
});
