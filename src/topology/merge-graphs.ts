// Several machines' graphs -> the lab's one graph. Ids begin with the machine's name, so they never meet.
import type { Graph } from './graph.ts';

/** In the order given, which is the order of the machines in the lab. */
export function mergeGraphs(graphs: readonly Graph[]): Graph {
  const [only] = graphs;
  if (only !== undefined && graphs.length === 1) return only;
  return {
    machines: graphs.flatMap((graph) => graph.machines),
    namespaces: graphs.flatMap((graph) => graph.namespaces),
    devices: graphs.flatMap((graph) => graph.devices),
    edges: graphs.flatMap((graph) => graph.edges),
    routes: new Map(graphs.flatMap((graph) => [...graph.routes])),
  };
}
