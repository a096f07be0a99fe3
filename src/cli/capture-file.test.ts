import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPcapng } from '../capture/pcapng.ts';
import type { Hop } from '../hop/hop.ts';
import { CaptureHopReader } from '../hop/hops-of-capture.ts';
import { NoteCollector } from '../recording/notes/note-collector.ts';
import { CaptureFile } from './capture-file.ts';

let folder = '';
let open: CaptureFile | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lockstep-test-'));
});
afterEach(async () => {
  open?.[Symbol.dispose]();
  open = undefined;
  await rm(folder, { recursive: true, force: true });
});

const hop = (machine: string, device: string, time: number, byte: number): Hop => ({
  n: 1,
  machine,
  deviceId: '',
  time,
  ifindex: 3,
  device,
  direction: 'in',
  linkType: 276,
  bytes: Uint8Array.of(byte, 2, 3),
  originalLength: 1500,
});

test('each device is an interface from its first packet on, and the file can be read after every write', async () => {
  const path = join(folder, 'out.pcapng');
  const capture = new CaptureFile(path);
  open = capture;
  expect(readPcapng(await readFile(path))).toMatchObject({ application: 'Lockstep', packets: [], error: null });

  capture.write({
    run: 1,
    hops: [hop('host-01', 'docker0', 1_795_405_455.096301, 1), hop('host-01', 'veth1', 1.5, 2)],
    lost: [],
  });
  const before = readPcapng(await readFile(path));
  expect(before.interfaces.map(({ name }) => name)).toEqual(['host-01/docker0', 'host-01/veth1']);
  expect(before.error).toBeNull();

  capture.write({
    run: 1,
    hops: [hop('host-02', 'docker0', 2, 3)],
    lost: [{ machine: 'host-02', from: 1, until: 2, count: 7 }],
  });
  capture.write({ run: 1, hops: [hop('host-01', 'docker0', 3, 4)], lost: [] });
  const { interfaces, packets, error } = readPcapng(await readFile(path));
  expect(error).toBeNull();
  expect(interfaces.map(({ name, linkType }) => [name, linkType])).toEqual([
    ['host-01/docker0', 276],
    ['host-01/veth1', 276],
    ['host-02/docker0', 276],
  ]);
  expect(packets.map((packet) => [packet.interface, packet.bytes[0], packet.direction])).toEqual([
    [0, 1, 'in'],
    [1, 2, 'in'],
    [2, 3, 'in'],
    [0, 4, 'in'],
  ]);
  expect(packets[0]).toMatchObject({ seconds: 1_795_405_455, nanoseconds: 96_301_000 });
  expect(capture.summary()).toBe(
    `${path}: 4 packets on 3 interfaces; at least 7 more went by that the machines' taps lost`,
  );
});

test('what is known besides the packets stands between them: which frame nobody got, and what is noted', async () => {
  const path = join(folder, 'noted.pcapng');
  const capture = new CaptureFile(path);
  open = capture;
  capture.note({ lab: 'super-bridge' });
  const lost = { ...hop('wire', 'lan', 1, 1), undelivered: 'nobody is there' };
  capture.write({ run: 1, hops: [lost, hop('host-01', 'eth0', 2, 2)], lost: [] });
  const notes = new NoteCollector();
  const reader = new CaptureHopReader('noted', 1, notes);
  reader.push(await readFile(path));
  const { hops, error } = reader.end();
  expect([error, notes.trouble, notes.lab]).toEqual([null, '', 'super-bridge']);
  expect(hops.map(({ machine, undelivered }) => [machine, undelivered])).toEqual([
    ['wire', 'nobody is there'],
    ['host-01', undefined],
  ]);
});

test('a path that cannot be written is refused before anything is run', () => {
  expect(() => new CaptureFile(join(folder, 'no/such/folder.pcapng'))).toThrow(
    /Cannot write the capture to .*--capture/,
  );
});
