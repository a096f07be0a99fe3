// `lockstep decode` beside tshark, on the same 100,000 VXLAN packets: one core each, the start of the process included. And what
// as many packets take in memory while they are held, ready to be decoded.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinkType } from '../../src/capture/link-type.ts';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { readCapture } from '../../src/capture/read-capture.ts';
import type { Bench, BenchContext } from '../../src/cli/bench/figure.ts';
import { projectNode } from '../../src/cli/setup/npm-packages.mjs';
import { dissect } from '../../src/packet/dissect.ts';

const fieldsRatio = 'decode --fields, times as fast as tshark -T fields';
const listRatio = 'decode, times as fast as tshark’s list';
const memory = 'memory of 100,000 packets, beyond twice their bytes';

const COUNT = 100_000;
const FIELDS = ['ip.src', 'ip.dst', 'udp.dstport', 'vxlan.vni', 'tcp.dstport', 'ip.ttl'];
/** Debian's tshark does not know Linux's port. */
const DECODE_AS = ['-d', 'udp.port==8472,vxlan'];

/** The packets of the recorded uplink that went through the tunnel, over and over, with other addresses and ports each time. */
function vxlanCapture(root: string): Uint8Array {
  const { packets } = readCapture(readFileSync(join(root, 'tests/fidelity/captures/uplink.pcap')));
  const tunnelled = packets.filter(({ bytes }) =>
    dissect(bytes, LinkType.EN10MB).some(({ protocol }) => protocol === 'vxlan'),
  );
  const records = [pcapHeader(LinkType.EN10MB)];
  for (let n = 0; n < COUNT; n++) {
    const original = tunnelled[n % tunnelled.length];
    if (original === undefined) throw new Error('The recorded uplink has no VXLAN packet.');
    const bytes = original.bytes.slice();
    const inner = dissect(bytes, LinkType.EN10MB).findLast(({ protocol }) => protocol === 'ip');
    if (inner !== undefined && inner.offset > 14) bytes.set([n >>> 8, n], inner.offset + 14);
    records.push(
      pcapRecord({ seconds: 1_795_405_455 + Math.floor(n / 1000), nanoseconds: (n % 1000) * 1_000_000 }, bytes),
    );
  }
  return Buffer.concat(records);
}

/** Seconds from the start of a program to its end; what it prints is thrown away. It has one core for itself. */
async function secondsOf(signal: AbortSignal, program: string, args: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawn('taskset', ['-c', '0', program, ...args], { stdio: 'ignore', signal });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed with status ${code}.`);
  return (performance.now() - began) / 1000;
}

/** Each sample runs both, one after the other, so that what else the host does hits both. */
async function ratios(
  { signal, samples, say }: BenchContext,
  ours: readonly string[],
  theirs: readonly string[],
): Promise<number[]> {
  const [program = '', ...args] = ours;
  const measured: number[] = [];
  for (let n = 0; n <= samples; n++) {
    const tshark = await secondsOf(signal, 'tshark', theirs);
    const lockstep = await secondsOf(signal, program, args);
    // The first one fills the caches.
    if (n > 0) measured.push(tshark / lockstep);
    if (n > 0) say(`  lockstep ${lockstep.toFixed(2)} s, tshark ${tshark.toFixed(2)} s`);
  }
  return measured;
}

/** Megabytes, in a process of its own that holds nothing else. */
async function heldMegabytes(root: string, file: string, signal: AbortSignal): Promise<number> {
  const script = `
    import { readFileSync } from 'node:fs';
    import { readCapture } from ${JSON.stringify(join(root, 'src/capture/read-capture.ts'))};
    const used = () => {
      globalThis.gc();
      globalThis.gc();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = used();
    const { packets } = readCapture(new Uint8Array(readFileSync(process.argv[1])));
    const bytes = packets.reduce((sum, packet) => sum + packet.bytes.length, 0);
    console.log((used() - before - 2 * bytes) / 1e6);
    if (packets.length === 0) throw new Error('no packets');
  `;
  const args = ['--expose-gc', '--input-type=module', '-e', script, file];
  const child = spawn(projectNode(root), args, { stdio: ['ignore', 'pipe', 'inherit'], signal });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`Measuring memory failed with status ${code}.`);
  return Number(output);
}

export const bench: Bench = {
  name: 'decode',
  figures: [
    { name: fieldsRatio, unit: '×', target: { min: 5 } },
    { name: listRatio, unit: '×', target: { min: 3 } },
    { name: memory, unit: 'MB', target: { max: 20 } },
  ],
  async run(context) {
    const { root, signal, samples } = context;
    const folder = await mkdtemp(join(tmpdir(), 'lockstep-bench-'));
    try {
      const file = join(folder, 'vxlan.pcap');
      await writeFile(file, vxlanCapture(root));
      const lockstep = [projectNode(root), join(root, 'src/cli/lockstep.mjs'), 'decode', file];
      const tshark = ['-n', ...DECODE_AS, '-r', file];
      const held: number[] = [];
      for (let n = 0; n < samples; n++) held.push(await heldMegabytes(root, file, signal));
      return {
        [fieldsRatio]: await ratios(
          context,
          [...lockstep, '--fields', FIELDS.join(',')],
          [...tshark, '-T', 'fields', ...FIELDS.flatMap((name) => ['-e', name])],
        ),
        [listRatio]: await ratios(context, lockstep, tshark),
        [memory]: held,
      };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};
