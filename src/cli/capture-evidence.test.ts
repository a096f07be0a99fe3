import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PlainMachine, report } from '../../tests/support/lab.ts';
import { readPcapng } from '../capture/pcapng.ts';
import { LabOfMachines } from '../lab/lab-of-machines.ts';
import { NoteCollector } from '../recording/notes/note-collector.ts';
import { CaptureEvidence } from './capture-evidence.ts';
import { CaptureFile } from './capture-file.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-evidence-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A lab whose machine says that a rule dropped as many packets as it is asked, one more each time. */
async function labWithCapture() {
  const path = join(folder, 'out.pcapng');
  const machine = new PlainMachine('host-01');
  let count = 0;
  machine.exec = async () => {
    if (machine.state.peek().kind !== 'running') throw new Error('host-01 does not run');
    const rules = `*filter\n[${count++}:0] -A FORWARD -j DROP\n`;
    return { stdout: [`${count}.5\n`, rules, '[]'].join('\n--lockstep--\n'), stderr: '', exitCode: 0, ms: 0 };
  };
  const lab = new LabOfMachines('one', 'One', [machine]);
  const file = new CaptureFile(path);
  const evidence = new CaptureEvidence(lab, file);
  await lab.start();
  machine.kernel.value = report(1, [1, 2]);
  const noted = async () => {
    const { notes, packets, error } = readPcapng(await readFile(path));
    const read = new NoteCollector();
    for (const note of notes) read.add(note);
    return { packets: packets.length, error, trouble: read.trouble, lab: read.lab, ...read.context };
  };
  return { machine, lab, file, evidence, noted };
}

test('what machines know is in the file as soon as they say it: topology, evidence, gaps, and each once', async () => {
  const { machine, file, evidence, noted } = await labWithCapture();
  machine.saw([1, 2], [{ from: 1, until: 2, count: 5 }]);
  await evidence.start();
  machine.saw([1]);
  await evidence.look();
  machine.saw([2]);
  await evidence.look();
  const now = await noted();
  expect(now).toMatchObject({ packets: 4, error: null, trouble: '', lab: 'one' });
  expect(now.topology?.devices.map(({ name }) => name)).toEqual(['eth1', 'eth2']);
  expect(now.gaps).toEqual([{ machine: 'host-01', from: 1, until: 2, count: 5 }]);
  expect(now.evidence?.map((one) => (one.kind === 'counter' ? [one.from, one.until, one.packets] : one))).toEqual([
    [1.5, 2.5, 1],
    [2.5, 3.5, 1],
  ]);
  evidence[Symbol.dispose]();
  file[Symbol.dispose]();
  expect(await noted()).toEqual(now);
});

test('a machine that dies in the middle leaves what it had said', async () => {
  const { machine, file, evidence, noted } = await labWithCapture();
  await evidence.start();
  machine.saw([1]);
  await evidence.look();
  machine.state.value = { kind: 'failed', reason: 'guest-panic', message: 'Its kernel stopped.' };
  machine.saw([], [{ from: 3, until: 4, count: 1 }]);
  await evidence.look();
  evidence[Symbol.dispose]();
  file[Symbol.dispose]();
  const { trouble, evidence: said, gaps } = await noted();
  expect([trouble, said?.length, gaps?.length]).toEqual(['', 1, 1]);
});
