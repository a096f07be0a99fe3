// `lockstep lab` with a real machine, as a person or a script uses it.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPcapng } from '../../src/capture/pcapng.ts';
import { root } from '../../src/cli/setup/root.mjs';
import type { JourneyJson } from '../../src/journey/journey-json.ts';
import { readRecording } from '../../src/recording/read-recording.ts';
import { outputOf } from '../../src/recording/terminal-text.ts';

const lockstep = join(root, 'src/cli/lockstep.mjs');
const children: ChildProcess[] = [];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly code: Promise<number | null>;
}

function start(program: string, args: readonly string[]): Run {
  const child = spawn(program, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  const code = once(child, 'close').then(([status]: unknown[]) => (typeof status === 'number' ? status : null));
  const run: Run = { child, stdout: '', stderr: '', code };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.stderr += text;
  });
  return run;
}

const labRun = (...args: string[]): Run => start(process.execPath, [lockstep, 'lab', 'run', 'super-bridge', ...args]);

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited two minutes for ${what}`);
}

test('runs commands in order, one JSON object each on stdout, and every packet of theirs is in the capture', async () => {
  const capture = join(folder, 'out.pcapng');
  const run = labRun(
    '--json',
    '--capture',
    capture,
    ...['uname -sm', 'echo out; echo err >&2; exit 3', 'ping -c 3 -i 0.2 127.0.0.1', 'cat /etc/hostname'].flatMap(
      (command) => ['--exec', `host-01: ${command}`],
    ),
  );
  expect(await run.code, run.stderr).toBe(1);
  const lines = run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ machine, command, exitCode }) => [machine, command, exitCode])).toEqual([
    ['host-01', 'uname -sm', 0],
    ['host-01', 'echo out; echo err >&2; exit 3', 3],
    ['host-01', 'ping -c 3 -i 0.2 127.0.0.1', 0],
    ['host-01', 'cat /etc/hostname', 0],
  ]);
  expect(Object.keys(lines[0])).toEqual(['machine', 'command', 'stdout', 'stderr', 'exitCode', 'ms']);
  expect(lines[0].stdout).toBe('Linux i686\n');
  expect([lines[1].stdout, lines[1].stderr]).toEqual(['out\n', 'err\n']);
  expect(lines[3].stdout).toBe('host-01\n');

  const fields = ['-T', 'fields', '-e', 'frame.interface_name', '-e', 'icmp.type'];
  const { stdout } = await promisify(execFile)('tshark', ['-r', capture, '-Y', 'icmp', ...fields]);
  const seen = stdout.trimEnd().split('\n');
  expect(new Set(seen)).toEqual(new Set(['host-01/lo\t8', 'host-01/lo\t0']));
  expect(seen.filter((line) => line.endsWith('\t8')).length).toBeGreaterThanOrEqual(3);
  expect(seen.filter((line) => line.endsWith('\t0')).length).toBeGreaterThanOrEqual(3);
});

/** The journeys of a capture, as `lockstep journey` tells them. */
async function journeysOf(capture: string): Promise<readonly JourneyJson[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [lockstep, 'journey', capture, '--json']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JourneyJson);
}

test('a capture says why packets were dropped, however the run ends: after a panic as well', async () => {
  const capture = join(folder, 'panic.pcapng');
  const setUp =
    'sysctl -qw net.ipv4.ip_forward=1; for n in "a 98" "outside 99"; do set -- $n; ip netns add $1; ip link add v$1 type veth peer ' +
    'name eth0 netns $1; ip addr add 10.$2.0.1/24 dev v$1; ip link set v$1 up; ip -n $1 addr add 10.$2.0.2/24 dev eth0; ' +
    'ip -n $1 link set lo up; ip -n $1 link set eth0 up; ip -n $1 route add default via 10.$2.0.1; done';
  const run = labRun(
    '--json',
    '--capture',
    capture,
    ...[
      setUp,
      'iptables -P FORWARD ACCEPT; ip netns exec a ping -c 1 -W 2 10.99.0.2',
      'iptables -I FORWARD -p icmp -d 10.99.0.2 -j DROP; ip netns exec a ping -c 1 -W 2 10.99.0.2',
      'echo c >/proc/sysrq-trigger; sleep 60',
    ].flatMap((command) => ['--exec', `host-01: ${command}`]),
  );
  expect(await run.code, run.stderr).toBe(1);
  const journeys = await journeysOf(capture);
  const requests = journeys.filter(
    ({ summary }) => /Echo \(ping\) request/.test(summary) && /10\.99\.0\.2/.test(summary),
  );
  expect(requests.map(({ end }) => end)).toEqual(['delivered', 'dropped']);
  expect(requests[1]).toMatchObject({
    grade: 'seen',
    why: expect.stringContaining('a rule of the firewall dropped it'),
  });
  expect(requests[1]?.notes).toEqual([expect.stringContaining('-A FORWARD -d 10.99.0.2/32 -p icmp -j DROP')]);
  const { stdout } = await promisify(execFile)('tshark', ['-r', capture, '-T', 'fields', '-e', 'frame.number']);
  expect(stdout.trimEnd().split('\n').length).toBe(readPcapng(await readFile(capture)).packets.length);
});

test('a command that takes too long has failed, with the status that timeout(1) gives', async () => {
  const run = labRun('--timeout', '2', '--exec', 'host-01: sleep 30');
  expect(await run.code, run.stderr).toBe(1);
  expect(run.stdout).toContain('host-01# sleep 30');
  expect(run.stdout).toContain('[exit status 124, ');
});

test('Ctrl-C ends it at once, and the capture can be read up to there', async () => {
  const capture = join(folder, 'interrupted.pcapng');
  const run = labRun(
    '--json',
    '--capture',
    capture,
    '--exec',
    'host-01: ping -c 2 127.0.0.1',
    '--exec',
    'host-01: sleep 600',
  );
  await until(() => run.stdout.includes('\n'), 'the first command');
  run.child.kill('SIGINT');
  expect(await run.code, run.stderr).toBe(130);
  const { packets, interfaces, error } = readPcapng(await readFile(capture));
  expect(error).toBeNull();
  expect(packets.length).toBeGreaterThan(0);
  expect(interfaces.map(({ name }) => name)).toContain('host-01/lo');
});

test('a shell has the size of its terminal, and Ctrl-] leaves it', async () => {
  // script(1) gives it a terminal; the machine's own terminal gets that one's size.
  const shell = `stty rows 31 cols 97; exec "${process.execPath}" "${lockstep}" lab shell super-bridge`;
  const run = start('script', ['-qec', shell, '/dev/null']);
  await until(() => run.stdout.includes('Ctrl-] leaves'), 'the shell');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  run.child.stdin?.write('stty size; uname -m\r');
  await until(() => /31 97[\s\S]*i686/.test(run.stdout), `"31 97" in what it printed:\n${run.stdout}`);
  run.child.stdin?.write('\x1d');
  expect(await run.code).toBe(0);
});

test('records what a script does in the lab, and writes nothing of a command that does not end', async () => {
  const record = (script: string, ...more: string[]): Run =>
    start(process.execPath, [lockstep, 'record', 'super-bridge', script, ...more]);
  await writeFile(
    join(folder, 'bridge.sh'),
    'ip link add br-test type bridge\nip link set br-test up\nping -c 1 -q 127.0.0.1\n',
  );
  const run = record('bridge.sh');
  expect(await run.code, run.stderr).toBe(0);
  const read = readRecording(await readFile(join(folder, 'bridge.json'), 'utf8'));
  if (!read.ok) throw new Error(read.error);
  const { recording } = read;
  const named = (index: number): boolean | undefined =>
    recording.graphs.at(index)?.graph.devices.some(({ name }) => name === 'br-test');
  expect([named(0), named(-1)]).toEqual([false, true]);
  const [, , ping] = recording.commands;
  expect(ping && outputOf(recording, ping)).toContain('1 packets transmitted, 1 received');
  const onLoopback = recording.hops.filter(({ device }) => device === 'lo');
  // The request and its reply, and after the command was typed, before its prompt came back.
  expect(onLoopback.length).toBe(2);
  for (const { time } of onLoopback) {
    const at = (time - recording.start) * 1000;
    expect(at).toBeGreaterThan(ping?.at ?? Infinity);
    expect(at).toBeLessThan(ping?.until ?? 0);
  }

  await writeFile(join(folder, 'endless.sh'), 'cat\n');
  const endless = record('endless.sh', '--timeout', '2');
  expect(await endless.code).toBe(1);
  expect(endless.stderr).toContain('no prompt 2 s after "cat"');
  await expect(access(join(folder, 'endless.json'))).rejects.toThrow();
});
