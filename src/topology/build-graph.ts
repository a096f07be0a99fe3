// One machine's kernel report -> its part of the graph. Pure. Everything the kernel says is kept: what is folded away
// (loopback, say) is for the picture to decide.
//
// Ids: machine "host-01", namespace "host-01/4026531840", device "host-01/4026531840/3". An nsfs inode and an ifindex
// name the same thing for as long as it lives, whatever it is renamed to, so nothing jumps about in the picture.
import { tunnelOfDevice } from '../packet/tunnels.ts';
import type { DeviceKind, DeviceNode, Edge, Graph, NamespaceNode, NetworkName, VxlanData, Workload } from './graph.ts';
import type { KernelLink, KernelNamespace, KernelReport, KernelRoute } from './kernel-report.ts';
import { leading } from './workload-words.ts';

export const EMPTY_GRAPH: Graph = {
  machines: [],
  wires: [],
  namespaces: [],
  devices: [],
  edges: [],
  routes: new Map(),
};

/**
 * `previous` is the graph that this machine had before (or any graph that contains it): nodes that did not change are
 * handed over as the same objects, and a graph in which nothing changed is `previous` itself.
 */
export function buildGraph(machine: string, report: KernelReport, previous: Graph | null = null): Graph {
  const spaces = uniqueBy(report.namespaces, (space) => space.inode).sort(
    (a, b) => rank(a) - rank(b) || a.inode - b.inode,
  );
  const links = new Map(
    spaces.map((space) => [space, uniqueBy(space.links, (link) => link.ifindex).sort((a, b) => a.ifindex - b.ifindex)]),
  );
  const bridgeNames = new Map(report.bridges.map(({ device, name, by }) => [device, { name, by }]));

  const namespaces = spaces.map((space) => namespaceNode(machine, space, report));
  const devices = spaces.flatMap((space) =>
    (links.get(space) ?? []).map((link) => deviceNode(machine, space, link, bridgeNames)),
  );
  const edges = [
    ...spaces.flatMap((space) => ports(machine, space, links.get(space) ?? [])),
    ...pairs(machine, spaces, links),
    ...spaces.filter(isRoot).flatMap((space) => routed(machine, space, links.get(space) ?? [])),
  ].sort((a, b) => (a.id < b.id ? -1 : 1));
  const routes = new Map(spaces.map((space) => [namespaceId(machine, space), space.routes]));

  const next: Graph = {
    machines: [{ kind: 'machine', id: machine, name: machine }],
    wires: [],
    namespaces,
    devices,
    edges,
    routes,
  };
  return previous === null ? next : shareWith(previous, next);
}

const isRoot = (space: KernelNamespace): boolean => space.pid === 1;
const rank = (space: KernelNamespace): number => (isRoot(space) ? 0 : 1);
const namespaceId = (machine: string, space: KernelNamespace): string => `${machine}/${space.inode}`;
const deviceId = (machine: string, space: KernelNamespace, ifindex: number): string =>
  `${machine}/${space.inode}/${ifindex}`;

function uniqueBy<T>(items: readonly T[], key: (item: T) => number): T[] {
  const kept = new Map<number, T>();
  for (const item of items) if (!kept.has(key(item))) kept.set(key(item), item);
  return [...kept.values()];
}

function namespaceNode(machine: string, space: KernelNamespace, report: KernelReport): NamespaceNode {
  const living = report.workloads
    .filter(({ namespaces }) => namespaces.net === space.inode)
    .map(({ namespaces: _, ...workload }): Workload => workload)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
  const bare: Workload = { id: space.name, name: space.name, kind: 'namespace', runtime: '', state: '', labels: {} };
  const workloads = living.length > 0 || space.name === '' || isRoot(space) ? living : [bare];
  const named =
    leading(workloads)
      .map(({ name }) => name)
      .join(', ') || `net:[${space.inode}]`;
  return {
    kind: 'namespace',
    id: namespaceId(machine, space),
    machine,
    name: isRoot(space) ? machine : named,
    root: isRoot(space),
    inode: space.inode,
    pid: space.pid,
    workloads,
  };
}

function deviceNode(
  machine: string,
  space: KernelNamespace,
  link: KernelLink,
  networks: ReadonlyMap<string, NetworkName>,
): DeviceNode {
  const network = isRoot(space) ? networks.get(link.ifname) : undefined;
  return {
    kind: 'device',
    id: deviceId(machine, space, link.ifindex),
    namespace: namespaceId(machine, space),
    machine,
    name: link.ifname,
    ifindex: link.ifindex,
    deviceKind: deviceKind(link),
    infoKind: link.linkinfo?.info_kind ?? '',
    ...(network === undefined ? {} : { network }),
    mac: link.address ?? '',
    mtu: link.mtu,
    up: link.flags.includes('UP'),
    operstate: link.operstate,
    addresses: link.addr_info.map((address) => `${address.local}/${address.prefixlen}`),
    ...vxlanData(link),
  };
}

/** iproute2's ip/iplink_vxlan.c: "id", "port", "local" and "local6". */
function vxlanData({ linkinfo }: KernelLink): { vxlan?: VxlanData } {
  if (linkinfo?.info_kind !== 'vxlan') return {};
  const { id, port, local, local6 } = linkinfo.info_data ?? {};
  if (typeof id !== 'number' || typeof port !== 'number') return {};
  const from = [local, local6].find((address) => typeof address === 'string');
  return { vxlan: { vni: id, port, ...(typeof from === 'string' ? { local: from } : {}) } };
}

