import { expect, it } from 'vitest';
import { hostName, type Sent, tapped, topology, walk } from '../../tests/support/journey.ts';
import { stitch } from './builder.ts';
import { inOneOrder } from './order.ts';

it('keeps causes first although a clock runs so fast that no offset fits', () => {
  // Every second a packet there and one back; the second machine's clock gains 10 ms a second, a packet takes 0.1 ms.
  const sent = (n: number, host: number, away: 1 | 2, kind: Sent['kind'] = 'overlay') =>
    walk({ host, container: 0, kind, away, protocol: 17, size: 10 }, 4 * n + host, n + host / 1000);
  const walked = Array.from({ length: 20 }, (_, n) => [
    sent(n, 0, 1),
    sent(n, 1, 2),
    sent(n, 2, 2, 'masquerade'),
  ]).flat();
  const hops = walked.flatMap(({ hops: own }) => own);
  const seen = hops.map((hop, index) => {
    const fast = hop.machine === hostName(1) ? hop.time * 0.01 : 0;
    return tapped({ ...hop, time: hop.time + fast }, index + 1, [0, 0, 0, 0]);
  });
  const journeys = stitch(seen, { topology, conntrack: walked.flatMap(({ conntrack }) => conntrack) });
  expect(journeys).toHaveLength(60);
  const done = new Set<number>();
  for (const { journey, hop } of inOneOrder(journeys)) {
    const before = journey.hops[hop.after];
    if (before !== undefined) expect(done.has(before.hop.n)).toBe(true);
    done.add(hop.hop.n);
  }
  for (const { hops: own } of journeys)
    for (const hop of own) expect(hop.time).toBeGreaterThanOrEqual(own[hop.after]?.time ?? 0);
});

it('gets out of circles that a clock makes which is set back', () => {
  const first = walk({ host: 0, container: 0, kind: 'overlay', away: 1, protocol: 17, size: 10 }, 1, 0).hops;
  const second = walk({ host: 0, container: 0, kind: 'overlay', away: 1, protocol: 17, size: 10 }, 2, 0.001).hops;
  const seen = [...first, ...second].map((hop, index) => {
    const back = hop.machine === hostName(1) && index >= first.length ? -0.05 : 0;
    return tapped({ ...hop, time: hop.time + back }, index + 1, [0, 0, 0, 0]);
  });
  const order = inOneOrder(stitch(seen, { topology }));
  expect(order.map(({ hop }) => hop.hop.n).sort((a, b) => a - b)).toEqual(seen.map(({ n }) => n));
});
