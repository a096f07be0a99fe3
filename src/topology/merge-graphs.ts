// Several machines' graphs -> the lab's one graph, with what lies between them: wires, and tunnels where the kernels at both
// ends tell of the same one. Ids begin with the machine's name, so they never meet.
import { edge } from './build-graph.ts';
import type { DeviceNode, Edge, Graph, WireNode } from './graph.ts';

/** The wires of a lab, and the one that a machine's device is plugged into. */
export interface Cabling {
  readonly wires: readonly string[];
  wireOf(machine: string, device: string): string | undefined;
}

/** What a wire's node is called in the graph. */
export const wireId = (name: string): string => `wire/${name}`;

/** In the order given, which is the order of the machines in the lab. */
export function mergeGraphs(graphs: readonly Graph[], cabling?: Cabling): Graph {
  const [only] = graphs;
  const wires = (cabling?.wires ?? []).map((name): WireNode => ({ kind: 'wire', id: wireId(name), name }));
  if (only !== undefined && graphs.length === 1 && wires.length === 0) return only;
  const namespaces = graphs.flatMap((graph) => graph.namespaces);
  const devices = graphs.flatMap((graph) => graph.devices);
  const roots = new Set(namespaces.filter(({ root }) => root).map(({ id }) => id));
  const plugs = devices.flatMap((device) => {
    const wire = roots.has(device.namespace) ? cabling?.wireOf(device.machine, device.name) : undefined;
    return wire === undefined ? [] : [edge('plug', device.id, wireId(wire))];
  });
  return {
    machines: graphs.flatMap((graph) => graph.machines),
    wires,
    namespaces,
    devices,
    edges: [...graphs.flatMap((graph) => graph.edges), ...plugs, ...tunnels(devices)],
    routes: new Map(graphs.flatMap((graph) => [...graph.routes])),
  };
}

/**
 * Two VXLAN devices are the ends of one tunnel when both are of the same segment, sent to the same port, and each sends from
 * an address that its own machine has. Whether a frame finds the way through it is for the machines' tables to say.
 */
function tunnels(devices: readonly DeviceNode[]): Edge[] {
  const own = new Set(
    devices.flatMap(({ machine, addresses }) =>
      addresses.map((address) => `${machine} ${address.replace(/\/\d+$/, '')}`),
    ),
  );
  const ends = devices.filter(
    ({ machine, vxlan }) => vxlan?.local !== undefined && own.has(`${machine} ${vxlan.local}`),
  );
  return ends.flatMap((a, index) =>
    ends
      .slice(index + 1)
      .filter((b) => b.machine !== a.machine && b.vxlan?.vni === a.vxlan?.vni && b.vxlan?.port === a.vxlan?.port)
      .map((b) => edge('tunnel', a.id, b.id)),
  );
}
