// Where each device stands. Not a force layout: a host's network has a shape that engineers draw by hand, and a thing
// that has been seen in one place should be found there again.
//
//   [eth0]   [eth0]   [eth0] containers, over the veth that leads to them
//     │        │        │
//    veth     veth     veth  ports, one a column, in the order of their ifindex
//     │        │        │
//   └ docker0 ───────────┘   bridges: bars under their ports
//   NICs, tunnels, lo        bottom row
//     │     ╰─ VNI 1 ─╴      tunnels, a lane each
//   ═ lan ════════════════   the wire between machines, under all of them
//
// As engineers draw it and as the figures of the episodes do: what runs on base, what carries it above.
// Columns are given out once and kept until their owner is gone; a newcomer takes the first one that is free. The
// layout is a function of the graph and of the columns given out before, nothing else. Machines stand side by side, in the
// lab's order (layout-between.ts), and none becomes narrower while the lab lives.
import type { DeviceNode, Graph } from '../../../topology/graph.ts';
import { between, NO_SPACE_BETWEEN, type SpaceBetween } from './layout-between.ts';
import { COLUMN, CONTAINER_FRAME, isFolded, keptFor, LEGEND, MACHINE_FRAME, place } from './layout-place.ts';
import { BOX_WIDTH, LANE } from './node-label.ts';

/** Centre and size, in the picture's own units (CSS pixels at zoom 1). */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** By device id; devices that the picture folds away have none. */
  readonly boxes: ReadonlyMap<string, Box>;
  /** By machine id: what its frame encloses, whatever is in it. */
  readonly rooms: ReadonlyMap<string, Box>;
  /** Wires of the lab, by id. */
  readonly wires: ReadonlyMap<string, Box>;
  /** By the id of a tunnel's edge: the height of its lane. */
  readonly lanes: ReadonlyMap<string, number>;
  /** Where a cable begins that leads out of the picture, by the id of its NIC. */
  readonly stubs: ReadonlyMap<string, Box>;
  /** What to hand in the next time. */
  readonly columns: Columns;
}

export interface Columns {
  /** Bridge -> its first column, and how many were kept for it when another bridge came to stand beside it. */
  readonly bridges: ReadonlyMap<string, { readonly start: number; readonly reserved: number }>;
  /** Device or namespace id -> column. */
  readonly above: ReadonlyMap<string, number>;
  /** Device id -> the bridge under which its column was given out, "" for none. */
  readonly owner: ReadonlyMap<string, string>;
  /** Device id -> place in the bottom row. */
  readonly base: ReadonlyMap<string, number>;
  readonly spaceBetween: SpaceBetween;
}

export const NO_COLUMNS: Columns = {
  bridges: new Map(),
  above: new Map(),
  owner: new Map(),
  base: new Map(),
  spaceBetween: NO_SPACE_BETWEEN,
};

/** From a machine's frame to the next one. */
const BETWEEN = 8;
/** From the middle of a machine's first or last column to the edge of its frame. */
const SIDE = BOX_WIDTH / 2 + CONTAINER_FRAME + MACHINE_FRAME;
const STUB_Y = 56;
/** A machine of which nothing is known is as high as one with a NIC and a bridge. */
const NOTHING_TOP = -92;
const ROOM_BOTTOM = 20;

