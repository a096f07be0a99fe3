// Two graphs -> what happened between them, in words, for people who do not see the picture. Pure.
import { isDown, isLinkLocal, KIND_WORD } from './device-words.ts';
import type { DeviceNode, Graph, NamespaceNode } from './graph.ts';
import { inNamespace, namespaceWord } from './workload-words.ts';

/** Most telling first: namespaces and containers that came and went, then devices, then what changed on a device. */
export function describeChanges(before: Graph, after: Graph): string[] {
  const old = index(before);
  const now = index(after);
  const lines: string[] = [];

  for (const namespace of after.namespaces) {
    if (!old.namespaces.has(namespace.id) && !namespace.root)
      lines.push(`${whatIs(namespace)} appeared${whereItHangs(namespace, after)}`);
  }
  for (const namespace of before.namespaces) {
    const still = now.namespaces.get(namespace.id);
    if (still === undefined && !namespace.root) lines.push(`${whatIs(namespace)} is gone`);
    else if (still !== undefined && still.name !== namespace.name)
      lines.push(`${whatIs(namespace)} is now called ${still.name}`);
  }
  for (const device of after.devices) {
    if (device.deviceKind === 'loopback' || isNewNamespace(device, old)) continue;
    const was = old.devices.get(device.id);
    if (was === undefined && leadsToNewNamespace(device, after, old, now)) continue;
    if (was === undefined)
      lines.push(`${KIND_WORD[device.deviceKind]}${place(device, after)} appeared: ${nameWithAddresses(device)}`);
    else lines.push(...deviceChanges(was, device).map((change) => `${device.name}${place(device, after)} ${change}`));
  }
  for (const device of before.devices) {
    if (!now.devices.has(device.id) && now.namespaces.has(device.namespace))
      lines.push(`${device.name}${place(device, before)} is gone`);
  }
  for (const edge of after.edges) {
    const port = now.devices.get(edge.source);
    if (edge.kind !== 'port' || old.edges.has(edge.id) || port === undefined || !old.devices.has(port.id)) continue;
    lines.push(`${port.name} became a port of ${now.devices.get(edge.target)?.name ?? edge.target}`);
  }
  for (const edge of after.edges) {
    const [from, to] = [now.devices.get(edge.source), now.devices.get(edge.target)];
    if (edge.kind !== 'tunnel' || old.edges.has(edge.id) || from === undefined || to === undefined) continue;
    lines.push(`a tunnel joins ${from.name}${place(from, after)} and ${to.name}${place(to, after)}`);
  }
  for (const edge of before.edges) {
    const port = now.devices.get(edge.source);
    if (edge.kind !== 'port' || now.edges.has(edge.id) || port === undefined || !now.devices.has(edge.target)) continue;
    lines.push(`${port.name} is no longer a port of ${now.devices.get(edge.target)?.name ?? edge.target}`);
  }
  return lines;
}

interface Index {
  readonly namespaces: ReadonlyMap<string, NamespaceNode>;
  readonly devices: ReadonlyMap<string, DeviceNode>;
  readonly edges: ReadonlySet<string>;
}

function index(graph: Graph): Index {
  return {
    namespaces: new Map(graph.namespaces.map((namespace) => [namespace.id, namespace])),
    devices: new Map(graph.devices.map((device) => [device.id, device])),
    edges: new Set(graph.edges.map((edge) => edge.id)),
  };
}

const isNewNamespace = (device: DeviceNode, old: Index): boolean => !old.namespaces.has(device.namespace);
/** The host's end of a new container's veth pair: told of with the container. */
function leadsToNewNamespace(device: DeviceNode, after: Graph, old: Index, now: Index): boolean {
  return after.edges.some((edge) => {
    if (edge.kind !== 'veth' || (edge.source !== device.id && edge.target !== device.id)) return false;
    const peer = now.devices.get(edge.source === device.id ? edge.target : edge.source);
    return peer !== undefined && !old.namespaces.has(peer.namespace);
  });
}

const whatIs = (namespace: NamespaceNode): string =>
  inNamespace(namespace) === namespace.name ? `${namespaceWord(namespace)} ${namespace.name}` : inNamespace(namespace);

function place(device: DeviceNode, graph: Graph): string {
  const namespace = graph.namespaces.find((candidate) => candidate.id === device.namespace);
  if (namespace === undefined) return '';
  return namespace.root ? (graph.machines.length > 1 ? ` on ${device.machine}` : '') : ` in ${inNamespace(namespace)}`;
}

function nameWithAddresses(device: DeviceNode): string {
  const addresses = device.addresses.filter((address) => !isLinkLocal(address));
  return addresses.length === 0 ? device.name : `${device.name} with ${addresses.join(' and ')}`;
}

/** " on docker0 with 172.17.0.2": the bridge that its veth pairs lead to, and its addresses. */
function whereItHangs(namespace: NamespaceNode, graph: Graph): string {
  const inside = graph.devices.filter(
    (device) => device.namespace === namespace.id && device.deviceKind !== 'loopback',
  );
  const ids = new Set(inside.map((device) => device.id));
  const outer = graph.edges
    .filter((edge) => edge.kind === 'veth' && ids.has(edge.source) !== ids.has(edge.target))
    .map((edge) => (ids.has(edge.source) ? edge.target : edge.source));
  const bridges = new Set(
    graph.edges
      .filter((edge) => edge.kind === 'port' && outer.includes(edge.source))
      .map((edge) => graph.devices.find((device) => device.id === edge.target)?.name ?? edge.target),
  );
  const addresses = inside
    .flatMap((device) => device.addresses.filter((address) => !isLinkLocal(address)))
    .map((address) => address.replace(/\/\d+$/, ''));
  return `${bridges.size === 0 ? '' : ` on ${[...bridges].join(' and ')}`}${addresses.length === 0 ? '' : ` with ${addresses.join(' and ')}`}`;
}

function deviceChanges(was: DeviceNode, device: DeviceNode): string[] {
  const changes: string[] = [];
  if (was.name !== device.name) changes.push(`was called ${was.name} before`);
  if (isDown(was) !== isDown(device)) changes.push(isDown(device) ? 'is down' : 'is up');
  const gained = device.addresses.filter((address) => !was.addresses.includes(address) && !isLinkLocal(address));
  const lost = was.addresses.filter((address) => !device.addresses.includes(address) && !isLinkLocal(address));
  if (gained.length > 0) changes.push(`has the address ${gained.join(' and ')}`);
  if (lost.length > 0) changes.push(`lost the address ${lost.join(' and ')}`);
  // A bridge takes the lowest MAC of its ports (net/bridge/br_stp_if.c): it changes with every container.
  if (was.mac !== device.mac && device.deviceKind !== 'bridge') changes.push(`has the MAC address ${device.mac}`);
  if (was.mtu !== device.mtu) changes.push(`has the MTU ${device.mtu}`);
  return changes;
}
