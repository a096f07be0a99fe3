import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { twoHosts } from '../../../../tests/support/two-hosts.ts';
import { buildGraph } from '../../../topology/build-graph.ts';
import type { Graph } from '../../../topology/graph.ts';
import type { KernelLink, KernelReport } from '../../../topology/kernel-report.ts';
import { parseReport } from '../../../topology/parse-report.ts';
import { type Box, type Layout, layoutGraph, NO_COLUMNS } from './layout.ts';
import { BAR_HEIGHT } from './node-label.ts';

function reportOf(name: string): KernelReport {
  const parsed = parseReport(readFileSync(new URL(`../../../topology/fixtures/${name}`, import.meta.url), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.report;
}

const host = reportOf('host.report.json');
const withoutWeb = reportOf('host-without-web.report.json');

/** The real host with containers as its real ones are: a namespace, and a veth pair into the bridge. */
function withContainers(numbers: readonly number[], bridgeOf: (n: number) => string = () => 'docker0'): Graph {
  const [root] = withoutWeb.namespaces;
  const client = withoutWeb.namespaces.find((space) => space.name === 'client');
  const outer = root?.links.find((link) => link.ifname === 'vethcli');
  if (root === undefined || client === undefined || outer === undefined) throw new Error('the fixture has changed');
  const veths = numbers.map(
    (n): KernelLink => ({
      ...outer,
      ifindex: 100 + n,
      ifname: `veth${n}`,
      link_netnsid: 50 + n,
      link_index: 2,
      master: bridgeOf(n),
    }),
  );
  const spaces = numbers.map((n) => ({
    ...client,
    inode: 4_100_000_000 + n,
    name: `c${n}`,
    nsid: 50 + n,
    links: client.links.map((link) => (link.ifname === 'eth0' ? { ...link, link_index: 100 + n } : link)),
  }));
  return buildGraph('host-01', {
    ...withoutWeb,
    namespaces: [{ ...root, links: [...root.links, ...veths] }, ...withoutWeb.namespaces.slice(1), ...spaces],
  });
}

const overlap = (a: Box, b: Box): boolean =>
  Math.abs(a.x - b.x) * 2 < a.width + b.width && Math.abs(a.y - b.y) * 2 < a.height + b.height;

function overlaps(layout: Layout): string[] {
  const all = [...layout.boxes];
  return all.flatMap(([id, box], index) =>
    all.slice(index + 1).flatMap(([other, otherBox]) => (overlap(box, otherBox) ? [`${id} and ${other}`] : [])),
  );
}

describe('the layout of a real host', () => {
  const graph = buildGraph('host-01', host);
  const layout = layoutGraph(graph);
  const box = (name: string, namespace = 'host-01'): Box => {
    const space = graph.namespaces.find((candidate) => candidate.name === namespace)?.id;
    const found = layout.boxes.get(
      graph.devices.find((device) => device.name === name && device.namespace === space)?.id ?? '',
    );
    if (found === undefined) throw new Error(`${name} has no place`);
    return found;
  };

  it('stands ports on their bridge and containers over their veth', () => {
    expect(box('vethweb').y).toBeLessThan(box('docker0').y);
    expect(box('eth0', 'web').y).toBeLessThan(box('vethweb').y);
    expect(box('eth0', 'web')).toMatchObject({ x: box('vethweb').x });
    expect(box('eth0', 'client')).toMatchObject({ x: box('vethcli').x });
    expect(box('vethweb').x).toBeLessThan(box('vethcli').x);
    const bar = box('docker0');
    expect(bar.x - bar.width / 2).toBeLessThanOrEqual(box('vethweb').x);
    expect(bar.x + bar.width / 2).toBeGreaterThanOrEqual(box('vethcli').x);
  });

  it('lets nothing overlap, and places everything but folded loopbacks', () => {
    expect(overlaps(layout)).toEqual([]);
    const folded = graph.devices.length - layout.boxes.size;
    expect(folded).toBe(2);
  });
});

describe('a layout that lives', () => {
  it('gives the place of a container that is gone to the next one, and moves nobody', () => {
    const three = layoutGraph(withContainers([1, 2, 3]));
    const two = layoutGraph(withContainers([1, 3]), three.columns);
    const again = layoutGraph(withContainers([1, 3, 4]), two.columns);
    const veth = (layout: Layout, n: number) =>
      layout.boxes.get([...layout.boxes.keys()].find((id) => id.endsWith(`/${100 + n}`)) ?? '');
    expect(veth(again, 3)).toEqual(veth(three, 3));
    expect(veth(again, 4)).toEqual(veth(three, 2));
  });

  it('never moves what is there, and never lets two things overlap, whatever comes and goes', () => {
    const steps = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 9 }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(steps, fc.boolean(), (runs, twoBridges) => {
        let columns = NO_COLUMNS;
        let previous: Layout | undefined;
        for (const numbers of runs) {
          const layout = layoutGraph(
            withContainers(numbers, twoBridges ? (n) => (n % 2 === 0 ? 'docker0' : 'br-lan') : undefined),
            columns,
          );
          expect(overlaps(layout)).toEqual([]);
          for (const [id, box] of previous?.boxes ?? []) {
            const now = layout.boxes.get(id);
            const bar = box.height === BAR_HEIGHT;
            if (now !== undefined)
              expect(bar ? { y: now.y, left: now.x - now.width / 2 } : now).toEqual(
                bar ? { y: box.y, left: box.x - box.width / 2 } : box,
              );
          }
          previous = layout;
          columns = layout.columns;
        }
      }),
    );
  });
});

