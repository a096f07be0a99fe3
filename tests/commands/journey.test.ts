// `lockstep journey` as a person uses it, on captures of a real network (src/journey/fixtures/README.md).
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { timestampOf } from '../../src/capture/captured-packet.ts';
import { PcapngWriter } from '../../src/capture/pcapng-writer.ts';
import { root } from '../../src/cli/setup/root.mjs';
import { hopsOfCapture } from '../../src/hop/hops-of-capture.ts';
import { parseNftTrace } from '../../src/journey/evidence/nft-trace.ts';
import type { JourneyJson } from '../../src/journey/journey-json.ts';
import { noteTexts } from '../../src/recording/notes/note.ts';

const fixtures = join(root, 'src/journey/fixtures');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-journey-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function journey(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'src/cli/lockstep.mjs'), 'journey', ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

test('follows packets through NAT with what conntrack says, one JSON object a journey', async () => {
  const evidence = `host-01: ${join(fixtures, 'masquerade.host-01.conntrack.txt')}`;
  const { code, stdout, stderr } = await journey(join(fixtures, 'masquerade.pcapng'), '--evidence', evidence, '--json');
  expect([code, stderr]).toEqual([0, '']);
  const journeys = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JourneyJson);
  const request = journeys.find(({ summary }) => /request.*seq=1\//.test(summary));
  expect(request?.hops.map(({ at }) => at)).toEqual([
    'host-01/vethcli',
    'host-01/docker0',
    'host-01/eth0',
    'wire/lan',
    'host-02/eth0',
  ]);
  expect(request?.hops[2]?.changes).toContainEqual(expect.objectContaining({ field: 'ip.ttl', from: 64, to: 63 }));
  expect(request).toMatchObject({ end: 'delivered', why: expect.stringContaining('answered') });
});

test('says it in words for people', async () => {
  const { code, stdout } = await journey(join(fixtures, 'overlay.pcapng'));
  expect(code).toBe(0);
  expect(stdout).toContain('Echo (ping) request');
  expect(stdout).toMatch(/host-01\/flannel\.1 +out .*ip\.ttl 64 → 63/);
  expect(stdout).toContain('+50 bytes: VXLAN headers put on');
});

test('takes a file’s name for the machine, and conntrack, traces and devices for what they are', async () => {
  const devices = join(folder, 'addr.json');
  const links = [
    { ifindex: 2, ifname: 'eth7', flags: ['UP'], mtu: 1500, operstate: 'UP', link_type: 'ether', addr_info: [] },
  ];
  await writeFile(devices, JSON.stringify(links));
  const capture = join(root, 'tests/fidelity/captures/any.pcap');
  const { code, stdout, stderr } = await journey(capture, '--evidence', `any: ${devices}`, '--json');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('"at":"any/eth7"');
});

test('says what the running lab said, from what a capture keeps besides its packets, packed or not', async () => {
  const chunks: Uint8Array[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(chunk), { application: 'Lockstep' });
  const { hops } = hopsOfCapture(await readFile(join(fixtures, 'dropped.pcapng')), 'dropped', 1);
  const interfaces = new Map<string, number>();
  for (const { machine, device, linkType, bytes, originalLength, time, direction } of hops) {
    const name = `${machine}/${device}`;
    const number = interfaces.get(name) ?? writer.addInterface({ name, linkType });
    interfaces.set(name, number);
    const way = direction === 'unknown' ? {} : { direction };
    writer.packet(number, { bytes, originalLength, time: timestampOf(time), ...way });
  }
  const bare = join(folder, 'bare.pcapng');
  await writeFile(bare, Buffer.concat(chunks));
  const trace = parseNftTrace(await readFile(join(fixtures, 'dropped.host-01.trace.txt'), 'utf8'), 'host-01');
  const from = Date.UTC(2026, 10, 29, 13, 0, 1) / 1000;
  const gaps = [{ machine: 'host-01', from, until: from + 4.5, count: 937 }];
  for (const note of noteTexts({ context: { evidence: trace, gaps } })) writer.note(note);
  const noted = join(folder, 'noted.pcapng.gz');
  await writeFile(noted, gzipSync(Buffer.concat(chunks)));

  const without = await journey(bare);
  expect([without.code, without.stderr]).toEqual([0, '']);
  expect(without.stdout).not.toContain('dropped: ');
  const { code, stdout, stderr } = await journey(noted);
  expect(code).toBe(0);
  expect(stdout).toMatch(/dropped: .*tcp dport 9999/);
  expect(stderr).toBe(
    `${noted}: The tap of host-01 lost at least 937 packets between 13:00:01.000 and 13:00:05.500 (UTC).\n`,
  );
  expect(await journey(bare, '--evidence', `host-01: ${join(fixtures, 'dropped.host-01.trace.txt')}`)).toMatchObject({
    stdout,
  });
});

test('names the rules of a trace, and the one that dropped the packet', async () => {
  const traced = await readFile(join(fixtures, 'dropped.host-01.trace.txt'), 'utf8');
  const number = Number(/ ip id (\d+)/.exec(traced)?.[1]);
  const { hops } = hopsOfCapture(await readFile(join(fixtures, 'dropped.pcapng')), 'dropped', 1);
  const { identification, source, destination, sourcePort, destinationPort } =
    parseNftTrace(traced, 'host-01')[0] ?? {};
  expect([hops.length > 0, identification]).toEqual([true, number]);
  const packet = `PACKET: 2 aa IN=docker0 OUT=eth0 SRC=${source} DST=${destination} LEN=60 TOS=0x0 TTL=63 ID=${number} DF SPORT=${sourcePort} DPORT=${destinationPort} SYN `;
  const file = join(folder, 'rules.txt');
  await writeFile(
    file,
    `${packet}\n TRACE: 2 aa filter:FORWARD:rule:0x5:DROP  -4 -t filter -A FORWARD -p tcp -m tcp --dport 9999 -j DROP\n`,
  );
  const { code, stdout, stderr } = await journey(join(fixtures, 'dropped.pcapng'), '--evidence', `host-01: ${file}`);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(
    'rules on host-01:\n      filter FORWARD  -A FORWARD -p tcp -m tcp --dport 9999 -j DROP  DROP',
  );
  expect(stdout).toContain(
    'dropped: the rule “-A FORWARD -p tcp -m tcp --dport 9999 -j DROP” (table filter) on host-01 dropped it',
  );
});

test('says what it cannot read, and reads what it can', async () => {
  const cut = join(folder, 'cut.pcapng');
  await writeFile(cut, (await readFile(join(fixtures, 'ttl.pcapng'))).subarray(0, -10));
  const partly = await journey(cut);
  expect(partly.code).toBe(1);
  expect(partly.stderr).toContain('cut.pcapng: The capture ends at byte');
  expect(partly.stdout).toContain('Echo (ping) request');

  const missing = await journey(join(folder, 'none.pcap'));
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain('Cannot read');

  const wrong = await journey(cut, '--evidence', 'conntrack.txt');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('expected "<machine>: <file>"');
});
