// `lockstep decode` as a person uses it, on the captures that the decoder is compared with tshark on.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../src/cli/setup/root.mjs';

const capture = (name: string): string => join(root, 'tests/fidelity/captures', name);
const uplink = capture('uplink.pcap');
const command = join(root, 'src/cli/lockstep.mjs');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-decode-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function decode(args: readonly string[], feed?: (child: ChildProcess) => void): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [command, 'decode', ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
    if (feed === undefined) child.stdin?.end();
    else feed(child);
  });
}

const lines = (text: string): string[] => text.split('\n').slice(0, -1);

test('prints a line a packet: number, time, who to whom, protocol, bytes, and what it says', async () => {
  const { code, stdout, stderr } = await decode([uplink]);
  expect([code, stderr]).toEqual([0, '']);
  expect(lines(stdout)).toHaveLength(20);
  expect(lines(stdout)[0]).toBe(
    '    1   0.000000 0a:78:c2:aa:32:7f → 86:a2:0f:7a:08:c1 ARP 42 Who has 192.168.5.1? Tell 192.168.5.2',
  );
  expect(lines(stdout)[8]).toMatch(
    /^ {4}9 {3}0\.448400 {3}10\.244\.1\.0 → 10\.244\.2\.0 {3}TCP 116 35430 → 80 \[ACK\]/,
  );
});

test('prints fields with tabs between them, and all occurrences with commas', async () => {
  const names = 'frame.number,frame.time_relative,ip.src,ip.addr,vxlan.vni,tcp.flags.syn,tcp.option_kind,http.host';
  const { code, stdout } = await decode([uplink, '--fields', names]);
  expect(code).toBe(0);
  expect(lines(stdout)[0]).toBe(['1', '0.000000000', '', '', '', '', '', ''].join('\t'));
  expect(lines(stdout)[9]).toBe(
    [
      '10',
      '0.448547000',
      '192.168.5.1,10.244.1.0',
      '192.168.5.1,192.168.5.2,10.244.1.0,10.244.2.0',
      '1',
      '0',
      '1,1,8',
      '10.244.2.0',
    ].join('\t'),
  );
});

test('prints only what a display filter lets through, under its own number', async () => {
  const { stdout } = await decode([
    uplink,
    '-Y',
    'ip.src#2 == 10.244.1.0 and tcp.flags.syn == 1',
    '--fields',
    'frame.number',
  ]);
  expect(lines(stdout)).toEqual(['7']);
});

test('prints every field of every layer as JSON, from the outside in', async () => {
  const { code, stdout } = await decode([uplink, '--json', '--filter', 'frame.number == 7']);
  expect(code).toBe(0);
  const [line = ''] = lines(stdout);
  const packet = JSON.parse(line);
  expect(packet).toMatchObject({ n: 7, time: 1795420377.11165, interface: null });
  expect(packet.summary).toContain('10.244.1.0 → 10.244.2.0 TCP 35430 → 80 [SYN]');
  const layers: { protocol: string; fields: object }[] = packet.layers;
  expect(layers.map(({ protocol }) => protocol)).toEqual(['eth', 'ip', 'udp', 'vxlan', 'eth', 'ip', 'tcp']);
  expect(layers[1]?.fields).toMatchObject({ 'ip.src': '192.168.5.1', 'ip.ttl': 64, 'ip.id': 40277, 'ip.flags.df': 0 });
  expect(layers[6]?.fields).toMatchObject({ 'tcp.option_kind': [2, 4, 8, 1, 3], 'tcp.flags.str': '··········S·' });
});

test('names the interface that a pcapng file names', async () => {
  const { stdout } = await decode([capture('bridge.pcapng'), '--json', '-Y', 'frame.number == 1']);
  expect(JSON.parse(stdout)).toMatchObject({ n: 1, interface: 'docker0' });
});

test('reads standard input', async () => {
  const { code, stdout } = await decode(['-', '--fields', 'frame.len'], ({ stdin }) => {
    if (stdin !== null) createReadStream(uplink).pipe(stdin);
  });
  expect(code).toBe(0);
  expect(lines(stdout).slice(0, 3)).toEqual(['42', '42', '70']);
});

test.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('reads a capture that is packed (%s), from a file and from standard input', async (_, pack) => {
  const file = join(folder, 'packed');
  await writeFile(file, pack(await readFile(capture('bridge.pcapng'))));
  const plain = await decode([capture('bridge.pcapng')]);
  expect(await decode([file])).toEqual(plain);
  const fed = await decode(['-'], ({ stdin }) => {
    if (stdin !== null) createReadStream(file).pipe(stdin);
  });
  expect(fed).toEqual(plain);
});

test('a packed capture that breaks off: prints what is whole, says why it ends there, and fails', async () => {
  const file = join(folder, 'cut.pcap.gz');
  const packed = gzipSync(await readFile(uplink));
  await writeFile(file, packed.subarray(0, packed.length - 200));
  const { code, stdout, stderr } = await decode([file]);
  expect(code).toBe(1);
  expect(lines(stdout).length).toBeGreaterThan(5);
  expect(stderr).toContain(`${file}: The file cannot be unpacked further than byte`);
});

test('marks packets of which the capture kept a part only', async () => {
  const file = join(folder, 'snapped.pcap');
  const whole = await readFile(uplink);
  // The first packet, of 42 bytes, with 40 of them.
  const record = Buffer.from(whole.subarray(24, 24 + 16 + 40));
  record.writeUInt32LE(40, 8);
  await writeFile(file, Buffer.concat([whole.subarray(0, 24), record]));
  expect((await decode([file])).stdout).toMatch(/ 42 .* \[cut: 40 of 42 bytes\]\n$/);
  expect(JSON.parse((await decode([file, '--json'])).stdout)).toMatchObject({ length: 42, captured: 40 });
});

describe('a file that cannot be read', () => {
  test('to its end: prints what is whole, says what is wrong, and fails', async () => {
    const file = join(folder, 'cut.pcap');
    await writeFile(file, (await readFile(uplink)).subarray(0, 200));
    const { code, stdout, stderr } = await decode([file]);
    expect(code).toBe(1);
    expect(lines(stdout)).toHaveLength(2);
    expect(stderr).toContain(`${file}: The capture ends at byte 200, in the middle of a packet.`);
  });

  test('at all: says so', async () => {
    const text = join(folder, 'notes.txt');
    await writeFile(text, 'This is a text and no capture.');
    expect(await decode([text])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('not a pcap capture'),
    });
    const missing = await decode([join(folder, 'nowhere.pcap')]);
    expect(missing).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/Cannot read .*nowhere\.pcap/),
    });
    expect(await decode([folder])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Cannot read'),
    });
  });
});

test.each([
  [['--fields', 'ip.scr'], 'there is no field "ip.scr". Did you mean "ip.src"?'],
  [['--fields', 'ip.src,,ip.dst'], 'a name is missing'],
  [['-Y', 'ip.ttl = 64'], '  ip.ttl = 64\n         ^\n'],
  [['--json', '--fields', 'ip.src'], 'cannot be used with'],
])('%j is refused before anything is read', async (args, message) => {
  const { code, stdout, stderr } = await decode([uplink, ...args]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test('a reader that has seen enough is no error', async () => {
  const file = join(folder, 'long.pcap');
  const bytes = await readFile(uplink);
  await writeFile(file, Buffer.concat([bytes.subarray(0, 24), ...Array<Buffer>(500).fill(bytes.subarray(24))]));
  const child = spawn(process.execPath, [command, 'decode', file, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => (complaints += chunk));
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect([await closed, complaints]).toEqual([[0, null], '']);
});
