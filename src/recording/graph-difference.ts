// What changed from one graph to the next: the nodes that are new or different, and the ids of those that are gone.
import { EMPTY_GRAPH } from '../topology/build-graph.ts';
import type { DeviceNode, Edge, Graph, MachineNode, NamespaceNode, WireNode } from '../topology/graph.ts';

type Route = NonNullable<ReturnType<Graph['routes']['get']>>[number];

export interface GraphDifference {
  readonly machines: readonly MachineNode[];
  readonly wires: readonly WireNode[];
  readonly namespaces: readonly NamespaceNode[];
  readonly devices: readonly DeviceNode[];
  readonly edges: readonly Edge[];
  /** By namespace: all of its routes, if one of them changed. */
  readonly routes: ReadonlyMap<string, readonly Route[]>;
  /** Ids of machines, wires, namespaces, devices and edges. A namespace takes its routes along. */
  readonly gone: readonly string[];
}

/** From nothing, if there is no graph before. Both in their own order (see ordered). */
export function differenceOf(before: Graph = EMPTY_GRAPH, after: Graph): GraphDifference {
  const old = new Map(nodesOf(before).map((node) => [node.id, JSON.stringify(node)]));
  const kept = new Set(nodesOf(after).map(({ id }) => id));
  const put = <T extends { readonly id: string }>(nodes: readonly T[]): T[] =>
    nodes.filter((node) => old.get(node.id) !== JSON.stringify(node));
  return {
    machines: put(after.machines),
    wires: put(after.wires),
    namespaces: put(after.namespaces),
    devices: put(after.devices),
    edges: put(after.edges),
    routes: new Map(
      [...after.routes].filter(([id, routes]) => JSON.stringify(before.routes.get(id)) !== JSON.stringify(routes)),
    ),
    gone: [...old.keys()].filter((id) => !kept.has(id)),
  };
}

/** The graph after it, in its order. What did not change is the same object as before. */
export function applyDifference(before: Graph = EMPTY_GRAPH, difference: GraphDifference): Graph {
  const gone = new Set(difference.gone);
  const put = <T extends { readonly id: string }>(nodes: readonly T[], more: readonly T[]): T[] => {
    const all = new Map(nodes.filter(({ id }) => !gone.has(id)).map((node) => [node.id, node]));
    for (const node of more) all.set(node.id, node);
    return [...all.values()];
  };
  const routes = new Map([...before.routes].filter(([id]) => !gone.has(id)));
  for (const [id, list] of difference.routes) routes.set(id, list);
  return ordered({
    machines: put(before.machines, difference.machines),
    wires: put(before.wires, difference.wires),
    namespaces: put(before.namespaces, difference.namespaces),
    devices: put(before.devices, difference.devices),
    edges: put(before.edges, difference.edges),
    routes,
  });
}

/** A graph in the order that topology/build-graph.ts gives one, whatever order its parts came in. */
export function ordered({ machines, wires, namespaces, devices, edges, routes }: Graph): Graph {
  const machineAt = new Map(machines.map(({ id }, index) => [id, index]));
  const spaces = [...namespaces].sort(
    (a, b) =>
      (machineAt.get(a.machine) ?? 0) - (machineAt.get(b.machine) ?? 0) ||
      Number(b.root) - Number(a.root) ||
      a.inode - b.inode,
  );
  const spaceAt = new Map(spaces.map(({ id }, index) => [id, index]));
  const at = ({ namespace }: DeviceNode): number => spaceAt.get(namespace) ?? 0;
  return {
    machines,
    wires: [...wires].sort((a, b) => (a.id < b.id ? -1 : 1)),
    namespaces: spaces,
    devices: [...devices].sort((a, b) => at(a) - at(b) || a.ifindex - b.ifindex),
    edges: [...edges].sort((a, b) => (a.id < b.id ? -1 : 1)),
    routes: new Map([...routes].sort(([a], [b]) => (spaceAt.get(a) ?? 0) - (spaceAt.get(b) ?? 0))),
  };
}

const nodesOf = ({ machines, wires, namespaces, devices, edges }: Graph): readonly { readonly id: string }[] => [
  ...machines,
  ...wires,
  ...namespaces,
  ...devices,
  ...edges,
];