describe('the layout of two machines on a wire', () => {
  const graph = twoHosts();
  const layout = layoutGraph(graph);
  const box = (id: string): Box => layout.boxes.get(id) ?? layout.wires.get(id) ?? expect.fail(`${id} has no place`);

  it('puts the wire under both, and the tunnel between it and them', () => {
    const wire = box('wire/lan');
    const [lane] = [...layout.lanes.values()];
    expect(overlaps(layout)).toEqual([]);
    for (const nic of ['host-01//eth0', 'host-02//eth0']) {
      expect(wire.y - wire.height / 2).toBeGreaterThan(lane ?? 0);
      expect(lane).toBeGreaterThan(box(nic).y + box(nic).height / 2);
      expect(Math.abs(box(nic).x - wire.x)).toBeLessThan(wire.width / 2);
    }
  });

  it('has the wire reach over all of its machines', () => {
    const { x, width } = box('wire/lan');
    for (const room of layout.rooms.values()) {
      expect(room.x - room.width / 2).toBeGreaterThanOrEqual(x - width / 2);
      expect(room.x + room.width / 2).toBeLessThanOrEqual(x + width / 2);
    }
  });

  it('lets no box of one machine into the other', () => {
    const right = (machine: string, side: -1 | 1): number[] =>
      graph.devices
        .filter((device) => device.machine === machine)
        .flatMap(({ id }) => {
          const place = layout.boxes.get(id);
          return place === undefined ? [] : [place.x + (side * place.width) / 2];
        });
    expect(Math.max(...right('host-01', 1))).toBeLessThan(Math.min(...right('host-02', -1)) - 20);
  });

  it('keeps the place of a machine that is off, and of its plug', () => {
    const nothing: Graph = {
      ...twoHosts(['host-02']),
      machines: graph.machines,
    };
    const without = layoutGraph(nothing, layout.columns);
    expect(without.boxes.get('host-02//eth0')).toEqual(layout.boxes.get('host-02//eth0'));
    expect(without.wires).toEqual(layout.wires);
    expect(without.rooms.get('host-01')?.width).toBe(layout.rooms.get('host-01')?.width);
    expect(layoutGraph(graph, without.columns).boxes).toEqual(layout.boxes);
  });
});
