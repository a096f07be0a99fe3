// The changes of a recording's graphs, checked: whatever the file says, what comes out is a graph in which every device is in
// a namespace of a machine, and every edge has two ends.

import {
  boolean,
  type Fields,
  integer,
  list,
  mismatch,
  name,
  object,
  oneOf,
  optional,
  optionalList,
} from '../basics/json-checks.ts';
import type {
  DeviceKind,
  DeviceNode,
  Edge,
  Graph,
  MachineNode,
  NamespaceNode,
  NetworkName,
  VxlanData,
  WireNode,
  Workload,
} from '../topology/graph.ts';
import { applyDifference, type GraphDifference } from './graph-difference.ts';

/** A machine with a thousand containers is far below these. */
const MOST_NODES = 4096;
const MOST_ADDRESSES = 256;
const MOST_LABELS = 32;

const DEVICE_KINDS: readonly DeviceKind[] = [
  'loopback',
  'bridge',
  'veth',
  'nic',
  'vxlan',
  'tun',
  'tunnel',
  'dummy',
  'vlan',
  'other',
];

/** The graph after the change. @throws Mismatch */
export function readGraph(before: Graph | undefined, put: unknown, gone: unknown, path: string): Graph {
  const graph = applyDifference(before, readDifference(before, put, gone, path));
  checkWhole(graph, path);
  return graph;
}

function readDifference(before: Graph | undefined, value: unknown, gone: unknown, path: string): GraphDifference {
  const from: Fields = object(value, `${path}.put`, ['machines', 'wires', 'namespaces', 'devices', 'edges', 'routes']);
  const part = <T extends { readonly id: string }>(
    key: string,
    read: (value: unknown, path: string) => T,
  ): readonly T[] => {
    const items = optionalList(from[key], `${path}.put.${key}`, MOST_NODES, read);
    const twice = firstTwice(items.map(({ id }) => id));
    if (twice !== undefined) mismatch(`${path}.put.${key}`, 'each id once', twice);
    return items;
  };
  const namespaces = part('namespaces', namespace);
  const spaces = new Map([...(before?.namespaces ?? []), ...namespaces].map((space) => [space.id, space]));
  return {
    machines: part('machines', machine),
    wires: part('wires', wire),
    namespaces,
    devices: part('devices', (device, at) => deviceOf(device, at, spaces)),
    edges: part('edges', edge),
    routes: new Map(from['routes'] === undefined ? [] : routesOf(from['routes'], `${path}.put.routes`)),
    gone: optionalList(gone, `${path}.gone`, MOST_NODES, name),
  };
}

function machine(value: unknown, path: string): MachineNode {
  const from = object(value, path, ['id', 'name']);
  return { kind: 'machine', id: name(from['id'], `${path}.id`), name: name(from['name'], `${path}.name`) };
}

function wire(value: unknown, path: string): WireNode {
  const from = object(value, path, ['id', 'name']);
  return { kind: 'wire', id: name(from['id'], `${path}.id`), name: name(from['name'], `${path}.name`) };
}

function namespace(value: unknown, path: string): NamespaceNode {
  const from = object(value, path, ['id', 'machine', 'name', 'root', 'inode', 'pid', 'workloads']);
  return {
    kind: 'namespace',
    id: name(from['id'], `${path}.id`),
    machine: name(from['machine'], `${path}.machine`),
    name: name(from['name'], `${path}.name`),
    root: boolean(from['root'], `${path}.root`),
    inode: integer(from['inode'], `${path}.inode`),
    pid: integer(from['pid'], `${path}.pid`),
    workloads: list(from['workloads'], `${path}.workloads`, MOST_NODES, workload),
  };
}

function workload(value: unknown, path: string): Workload {
  const from: Fields = object(value, path, ['id', 'name', 'kind', 'runtime', 'state', 'image', 'labels']);
  const text = (key: string): string => name(from[key], `${path}.${key}`);
  const labels = Object.entries(object(from['labels'], `${path}.labels`));
  if (labels.length > MOST_LABELS) mismatch(`${path}.labels`, `at most ${MOST_LABELS} labels`, labels.length);
  return {
    id: text('id'),
    name: text('name'),
    kind: oneOf(from['kind'], `${path}.kind`, ['container', 'pod', 'namespace']),
    runtime: oneOf(from['runtime'], `${path}.runtime`, ['docker', 'cri', '']),
    state: text('state'),
    ...optional(from, 'image', path, name),
    labels: Object.fromEntries(
      labels.map(([key, label]) => [name(key, `${path}.labels`), name(label, `${path}.labels`)]),
    ),
  };
}

function network(value: unknown, path: string): NetworkName {
  const from = object(value, path, ['name', 'by']);
  return { name: name(from.name, `${path}.name`), by: oneOf(from.by, `${path}.by`, ['docker', 'cni']) };
}

