// A lab that ends with its page, and goes on in another one: the machines, what runs in them, wires, time, terminals and packets.
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hop } from '../../src/hop/hop.ts';
import { type KeptRecord, readRecord, writeRecord } from '../../src/lab/kept-record.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { createNodeLab } from '../../src/lab/node-lab.ts';
import { summarize } from '../../src/packet/summary.ts';
import { run } from './guest-command.ts';
import { Reader } from './reader.ts';

let folder: string;
const open: Lab[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-kept-'));
});
afterAll(async () => {
  for (const lab of open) await lab.dispose();
  await rm(folder, { recursive: true });
});

async function openLab(): Promise<Lab> {
  const lab = await createNodeLab('two-hosts', { keep: folder });
  open.push(lab);
  return lab;
}

/** Bytes that were written for the moment that was kept last. */
let written = 0;
/** As a page does: through bytes. */
async function keep(lab: Lab): Promise<KeptRecord> {
  let bytes = new Uint8Array();
  const cost = await lab.keep(null, async (record) => {
    bytes = await writeRecord(record);
  });
  written = cost.bytes;
  const read = await readRecord(bytes, lab.id, lab.snapshots);
  if ('why' in read) throw new Error(read.why);
  return read.record;
}

const machine = (lab: Lab, name: string) => {
  const found = lab.machines.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

let record: KeptRecord;
let older: KeptRecord;

test('a moment is kept while the lab runs, and it goes on', async () => {
  const lab = await openLab();
  const hops: Hop[] = [];
  lab.onHops((batch) => hops.push(...batch.hops));
  await lab.start();
  const [one, two] = ['kube-worker-01', 'kube-worker-02'].map((name) => machine(lab, name));
  if (one?.consoles[0] === undefined || two === undefined) throw new Error('two machines');
  const reader = new Reader(one.consoles[0]);
  await run(one, 'docker run -d --name web whoami');
  await run(one, 'mkdir /root/kept; echo first >/root/kept/file; sync; sleep 1000 & echo started');
  older = await keep(lab);
  await reader.type('echo the terminal $((40 + 2))');
  await run(one, 'echo second >>/root/kept/file');
  await run(one, 'ping -c 2 10.0.0.122');
  lab.setCable('kube-worker-02', false);
  record = await keep(lab);
  expect(lab.state.value.kind).toBe('running');
  expect(await run(one, 'cat /root/kept/file')).toBe('first\nsecond');
  expect(hops.length).toBeGreaterThan(0);
  await lab.dispose();
});

test('another lab goes on from it: machines, containers, files, cables, terminals, packets, time', async () => {
  const lab = await openLab();
  const told: { past: boolean; hops: Hop[] }[] = [];
  lab.onHops((batch) => told.push({ past: batch.past === true, hops: [...batch.hops] }));
  await lab.continueFrom(record);
  const one = machine(lab, 'kube-worker-01');
  expect(lab.state.value.kind).toBe('running');
  expect(lab.graph.value.devices.some(({ name }) => name.startsWith('veth'))).toBe(true);
  expect(await run(one, 'cat /root/kept/file')).toBe('first\nsecond');
  expect(await run(one, 'pgrep -x sleep')).toMatch(/^\d+$/m);
  expect(await run(one, "docker ps --format '{{.Names}}'")).toBe('web');
  expect(await run(one, "curl -s http://$(docker inspect -f '{{.NetworkSettings.IPAddress}}' web) | head -1")).toMatch(
    /host name/,
  );
  const text: Uint8Array[] = [];
  one.consoles[0]?.onOutput((bytes) => text.push(bytes));
  expect(Buffer.concat(text).toString()).toContain('the terminal 42');
  expect(lab.cables.value.get('kube-worker-02')).toBe(false);
  expect(lab.time.now() - record.time).toBeLessThan(60);
  expect(Math.abs(Number(await run(one, 'date +%s.%N')) - lab.time.now())).toBeLessThan(5);
  const past = told.filter((batch) => batch.past).flatMap(({ hops }) => hops);
  expect(past.some((hop) => summarize(hop.bytes, hop.linkType, hop.originalLength).info.includes('Echo (ping)'))).toBe(
    true,
  );
  lab.setCable('kube-worker-02', true);
  expect(await run(one, 'for n in 1 2 3 4 5; do ping -c 1 -W 2 10.0.0.122 && exit; done; exit 1')).toContain(
    '1 received',
  );
  const now = told.filter((batch) => !batch.past).flatMap(({ hops }) => hops);
  expect(now[0]?.n).toBe((past.at(-1)?.n ?? 0) + 1);
  expect(now[0]?.time ?? 0).toBeGreaterThanOrEqual(past.at(-1)?.time ?? Infinity);
  record = await keep(lab);
  const before = written;
  record = await keep(lab);
  // What is there already is not written again.
  expect(written).toBeLessThan(before / 2);
  await lab.dispose();
});

test('a moment that does not hold any more is refused, and the lab can be started all the same', async () => {
  const lab = await openLab();
  await expect(lab.continueFrom(older)).rejects.toThrow(/kube-worker-0[12]: it is not there any more/);
  expect(lab.state.value.kind).toBe('off');
  await lab.start();
  expect(await run(machine(lab, 'kube-worker-01'), "docker ps --format '{{.Names}}'")).toBe('');
  await lab.dispose();
});

test('what was damaged is never used', async () => {
  const files = await readdir(join(folder, 'kube-worker-01'));
  const pages = files.find((name) => name.startsWith('pages-')) ?? '';
  await truncate(join(folder, 'kube-worker-01', pages), 4096);
  const lab = await openLab();
  await expect(lab.continueFrom(record)).rejects.toThrow(/its file of pages was cut off/);
  await lab.dispose();
});
