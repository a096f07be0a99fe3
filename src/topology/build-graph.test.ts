import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, EMPTY_GRAPH } from './build-graph.ts';
import { describeChanges } from './describe-changes.ts';
import { DeviceHistory } from './device-history.ts';
import type { Graph } from './graph.ts';
import type { KernelReport } from './kernel-report.ts';
import { mergeGraphs } from './merge-graphs.ts';
import { checkReport, parseReport } from './parse-report.ts';

const text = (name: string): string => readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');

function reportOf(name: string): KernelReport {
  const parsed = parseReport(text(name));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.report;
}

const host = reportOf('host.report.json');
const withoutWeb = reportOf('host-without-web.report.json');

function named(graph: Graph, id: string): string {
  const device = graph.devices.find((candidate) => candidate.id === id);
  const namespace = graph.namespaces.find((candidate) => candidate.id === device?.namespace);
  return namespace?.root === false ? `${namespace.name}:${device?.name}` : (device?.name ?? id);
}

const edgesOf = (graph: Graph, kind: string): string[] =>
  graph.edges
    .filter((edge) => edge.kind === kind)
    .map((edge) => `${named(graph, edge.source)} - ${named(graph, edge.target)}`);

describe('the graph of a real host', () => {
  const graph = buildGraph('host-01', host);

  it('has every device that the kernel told of, in every namespace', () => {
    expect(graph.devices).toHaveLength(host.namespaces.reduce((sum, space) => sum + space.links.length, 0));
    expect(graph.namespaces.map((namespace) => namespace.name)).toEqual(['host-01', 'web', 'client', 'bare']);
  });

  it('joins veth pairs across namespaces, within one, and leaves the end open whose other one was not reported', () => {
    expect(edgesOf(graph, 'veth').sort()).toEqual(['pair-b - pair-a', 'vethcli - client:eth0', 'vethweb - web:eth0']);
  });

  it('joins ports to their bridges', () => {
    expect(edgesOf(graph, 'port').sort()).toEqual(['pair-a - br-lan', 'vethcli - docker0', 'vethweb - docker0']);
  });

  it('says between which devices the machine can route, and nothing of that inside containers', () => {
    expect(edgesOf(graph, 'routed').sort()).toEqual([
      'br-lan - flannel.1',
      'docker0 - br-lan',
      'docker0 - flannel.1',
      'eth0 - br-lan',
      'eth0 - docker0',
      'eth0 - flannel.1',
    ]);
  });

  it('shows kinds, addresses and states as the kernel says them', () => {
    const by = (name: string) => graph.devices.find((device) => device.name === name);
    expect(by('docker0')).toMatchObject({
      deviceKind: 'bridge',
      up: true,
      operstate: 'UP',
      addresses: expect.arrayContaining(['172.17.0.1/16']),
    });
    expect(by('flannel.1')).toMatchObject({ deviceKind: 'vxlan', operstate: 'UNKNOWN' });
    expect(by('tap0')).toMatchObject({ deviceKind: 'tun', up: false, addresses: [] });
    expect(by('pair-a')?.up).toBe(false);
  });

  it('finds veth pairs by their symmetry when no nsid is known', () => {
    const anonymous = { ...host, namespaces: host.namespaces.map((space) => ({ ...space, nsid: -1 })) };
    expect(edgesOf(buildGraph('host-01', anonymous), 'veth').sort()).toEqual(edgesOf(graph, 'veth').sort());
  });

  it('takes the name of a container from its process, and of all that share a namespace', () => {
    const web = host.namespaces.find((space) => space.name === 'web');
    const container = (name: string) => ({
      id: name,
      name,
      kind: 'container' as const,
      runtime: 'docker' as const,
      state: 'running',
      image: 'whoami',
      labels: {},
      namespaces: { net: web?.inode ?? 0 },
    });
    const report: KernelReport = {
      ...host,
      namespaces: host.namespaces.map((space) =>
        space === web ? { ...space, name: '', pids: [web.pid, 77_777] } : space,
      ),
      workloads: [container('shop'), container('sidecar')],
      bridges: [{ device: 'docker0', name: 'bridge', by: 'docker' }],
    };
    const graphed = buildGraph('host-01', report);
    expect(graphed.namespaces.map((namespace) => namespace.name)).toContain('shop, sidecar');
    expect(graphed.devices.find((device) => device.name === 'docker0')?.network).toEqual({
      name: 'bridge',
      by: 'docker',
    });
  });
});