const DEVICE_KEYS = [
  'id',
  'namespace',
  'name',
  'ifindex',
  'kind',
  'infoKind',
  'network',
  'mac',
  'mtu',
  'up',
  'operstate',
  'addresses',
  'vxlan',
];

function deviceOf(value: unknown, path: string, spaces: ReadonlyMap<string, NamespaceNode>): DeviceNode {
  const from = object(value, path, DEVICE_KEYS);
  const text = (key: string): string => name(from[key], `${path}.${key}`);
  const space = spaces.get(text('namespace')) ?? mismatch(`${path}.namespace`, 'a namespace’s id', from['namespace']);
  return {
    kind: 'device',
    id: text('id'),
    namespace: space.id,
    machine: space.machine,
    name: text('name'),
    ifindex: integer(from['ifindex'], `${path}.ifindex`, 1),
    deviceKind: oneOf(from['kind'], `${path}.kind`, DEVICE_KINDS),
    infoKind: text('infoKind'),
    ...optional(from, 'network', path, network),
    mac: text('mac'),
    mtu: integer(from['mtu'], `${path}.mtu`),
    up: boolean(from['up'], `${path}.up`),
    operstate: text('operstate'),
    addresses: list(from['addresses'], `${path}.addresses`, MOST_ADDRESSES, name),
    ...optional(from, 'vxlan', path, vxlan),
  };
}

function vxlan(value: unknown, path: string): VxlanData {
  const from: Fields = object(value, path, ['vni', 'port', 'local']);
  return {
    vni: integer(from['vni'], `${path}.vni`),
    port: integer(from['port'], `${path}.port`),
    ...optional(from, 'local', path, name),
  };
}

function edge(value: unknown, path: string): Edge {
  const from = object(value, path, ['kind', 'source', 'target']);
  const kind = oneOf(from['kind'], `${path}.kind`, ['veth', 'port', 'routed', 'plug', 'tunnel']);
  const source = name(from['source'], `${path}.source`);
  const target = name(from['target'], `${path}.target`);
  return { kind, id: `${kind}:${source}--${target}`, source, target };
}

function routesOf(value: unknown, path: string): [string, ReturnType<typeof route>[]][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return mismatch(path, 'an object', value);
  return Object.entries(value).map(([id, routes]) => [id, list(routes, `${path}["${id}"]`, MOST_NODES, route)]);
}

const ROUTE_KEYS = ['dst', 'gateway', 'dev', 'prefsrc', 'metric', 'protocol', 'scope', 'type'];

function route(value: unknown, path: string) {
  const from: Fields = object(value, path, ROUTE_KEYS);
  return {
    dst: name(from['dst'], `${path}.dst`),
    ...optional(from, 'gateway', path, name),
    ...optional(from, 'dev', path, name),
    ...optional(from, 'prefsrc', path, name),
    ...optional(from, 'metric', path, (metric, at) => integer(metric, at)),
    ...optional(from, 'protocol', path, name),
    ...optional(from, 'scope', path, name),
    ...optional(from, 'type', path, name),
  };
}

function firstTwice(ids: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return ids.find((id) => seen.size === seen.add(id).size);
}

/** What a change left behind must still hang together. */
function checkWhole({ machines, wires, namespaces, devices, edges, routes }: Graph, path: string): void {
  const ids = (items: readonly { readonly id: string }[]): ReadonlySet<string> => new Set(items.map(({ id }) => id));
  const [machineIds, wireIds, spaceIds, deviceIds] = [ids(machines), ids(wires), ids(namespaces), ids(devices)];
  const all = [...machineIds, ...wireIds, ...spaceIds, ...deviceIds, ...ids(edges)];
  if (all.length > MOST_NODES) mismatch(path, `at most ${MOST_NODES} nodes and edges`, all.length);
  const twice = firstTwice(all);
  if (twice !== undefined) mismatch(path, 'each id once', twice);
  for (const { id, machine: of } of namespaces)
    if (!machineIds.has(of)) mismatch(path, `the machine of namespace ${id}`, of);
  for (const { id, namespace: of } of devices)
    if (!spaceIds.has(of)) mismatch(path, `the namespace of device ${id}`, of);
  for (const { kind, source, target } of edges) {
    if (!deviceIds.has(source)) mismatch(path, 'edges between devices', source);
    if (kind === 'plug' && !wireIds.has(target)) mismatch(path, 'devices plugged into wires', target);
    if (kind !== 'plug' && !deviceIds.has(target)) mismatch(path, 'edges between devices', target);
  }
  for (const id of routes.keys()) if (!spaceIds.has(id)) mismatch(path, 'routes of namespaces', id);
}