/** rtnetlink's IFLA_INFO_KIND; a device without one is driven by hardware (or by what the emulator shows as such). */
function deviceKind(link: KernelLink): DeviceKind {
  if (link.link_type === 'loopback') return 'loopback';
  const kind = link.linkinfo?.info_kind;
  switch (kind) {
    case undefined:
    case '':
      return link.link_type === 'ether' ? 'nic' : 'other';
    case 'bridge':
    case 'veth':
    case 'vxlan':
    case 'tun':
    case 'dummy':
    case 'vlan':
      return kind;
    default:
      return tunnelOfDevice(kind) === undefined ? 'other' : 'tunnel';
  }
}

export function edge(kind: Edge['kind'], source: string, target: string): Edge {
  return { kind, id: `${kind}:${source}--${target}`, source, target };
}

function ports(machine: string, space: KernelNamespace, links: readonly KernelLink[]): Edge[] {
  return links.flatMap((port) => {
    const bridge = port.master === undefined ? undefined : links.find((link) => link.ifname === port.master);
    if (bridge === undefined || bridge === port) return [];
    return [edge('port', deviceId(machine, space, port.ifindex), deviceId(machine, space, bridge.ifindex))];
  });
}

interface End {
  readonly space: KernelNamespace;
  readonly link: KernelLink;
}

/**
 * The two ends of each veth pair. IFLA_LINK names the peer's ifindex and IFLA_LINK_NETNSID the namespace that it is in
 * (none: the same one, and then ip(8) prints the peer's name), as an nsid of the namespace that asked. Only the machine's own nsids are in the report, so from
 * inside a container the pair is known by its symmetry: each end's ifindex is the other's link_index.
 */
function pairs(
  machine: string,
  spaces: readonly KernelNamespace[],
  links: ReadonlyMap<KernelNamespace, readonly KernelLink[]>,
): Edge[] {
  const ends: End[] = spaces.flatMap((space) =>
    (links.get(space) ?? []).filter((link) => link.linkinfo?.info_kind === 'veth').map((link) => ({ space, link })),
  );
  const peered = new Set<End>();
  const edges: Edge[] = [];
  for (const end of ends) {
    if (peered.has(end)) continue;
    const peer = peerOf(
      end,
      ends.filter((other) => other !== end && !peered.has(other)),
    );
    if (peer === undefined) continue;
    peered.add(end).add(peer);
    edges.push(
      edge('veth', deviceId(machine, end.space, end.link.ifindex), deviceId(machine, peer.space, peer.link.ifindex)),
    );
  }
  return edges;
}

function peerOf(end: End, others: readonly End[]): End | undefined {
  if (end.link.link !== undefined) {
    return others.find(
      (other) =>
        other.space === end.space && other.link.ifname === end.link.link && other.link.link === end.link.ifname,
    );
  }
  const symmetric = others.filter(
    (other) => other.link.ifindex === end.link.link_index && other.link.link_index === end.link.ifindex,
  );
  const nsid = end.link.link_netnsid;
  if (nsid === undefined) return symmetric.find((other) => other.space === end.space);
  const elsewhere = symmetric.filter((other) => other.space !== end.space && other.link.link_netnsid !== undefined);
  if (!isRoot(end.space)) return elsewhere.length === 1 ? elsewhere[0] : undefined;
  const known = elsewhere.find((other) => other.space.nsid === nsid);
  if (known !== undefined) return known;
  // Two namespaces may hold devices with the very same pair of indexes: rather no line than a wrong one.
  const unknown = elsewhere.filter((other) => other.space.nsid < 0);
  return unknown.length === 1 ? unknown[0] : undefined;
}

/** Devices that the IP layer of the machine itself can send through: they hold an address, or a route names them. */
function routed(machine: string, space: KernelNamespace, links: readonly KernelLink[]): Edge[] {
  const named = new Set(space.routes.map((route: KernelRoute) => route.dev));
  const reachable = links.filter(
    (link) =>
      link.master === undefined &&
      link.link_type !== 'loopback' &&
      (named.has(link.ifname) ||
        link.addr_info.some((address) => address.scope !== 'link' && address.scope !== 'host')),
  );
  return reachable.flatMap((a, index) =>
    reachable
      .slice(index + 1)
      .map((b) => edge('routed', deviceId(machine, space, a.ifindex), deviceId(machine, space, b.ifindex))),
  );
}

/** Small flat objects made here, in one order of keys: comparing their JSON is comparing them. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function shareWith(previous: Graph, next: Graph): Graph {
  const old = new Map<string, unknown>();
  for (const item of [...previous.machines, ...previous.namespaces, ...previous.devices, ...previous.edges])
    old.set(item.id, item);
  const keep = <T extends { readonly id: string }>(item: T): T => {
    const before = old.get(item.id);
    return same(before, item) ? (before as T) : item;
  };
  const shared: Graph = {
    machines: next.machines.map(keep),
    wires: next.wires,
    namespaces: next.namespaces.map(keep),
    devices: next.devices.map(keep),
    edges: next.edges.map(keep),
    routes: new Map(
      [...next.routes].map(([id, routes]) => [
        id,
        same(previous.routes.get(id), routes) ? (previous.routes.get(id) ?? routes) : routes,
      ]),
    ),
  };
  const equal =
    (['machines', 'namespaces', 'devices', 'edges'] as const).every(
      (part) =>
        shared[part].length === previous[part].length &&
        shared[part].every((item, index) => item === previous[part][index]),
    ) &&
    shared.routes.size === previous.routes.size &&
    [...shared.routes].every(([id, routes]) => previous.routes.get(id) === routes);
  return equal ? previous : shared;
}
