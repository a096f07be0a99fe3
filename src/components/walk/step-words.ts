// One hop in words: how the packet came to the place where it was seen, and where it went from there.
import type { Hop } from '../../hop/hop.ts';
import { isTunnelDevice } from '../../topology/device-words.ts';
import type { Graph } from '../../topology/graph.ts';
import type { Crossing, Way } from '../../topology/ways.ts';

export interface SeenAt {
  readonly machine: string;
  readonly device: string;
  readonly deviceId: string;
  readonly direction: Hop['direction'];
  /** Headers came around it since the step before. */
  readonly wrapped: boolean;
}

/** "In at veth1, over the veth pair from eth0 of client." Only what the graph shows is said. */
export function hopWords(hop: SeenAt, path: Way, graph: Graph): string {
  const devices = new Map(graph.devices.map((device) => [device.id, device]));
  const roots = new Set(graph.namespaces.filter(({ root }) => root).map(({ id }) => id));
  const spaces = new Map(graph.namespaces.map(({ id, name }) => [id, name]));
  const nameOf = (id: string): string => {
    const device = devices.get(id);
    if (device === undefined) return 'a device that is gone';
    return roots.has(device.namespace) ? device.name : `${device.name} of ${spaces.get(device.namespace) ?? 'nobody'}`;
  };
  const isBridge = (id: string): boolean => devices.get(id)?.deviceKind === 'bridge';
  const isTunnel = (id: string): boolean => isTunnelDevice(devices.get(id));
  const wire = graph.wires.find(({ id }) => id === hop.deviceId);
  if (wire !== undefined) {
    const nic = devices.get(path.from);
    return `On the wire ${wire.name}${nic === undefined ? '' : `, from ${nic.name} of ${nic.machine}`}.`;
  }
  const [first] = path.crossings;
  if (first !== undefined && kindOf(first) === 'routed' && hop.direction === 'in')
    return `Taken out of the tunnel’s packet that came in at ${nameOf(first.from)}: in at ${hop.device}.`;
  if (first !== undefined && kindOf(first) === 'routed' && hop.wrapped && isTunnel(first.from))
    return `Put into a packet of the tunnel by ${nameOf(first.from)}, out at ${hop.device}.`;
  return hop.direction === 'out' ? went(hop, path.crossings, nameOf) : came(hop, path.crossings, nameOf, isBridge);
}

function came(
  { machine, device }: SeenAt,
  crossings: readonly Crossing[],
  nameOf: (id: string) => string,
  isBridge: (id: string) => boolean,
): string {
  const over = crossings.at(-1);
  if (over === undefined) return `In at ${device}.`;
  if (isBridge(over.to))
    return `Up from the bridge’s port ${nameOf(over.from)} to ${device}: ${machine} itself gets it.`;
  if (over.edge === '' || kindOf(over) === 'plug') return `In at ${device}, from the wire.`;
  return `In at ${device}, over the veth pair from ${nameOf(over.from)}.`;
}

function went({ machine, device }: SeenAt, crossings: readonly Crossing[], nameOf: (id: string) => string): string {
  const ports = crossings.filter((crossing) => kindOf(crossing) === 'port');
  const bridge = ports[0] === undefined ? '' : nameOf(ports.length > 1 ? ports[0].to : ports[0].from);
  const routed = crossings.find((crossing) => kindOf(crossing) === 'routed');
  const last = crossings.at(-1);
  const way =
    ports.length > 1
      ? `Through the bridge ${bridge}, out at ${device}`
      : ports.length === 1
        ? `From ${machine} by the bridge ${bridge}, out at ${device}`
        : routed === undefined
          ? `Out at ${device}`
          : `Routed by ${machine} from ${nameOf(routed.from)}, out at ${device}`;
  if (last === undefined || last.to === '') return `${way}.`;
  if (last.edge === '') return `${way}, onto the wire.`;
  return kindOf(last) === 'veth' ? `${way}, over the veth pair to ${nameOf(last.to)}.` : `${way}.`;
}

/** Edges' ids begin with their kind. */
const kindOf = ({ edge }: Crossing): string => edge.slice(0, edge.indexOf(':'));

/** "+0.69 ms": since the first hop that is shown. */
export function sinceWords(ms: number): string {
  const rounded = Math.abs(ms) < 10 ? ms.toFixed(2) : Math.abs(ms) < 1000 ? ms.toFixed(1) : ms.toFixed(0);
  return `${ms < 0 ? '−' : '+'}${rounded.replace('-', '')} ms`;
}
