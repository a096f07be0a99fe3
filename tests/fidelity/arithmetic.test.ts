// Sums in filters against tshark, on packets whose numbers lie at the edges: zero, the largest, and where a sign begins.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LinkType } from '../../src/capture/link-type.ts';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { dissect } from '../../src/packet/dissect.ts';
import { compileFilter } from '../../src/packet/filter/compile.ts';
import { ethernet, hex, ipv4, ipv6, join } from './corner-cases.ts';
import { tsharkFilters } from './tshark.ts';

const directory = mkdtempSync(path(tmpdir(), 'lockstep-arithmetic-'));
afterAll(() => rmSync(directory, { recursive: true }));

const ports = (source: number, destination: number): Uint8Array =>
  Uint8Array.of(source >>> 8, source & 0xff, destination >>> 8, destination & 0xff);

function segment(ttl: number, source: number, destination: number, sequence: string, acknowledgment: string) {
  const packet = ipv4(6, join(ports(source, destination), hex(`${sequence} ${acknowledgment} 5010 2000 0000 0000`)));
  packet[8] = ttl;
  return ethernet('0800', packet);
}

const PACKETS: readonly Uint8Array[] = [
  segment(63, 80, 40000, '00000000', '00000000'),
  segment(64, 40000, 80, '00000001', '00000002'),
  segment(65, 5, 5, '7fffffff', '00000005'),
  segment(1, 1, 2, '80000000', '80000001'),
  segment(255, 65535, 1, 'ffffffff', '00000001'),
  segment(64, 1, 1, 'fffffffe', 'ffffffff'),
  segment(0, 0, 65535, '80000001', '7fffffff'),
  ethernet('86dd', ipv6(6, join(ports(9, 90), hex('00000007 00000008 5010 2000 0000 0000')))),
];

const file = path(directory, 'edges.pcap');
const records = PACKETS.map((bytes, i) => pcapRecord({ seconds: 1000 + i, nanoseconds: 0 }, bytes));
writeFileSync(file, Buffer.concat([pcapHeader(LinkType.EN10MB), ...records]));

function passed(text: string): readonly number[] | string {
  const compiled = compileFilter(text);
  if (!compiled.ok) return compiled.error.message;
  const numbers = PACKETS.map((bytes, i) => {
    const frame = {
      ...{ number: i + 1, bytes, originalLength: bytes.length, timeRelative: i, interfaceName: null },
      time: { seconds: 1000 + i, nanoseconds: 0 },
    };
    return compiled.filter.matches({ layers: dissect(bytes, LinkType.EN10MB), frame }) ? i + 1 : 0;
  });
  return numbers.filter((number) => number > 0);
}

const FIELDS = ['ip.ttl', 'tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.ack_raw', 'frame.len'];
const NUMBERS = ['0', '1', '2', '64', '255', '-1', '-2', '-64'];
const OPERATORS = ['+', '-', '*', '/', '%', '&'];
const RELATIONS = ['==', '!=', '<', '<=', '>', '>=', '===', '!=='];

/** Every field with every operator and number, and every pair of fields; the relation and what stands right of it change from one to the next. */
function sums(): string[] {
  const all: string[] = [];
  const add = (left: string, rights: readonly string[]): void => {
    const n = all.length;
    all.push(`${left} ${RELATIONS[n % RELATIONS.length]} ${rights[(n * 7) % rights.length]}`);
  };
  for (const field of FIELDS) {
    for (const op of OPERATORS) {
      for (const number of NUMBERS) add(`${field} ${op} ${number}`, NUMBERS);
      for (const other of FIELDS) {
        if (width(other) !== width(field)) continue;
        add(`${field} ${op} ${other}`, NUMBERS);
        add(`{${field} - ${other}} ${op} 3`, NUMBERS);
        add(`-${field} ${op} ${other}`, NUMBERS);
      }
    }
    add(`-${field}`, NUMBERS);
    add(`abs(${field} - 64)`, NUMBERS);
    add(`max(${field} - 64, ${field})`, NUMBERS);
    add(`min(${field}, ${field} - 64)`, NUMBERS);
  }
  return all;
}

const width = (field: string): number => (field === 'ip.ttl' ? 8 : field.endsWith('port') ? 16 : 32);

const BY_HAND = [
  'ip.ttl - 64 < 0',
  'tcp.srcport - tcp.dstport < 0',
  'tcp.port - 80 < 0',
  'all tcp.port - 80 < 0',
  'abs(ip.ttl - 64) == 1',
  'ip.ttl - 64',
  'ip.ttl - ip.hdr_len * 3 < 5',
  'ip.ttl > ip.ttl - 64',
  '{ip.ttl - 64} + 64 > -1',
  'ip.ttl == 1 - 64',
  'ip.ttl == 64 / 0',
  'ip.ttl == 200 + 100',
  'ip.ttl != 200 + 100',
  'tcp.seq_raw == 4294967295 + 1',
  'tcp.seq_raw == 2 * 2147483647 + 1',
  'tcp.seq_raw & 0x80000000 < 0',
  'tcp.seq_raw & 0x80000000',
  'ip.ttl in {-1 .. 5}',
  'ip.src & 255.0.0.0 == 172.0.0.0',
  'ip.src & 255.0.0.0 == 172.0.0.0/8',
  'ip.src & 255.0.0.0 < 173.0.0.0',
  'ip.src & 0.0.0.255',
  'ip.src & 0.0.0.0',
  'ip.addr & 0.0.0.3 == 0.0.0.3',
  'ip.src & ip.dst == 172.17.0.2',
  'ip.src == 172.17.0.255 & 255.255.0.2',
  'ipv6.src & ffff:: == fd00::',
  'ipv6.src & ::ff',
  'ipv6.src & ::fc',
  'ipv6.src & ipv6.dst == fd00:17::2',
  'eth.src & ff:ff:ff:00:00:00 == 02:42:ac:00:00:00',
  'eth.src & eth.dst == 02:42:ac:11:00:02',
  'frame.time_relative - 1 < 0',
  '-frame.time_relative < -3',
  'abs(frame.time_relative - 1) == 1',
  'len(ip.src) - 5 == -1',
];

test('sums of whole numbers and of addresses let the same packets through as tshark’s', () => {
  const filters = [...BY_HAND, ...sums()];
  const theirs = tsharkFilters(file, filters);
  const answers = filters.map((text, i) => ({ text, ours: passed(text), tshark: theirs[i] ?? '' }));
  const different = answers.filter(({ ours, tshark }) =>
    typeof ours === 'string' || typeof tshark === 'string' ? typeof ours !== typeof tshark : `${ours}` !== `${tshark}`,
  );
  expect(different).toEqual([]);
  expect(answers.filter(({ ours }) => ours.length > 0 && ours.length < PACKETS.length).length).toBeGreaterThan(200);
});
