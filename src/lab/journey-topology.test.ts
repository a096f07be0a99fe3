import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Hop } from '../hop/hop.ts';
import { stitch } from '../journey/builder.ts';
import { buildGraph } from '../topology/build-graph.ts';
import { parseReport } from '../topology/parse-report.ts';
import { topologyOf } from './journey-topology.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../topology/fixtures/${name}`, import.meta.url), 'utf8');

const graph = (() => {
  const parsed = parseReport(fixture('host.report.json'));
  if (!parsed.ok) throw new Error(parsed.error);
  return buildGraph('host-01', parsed.report);
})();

it('says of each device what it is, where, and what it is joined to', () => {
  const { devices } = topologyOf(graph, () => 'lan');
  const device = (name: string, namespace?: string) =>
    devices.find((one) => one.name === name && one.namespace === namespace);
  expect(device('docker0')).toMatchObject({
    machine: 'host-01',
    kind: 'bridge',
    addresses: expect.arrayContaining(['172.17.0.1/16']),
  });
  expect(device('vethweb')).toMatchObject({
    kind: 'veth',
    bridge: 'docker0',
    peer: { namespace: 'web', name: 'eth0' },
  });
  expect(device('eth0', 'web')).toMatchObject({ kind: 'veth', peer: { name: 'vethweb' } });
  expect(device('flannel.1')).toMatchObject({ kind: 'tunnel' });
  expect(device('eth0')).toMatchObject({ kind: 'nic', wire: 'lan' });
});

it('is what a ping between two containers needs to be followed into the other one', () => {
  const hops = fixture('ping.hops.jsonl')
    .trim()
    .split('\n')
    .map((line, index): Hop => {
      const { bytes, ...hop } = JSON.parse(line) as Omit<Hop, 'id' | 'machine' | 'linkType' | 'bytes'> & {
        bytes: string;
      };
      return {
        ...hop,
        n: index + 1,
        machine: 'host-01',
        linkType: 276,
        bytes: Uint8Array.from(Buffer.from(bytes, 'base64')),
      };
    });
  const request = stitch(hops, { topology: topologyOf(graph) }).find(({ summary }) =>
    /Echo \(ping\) request/.test(summary),
  );
  expect(request?.hops.map(({ at }) => at)).toEqual(['host-01/vethcli', 'host-01/vethweb']);
  expect(request?.reached).toBe('host-01/web/eth0');
});