export function layoutGraph(graph: Graph, before: Columns = NO_COLUMNS): Layout {
  const bridges = new Map<string, { start: number; reserved: number }>();
  const above = new Map<string, number>();
  const owner = new Map<string, string>();
  const base = new Map<string, number>();
  const boxes = new Map<string, Box>();
  const rooms = new Map<string, Box>();
  const stubs = new Map<string, Box>();
  const plugged = new Set(graph.edges.filter(({ kind }) => kind === 'plug').map(({ source }) => source));
  const widths = new Map<string, number>();
  const spans = new Map<string, readonly [left: number, right: number]>();
  let left = 0;
  for (const machine of graph.machines) {
    const part = machineColumns(graph, machine.id, before);
    for (const [id, value] of part.bridges) bridges.set(id, value);
    for (const [id, value] of part.above) above.set(id, value);
    for (const [id, value] of part.owner) owner.set(id, value);
    for (const [id, value] of part.base) base.set(id, value);
    place(graph, machine.id, part, left, boxes);
    const width = Math.max(usedColumns(part), before.spaceBetween.widths.get(machine.id) ?? 1);
    const right = left + (width - 1) * COLUMN;
    widths.set(machine.id, width);
    spans.set(machine.id, [left - SIDE, right + SIDE]);
    const top = Math.min(...topsOf(graph, machine.id, boxes), NOTHING_TOP);
    rooms.set(machine.id, {
      x: (left + right) / 2,
      y: (top + ROOM_BOTTOM) / 2,
      width: right - left + BOX_WIDTH + 2 * CONTAINER_FRAME,
      height: ROOM_BOTTOM - top,
    });
    left = right + 2 * SIDE + BETWEEN;
  }
  for (const device of graph.devices) {
    const box = boxes.get(device.id);
    const leadsOut = device.deviceKind === 'nic' && !plugged.has(device.id) && base.has(device.id);
    if (box !== undefined && leadsOut) stubs.set(device.id, { x: box.x + LANE, y: STUB_Y, width: 8, height: 8 });
  }
  const { wires, lanes, spaceBetween } = between(graph, spans, { ...before.spaceBetween, widths });
  return { boxes, rooms, wires, lanes, stubs, columns: { bridges, above, owner, base, spaceBetween } };
}

/** The upper edges of what is in a machine, with room for its own legend, and for a container's. */
function topsOf(graph: Graph, machine: string, boxes: ReadonlyMap<string, Box>): number[] {
  const root = graph.namespaces.find((namespace) => namespace.machine === machine && namespace.root)?.id;
  return graph.devices.flatMap((device) => {
    const box = device.machine === machine ? boxes.get(device.id) : undefined;
    if (box === undefined) return [];
    const frame = device.namespace === root ? 0 : CONTAINER_FRAME + LEGEND;
    return [box.y - box.height / 2 - frame - LEGEND / 2];
  });
}

function usedColumns({ bridges, above, base }: Columns): number {
  const bars = [...bridges.values()].map(({ start }) => start + 1);
  return 1 + Math.max(0, ...above.values(), ...base.values(), ...bars);
}

function machineColumns(graph: Graph, machine: string, before: Columns): Columns {
  const root = graph.namespaces.find((namespace) => namespace.machine === machine && namespace.root)?.id;
  const devices = graph.devices.filter((device) => device.machine === machine && !isFolded(device, graph));
  const own = devices.filter((device) => device.namespace === root);
  const bridgeOf = new Map(
    graph.edges.filter((edge) => edge.kind === 'port').map((edge) => [edge.source, edge.target]),
  );

  const base = new Map<string, number>();
  const bases = own.filter((device) => isBase(device, bridgeOf)).sort(byBaseOrder);
  keep(before.base, bases, base);
  for (const device of bases) if (!base.has(device.id)) base.set(device.id, firstFree(new Set(base.values()), 0));

  const above = new Map<string, number>();
  const owner = new Map<string, string>();
  const hanging = own.filter((device) => device.deviceKind !== 'bridge' && !isBase(device, bridgeOf)).sort(byIfindex);
  const spaces = graph.namespaces.filter(
    ({ id, root: isRoot }) => !isRoot && devices.some(({ namespace }) => namespace === id),
  );
  const spaceOver = peerNamespaces(graph);
  keep(before.above, hanging, above);

  const bars = own.filter((device) => device.deviceKind === 'bridge').sort(byIfindex);
  const bridges = new Map<string, { start: number; reserved: number }>();
  for (const bar of bars) {
    const old = before.bridges.get(bar.id);
    if (old !== undefined) bridges.set(bar.id, { ...old });
  }
  for (const bar of bars) {
    if (bridges.has(bar.id)) continue;
    // The bridge that stood last keeps some room for ports to come, and the new one begins after it.
    const last = [...bridges.values()].sort((a, b) => a.start - b.start).at(-1);
    const end = 1 + Math.max(-1, ...above.values(), ...spaces.map((space) => before.above.get(space.id) ?? -1));
    if (last !== undefined) last.reserved = Math.max(keptFor(graph), end - last.start + 1);
    bridges.set(bar.id, {
      start: last === undefined ? 0 : last.start + last.reserved,
      reserved: Number.POSITIVE_INFINITY,
    });
    for (const device of hanging.filter((candidate) => bridgeOf.get(candidate.id) === bar.id)) give(device.id, bar.id);
  }
  for (const device of hanging) give(device.id, bridgeOf.get(device.id));

  /** Namespace id -> the leftmost column in which one of its devices' peers hangs. */
  const peers = new Map<string, number>();
  for (const [id, space] of spaceOver) {
    const column = above.get(id);
    if (column !== undefined) peers.set(space, Math.min(column, peers.get(space) ?? column));
  }
  const taken = new Set<number>();
  for (const space of spaces) {
    const under = peers.get(space.id);
    const column = [under, before.above.get(space.id)].find(
      (candidate) => candidate !== undefined && !taken.has(candidate),
    );
    const free = column ?? firstFree(new Set([...above.values(), ...taken]), rightmost(above, taken, bridges));
    taken.add(free);
    above.set(space.id, free);
  }
  return { bridges, above, owner, base, spaceBetween: NO_SPACE_BETWEEN };

  function give(id: string, bridge: string | undefined): void {
    const current = above.get(id);
    const range = bridge === undefined ? undefined : bridges.get(bridge);
    const inRange = (column: number) =>
      range === undefined || (column >= range.start && column < range.start + range.reserved);
    owner.set(id, bridge ?? '');
    if (current !== undefined && (inRange(current) || before.owner.get(id) === (bridge ?? ''))) return;
    above.delete(id);
    // Where its container stands already is the best place; under somebody else's container it may not hang.
    const used = new Set(above.values());
    const mine = before.above.get(spaceOver.get(id) ?? '');
    if (mine !== undefined && inRange(mine) && !used.has(mine)) {
      above.set(id, mine);
      return;
    }
    for (const space of spaces) {
      const column = before.above.get(space.id);
      if (column !== undefined) used.add(column);
    }
    // Beside other machines there is no room to spare for a pair that Docker is about to take apart.
    const least = graph.machines.length > 1 ? 0 : rightmost(above, new Set(), bridges);
    const column = firstFree(used, range?.start ?? least);
    above.set(id, inRange(column) ? column : firstFree(used, rightmost(above, new Set(), bridges)));
  }
}

