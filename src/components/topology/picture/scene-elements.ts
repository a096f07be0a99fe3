// What cytoscape is given to draw: nodes and edges of a graph, with the places that the layout found for them.
import type { ElementDefinition } from 'cytoscape';
import { isDown } from '../../../topology/device-words.ts';
import type { DeviceNode, Graph } from '../../../topology/graph.ts';
import { wireOf } from '../../../topology/ways.ts';
import type { Box, Layout } from './layout.ts';
import { isFolded } from './layout-place.ts';

/** What keeps a machine's frame as large as the layout has it. */
export const roomOf = (machine: string): string => `room:${machine}`;

const NOWHERE: Box = { x: 0, y: 0, width: 100, height: 30 };

/** Nothing, until one of the machines has told of itself. */
export function elementsOf(graph: Graph, layout: Layout): ElementDefinition[] {
  const drawn = graph.devices.filter((device) => !isFolded(device, graph));
  if (drawn.length === 0) return [];
  const ends = new Set([...drawn.map(({ id }) => id), ...layout.wires.keys()]);
  const node = (data: object, { x, y }: Box = NOWHERE): ElementDefinition => ({
    group: 'nodes',
    data,
    position: { x, y },
    grabbable: false,
  });
  return [
    ...graph.machines.map(({ id }) => node({ id, kind: 'machine' })),
    ...[...layout.rooms].map(([id, box]) => node({ ...sizeOf(box), id: roomOf(id), parent: id, kind: 'room' }, box)),
    // The view is moved by a wire as by the ground beside it.
    ...[...layout.wires].map(([id, box]) => ({ ...node({ ...sizeOf(box), id, kind: 'wire' }, box), pannable: true })),
    ...graph.namespaces
      .filter((namespace) => drawn.some((device) => device.namespace === namespace.id))
      .map(({ id, machine, root }) => ({
        group: 'nodes' as const,
        data: { id, parent: machine, kind: 'namespace' },
        classes: root ? 'root' : 'inner',
      })),
    ...drawn.map((device) => deviceElement(device, layout)),
    ...graph.edges
      .filter((edge) => ends.has(edge.source) && ends.has(edge.target))
      .map(({ id, kind, source, target }) => ({
        group: 'edges' as const,
        data: { id, kind, source, target, ...(kind === 'tunnel' ? { lane: layout.lanes.get(id) ?? 0 } : {}) },
      })),
    ...[...layout.stubs].flatMap(([id, box]) => [
      node({ id: wireOf(id), kind: 'stub' }, box),
      {
        group: 'edges' as const,
        data: { id: `${wireOf(id)}:edge`, kind: 'plug', source: id, target: wireOf(id) },
        classes: 'leads-out',
      },
    ]),
  ];
}

function deviceElement(device: DeviceNode, layout: Layout): ElementDefinition {
  const box = layout.boxes.get(device.id) ?? NOWHERE;
  const { id, namespace, deviceKind } = device;
  return {
    group: 'nodes',
    data: { id, parent: namespace, kind: 'device', deviceKind, ...sizeOf(box) },
    position: { x: box.x, y: box.y },
    classes: isDown(device) ? 'down' : 'up',
  };
}

const sizeOf = ({ width, height }: Box): { readonly width: number; readonly height: number } => ({ width, height });