describe('ids and sharing', () => {
  it('never depend on the order in which the report lists things', () => {
    const expected = buildGraph('host-01', host);
    const shuffled = fc
      .tuple(
        fc.shuffledSubarray([...host.namespaces], { minLength: host.namespaces.length }),
        fc.infiniteStream(fc.nat()),
      )
      .map(([namespaces, keys]) => ({
        ...host,
        namespaces: namespaces.map((space) => ({
          ...space,
          links: space.links
            .map((link) => ({ link, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ link }) => link),
        })),
      }));
    fc.assert(
      fc.property(shuffled, (report) => {
        expect(buildGraph('host-01', report)).toEqual(expected);
      }),
    );
  });

  it('give back the same graph when nothing changed, and the same nodes when something did', () => {
    const first = buildGraph('host-01', host);
    expect(buildGraph('host-01', { ...reportOf('host.report.json'), time: host.time + 1 }, first)).toBe(first);
    const second = buildGraph('host-01', withoutWeb, first);
    expect(second).not.toBe(first);
    const lan = (graph: Graph) => graph.devices.find((device) => device.name === 'br-lan');
    expect(lan(second)).toBe(lan(first));
  });

  it('keep machines apart when their graphs are merged', () => {
    const merged = mergeGraphs([buildGraph('host-01', host), buildGraph('host-02', host)]);
    expect(new Set(merged.devices.map((device) => device.id)).size).toBe(merged.devices.length);
    expect(merged.routes.size).toBe(2 * host.namespaces.length);
  });
});

describe('what lies between machines', () => {
  const hosts = ['kube-worker-01', 'kube-worker-02'];
  const cabling = {
    wires: ['lan'],
    wireOf: (machine: string, device: string) => (hosts.includes(machine) && device === 'eth0' ? 'lan' : undefined),
  };

  /** The real host, with another address on its NIC, and its VXLAN device sent from `local`. */
  function worker(name: string, address: string, vxlan: Record<string, unknown>): Graph {
    const links = (host.namespaces[0]?.links ?? []).map((link) => {
      if (link.ifname === 'eth0')
        return { ...link, addr_info: [{ family: 'inet', local: address, prefixlen: 24, scope: 'global' }] };
      if (link.ifname !== 'flannel.1') return link;
      return { ...link, linkinfo: { info_kind: 'vxlan', info_data: { ...link.linkinfo?.info_data, ...vxlan } } };
    });
    return buildGraph(name, {
      ...host,
      namespaces: host.namespaces.map((space, index) => (index === 0 ? { ...space, links } : space)),
    });
  }
  const joined = (second: Record<string, unknown>): Graph =>
    mergeGraphs(
      [
        worker('kube-worker-01', '10.0.0.121', { local: '10.0.0.121' }),
        worker('kube-worker-02', '10.0.0.122', { local: '10.0.0.122', ...second }),
      ],
      cabling,
    );
  const linesOf = (graph: Graph, kind: string): string[] =>
    graph.edges
      .filter((edge) => edge.kind === kind)
      .map(({ source, target }) =>
        [source, target]
          .map((id) => {
            const device = graph.devices.find((candidate) => candidate.id === id);
            return device === undefined ? id : `${device.machine}/${device.name}`;
          })
          .join(' - '),
      );

  it('is the wire that each machine’s own NIC is plugged into, and no device of a container', () => {
    const graph = joined({});
    expect(graph.wires).toEqual([{ kind: 'wire', id: 'wire/lan', name: 'lan' }]);
    expect(linesOf(graph, 'plug')).toEqual(['kube-worker-01/eth0 - wire/lan', 'kube-worker-02/eth0 - wire/lan']);
  });

  it('is a tunnel where both kernels tell of the same one', () => {
    expect(linesOf(joined({}), 'tunnel')).toEqual(['kube-worker-01/flannel.1 - kube-worker-02/flannel.1']);
  });

  it('is told of when it appears', () => {
    expect(describeChanges(joined({ id: 2 }), joined({}))).toEqual([
      'a tunnel joins flannel.1 on kube-worker-01 and flannel.1 on kube-worker-02',
    ]);
  });

  it.each([
    ['another segment', { id: 2 }],
    ['another port', { port: 4789 }],
    ['an address that the machine does not have', { local: '10.0.0.199' }],
    ['the other machine’s address', { local: '10.0.0.121' }],
    ['no address', { local: undefined }],
    ['nonsense', { id: 'one' }],
  ])('is no tunnel with %s', (_, second) => {
    expect(linesOf(joined(second), 'tunnel')).toEqual([]);
  });
});

