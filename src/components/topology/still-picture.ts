// The still picture of a network, in a walk and as a file: where boxes, lines and ways stand. Geometry only;
// walk-picture.astro and picture-svg.ts draw it. The layout is the living picture's own, so that a reader finds everything
// where the lab shows it.
//
//   text stands at the left of a box, lines run at its right, so that no way crosses a name:   │ eth0      ┆ │
//                                                                                              │ 172.17…   ┆ │

import { addressOf } from '../../topology/device-words.ts';
import type { DeviceKind, Graph } from '../../topology/graph.ts';
import type { Crossing, HopPath } from '../../topology/packet-path.ts';
import { type Box, layoutGraph } from './layout.ts';

export interface StillPicture {
  /** viewBox: x, y, width, height. */
  readonly view: readonly [number, number, number, number];
  readonly rooms: readonly Room[];
  readonly devices: readonly DeviceBox[];
  readonly lines: readonly { readonly kind: string; readonly points: readonly Point[] }[];
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

const WIDTH = 136;
const HEIGHT = 42;
/** From a box's middle to where its lines run. */
const LANE = 52;
/** From a bridge's middle down to the lane in which its packets cross it. */
const BAR_LANE = 12;
const ROOM = 12;
const LEGEND = 22;

/** Loopbacks are left out: nothing of a walk passes them. */
export function pictureOf(graph: Graph): StillPicture {
  const places = boxesOf(graph);
  const devices = graph.devices.flatMap((device): DeviceBox[] => {
    const box = places.get(device.id);
    if (box === undefined) return [];
    return [{ ...corner(box), kind: device.deviceKind, name: device.name, address: addressOf(device) }];
  });
  const containers = graph.namespaces.flatMap((space): Room[] => {
    const inside = graph.devices.flatMap(({ id, namespace }) => (namespace === space.id ? (places.get(id) ?? []) : []));
    if (space.root || inside.length === 0) return [];
    return [{ kind: 'container', name: space.name, ...around(inside.map(corner), ROOM, ROOM, LEGEND) }];
  });
  const machines = graph.machines.flatMap((machine): Room[] => {
    const inside = graph.devices.flatMap((device) =>
      device.machine === machine.id ? (places.get(device.id) ?? []) : [],
    );
    const ids = graph.namespaces.filter((space) => space.machine === machine.id).map(({ name }) => name);
    const rooms = containers.filter(({ name }) => ids.includes(name));
    if (inside.length === 0) return [];
    return [{ kind: 'machine', name: machine.name, ...around([...inside.map(corner), ...rooms], ROOM, LEGEND, ROOM) }];
  });
  const lines = graph.edges.flatMap(({ id, kind, source, target }) => {
    const points = lineOf({ edge: id, from: source, to: target }, places, graph);
    return points.length < 2 ? [] : [{ kind, points }];
  });
  const all = around([...machines, ...devices], 2, 2, 2);
  return { view: [all.x, all.y, all.width, all.height], rooms: [...machines, ...containers], devices, lines };
}

/** Where a packet goes in one hop, and where the tap is that saw it. */
export function wayOf(path: HopPath, deviceId: string, graph: Graph): { points: readonly Point[]; stop: Point | null } {
  const places = boxesOf(graph);
  const points: Point[] = [];
  for (const crossing of path.crossings)
    for (const point of lineOf(crossing, places, graph)) {
      const last = points.at(-1);
      if (last?.x !== point.x || last.y !== point.y) points.push(point);
    }
  const box = places.get(deviceId);
  if (box === undefined) return { points, stop: points.at(-1) ?? null };
  // A bridge is as wide as its ports: seen at it means at the end of the way.
  const atBridge = graph.devices.some(({ id, deviceKind }) => id === deviceId && deviceKind === 'bridge');
  const at = { x: box.x + LANE, y: box.y };
  if (points.length === 0) return { points: [at], stop: at };
  return { points, stop: atBridge ? (points.at(-1) ?? at) : at };
}

function boxesOf(graph: Graph): ReadonlyMap<string, Box> {
  const { boxes } = layoutGraph(graph);
  const shown = graph.devices.filter(({ deviceKind }) => deviceKind !== 'loopback');
  return new Map(
    shown.flatMap(({ id, deviceKind }): [string, Box][] => {
      const box = boxes.get(id);
      if (box === undefined) return [];
      return [[id, deviceKind === 'bridge' ? box : { ...box, width: WIDTH, height: HEIGHT }]];
    }),
  );
}

/** Along an edge, from one end to the other; into a bridge to its lane, or through its top when it goes no further. */
function lineOf({ edge, from, to }: Crossing, places: ReadonlyMap<string, Box>, graph: Graph): Point[] {
  const [a, b] = [places.get(from), places.get(to)];
  const bridge = (id: string): boolean =>
    graph.devices.some((device) => device.id === id && device.deviceKind === 'bridge');
  if (a === undefined || b === undefined) return [];
  const end = (box: Box, id: string, other: Box): Point =>
    bridge(id) ? { x: other.x + LANE, y: box.y + BAR_LANE } : { x: box.x + LANE, y: box.y };
  return edge === '' ? [] : [end(a, from, b), end(b, to, a)];
}

const corner = ({ x, y, width, height }: Box): Box => ({ x: x - width / 2, y: y - height / 2, width, height });

function around(boxes: readonly Box[], side: number, above: number, below: number): Box {
  const x = Math.min(...boxes.map((box) => box.x)) - side;
  const y = Math.min(...boxes.map((box) => box.y)) - above;
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + side;
  const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + below;
  return { x, y, width: right - x, height: bottom - y };
}
