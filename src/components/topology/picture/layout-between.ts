// What stands over the machines: the wires that they are plugged into, as bars from the first machine to the last, and the
// tunnels between their VXLAN devices, a lane each under the wires.
import type { Graph } from '../../../topology/graph.ts';
import type { Box } from './layout.ts';
import { BOX_WIDTH } from './node-label.ts';

/** What machines and tunnels were given once and keep, so that nothing jumps when a graph has less in it. */
export interface SpaceBetween {
  /** Machine id -> columns. */
  readonly widths: ReadonlyMap<string, number>;
  /** Lanes for tunnels. */
  readonly lanes: number;
  /** Wire id -> machines that were plugged into it. */
  readonly plugged: ReadonlyMap<string, ReadonlySet<string>>;
}

export const NO_SPACE_BETWEEN: SpaceBetween = { widths: new Map(), lanes: 0, plugged: new Map() };

export const WIRE_HEIGHT = 26;
/** The upper edge of the machines' frames, and room for their legends. */
const MACHINES_Y = -64;
const LANE_HEIGHT = 26;
/** From wire to wire. */
const WIRE_STEP = 52;
/** From a NIC's middle to the edge of its machine's frame. */
const FRAME = BOX_WIDTH / 2 + 30;

/** @param lefts machine id -> the middle of its first column, in which its NIC stands */
export function between(
  graph: Graph,
  lefts: ReadonlyMap<string, number>,
  before: SpaceBetween,
): {
  readonly wires: ReadonlyMap<string, Box>;
  readonly lanes: ReadonlyMap<string, number>;
  readonly spaceBetween: SpaceBetween;
} {
  const tunnels = graph.edges.filter(({ kind }) => kind === 'tunnel');
  const lanes = new Map(tunnels.map(({ id }, index) => [id, MACHINES_Y - (index + 0.5) * LANE_HEIGHT]));
  const machineOf = new Map(graph.devices.map(({ id, machine }) => [id, machine]));
  const plugged = new Map(
    graph.wires.map(({ id }) => {
      const now = graph.edges.flatMap(({ kind, source, target }) =>
        kind === 'plug' && target === id ? (machineOf.get(source) ?? []) : [],
      );
      return [id, new Set([...(before.plugged.get(id) ?? []), ...now])];
    }),
  );
  const spaceBetween = { widths: before.widths, lanes: Math.max(before.lanes, tunnels.length), plugged };
  const lowest = MACHINES_Y - spaceBetween.lanes * LANE_HEIGHT - WIRE_HEIGHT;
  const wires = new Map(
    graph.wires.flatMap(({ id }, index): [string, Box][] => {
      const at = [...(plugged.get(id) ?? [])].flatMap((machine) => lefts.get(machine) ?? []);
      if (at.length === 0) return [];
      const [first, last] = [Math.min(...at) - FRAME, Math.max(...at) + FRAME];
      const y = lowest - index * WIRE_STEP;
      return [[id, { x: (first + last) / 2, y, width: last - first, height: WIRE_HEIGHT }]];
    }),
  );
  return { wires, lanes, spaceBetween };
}
