// The still picture of a network, in a walk and as a file: where boxes, wires, tunnels, lines and ways stand. Geometry only;
// walk-picture.astro and picture-svg.ts draw it. The layout is the living picture's own, so that a reader finds everything
// where the lab shows it.

import { addressOf } from '../../../topology/device-words.ts';
import type { DeviceKind, Edge, Graph } from '../../../topology/graph.ts';
import type { Crossing, Way } from '../../../topology/ways.ts';
import { cornersFrom, onBar } from '../picture/bar-way.ts';
import { type Box, layoutGraph } from '../picture/layout.ts';
import { CONTAINER_FRAME, isFolded, LEGEND, MACHINE_FRAME } from '../picture/layout-place.ts';
import { BAR_LANE, LANE, tunnelLabel } from '../picture/node-label.ts';

export interface StillPicture {
  /** viewBox: x, y, width, height. */
  readonly view: readonly [number, number, number, number];
  readonly rooms: readonly Room[];
  readonly devices: readonly DeviceBox[];
  readonly wires: readonly Bar[];
  readonly tunnels: readonly Tunnel[];
  readonly lines: readonly { readonly kind: string; readonly points: readonly Point[] }[];
}

/** A wire between machines. Corner and size. */
export interface Bar extends Box {
  readonly name: string;
}

/** From one end to the other, under the machines; `label` stands at `at`. */
export interface Tunnel {
  readonly points: readonly Point[];
  readonly label: string;
  readonly at: Point;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A machine, or a container in it. Corner and size. */
export interface Room extends Box {
  readonly kind: 'machine' | 'container';
  readonly name: string;
}

/** Corner and size. */
export interface DeviceBox extends Box {
  readonly kind: DeviceKind;
  readonly name: string;
  readonly address: string;
}

/** Loopbacks are left out: nothing of a walk passes them. */
export function pictureOf(graph: Graph): StillPicture {
  const places = boxesOf(graph);
  const { rooms } = layoutGraph(graph);
  const devices = graph.devices.flatMap((device): DeviceBox[] => {
    const box = places.get(device.id);
    if (box === undefined) return [];
    return [{ ...corner(box), kind: device.deviceKind, name: device.name, address: addressOf(device) }];
  });
  const containers = graph.namespaces.flatMap((space): Room[] => {
    const inside = graph.devices.flatMap(({ id, namespace }) => (namespace === space.id ? (places.get(id) ?? []) : []));
    if (space.root || inside.length === 0) return [];
    return [{ kind: 'container', name: space.name, ...grown(around(inside.map(corner)), CONTAINER_FRAME) }];
  });
  const machines = graph.machines.flatMap((machine): Room[] => {
    const room = rooms.get(machine.id);
    if (room === undefined || !graph.devices.some((device) => device.machine === machine.id)) return [];
    return [{ kind: 'machine', name: machine.name, ...grown(corner(room), MACHINE_FRAME) }];
  });
  const wires = graph.wires.flatMap(({ id, name }): Bar[] => {
    const box = places.get(id);
    return box === undefined ? [] : [{ ...corner(box), name }];
  });
  const tunnels = tunnelsOf(graph, places);
  const lines = graph.edges.flatMap(({ id, kind, source, target }) => {
    if (kind === 'tunnel') return [];
    const points = lineOf({ edge: id, from: source, to: target }, places, graph);
    return points.length < 2 ? [] : [{ kind, points }];
  });
  const all = grown(around([...machines, ...devices, ...wires]), 2);
  return {
    // Legends stand on the upper edge of their frames.
    view: [all.x, all.y - LEGEND, all.width, all.height + LEGEND],
    rooms: [...machines, ...containers],
    devices,
    wires,
    tunnels,
    lines,
  };
}

/** Where a packet goes in one hop, and where the tap is that saw it. */
export function wayOf(path: Way, deviceId: string, graph: Graph): { points: readonly Point[]; stop: Point | null } {
  const places = boxesOf(graph);
  const points: Point[] = [];
  for (const crossing of path.crossings)
    for (const point of lineOf(crossing, places, graph)) {
      const last = points.at(-1);
      if (last?.x !== point.x || last.y !== point.y) points.push(point);
    }
  const box = places.get(deviceId);
  if (box === undefined) return { points, stop: points.at(-1) ?? null };
  // A bridge is as wide as its ports, a wire as all machines: seen at it means at the end of the way.
  const atBar =
    graph.wires.some(({ id }) => id === deviceId) ||
    graph.devices.some(({ id, deviceKind }) => id === deviceId && deviceKind === 'bridge');
  const at = { x: box.x + LANE, y: box.y };
  if (points.length === 0) return { points: [at], stop: at };
  return { points, stop: atBar ? (points.at(-1) ?? at) : at };
}

/** Of devices that are shown, and of wires. */
function boxesOf(graph: Graph): ReadonlyMap<string, Box> {
  const { boxes, wires } = layoutGraph(graph);
  const shown = graph.devices.filter((device) => device.deviceKind !== 'loopback' && !isFolded(device, graph));
  return new Map([
    ...wires,
    ...shown.flatMap(({ id }): [string, Box][] => {
      const box = boxes.get(id);
      if (box === undefined) return [];
      return [[id, box]];
    }),
  ]);
}

/** Down from one device to the tunnel's lane, along it, and up to the other. */
function tunnelsOf(graph: Graph, places: ReadonlyMap<string, Box>): Tunnel[] {
  const { lanes } = layoutGraph(graph);
  return graph.edges.flatMap((edge: Edge): Tunnel[] => {
    const [a, b, y] = [places.get(edge.source), places.get(edge.target), lanes.get(edge.id)];
    if (edge.kind !== 'tunnel' || a === undefined || b === undefined || y === undefined) return [];
    const points = [
      { x: a.x + LANE, y: a.y + a.height / 2 },
      { x: a.x + LANE, y },
      { x: b.x + LANE, y },
      { x: b.x + LANE, y: b.y + b.height / 2 },
    ];
    return [{ points, label: tunnelLabel(edge, graph), at: { x: (a.x + b.x) / 2 + LANE, y } }];
  });
}

/** Along an edge, from one end to the other; onto a bridge or a wire to its lane, or through its top when it goes no further. */
function lineOf({ edge, from, to, along }: Crossing, places: ReadonlyMap<string, Box>, graph: Graph): Point[] {
  const [a, b] = [places.get(from), places.get(to)];
  if (a === undefined || b === undefined || edge === '') return [];
  const bridges = new Set(graph.devices.filter(({ deviceKind }) => deviceKind === 'bridge').map(({ id }) => id));
  const wires = new Set(graph.wires.map(({ id }) => id));
  const end = (box: Box, id: string, other: Box): Point => {
    if (bridges.has(id)) return { x: onBar(box, other), y: box.y - box.height / 2 + BAR_LANE };
    return { x: (wires.has(id) ? other.x : box.x) + LANE, y: box.y };
  };
  const onto = along === undefined ? undefined : places.get(along);
  const corners = bridges.has(from) ? cornersFrom(a, b) : bridges.has(to) ? cornersFrom(b, a).reverse() : [];
  return [...(onto === undefined ? [] : [end(a, from, onto)]), end(a, from, b), ...corners, end(b, to, a)];
}

const corner = ({ x, y, width, height }: Box): Box => ({ x: x - width / 2, y: y - height / 2, width, height });

function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

const grown = ({ x, y, width, height }: Box, by: number): Box => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
});
