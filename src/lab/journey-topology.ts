// A lab's graph as the plain facts that journeys are stitched with.
import type { Device, Topology } from '../journey/topology.ts';
import type { DeviceKind, DeviceNode, Graph } from '../topology/graph.ts';

const KINDS: Readonly<Record<DeviceKind, Device['kind']>> = {
  loopback: 'loopback',
  bridge: 'bridge',
  veth: 'veth',
  nic: 'nic',
  vxlan: 'tunnel',
  tun: 'tunnel',
  tunnel: 'tunnel',
  vlan: 'vlan',
  dummy: 'other',
  other: 'other',
};

/** @param wire the wire that a NIC is plugged into, if that is known */
export function topologyOf(
  graph: Graph,
  wire: (machine: string, device: string) => string | undefined = () => undefined,
): Topology {
  const devices = new Map(graph.devices.map((device) => [device.id, device]));
  const spaces = new Map(graph.namespaces.map(({ id, name, root }) => [id, root ? '' : name]));
  const inodes = new Map(graph.namespaces.map(({ id, inode }) => [id, inode]));
  const peers = new Map<string, DeviceNode>();
  const bridges = new Map<string, string>();
  for (const { kind, source, target } of graph.edges) {
    const from = devices.get(source);
    const to = devices.get(target);
    if (from === undefined || to === undefined) continue;
    if (kind === 'port') bridges.set(source, to.name);
    if (kind === 'veth') {
      peers.set(source, to);
      peers.set(target, from);
    }
  }
  const inSpace = (device: DeviceNode): { namespace?: string } => {
    const namespace = spaces.get(device.namespace) ?? '';
    return namespace === '' ? {} : { namespace };
  };
  return {
    devices: graph.devices.map((device): Device => {
      const { id, machine, name, ifindex, deviceKind, addresses } = device;
      const peer = peers.get(id);
      const bridge = bridges.get(id);
      // A veth whose other end no report shows leads out, as a cable does.
      const leadsOut = deviceKind === 'nic' || (deviceKind === 'veth' && peer === undefined);
      const inode = inodes.get(device.namespace) ?? 0;
      const plugged = leadsOut ? wire(machine, name) : undefined;
      return {
        machine,
        ...inSpace(device),
        ...(inode === 0 ? {} : { inode }),
        name,
        ifindex,
        kind: leadsOut ? 'nic' : KINDS[deviceKind],
        addresses,
        ...(peer === undefined ? {} : { peer: { ...inSpace(peer), name: peer.name } }),
        ...(bridge === undefined ? {} : { bridge }),
        ...(plugged === undefined ? {} : { wire: plugged }),
      };
    }),
  };
}
