// For tests: the two hosts of src/journey/fixtures, joined by a wire and a VXLAN tunnel, as a graph; and what their taps and
// the wire saw, as hops. Its topology.json has no MAC addresses, indexes and
// states: the NICs' are those of the frames that they sent, and devices are counted, and up.
import { readFileSync } from 'node:fs';
import type { Hop } from '../../src/hop/hop.ts';
import { hopsOfCapture } from '../../src/hop/hops-of-capture.ts';
import type { Device } from '../../src/journey/topology.ts';
import { edge } from '../../src/topology/build-graph.ts';
import type { DeviceKind, DeviceNode, Edge, Graph, NamespaceNode } from '../../src/topology/graph.ts';
import { mergeGraphs, wireId } from '../../src/topology/merge-graphs.ts';

const folder = new URL('../../src/journey/fixtures/', import.meta.url);
const { devices } = JSON.parse(readFileSync(new URL('topology.json', folder), 'utf8')) as { devices: Device[] };

const KINDS: Readonly<Record<Device['kind'], DeviceKind>> = {
  nic: 'nic',
  bridge: 'bridge',
  veth: 'veth',
  tunnel: 'vxlan',
  vlan: 'vlan',
  loopback: 'loopback',
  other: 'other',
};
const NODE_ADDRESS: Readonly<Record<string, string>> = { 'host-01': '10.0.0.11', 'host-02': '10.0.0.12' };

const spaceId = (machine: string, namespace = ''): string => `${machine}/${namespace}`;
const deviceId = (machine: string, namespace: string | undefined, name: string): string =>
  `${spaceId(machine, namespace)}/${name}`;

/** Both hosts; `machines` picks some of them. */
export function twoHosts(machines: readonly string[] = ['host-01', 'host-02']): Graph {
  return mergeGraphs(machines.map(hostGraph), {
    wires: ['lan'],
    wireOf: (_, device) => (device === 'eth0' ? 'lan' : undefined),
  });
}

function hostGraph(machine: string): Graph {
  const own = devices.filter((device) => device.machine === machine);
  const names = [...new Set(own.map(({ namespace = '' }) => namespace))];
  const namespaces = names.map(
    (name, index): NamespaceNode => ({
      kind: 'namespace',
      id: spaceId(machine, name),
      machine,
      name: name === '' ? machine : name,
      root: name === '',
      inode: index + 1,
      pid: 1,
      workloads: [],
    }),
  );
  const nodes = own.map(
    (device, index): DeviceNode => ({
      kind: 'device',
      id: deviceId(machine, device.namespace, device.name),
      namespace: spaceId(machine, device.namespace),
      machine,
      name: device.name,
      ifindex: index + 1,
      deviceKind: KINDS[device.kind],
      infoKind: device.kind === 'tunnel' ? 'vxlan' : '',
      mac: device.name === 'eth0' && device.namespace === undefined ? nicMac(machine) : '',
      mtu: 1500,
      up: true,
      operstate: 'UP',
      addresses: device.addresses,
      ...(device.kind === 'tunnel' ? { vxlan: { vni: 1, port: 8472, local: NODE_ADDRESS[machine] ?? '' } } : {}),
    }),
  );
  const edges = own.flatMap(({ namespace, name, bridge, peer }): Edge[] => {
    const id = deviceId(machine, namespace, name);
    if (bridge !== undefined) return [edge('port', id, deviceId(machine, namespace, bridge)), ...pair(id, peer)];
    return [];
  });
  function pair(id: string, peer: Device['peer']): Edge[] {
    return peer === undefined ? [] : [edge('veth', id, deviceId(machine, peer.namespace, peer.name))];
  }
  const routing = nodes.filter(({ namespace, addresses, deviceKind }) => {
    return namespace === spaceId(machine) && addresses.length > 0 && deviceKind !== 'loopback';
  });
  const routed = routing.flatMap((a, index) => routing.slice(index + 1).map((b) => edge('routed', a.id, b.id)));
  return {
    machines: [{ kind: 'machine', id: machine, name: machine }],
    wires: [],
    namespaces,
    devices: nodes,
    edges: [...edges, ...routed],
    routes: new Map(),
  };
}

/** What its NIC sends has it as the sender's address; the topology does not say. */
function nicMac(machine: string): string {
  const { hops } = hopsOfCapture(readFileSync(new URL('overlay.pcapng', folder)), 'overlay', 1);
  const sent = hops.find((hop) => hop.machine === machine && hop.device === 'eth0' && hop.direction === 'out');
  const at = sent?.linkType === 1 ? 6 : 12;
  const bytes = sent?.bytes.subarray(at, at + 6) ?? [];
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** A scenario's hops ("overlay"; src/journey/fixtures/README.md), numbered in the order of their times. */
export function hopsOf(scenario: string): (Hop & { readonly deviceId: string })[] {
  const { hops } = hopsOfCapture(readFileSync(new URL(`${scenario}.pcapng`, folder)), scenario, 1);
  return hops
    .toSorted((a, b) => a.time - b.time)
    .map((hop, index): Hop & { readonly deviceId: string } => ({
      ...hop,
      n: index + 1,
      deviceId: hop.machine === 'wire' ? wireId(hop.device) : deviceId(hop.machine, hop.namespace, hop.device),
    }));
}
