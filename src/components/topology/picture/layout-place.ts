// From columns to places: the rows of one machine in the picture's units, and what is not drawn at all.
import type { DeviceNode, Graph } from '../../../topology/graph.ts';
import type { Box, Columns } from './layout.ts';
import { BOX_WIDTH, boxSize } from './node-label.ts';

export const COLUMN = 132;
// Rows, from the NICs up to the containers.
export const BASE_Y = 0;
const BAR_Y = -62;
const PORT_Y = -112;
const CONTAINER_Y = -170;
/** From one device to the next in a container that has several. */
const STACK = 48;
/** The frames of machines and of containers: from what is in them to their edges. */
export const MACHINE_FRAME = 4;
export const CONTAINER_FRAME = 6;
/** Half of a legend's height stands in its frame, the other half over it. */
export const LEGEND = 12;

/** Columns kept free for a bridge when the next one is put beside it: fewer where several machines share the room. */
export const keptFor = (graph: Graph): number => (graph.machines.length > 1 ? 2 : 3);

/**
 * What is not drawn. Loopback inside a container says nothing that its list does not, nor does a machine's own where the picture is about what
 * goes between machines; alone in a namespace that has a name, it is all there is to draw. And what Docker has just made, and is about to
 * give to a container: for a second or two it would push everything else aside.
 */
export function isFolded(device: DeviceNode, graph: Graph): boolean {
  if (device.deviceKind === 'veth') return isBeingMade(device, graph);
  if (device.deviceKind !== 'loopback') return false;
  const namespace = graph.namespaces.find((candidate) => candidate.id === device.namespace);
  if (namespace?.root !== false && graph.machines.length === 1) return false;
  if (namespace?.name.startsWith('net:[')) return true;
  return graph.devices.some(
    (other) => other.namespace === device.namespace && other !== device && other.deviceKind !== 'loopback',
  );
}

/** As Docker calls both ends of a pair until one of them is in its container (libnetwork, GenerateIfaceName). */
const BEING_MADE = /^veth[0-9a-f]{7}$/;

function isBeingMade({ id, name, namespace }: DeviceNode, graph: Graph): boolean {
  if (!BEING_MADE.test(name)) return false;
  const pair = graph.edges.find(({ kind, source, target }) => kind === 'veth' && (source === id || target === id));
  const peer = graph.devices.find((device) => device.id === (pair?.source === id ? pair.target : pair?.source));
  return peer !== undefined && peer.namespace === namespace && BEING_MADE.test(peer.name);
}

/** @param left the middle of the machine's first column @param boxes gets a place for each of its devices */
export function place(graph: Graph, machine: string, columns: Columns, left: number, boxes: Map<string, Box>): void {
  const x = (column: number): number => left + column * COLUMN;
  const stacked = new Map<string, number>();
  for (const device of graph.devices) {
    if (device.machine !== machine || isFolded(device, graph)) continue;
    const { width, height } = boxSize(device);
    const column = columns.above.get(device.id);
    const base = columns.base.get(device.id);
    const bridge = columns.bridges.get(device.id);
    if (bridge !== undefined) {
      const ports = graph.edges
        .filter((candidate) => candidate.kind === 'port' && candidate.target === device.id)
        .map((candidate) => columns.above.get(candidate.source) ?? -1)
        .filter((candidate) => candidate >= bridge.start && candidate < bridge.start + bridge.reserved);
      // Beside other machines one is as wide from the start as its first two containers make it.
      const least = graph.machines.length > 1 ? bridge.start + keptFor(graph) - 1 : bridge.start;
      const span = Math.max(width, (Math.max(least, ...ports) - bridge.start) * COLUMN + BOX_WIDTH);
      boxes.set(device.id, { x: x(bridge.start) - BOX_WIDTH / 2 + span / 2, y: BAR_Y, width: span, height });
    } else if (base !== undefined) {
      boxes.set(device.id, { x: x(base), y: BASE_Y, width, height });
    } else if (column !== undefined) {
      boxes.set(device.id, { x: x(column), y: PORT_Y, width, height });
    } else {
      const depth = stacked.get(device.namespace) ?? 0;
      stacked.set(device.namespace, depth + 1);
      boxes.set(device.id, {
        x: x(columns.above.get(device.namespace) ?? 0),
        y: CONTAINER_Y - depth * STACK,
        width,
        height,
      });
    }
  }
}
