import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cooked, ipv4, nothingDropped, udp } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { JourneyBuilder, stitch } from './builder.ts';
import { PlacesInTime } from './places-in-time.ts';
import { sighting } from './sighting.ts';
import type { Device, Topology } from './topology.ts';

const port = (veth: string, namespace: string, address: string): Device[] => [
  {
    machine: 'host-01',
    name: veth,
    kind: 'veth',
    addresses: [],
    bridge: 'docker0',
    peer: { namespace, name: 'eth0' },
  },
  {
    machine: 'host-01',
    namespace,
    name: 'eth0',
    kind: 'veth',
    addresses: [`${address}/16`],
    peer: { name: veth },
  },
];
const bridge: Device = { machine: 'host-01', name: 'docker0', kind: 'bridge', addresses: ['172.17.0.1/16'] };
const web: Topology = { devices: [bridge, ...port('v-web', 'web', '172.17.0.2')] };
const none: Topology = { devices: [bridge] };
/** Another container has the address that was web's. */
const other: Topology = { devices: [bridge, ...port('v-other', 'other', '172.17.0.2')] };
const both: Topology = { devices: [...web.devices, ...port('v-other', 'other', '172.17.0.3')] };

const tuple = { protocol: 17, source: '172.17.0.1', destination: '172.17.0.2', sourcePort: 9, destinationPort: 99 };
let number = 0;
const hop = (device: string, identification: number, time: number, direction: 'in' | 'out' = 'out'): Hop => {
  const bytes = cooked(ipv4(tuple, 64, identification, udp(tuple, Uint8Array.of(1, 2))), true);
  return {
    n: ++number,
    machine: 'host-01',
    device,
    direction,
    time,
    linkType: 276,
    bytes,
    originalLength: bytes.length,
  };
};
/** To web, at ten; to other, at a hundred. */
const hops = [hop('docker0', 1, 10), hop('v-web', 1, 10.0001), hop('docker0', 2, 100), hop('v-other', 2, 100.0001)];
const past = [
  { until: 50, topology: web },
  { until: 90, topology: none },
];
const oneTime = { oneTime: true };
const ends = (journeys: ReturnType<typeof stitch>) => journeys.map(({ end, reached, why }) => ({ end, reached, why }));

describe('a packet', () => {
  it('went to whoever had its address then', () => {
    const journeys = stitch(hops, { topology: other, past, evidence: nothingDropped }, oneTime);
    expect(ends(journeys)).toMatchObject([
      { end: 'delivered', reached: 'host-01/web/eth0' },
      { end: 'delivered', reached: 'host-01/other/eth0' },
    ]);
  });

  it('that was for nobody is not said to have missed one who came later', () => {
    const [journey] = stitch([hop('docker0', 3, 70)], { topology: other, past }, oneTime);
    expect(journey?.why).not.toContain('which has its address');
    const [without] = stitch([hop('docker0', 3, 70)], { topology: other }, oneTime);
    expect(without?.why).toContain('host-01/other/eth0, which has its address');
  });

  it('may come a moment before the report that tells of its devices, or after the one in which they are gone', () => {
    const early = [hop('docker0', 4, 88), hop('v-other', 4, 88.0001)];
    const late = [hop('docker0', 5, 50.5), hop('v-web', 5, 50.5001)];
    expect(
      ends(stitch([...early, ...late], { topology: other, past, evidence: nothingDropped }, oneTime)),
    ).toMatchObject([{ reached: 'host-01/web/eth0' }, { reached: 'host-01/other/eth0' }]);
  });
});

it('says the same whenever it is told, and however it came to be', () => {
  const all = { topology: other, past, evidence: nothingDropped };
  const whole = ends(stitch(hops, all, oneTime));
  const told = [
    { topology: web },
    { topology: none, past: past.slice(0, 1) },
    { topology: other, past },
    { topology: other, past: [...past].reverse() },
  ];
  fc.assert(
    fc.property(fc.array(fc.nat(told.length - 1), { maxLength: 6 }), fc.nat(hops.length), (order, split) => {
      const builder = new JourneyBuilder(oneTime);
      builder.add(hops.slice(0, split));
      for (const index of order) {
        builder.know(told[index] ?? {});
        builder.journeys();
      }
      builder.add(hops.slice(split));
      builder.journeys();
      builder.know(all);
      expect(ends(builder.journeys())).toEqual(whole);
    }),
  );
});

/** All that depends on what is known: also which sightings are of one packet, and which comes after which. */
const ways = (journeys: ReturnType<typeof stitch>) =>
  journeys.map(({ hops, end, reached, why, fork }) => {
    return { end, reached, why, fork, hops: hops.map(({ hop, after }) => [hop.n, after]) };
  });

/** What is said by a reader who looks after each report, with these until its time, must be what one says who looks at the end. */
function saysTheSame(
  hops: readonly Hop[],
  past: readonly { until: number; topology: Topology }[],
  last: Topology,
): void {
  const all = { topology: last, past, evidence: nothingDropped };
  const builder = new JourneyBuilder(oneTime);
  builder.add(hops);
  for (const [index, { topology }] of [...past, all].entries()) {
    builder.know({ topology, past: past.slice(0, index) });
    builder.journeys();
  }
  builder.know(all);
  expect(ways(builder.journeys())).toEqual(ways(stitch(hops, all, oneTime)));
}

it('says the same to who looked before, of a packet that came four seconds before the report of its devices', () => {
  const seen = [hop('docker0', 0, 96, 'in'), hop('v-other', 0, 96.0001, 'out')];
  saysTheSame(seen, [{ until: 100, topology: none }], both);
});

it('says the same to who looked after each report, whenever reports and packets came', () => {
  const topology = fc.constantFrom(none, web, other, both);
  const seen = fc.record({
    device: fc.constantFrom('docker0', 'v-web', 'v-other'),
    identification: fc.constantFrom(0, 0, 1),
    time: fc.nat(40),
    direction: fc.constantFrom('in' as const, 'out' as const),
  });
  fc.assert(
    fc.property(
      fc.array(seen, { maxLength: 6 }),
      fc.array(fc.record({ until: fc.nat(40), topology }), { maxLength: 3 }),
      topology,
      (sightings, eras, last) => {
        saysTheSame(
          sightings.map(({ device, identification, time, direction }, index) =>
            hop(device, identification, time + index * 0.0001, direction),
          ),
          eras.toSorted((a, b) => a.until - b.until),
          last,
        );
      },
    ),
    { numRuns: 300 },
  );
});

it('knows where a packet was that was seen more often than a call has arguments', () => {
  const places = new PlacesInTime();
  places.set(other, [{ until: 100, topology: none }]);
  const early = sighting(hop('docker0', 1, 10));
  expect(places.of(Array.from({ length: 200_000 }, () => early)).knows('host-01/v-other')).toBe(false);
});

it('changes what is known of some time only', () => {
  const places = new PlacesInTime();
  places.set(web);
  expect(places.set(web)).toBe(Infinity);
  expect(places.set(none, [{ until: 50, topology: web }])).toBe(35);
  expect(places.set(other, past)).toBe(75);
  expect(places.set(other, past.slice(1))).toBe(-Infinity);
});
