import { expect, test } from 'vitest';
import type { ReadPacket } from '../capture/capture-reader.ts';
import { gapWords, missingIn } from './gap.ts';
import { CaptureGaps } from './hops-of-capture.ts';
import { machineOfFile } from './machine-of-file.ts';

const packet = (seconds: number, lostBefore?: number): ReadPacket => ({
  seconds,
  nanoseconds: 0,
  linkType: 1,
  bytes: new Uint8Array(),
  originalLength: 0,
  ...(lostBefore === undefined ? {} : { lostBefore }),
});

test('what a file says was lost lies between two packets of the same interface', () => {
  const gaps = new CaptureGaps();
  expect(gaps.see(packet(1, 2), 'a', 'eth0')).toEqual({ machine: 'a', from: 1, until: 1, count: 2 });
  expect(gaps.see(packet(2), 'a', 'eth0')).toBeNull();
  expect(gaps.see(packet(3), 'a', 'eth1')).toBeNull();
  expect(gaps.see(packet(4, 7), 'a', 'eth0')).toEqual({ machine: 'a', from: 2, until: 4, count: 7 });
  // A clock that was set back.
  expect(gaps.see(packet(1, 1), 'a', 'eth0')).toEqual({ machine: 'a', from: 1, until: 4, count: 1 });
  expect(missingIn(gaps.all)).toBe(10);
});

test('a gap in words has machine, number and times', () => {
  const from = Date.UTC(2026, 10, 29, 13, 0, 1, 204) / 1000;
  expect(gapWords({ machine: 'host-01', from, until: from + 4, count: 1937 })).toBe(
    'The tap of host-01 lost at least 1,937 packets between 13:00:01.204 and 13:00:05.204 (UTC).',
  );
  expect(gapWords({ machine: 'a', from: 1e18, until: 1e18, count: 1 })).toContain(
    'lost at least 1 packet between 1000',
  );
});

test.each([
  ['captures/host-01.pcapng', 'host-01'],
  ['host-01@docker0.pcap.gz', 'host-01@docker0'],
  ['C:\\captures\\node.cap', 'node'],
  ['trace.PCAPNG.ZST', 'trace'],
  ['10.0.0.1', '10.0.0.1'],
])('a file %s is of the machine %s', (path, machine) => {
  expect(machineOfFile(path)).toBe(machine);
});