/** Veths and other ports stand over their bridge, in columns; what leads elsewhere stands at the bottom. */
function isBase(device: DeviceNode, bridgeOf: ReadonlyMap<string, string>): boolean {
  if (device.deviceKind === 'bridge' || device.deviceKind === 'veth') return false;
  return device.deviceKind === 'nic' || device.deviceKind === 'vxlan' || !bridgeOf.has(device.id);
}

const BASE_ORDER: readonly DeviceNode['deviceKind'][] = [
  'nic',
  'vlan',
  'vxlan',
  'tun',
  'tunnel',
  'dummy',
  'other',
  'loopback',
];
const byIfindex = (a: DeviceNode, b: DeviceNode): number => a.ifindex - b.ifindex;
const byBaseOrder = (a: DeviceNode, b: DeviceNode): number =>
  BASE_ORDER.indexOf(a.deviceKind) - BASE_ORDER.indexOf(b.deviceKind) || byIfindex(a, b);

function keep(
  before: ReadonlyMap<string, number>,
  items: readonly { readonly id: string }[],
  into: Map<string, number>,
): void {
  for (const { id } of items) {
    const column = before.get(id);
    if (column !== undefined) into.set(id, column);
  }
}

function firstFree(used: ReadonlySet<number>, from: number): number {
  let column = from;
  while (used.has(column)) column++;
  return column;
}

function rightmost(
  above: ReadonlyMap<string, number>,
  taken: ReadonlySet<number>,
  bridges: ReadonlyMap<string, { readonly start: number }>,
): number {
  return 1 + Math.max(-1, ...above.values(), ...taken, ...[...bridges.values()].map((bridge) => bridge.start));
}

/** Device id -> the namespace in which its veth peer is, where that is another one. */
function peerNamespaces(graph: Graph): Map<string, string> {
  const namespaceOf = new Map(graph.devices.map((device) => [device.id, device.namespace]));
  const found = new Map<string, string>();
  for (const edge of graph.edges) {
    const source = namespaceOf.get(edge.source);
    const target = namespaceOf.get(edge.target);
    if (edge.kind !== 'veth' || source === undefined || target === undefined || source === target) continue;
    found.set(edge.source, target).set(edge.target, source);
  }
  return found;
}
