import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cooked, ipv4, topology, udp } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { stitch } from './builder.ts';

const tuple = { protocol: 17, source: '172.17.0.2', destination: '10.9.9.9', sourcePort: 999, destinationPort: 53 };

const sighting = fc.record({
  machine: fc.constantFrom('host-01', 'host-02', 'host-03', 'wire'),
  device: fc.constantFrom('eth0', 'docker0', 'cni0', 'veth-c0', 'veth-c1', 'lan'),
  direction: fc.constantFrom('in' as const, 'out' as const, 'unknown' as const),
  ttl: fc.integer({ min: 61, max: 64 }),
  /** Of 0.1 ms. */
  at: fc.nat(40),
});

it('on a packet’s way, what one clock saw later is never before what it saw earlier', () => {
  fc.assert(
    fc.property(fc.array(sighting, { maxLength: 12 }), fc.boolean(), fc.boolean(), (list, isKnown, oneTime) => {
      const hops = list.map(({ at, ttl, direction, ...place }, index): Hop => {
        const bytes = cooked(ipv4(tuple, ttl, 7, udp(tuple, Uint8Array.of(1))), direction === 'out');
        const time = 10 + at / 10_000;
        return { n: index + 1, ...place, direction, time, linkType: 276, bytes, originalLength: bytes.length };
      });
      for (const { hops: way } of stitch(hops, isKnown ? { topology } : {}, { oneTime })) {
        for (const { hop, after } of way) {
          for (let at = after; at >= 0; at = way[at]?.after ?? -1) {
            const before = way[at]?.hop;
            if (before?.machine === hop.machine) expect(before.time).toBeLessThanOrEqual(hop.time);
          }
        }
      }
    }),
    { numRuns: 400 },
  );
});
