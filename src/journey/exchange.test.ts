// Questions in the same words, and who answers which, whatever clocks show.
import { expect, it } from 'vitest';
import { cooked, ipv4 } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { stitch } from './builder.ts';
import type { Device } from './topology.ts';

let next = 1;
/** Seconds by which host-02's clock is ahead of host-01's. */
const AHEAD = 0.6;

/**
 * An echo request to a container of host-01, id 7 and sequence number 1, or its reply: as it left host-02, or as host-01's bridge saw it.
 * Nobody saw how it got from the one to the other, so that nothing sets their clocks.
 */
function echo(time: number, machine: 'host-01' | 'host-02', id: number, isReply = false): Hop {
  const [source, destination] = isReply ? ['10.1.0.2', '10.0.0.12'] : ['10.0.0.12', '10.1.0.2'];
  const tuple = { protocol: 1, source, destination, sourcePort: 7, destinationPort: isReply ? 0 : 8 };
  const ttl = machine === 'host-02' || isReply ? 64 : 63;
  const packet = ipv4(tuple, ttl, id, Uint8Array.of(isReply ? 0 : 8, 0, 0, 0, 0, 7, 0, 1));
  const bytes = cooked(packet, !isReply);
  const device = machine === 'host-02' ? 'eth0' : 'cni0';
  const place = { machine, device, direction: isReply ? 'in' : 'out', linkType: 276 } as const;
  const shown = time + (machine === 'host-02' ? AHEAD : 0);
  return { n: next++, ...place, time: shown, bytes, originalLength: bytes.length };
}

const device = (machine: string, name: string, kind: 'bridge' | 'nic', address: string, wire?: string): Device => ({
  machine,
  name,
  kind,
  addresses: [address],
  ...(wire === undefined ? {} : { wire }),
});
const topology = {
  devices: [
    device('host-01', 'eth0', 'nic', '10.0.0.11', 'lan'),
    device('host-01', 'cni0', 'bridge', '10.1.0.1'),
    device('host-02', 'eth0', 'nic', '10.0.0.12', 'lan'),
  ],
};

const exchange = (time: number, id: number): Hop[] => [
  echo(time, 'host-02', id),
  echo(time + 0.0001, 'host-01', id),
  echo(time + 0.0002, 'host-01', id + 100, true),
];

it('a reply is not the one to an equal request before it, however wrong a clock is', () => {
  const hops = [...exchange(1, 1), ...exchange(1.3, 2)];
  const answered = stitch(hops, { topology }).filter(({ answeredBy }) => answeredBy !== null);
  expect(answered.map(({ hops: [first], answeredBy }) => [first?.hop.n, answeredBy])).toEqual([
    [hops[0]?.n, hops[2]?.n],
    [hops[3]?.n, hops[5]?.n],
  ]);
});

it('of equal requests that wait at one time, a reply is nobody’s', () => {
  const hops = [echo(1, 'host-01', 1), echo(1.1, 'host-01', 2), echo(1.2, 'host-01', 101, true)];
  expect(stitch(hops).map(({ answeredBy }) => answeredBy)).toEqual([null, null, null]);
});

it('of more requests than can be told apart, nothing is answered until all of them are too old', () => {
  const many = Array.from({ length: 300 }, (_, nth) => echo(1 + nth / 1000, 'host-01', 1 + nth));
  const [late, after] = [[echo(2, 'host-01', 500), echo(2.1, 'host-01', 900, true)], exchange(100, 600).slice(1)];
  const journeys = stitch([...many, ...late, ...after]);
  expect(journeys.filter(({ answeredBy }) => answeredBy !== null).map(({ answeredBy }) => answeredBy)).toEqual([
    after[1]?.n,
  ]);
});
