import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Hop } from '../../../hop/hop.ts';
import { buildGraph } from '../../../topology/build-graph.ts';
import type { Graph } from '../../../topology/graph.ts';
import { LiveWays } from '../../../topology/live-ways.ts';
import { parseReport } from '../../../topology/parse-report.ts';
import { FAMILY_WORD, LEG, MOST_DOTS, PacketFlow } from './packet-flow.ts';
import { quickFamily } from './packet-label.ts';
import { talkOf } from './packet-player.ts';

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
      { n: hop.n, time: hop.time, machine: hop.machine, talk: talkOf(hop), path: paths.follow(hop) },
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

  it('of one talk come one after the other: the next request after the reply to the last one', () => {
    for (const hop of hops('ping.hops.jsonl').filter((one) => quickFamily(one.bytes, 276) === 'icmp')) push(hop, 0);
    let legs = 0;
    let last = '';
    for (let now = 0; flow.advance(now); now += 20) {
      const dots = flow.dots(now);
      expect(dots.length).toBeLessThanOrEqual(1);
      const line = dots.map((dot) => `${dot.crossing.from} > ${dot.crossing.to}`).join();
      if (line !== last && line !== '') legs++;
      last = line;
    }
    expect(legs).toBeGreaterThan(8);
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

  /** What lights up on each edge until all is over, in order, and when it does so first. */
  const allGlows = (until: number) => {
    const counts = new Map<string, number>();
    const first = new Map<string, number>();
    const dots = new Map<string, number>();
    let most = 0;
    for (let now = 0; flow.advance(now) && now < until; now += 20) {
      const seen = flow.dots(now);
      most = Math.max(most, seen.length);
      for (const { crossing } of seen) dots.set(crossing.edge, dots.get(crossing.edge) ?? now);
      for (const { edge, counts: each } of flow.glows(now)) {
        first.set(edge, first.get(edge) ?? now);
        const sum = [...each.values()].reduce((total, count) => total + count, 0);
        counts.set(edge, Math.max(counts.get(edge) ?? 0, sum));
      }
    }
    return { counts, first, dots, most };
  };

  it('that come in a burst are added up, every one of them, and at most forty are under way', () => {
    const real = hops('http.hops.jsonl').filter((hop) => nameOf(hop.deviceId) === 'vethcli' && hop.direction === 'in');
    const total = 5000;
    for (let n = 1; n <= total; n++) {
      const hop = real[n % real.length] as Hop;
      push({ ...hop, n, time: hop.time + n * 1e-4 }, 0);
    }
    const { addedUp } = flow;
    expect(addedUp).toBeGreaterThan(total - MOST_DOTS - 1);
    expect(addedUp).toBeLessThan(total);
    const { counts, most } = allGlows(60_000);
    expect([...counts.values()]).toEqual([addedUp]);
    expect(most).toBeLessThanOrEqual(MOST_DOTS);
    expect(flow.advance(60_000)).toBe(false);
    expect(flow.addedUp).toBe(0);
  });

  it('that are added up light an edge in their turn: never before a packet that came before them has got there', () => {
    for (const [index, hop] of [...Array(4)].flatMap(() => hops('http.hops.jsonl')).entries())
      push({ ...hop, n: index + 1, time: hop.time + index * 1e-3 }, 0);
    expect(flow.addedUp).toBeGreaterThan(0);
    const { first, dots } = allGlows(60_000);
    expect(first.size).toBeGreaterThan(0);
    for (const [edge, at] of first) expect(at, edge).toBeGreaterThanOrEqual(dots.get(edge) ?? 0);
  });

  it('make the picture hurry while many are to come, and take their time otherwise', () => {
    const ping = hops('ping.hops.jsonl').filter((hop) => quickFamily(hop.bytes, 276) === 'icmp');
    for (const hop of ping.slice(0, 2)) push(hop, 0);
    expect(flow.pace(0)).toBe(1);
    for (let n = 1; n <= 30; n++) push({ ...(ping[0] as Hop), n: 100 + n, time: 1e6 + n }, 0);
    expect(flow.pace(0)).toBeGreaterThan(2);
    expect(flow.arrival(ping[0]?.deviceId ?? '', 0)).toBeGreaterThan(flow.lag(0) - 1);
    flow.clear();
    expect(flow.pace(0)).toBe(1);
  });
});

it('comes to rest whatever happens, and nothing is drawn before its time', () => {
  const specs = fc.array(
    fc.record({
      pause: fc.integer({ min: -50, max: 3000 }),
      /** So many hops before; 0: nothing. */
      after: fc.nat(60),
      from: fc.nat(3),
      to: fc.nat(3),
      edges: fc.nat(5),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(specs, (hops) => {
      const flow = new PacketFlow();
      flow.setMachines(3);
      let now = 0;
      let time = 0;
      for (const [index, { pause, after, ...ends }] of hops.entries()) {
        now += Math.max(0, pause - 2000);
        time += pause / 1000;
        const n = index + 1;
        const follows = after === 0 ? 0 : Math.max(0, n - after);
        const [from, to] = [`p${ends.from}`, `p${ends.to}`];
        const crossings = Array.from({ length: ends.edges }, (_, edge) => ({ edge: `e${edge}`, from, to }));
        const path = { packet: follows === 0 ? n : follows, follows, from, to, crossings };
        const label = () => ({ family: 'icmp' as const, text: FAMILY_WORD.icmp, tunnel: '' });
        const { start, end } = flow.push({ n, time, machine: 'host-01', talk: '', path }, 'icmp', label, now);
        expect(start).toBeGreaterThanOrEqual(now);
        expect(end).toBeGreaterThanOrEqual(start);
        flow.advance(now);
        for (const { strength } of flow.glows(now)) expect(strength).toBeLessThanOrEqual(1);
        expect(flow.pace(now)).toBeGreaterThanOrEqual(1);
      }
      let frames = 0;
      for (; flow.advance(now) && frames < 3000; frames++) now += 16 * flow.pace(now);
      expect(frames).toBeLessThan(3000);
      expect(flow.dots(now)).toEqual([]);
    }),
    { numRuns: 30 },
  );
});