it('names a device whose last packets come after it has gone', () => {
  const history = new DeviceHistory();
  const first = buildGraph('host-01', host);
  history.record(first);
  history.record(buildGraph('host-01', withoutWeb, first));
  const gone = first.devices.find((device) => device.name === 'vethweb');
  expect(history.find('host-01', gone?.ifindex ?? -1)).toBe(gone);
  expect(history.find('host-02', gone?.ifindex ?? -1)).toBeUndefined();
});

describe('changes in words', () => {
  const before = buildGraph('host-01', withoutWeb);
  const after = buildGraph('host-01', host);

  it('say what appeared, on which bridge, with which address', () => {
    expect(describeChanges(before, after)).toEqual(['namespace web appeared on docker0 with 172.17.0.2']);
    expect(describeChanges(after, before)).toEqual(['namespace web is gone', 'vethweb is gone']);
  });

  it('say nothing when nothing changed', () => {
    expect(describeChanges(after, after)).toEqual([]);
  });

  it('say that a device went down, and lost its address', () => {
    const changed: Graph = {
      ...after,
      devices: after.devices.map((device) =>
        device.name === 'docker0' ? { ...device, up: false, operstate: 'DOWN', addresses: [] } : device,
      ),
    };
    expect(describeChanges(after, changed)).toEqual(['docker0 is down', 'docker0 lost the address 172.17.0.1/16']);
  });
});

describe('untrusted reports', () => {
  it('lose the part that is wrong, and say which field it was and what was found there', () => {
    const broken = JSON.parse(text('host.report.json')) as { namespaces: { links: Record<string, unknown>[] }[] };
    const link = broken.namespaces[1]?.links[0] as Record<string, unknown>;
    link.ifindex = 'two';
    const parsed = checkReport(broken);
    expect(parsed).toMatchObject({
      ok: true,
      unread: ['kernel report: namespaces[1].links[0].ifindex: expected an integer from 1, got "two"'],
    });
    // The others are as they were, and so are the namespace's other devices.
    expect(parsed.ok && parsed.report.namespaces).toEqual(
      host.namespaces.map((space, index) => (index === 1 ? { ...space, links: space.links.slice(1) } : space)),
    );
    expect(parseReport('{"time": 1,')).toMatchObject({ ok: false, error: expect.stringContaining('not JSON') });
    expect(parseReport('[]')).toEqual({ ok: false, error: 'kernel report: top level: expected an object, got []' });
  });

  it('never throw, and whatever is accepted makes a graph', () => {
    const anything = fc.oneof(fc.string(), fc.json(), mutated());
    fc.assert(
      fc.property(anything, (candidate) => {
        const parsed = parseReport(candidate);
        if (parsed.ok) buildGraph('host-01', parsed.report, EMPTY_GRAPH);
        else expect(parsed.error).toMatch(/^kernel report: /);
      }),
      { numRuns: 500 },
    );
  });

  /** The real report with one value somewhere replaced by something else: gets past the first checks. */
  function mutated(): fc.Arbitrary<string> {
    const original = JSON.parse(text('host.report.json')) as unknown;
    return fc.tuple(fc.infiniteStream(fc.nat()), fc.jsonValue()).map(([stream, value]) => {
      const copy = structuredClone(original);
      let at = copy as Record<string, unknown>;
      for (;;) {
        const keys = Object.keys(at);
        const key = keys[(stream.next().value as number) % keys.length];
        if (key === undefined) break;
        const below = at[key];
        if (typeof below !== 'object' || below === null || (stream.next().value as number) % 5 === 0) {
          at[key] = value;
          break;
        }
        at = below as Record<string, unknown>;
      }
      return JSON.stringify(copy);
    });
  }
});
