import { expect, it } from 'vitest';
import { cooked, ipv4, topology, udp } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { stitch } from './builder.ts';

const address = (text: string): number[] => text.split('.').map(Number);
const [asker, wanted] = ['172.17.0.1', '172.17.0.2'] as const;
let number = 0;

const seen = (machine: string, device: string, direction: Hop['direction'], bytes: Uint8Array, time: number): Hop => ({
  n: ++number,
  machine,
  device,
  direction,
  time,
  linkType: 276,
  bytes,
  originalLength: bytes.length,
});
const arp = (operation: 1 | 2, mac: number, source: string, target: string): Uint8Array =>
  cooked(
    Uint8Array.of(
      0,
      1,
      8,
      0,
      6,
      4,
      0,
      operation,
      2,
      0,
      0,
      0,
      0,
      mac,
      ...address(source),
      0,
      0,
      0,
      0,
      0,
      0,
      ...address(target),
    ),
    operation === 1,
    0x0806,
  );
const asks = (machine: string, device: string, time: number): Hop =>
  seen(machine, device, 'out', arp(1, 1, asker, wanted), time);
const answers = (machine: string, device: string, mac: number, time: number): Hop =>
  seen(machine, device, 'in', arp(2, mac, wanted, asker), time);
const datagram = (time: number): Hop => {
  const tuple = { protocol: 17, source: asker, destination: wanted, sourcePort: 1, destinationPort: 2 };
  return seen('host-01', 'docker0', 'out', cooked(ipv4(tuple, 64, 9, udp(tuple, Uint8Array.of(1))), true), time);
};
const notesOf = (hops: readonly Hop[]): readonly string[] =>
  stitch(hops, { topology }, { oneTime: true }).find(({ summary }) => summary.includes('UDP'))?.notes ?? ['none'];

it('two answers to one question are two devices that claim the address, and what is sent there suffers from it', () => {
  const both = [
    asks('host-01', 'docker0', 1),
    answers('host-01', 'docker0', 2, 1.01),
    answers('host-01', 'docker0', 3, 1.02),
  ];
  const words = [
    'Several devices answer for 172.17.0.2, with the MAC addresses 02:00:00:00:00:02 and 02:00:00:00:00:03: each claims that address.',
  ];
  expect(notesOf([...both, datagram(2)])).toEqual(words);
  const [question] = stitch(both, { topology }, { oneTime: true });
  expect(question).toMatchObject({ end: 'delivered', notes: words });
});

it('is not said when one answers alone: later, or sent again, or with another MAC address after a while', () => {
  const once = [asks('host-01', 'docker0', 1), answers('host-01', 'docker0', 2, 1.01)];
  expect(notesOf([...once, answers('host-01', 'docker0', 2, 1.02), datagram(2)])).toEqual([]);
  expect(notesOf([...once, answers('host-01', 'docker0', 3, 40), datagram(41)])).toEqual([]);
});

it('is over when one alone has answered since', () => {
  const both = [
    asks('host-01', 'docker0', 1),
    answers('host-01', 'docker0', 2, 1.01),
    answers('host-01', 'docker0', 3, 1.02),
  ];
  expect(
    notesOf([...both, asks('host-01', 'docker0', 9), answers('host-01', 'docker0', 3, 9.01), datagram(10)]),
  ).toEqual([]);
});

it('is not said of two networks that use the same addresses', () => {
  const here = [asks('host-01', 'docker0', 1), answers('host-01', 'docker0', 2, 1.01)];
  const elsewhere = [asks('host-02', 'docker0', 1), answers('host-02', 'docker0', 3, 1.02)];
  const nextDoor = [asks('host-01', 'cni0', 1), answers('host-01', 'cni0', 4, 1.03)];
  expect(notesOf([...here, ...elsewhere, ...nextDoor, datagram(2)])).toEqual([]);
});
