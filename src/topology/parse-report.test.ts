import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible } from '../basics/visible.ts';
import { buildGraph } from './build-graph.ts';
import { parseReport } from './parse-report.ts';

const link = { ifindex: 2, ifname: 'eth0', flags: ['UP'], mtu: 1500, operstate: 'UP', link_type: 'ether', link: null };
const space = (inode: number, pids: number[], more: object = {}) => ({
  namespaces: [{ inode, pid: pids[0] ?? 0, pids, name: '', nsid: -1, links: [link], routes: [], ...more }],
});
const sequence = (...records: unknown[]): string => records.map((record) => JSON.stringify(record)).join('\x1e');

function read(text: string) {
  const parsed = parseReport(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return { ...parsed, graph: buildGraph('host', parsed.report) };
}

describe('workloads', () => {
  it('are Docker’s containers, in the namespace that their process is in', () => {
    const docker = {
      containers: [
        { Id: 'a'.repeat(64), Names: ['/shop'], Image: 'whoami', State: 'paused', Labels: { tier: 'front' } },
        { Id: 'b'.repeat(64), Names: ['/old'], Image: 'whoami', State: 'exited', Labels: null },
        { Id: 7 },
      ],
      networks: [{ Id: 'c'.repeat(64), Name: 'lan', Driver: 'bridge', Options: {} }],
    };
    const { report, unread, graph } = read(
      sequence({ time: 1, processes: { ['a'.repeat(64)]: 71 } }, space(9, [1]), space(10, [70, 71]), { docker }),
    );
    expect(unread).toEqual(['kernel report: docker.containers[2].Id: expected a string, got 7']);
    expect(report.workloads.map(({ name, namespaces }) => [name, namespaces.net])).toEqual([
      ['shop', 10],
      ['old', 0],
    ]);
    expect(report.bridges).toEqual([{ device: 'br-cccccccccccc', name: 'lan', by: 'docker' }]);
    expect(graph.namespaces[1]).toMatchObject({
      name: 'shop',
      workloads: [
        { kind: 'container', runtime: 'docker', state: 'paused', image: 'whoami', labels: { tier: 'front' } },
      ],
    });
  });

  it('are pods, whose names their namespaces have, with their containers', () => {
    const cri = {
      pods: {
        items: [
          { id: 'p', metadata: { name: 'web', namespace: 'default' }, state: 'SANDBOX_READY', labels: { app: 'web' } },
        ],
      },
      containers: {
        containers: [{ id: 'c', metadata: { name: 'nginx' }, image: { image: 'nginx:1' }, state: 'CONTAINER_RUNNING' }],
      },
    };
    const { graph, unread } = read(
      sequence({ time: 1, processes: { p: 5, c: 6 } }, space(9, [1]), space(10, [5, 6], { name: 'cni-1' }), { cri }),
    );
    expect(unread).toEqual([]);
    expect(graph.namespaces[1]).toMatchObject({
      name: 'default/web',
      workloads: [
        { name: 'default/web', kind: 'pod', runtime: 'cri', state: 'running' },
        { name: 'nginx', kind: 'container', image: 'nginx:1', state: 'running' },
      ],
    });
  });

  it('are bare namespaces, by the name that ip gave them', () => {
    const { graph } = read(sequence({ time: 1 }, space(9, [1]), space(10, [], { name: 'blue' })));
    expect(graph.namespaces[1]).toMatchObject({ name: 'blue', workloads: [{ name: 'blue', kind: 'namespace' }] });
  });
});

describe('a part that cannot be read', () => {
  it('costs the others nothing', () => {
    const { report, unread } = read(
      `${sequence({ time: 1 }, space(9, [1]))}\x1e{"namespaces":[{"ifname":"\x1b[31mred\x1e${sequence(space(10, [5]))}`,
    );
    expect(report.namespaces.map(({ inode }) => inode)).toEqual([9, 10]);
    expect(unread).toEqual([expect.stringContaining('kernel report: not JSON')]);
  });

  it('is told of in at most twenty sentences that a terminal can print', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), { maxLength: 60 }), (parts) => {
        const parsed = parseReport(['{"time":1}', ...parts].join('\x1e'));
        const told = parsed.ok ? parsed.unread : [parsed.error];
        expect(told.length).toBeLessThanOrEqual(20);
        for (const line of told) {
          expect(line).toBe(visible(line));
          expect(line.length).toBeLessThan(1000);
        }
      }),
    );
  });

  it('never lets a name through that a terminal would obey, whatever the name is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 15 }), (name) => {
        const Id = 'a'.repeat(64);
        const docker = {
          containers: [{ Id, Names: [`/${name}`], Image: name, State: name, Labels: { [name]: name } }],
        };
        const { graph } = read(
          sequence(
            { time: 1, processes: { [Id]: 5 } },
            space(9, [1], { links: [{ ...link, ifname: name, master: name }] }),
            space(10, [5], { name }),
            { docker },
          ),
        );
        const shown = JSON.stringify([graph.namespaces, graph.devices], (_, value: unknown) =>
          typeof value === 'string' ? visible(value) : value,
        );
        expect(shown).toBe(JSON.stringify([graph.namespaces, graph.devices]));
      }),
    );
  });
});

describe('the agent’s own script', () => {
  const script = new URL('../../sandboxes/image/overlay/usr/lib/lockstep/report.bash', import.meta.url).pathname;

  /** One report of this computer's shell, with what iproute2 6.1 prints for a device called "\e[31mred". */
  function reported(before = ''): string {
    const state = mkdtempSync(join(tmpdir(), 'lockstep-report-'));
    try {
      return execFileSync(
        'bash',
        [
          '-uc',
          `state=$1 docker=/nowhere
           busybox() { "$@"; }
           stat() { echo 4026531840; }
           say() { printf '%s' "\${1#report }"; }
           ip() { printf '[{"ifindex":7,"ifname":"\\e[31mred","flags":[],"mtu":1500,"operstate":"DOWN","link_type":"ether"}]\\n[]\\n'; }
           . "$2"
           docker_up() { false; }
           ${before}
           report`,
          'bash',
          state,
          script,
        ],
        { encoding: 'utf8' },
      );
    } finally {
      rmSync(state, { recursive: true });
    }
  }

  it('reports a device with an escape character in its name, which is shown written out', () => {
    const { graph, unread } = read(reported());
    expect(unread).toEqual([]);
    expect(graph.devices.map(({ name }) => name)).toEqual(['\\u001b[31mred']);
  });

  it('reports from a machine whose clock cannot be told', () => {
    const { report } = read(reported('unset EPOCHREALTIME; EPOCHREALTIME=-185491.-42'));
    expect(report).toMatchObject({ time: 0, namespaces: [{ links: [{ ifindex: 7 }] }] });
  });

  it('tells the time since the start of the machine, also in its first second', () => {
    expect(reported('uptime; [[ $REPLY =~ ^[1-9][0-9]*$ ]] || exit 3')).not.toBe('');
  });
});
