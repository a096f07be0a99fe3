import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Hop } from '../../../hop/hop.ts';
import { buildGraph } from '../../../topology/build-graph.ts';
import type { Graph } from '../../../topology/graph.ts';
import { LiveWays } from '../../../topology/live-ways.ts';
import { parseReport } from '../../../topology/parse-report.ts';
import { FAMILY_WORD, LEG, MOST_DOTS, PacketFlow } from './packet-flow.ts';
import { quickFamily } from './packet-label.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../topology/fixtures/${name}`, import.meta.url), 'utf8');

function realGraph(): Graph {
  const parsed = parseReport(fixture('host.report.json'));
  if (!parsed.ok) throw new Error(parsed.error);
  return buildGraph('host-01', parsed.report);
}

const graph = realGraph();
const root = graph.namespaces.find((namespace) => namespace.root)?.id ?? '';
const nameOf = (id: string): string => graph.devices.find((device) => device.id === id)?.name ?? id;

function hops(name: string): (Hop & { readonly deviceId: string })[] {
  return fixture(name)
    .trim()
    .split('\n')
    .map((line, index) => {
      const hop = JSON.parse(line) as { time: number; ifindex: number; direction: 'in' | 'out'; bytes: string };
      return {
        n: index + 1,
        time: hop.time,
        machine: 'host-01',
        deviceId: `${root}/${hop.ifindex}`,
        direction: hop.direction,
        device: '',
        linkType: 276,
        bytes: Buffer.from(hop.bytes, 'base64'),
        originalLength: 0,
      };
    });
}

describe('packets on the picture', () => {
  let flow: PacketFlow;
  let paths: LiveWays;
  const push = (hop: Hop, now: number): void => {
    const family = quickFamily(hop.bytes, 276);
    flow.push(
      { n: hop.n, time: hop.time, path: paths.follow(hop) },
      family,
      () => ({ family, text: FAMILY_WORD[family], tunnel: '' }),
      now,
    );
  };

  beforeEach(() => {
    flow = new PacketFlow();
    paths = new LiveWays();
    paths.setGraph(graph);
  });

  it('cross one edge after the other, and the reply starts when the request has arrived', () => {
    const ping = hops('ping.hops.jsonl')
      .filter((hop) => quickFamily(hop.bytes, 276) === 'icmp')
      .slice(0, 4);
    for (const hop of ping) push(hop, 0);
    const seen: string[] = [];
    for (let now = 0; flow.advance(now); now += 20) {
      const dots = flow.dots(now);
      expect(dots.length).toBeLessThanOrEqual(1);
      for (const dot of dots) {
        const line = `${nameOf(dot.crossing.from)} > ${nameOf(dot.crossing.to)}`;
        if (seen.at(-1) !== line) seen.push(line);
      }
    }
    expect(seen).toEqual([
      'eth0 > vethcli',
      'vethcli > docker0',
      'docker0 > vethweb',
      'vethweb > eth0',
      'eth0 > vethweb',
      'vethweb > docker0',
      'docker0 > vethcli',
      'vethcli > eth0',
    ]);
  });

  it('are as long on their way between machines as within one, where they have half as many edges', () => {
    const ping = hops('ping.hops.jsonl').filter((hop) => quickFamily(hop.bytes, 276) === 'icmp');
    const last = (machines: number): number => {
      flow.clear();
      flow.setMachines(machines);
      for (const hop of ping.slice(0, 2)) push({ ...hop, n: hop.n + machines * 1000, time: hop.time + machines }, 0);
      let now = 0;
      while (flow.advance(now)) now += 20;
      return now;
    };
    expect([last(1), last(2), last(3)]).toEqual([4 * LEG, 2 * LEG, 2 * LEG]);
  });

  it('fork where the bridge floods', () => {
    for (const hop of hops('ping.hops.jsonl')
      .filter((hop) => quickFamily(hop.bytes, 276) === 'arp')
      .slice(0, 3))
      push(hop, 0);
    const now = 1.5 * LEG;
    flow.advance(now);
    expect(flow.dots(now).map((dot) => `${nameOf(dot.crossing.from)} > ${nameOf(dot.crossing.to)}`)).toEqual([
      'vethcli > docker0',
      'vethcli > docker0',
    ]);
    const later = 2.5 * LEG;
    flow.advance(later);
    expect(flow.dots(later).map((dot) => nameOf(dot.crossing.to))).toEqual(['vethweb']);
  });

  it('that come in a burst are added up, every one of them, and at most forty are under way', () => {
    const real = hops('http.hops.jsonl').filter((hop) => nameOf(hop.deviceId) === 'vethcli' && hop.direction === 'in');
    const total = 5000;
    for (let n = 1; n <= total; n++) {
      const hop = real[n % real.length] as Hop;
      push({ ...hop, n, time: hop.time + n * 1e-4 }, 0);
    }
    const drawn = new Set<number>();
    for (let now = 0; now < 60_000; now += 50) {
      flow.advance(now);
      expect(flow.dots(now).length).toBeLessThanOrEqual(MOST_DOTS);
      if (now === 0) {
        expect(flow.addedUp).toBeGreaterThan(total - MOST_DOTS - 1);
        const [glow] = flow.glows(0);
        expect([...(glow?.counts.values() ?? [])].reduce((sum, count) => sum + count, 0)).toBe(flow.addedUp);
        drawn.add(total - flow.addedUp);
      }
    }
    expect([...drawn][0]).toBeGreaterThan(0);
    expect(flow.advance(60_000)).toBe(false);
    expect(flow.addedUp).toBe(0);
  });
});
