// What lies under the machines: the wires that they are plugged into, as bars from the first machine to the last, and the
// tunnels between their VXLAN devices, a lane each over the wires.
import type { Graph } from '../../../topology/graph.ts';
import type { Box } from './layout.ts';

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

export const WIRE_HEIGHT = 24;
/** The lower edge of the machines' frames. */
const MACHINES_Y = 30;
const LANE_HEIGHT = 24;
/** From the machines, or the last lane, to the first wire. */
const CABLE = 18;
/** From wire to wire. */
const WIRE_STEP = 44;

/** @param spans machine id -> the left and the right edge of its frame */
export function between(
  graph: Graph,
  spans: ReadonlyMap<string, readonly [left: number, right: number]>,
  before: SpaceBetween,
): {
  readonly wires: ReadonlyMap<string, Box>;
  readonly lanes: ReadonlyMap<string, number>;
  readonly spaceBetween: SpaceBetween;
} {
  const tunnels = graph.edges.filter(({ kind }) => kind === 'tunnel');
  const lanes = new Map(tunnels.map(({ id }, index) => [id, MACHINES_Y + (index + 0.5) * LANE_HEIGHT]));
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
  const highest = MACHINES_Y + spaceBetween.lanes * LANE_HEIGHT + CABLE + WIRE_HEIGHT / 2;
  const wires = new Map(
    graph.wires.flatMap(({ id }, index): [string, Box][] => {
      const over = [...(plugged.get(id) ?? [])].flatMap((machine) => {
        const span = spans.get(machine);
        return span === undefined ? [] : [span];
      });
      if (over.length === 0) return [];
      const [first, last] = [Math.min(...over.map(([left]) => left)), Math.max(...over.map(([, right]) => right))];
      const y = highest + index * WIRE_STEP;
      return [[id, { x: (first + last) / 2, y, width: last - first, height: WIRE_HEIGHT }]];
    }),
  );
  return { wires, lanes, spaceBetween };
}
