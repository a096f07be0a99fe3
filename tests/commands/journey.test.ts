// `lockstep journey` as a person uses it, on captures of a real network (src/journey/fixtures/README.md).
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../src/cli/setup/root.mjs';
import type { JourneyJson } from '../../src/journey/journey-json.ts';

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
