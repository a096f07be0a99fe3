// Which sightings are one packet is said in one place, the journeys. A list that is told of changes has what they have in the end,
// however the hops came in; and the picture, which has to decide at once, has decided the same.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hopsOf, twoHosts } from '../../tests/support/two-hosts.ts';
import type { Hop } from '../hop/hop.ts';
import { type Context, JourneyBuilder, stitch } from '../journey/builder.ts';
import { parseConntrack } from '../journey/evidence/conntrack.ts';
import type { Topology } from '../journey/topology.ts';
import { LiveWays } from '../topology/live-ways.ts';

const folder = new URL('../journey/fixtures/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const topology = JSON.parse(text('topology.json')) as Topology;
const files = readdirSync(folder);

const conntrackOf = (scenario: string) =>
  files
    .filter((name) => name.startsWith(`${scenario}.`) && name.endsWith('.conntrack.txt'))
    .flatMap((name) => parseConntrack(text(name), name.split('.')[1] ?? ''));

const scenarios = files.filter((name) => name.endsWith('.pcapng')).map((name) => name.replace('.pcapng', ''));

type Groups = readonly (readonly number[])[];
const sorted = (groups: Groups): string[] => groups.map((group) => [...group].sort((a, b) => a - b).join(' ')).sort();

const inTheEnd = (hops: readonly Hop[], context: Context): Groups =>
  stitch(hops, context, { oneTime: true }).map((journey) => journey.hops.map(({ hop }) => hop.n));

describe.each(scenarios)('%s', (scenario) => {
  const hops = hopsOf(scenario);
  const context = { topology, conntrack: conntrackOf(scenario) };

  it('a list that is told of what changes has the journeys’ packets', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20 }), fc.nat(3), (chunk, most, late) => {
        const builder = new JourneyBuilder({ oneTime: true });
        const packetOf = new Map<number, readonly number[]>(hops.map(({ n }) => [n, [n]]));
        const learn = (): void => {
          for (let isAll = false; !isAll; ) {
            const found = builder.regrouped(most);
            isAll = found.isAll;
            for (const group of found.packets) for (const n of group) packetOf.set(n, group);
          }
        };
        if (late === 0) builder.know(context);
        for (let from = 0; from < hops.length; from += chunk) {
          builder.add(hops.slice(from, from + chunk));
          learn();
          if (late === 1 && from === 0) builder.know(context);
        }
        if (late > 1) builder.know(context);
        learn();
        const wanted = inTheEnd(hops, context);
        expect(sorted([...new Set(packetOf.values())])).toEqual(sorted(wanted));
        for (const [first, ...rest] of wanted) for (const n of rest) expect(packetOf.get(n)?.[0]).toBe(first);
      }),
      { numRuns: 30 },
    );
  });

  it('the picture has the journeys’ packets', () => {
    const ways = new LiveWays();
    ways.setGraph(twoHosts());
    const groups = new Map<number, number[]>();
    for (const hop of hops) {
      const { packet } = ways.follow(hop);
      groups.set(packet, [...(groups.get(packet) ?? []), hop.n]);
    }
    expect(sorted([...groups.values()])).toEqual(sorted(inTheEnd(hops, context)));
  });
});
