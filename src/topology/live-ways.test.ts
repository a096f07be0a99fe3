import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Hop } from '../hop/hop.ts';
import { identityOf } from '../hop/identity.ts';
import { buildGraph } from './build-graph.ts';
import { type LiveWay, LiveWays } from './live-ways.ts';
import { parseReport } from './parse-report.ts';

const fixture = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

const graph = (() => {
  const parsed = parseReport(fixture('host.report.json'));
  if (!parsed.ok) throw new Error(parsed.error);
  return buildGraph('host-01', parsed.report);
})();
const root = graph.namespaces.find((namespace) => namespace.root)?.id ?? '';

/** "client:eth0" inside a container, "docker0" in the machine's own namespace. */
function short(id: string): string {
  const wire = id.startsWith('wire:') ? 'wire of ' : '';
  const device = graph.devices.find((candidate) => candidate.id === id.replace(/^wire:/, ''));
  const namespace = graph.namespaces.find((candidate) => candidate.id === device?.namespace);
  return `${wire}${namespace?.root === false ? `${namespace.name}:` : ''}${device?.name ?? id}`;
}

interface Seen extends Hop {
  readonly deviceId: string;
}

function hops(name: string): Seen[] {
  return fixture(name)
    .trim()
    .split('\n')
    .map((line, index) => {
      const hop = JSON.parse(line) as {
        time: number;
        ifindex: number;
        device: string;
        direction: 'in' | 'out';
        bytes: string;
      };
      const bytes = Uint8Array.from(Buffer.from(hop.bytes, 'base64'));
      return {
        n: index + 1,
        time: hop.time,
        machine: 'host-01',
        device: hop.device,
        deviceId: `${root}/${hop.ifindex}`,
        direction: hop.direction,
        linkType: 276,
        bytes,
        originalLength: bytes.length,
      };
    });
}

function walk(name: string, wanted: (hop: Seen) => boolean): { hop: Seen; path: LiveWay; line: string }[] {
  const paths = new LiveWays();
  paths.setGraph(graph);
  return hops(name)
    .map((hop) => ({ hop, path: paths.follow(hop) }))
    .filter(({ hop }) => wanted(hop))
    .map(({ hop, path }) => ({
      hop,
      path,
      line: [short(path.crossings[0]?.from ?? ''), ...path.crossings.map((crossing) => short(crossing.to))].join(' > '),
    }));
}

const ethertype = (hop: Hop): number => ((hop.bytes[0] ?? 0) << 8) | (hop.bytes[1] ?? 0);
const icmpType = (hop: Hop): number => (ethertype(hop) === 0x0800 && hop.bytes[29] === 1 ? (hop.bytes[40] ?? -1) : -1);

describe('the way of a packet between two containers on one bridge', () => {
  it('goes container > veth > bridge > veth > container, and back', () => {
    const seen = walk('ping.hops.jsonl', (hop) => icmpType(hop) >= 0);
    expect(seen.slice(0, 4).map(({ line }) => line)).toEqual([
      'client:eth0 > vethcli',
      'vethcli > docker0 > vethweb > web:eth0',
      'web:eth0 > vethweb',
      'vethweb > docker0 > vethcli > client:eth0',
    ]);
    expect(seen).toHaveLength(8);
  });

  it('knows which hop continues which, and that request and reply are two packets', () => {
    const [a, b, c, d] = walk('ping.hops.jsonl', (hop) => icmpType(hop) >= 0);
    expect(b?.path.follows).toBe(a?.hop.n);
    expect(d?.path.follows).toBe(c?.hop.n);
    expect(c?.path.follows).toBe(0);
    expect(b?.path.packet).toBe(a?.path.packet);
    expect(c?.path.packet).not.toBe(a?.path.packet);
  });

  it('forks where the bridge floods an ARP request: to the other port and up to the machine', () => {
    const seen = walk('ping.hops.jsonl', (hop) => ethertype(hop) === 0x0806);
    expect(seen.slice(0, 3).map(({ line }) => line)).toEqual([
      'client:eth0 > vethcli',
      'vethcli > docker0 > vethweb > web:eth0',
      'vethcli > docker0',
    ]);
    expect(new Set(seen.slice(0, 3).map(({ path }) => path.packet)).size).toBe(1);
  });
});

describe('the way of a packet through the IP layer', () => {
  it('is one packet before and after source NAT, out and back', () => {
    const seen = walk('outside.hops.jsonl', (hop) => icmpType(hop) >= 0);
    expect(seen.slice(0, 6).map(({ line }) => line)).toEqual([
      'client:eth0 > vethcli',
      'vethcli > docker0',
      'docker0 > eth0 > wire of eth0',
      'wire of eth0 > eth0',
      'eth0 > docker0',
      'docker0 > vethcli > client:eth0',
    ]);
    expect(seen.slice(0, 3).map(({ path }) => path.packet)).toEqual([seen[0]?.hop.n, seen[0]?.hop.n, seen[0]?.hop.n]);
    expect(seen.slice(3, 6).map(({ path }) => path.packet)).toEqual([seen[3]?.hop.n, seen[3]?.hop.n, seen[3]?.hop.n]);
  });

  it('begins at the bridge when the machine itself sends', () => {
    const seen = walk('outside.hops.jsonl', (hop) => icmpType(hop) >= 0).slice(6);
    expect(seen.map(({ line }) => line)).toEqual([
      '',
      'docker0 > vethweb > web:eth0',
      'web:eth0 > vethweb',
      'vethweb > docker0',
    ]);
  });

  it('follows a TCP connection through destination NAT, both ways', () => {
    const lines = walk('http.hops.jsonl', (hop) => ethertype(hop) === 0x0800).map(({ line }) => line);
    const [syn] = walk(
      'http.hops.jsonl',
      (hop) => hop.device === 'eth0' && hop.direction === 'in' && hop.bytes[29] === 6 && hop.bytes[53] === 2,
    );
    expect(syn).toBeDefined();
    expect(lines.filter((line) => line === 'eth0 > docker0').length).toBeGreaterThanOrEqual(5);
    expect(lines.filter((line) => line === 'docker0 > eth0 > wire of eth0').length).toBeGreaterThanOrEqual(5);
    expect(lines).not.toContain('eth0 > wire of eth0');
  });
});

it('tells the packets of one connection apart', () => {
  const first = hops('http.hops.jsonl').filter(
    (hop) => hop.device === 'vethcli' && hop.direction === 'in' && ethertype(hop) === 0x0800,
  );
  expect(first.length).toBeGreaterThan(4);
  expect(new Set(first.map((hop) => identityOf(hop).key)).size).toBe(first.length);
});

it('compares a frame that goes round in a loop with a few of its sightings, not with thousands', () => {
  const ways = new LiveWays();
  ways.setGraph(graph);
  const bytes = hops('ping.hops.jsonl')[0]?.bytes ?? new Uint8Array();
  const ports = graph.devices.filter(({ namespace }) => namespace === root);
  let looks = 0;
  const follow = (n: number): void => {
    const { name, ifindex, id } = ports[n % ports.length] ?? { name: '', ifindex: 0, id: '' };
    ways.follow({
      ...{ n, machine: 'host-01', device: name, ifindex, deviceId: id, direction: 'in', linkType: 276, bytes },
      get time() {
        looks++;
        return 1000 + n * 1e-5;
      },
      originalLength: bytes.length,
    });
  };
  for (let n = 1; n <= 2000; n++) follow(n);
  looks = 0;
  for (let n = 2001; n <= 2100; n++) follow(n);
  expect(looks).toBeGreaterThan(100);
  expect(looks / 100).toBeLessThan(500);
});
