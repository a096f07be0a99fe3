// Which lines of the picture a packet crossed between two taps, worked out from the taps of the machine's own namespace alone.
//
//   container            machine's own namespace                             container
//   eth0 ──veth──▶ vethA ──port──▶ docker0 ──port──▶ vethB ──veth──▶ eth0
//                  tap: in                            tap: out
//
// A tap tells that a packet was at a device, and whether it came in there or went out. The edge before an 'in' and the
// edge after an 'out' follow from that. What lies between two taps follows from seeing the same packet at both: a bridge's
// ports have the bridge between them, and what came in at one device and left by another was routed. Nothing is assumed where
// the second sighting is missing.
//
// Between machines: a frame that a wire saw came from the NIC that it went out at, and what came in at a NIC came from the
// wire. A tunnel's packet that went out at a NIC is followed back to the one in it, at the tunnel's device, and the other
// way round where it comes in.
import { append } from '../basics/append.ts';
import type { Hop } from '../hop/hop.ts';
import { type Identity, identityOf } from '../hop/identity.ts';
import { isTunnelDevice } from './device-words.ts';
import type { Edge, Graph } from './graph.ts';

/** One edge, and which way. `edge` is "" towards a place that the graph does not show (see wireOf). */
export interface Crossing {
  readonly edge: string;
  readonly from: string;
  readonly to: string;
  /** Off a wire: the NIC that it came onto it from, where that is known. */
  readonly along?: string;
}

/** What a hop shows of its packet's way. */
export interface Way {
  /** In the order in which they were crossed; empty when the hop adds nothing to what the one before it showed. */
  readonly crossings: readonly Crossing[];
  /** Where the packet stands before and after these crossings: a device's id or wireOf(id). "" when not known. */
  readonly from: string;
  readonly to: string;
}

/** The far side of a device whose other end lies outside the graph: a NIC's wire. */
export const wireOf = (deviceId: string): string => `wire:${deviceId}`;

export class Ways {
  #graph: Graph | null = null;
  #edges = new Map<string, Edge[]>();
  /** Devices of the machines' own namespaces: what the taps see. */
  #tapped = new Set<string>();
  /** NICs, and veths whose other end is in no namespace that was reported. */
  #leadsOut = new Set<string>();
  #wires = new Set<string>();
  /** Devices that put packets into others. */
  #tunnels = new Set<string>();
  /** MAC address -> the plug of the NIC that has it. */
  #plugs = new Map<string, Edge>();

  /** Cheap when the graph is the one it has already. */
  setGraph(graph: Graph): void {
    if (graph === this.#graph) return;
    this.#graph = graph;
    const roots = new Set(graph.namespaces.filter((namespace) => namespace.root).map((namespace) => namespace.id));
    this.#tapped = new Set(graph.devices.filter((device) => roots.has(device.namespace)).map((device) => device.id));
    this.#edges = new Map();
    for (const edge of graph.edges) for (const end of [edge.source, edge.target]) append(this.#edges, end, edge);
    const leadsOut = graph.devices.filter(
      ({ id, deviceKind }) =>
        this.#edge(id, 'plug') === undefined &&
        (deviceKind === 'nic' || (deviceKind === 'veth' && this.#edge(id, 'veth') === undefined)),
    );
    this.#leadsOut = new Set(leadsOut.map((device) => device.id));
    this.#wires = new Set(graph.wires.map(({ id }) => id));
    const tunnels = graph.devices.filter(isTunnelDevice);
    this.#tunnels = new Set(tunnels.map(({ id }) => id));
    this.#plugs = new Map(
      graph.devices.flatMap(({ id, mac }): [string, Edge][] => {
        const plug = this.#edge(id, 'plug');
        return plug === undefined ? [] : [[mac, plug]];
      }),
    );
  }

  /** What a hop shows, coming after `before`; null: it is the first that was seen of its packet. */
  of(hop: Hop, before: Hop | null): Way {
    return this.wayAlong(hop, (before === null ? null : this.between(before, hop)) ?? this.alone(hop));
  }

  wayAlong({ deviceId = '' }: Hop, crossings: readonly Crossing[]): Way {
    return { crossings, from: crossings[0]?.from ?? deviceId, to: crossings.at(-1)?.to ?? deviceId };
  }

  /** What a packet crossed from where it was before to where this hop saw it; null when it can not have come from there to here. */
  between(before: Hop, hop: Hop): readonly Crossing[] | null {
    const from = before.deviceId ?? '';
    const device = hop.deviceId ?? '';
    const was = identityOf(before);
    const is = identityOf(hop);
    if (from === '' || device === '' || was.key !== is.key) return null;
    if (this.#wires.has(device)) {
      const plug = this.#edge(from, 'plug');
      return before.direction === 'out' && plug?.target === device ? [cross(plug, plug.source)] : null;
    }
    if (hop.direction === 'in') {
      const plug = this.#edge(device, 'plug');
      if (plug !== undefined) return from === plug.target ? [this.#offWire(plug, before)] : null;
    }
    if (before.machine !== hop.machine) return null;
    return hop.direction === 'in'
      ? this.#in(before, device, was, is)
      : this.#out({ device: from, direction: before.direction }, device, was, is);
  }

  /** What the hop's place says of its way, without any other. */
  alone(hop: Hop): readonly Crossing[] {
    const device = hop.deviceId ?? '';
    if (device === '') return [];
    if (this.#wires.has(device)) {
      const plug = this.#plugs.get(sourceMac(hop));
      return plug?.target === device ? [cross(plug, plug.source)] : [];
    }
    if (hop.direction !== 'in') return this.#onward(device);
    if (this.#portsOf(device).length > 0 || this.#tunnels.has(device)) return [];
    const plug = this.#edge(device, 'plug');
    if (plug !== undefined) return [this.#offWire(plug, hop)];
    const veth = this.#edge(device, 'veth');
    if (veth !== undefined) return [cross(veth, otherEnd(veth, device))];
    return this.#leadsOut.has(device) ? [{ edge: '', from: wireOf(device), to: device }] : [];
  }

  #in(before: Hop, device: string, was: Identity, is: Identity): readonly Crossing[] | null {
    const from = before.deviceId ?? '';
    const ports = this.#portsOf(device);
    if (ports.length > 0) {
      // The bridge hands it up to the machine itself, from the port that received it.
      const port = ports.find((edge) => edge.source === from);
      return port !== undefined && before.direction === 'in' && isUnchanged(was, is) ? [cross(port, from)] : null;
    }
    if (this.#tunnels.has(device)) {
      const out = this.#routedEdge(from, device);
      if (before.direction !== 'in' || was.depth !== is.depth + 1) return null;
      return out === undefined ? [] : [cross(out, from)];
    }
    // Both ends of a veth pair are tapped: that it left the one has shown the line already.
    const veth = this.#edge(device, 'veth');
    const isPeer = veth !== undefined && otherEnd(veth, device) === from && this.#tapped.has(from);
    return isPeer && before.direction === 'out' && isUnchanged(was, is) ? [] : null;
  }

  #out(
    from: { readonly device: string; readonly direction: Hop['direction'] },
    device: string,
    was: Identity,
    is: Identity,
  ): readonly Crossing[] | null {
    const port = this.#bridgeOf(device);
    if (port !== undefined) {
      if (from.device === device || !isUnchanged(was, is)) return null;
      const entered = this.#portsOf(port.target).find((edge) => edge.source === from.device);
      if (entered !== undefined && from.direction === 'in')
        return [cross(entered, from.device), cross(port, port.target), ...this.#onward(device)];
      const sent = from.direction === 'out' && from.device === port.target;
      return sent ? [cross(port, port.target), ...this.#onward(device)] : null;
    }
    const routed = this.#routedEdge(from.device, device);
    const carried = from.direction === 'out' && this.#tunnels.has(from.device) && is.depth === was.depth + 1;
    const handedOn = from.direction === 'in' && is.depth === was.depth && routed !== undefined;
    if (!carried && !handedOn) return null;
    return [...(routed === undefined ? [] : [cross(routed, from.device)]), ...this.#onward(device)];
  }

  /** From the wire to the NIC; `seen` is the frame, on the wire or where it came in. */
  #offWire(plug: Edge, seen: Hop): Crossing {
    const sender = this.#plugs.get(sourceMac(seen));
    const along = sender?.target === plug.target && sender.source !== plug.source ? sender.source : undefined;
    return { ...cross(plug, plug.target), ...(along === undefined ? {} : { along }) };
  }

  /** Beyond a device that something leaves through: over a veth pair, or on to the wire. A bridge's ports tell for themselves. */
  #onward(device: string): Crossing[] {
    const veth = this.#edge(device, 'veth');
    if (veth !== undefined) return [cross(veth, device)];
    return this.#leadsOut.has(device) ? [{ edge: '', from: device, to: wireOf(device) }] : [];
  }

  #edge(device: string, kind: Edge['kind']): Edge | undefined {
    return this.#edges.get(device)?.find((edge) => edge.kind === kind);
  }

  #bridgeOf(device: string): Edge | undefined {
    return this.#edges.get(device)?.find((edge) => edge.kind === 'port' && edge.source === device);
  }

  #portsOf(bridge: string): readonly Edge[] {
    return this.#edges.get(bridge)?.filter((edge) => edge.kind === 'port' && edge.target === bridge) ?? [];
  }

  #routedEdge(a: string, b: string): Edge | undefined {
    return this.#edges.get(a)?.find((edge) => edge.kind === 'routed' && (edge.source === b || edge.target === b));
  }
}

/** A bridge hands on every header as it is. */
const isUnchanged = (a: Identity, b: Identity): boolean =>
  a.form === b.form && a.tuple === b.tuple && a.depth === b.depth;

const otherEnd = (edge: Edge, end: string): string => (edge.source === end ? edge.target : edge.source);
const cross = (edge: Edge, from: string): Crossing => ({ edge: edge.id, from, to: otherEnd(edge, from) });

/**
 * As the kernel writes it: the second address of an Ethernet frame, or the one of a LINUX_SLL2 header
 * (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html), which begins at byte 12.
 */
function sourceMac({ bytes, linkType }: Hop): string {
  const at = linkType === ETHERNET ? 6 : 12;
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

const ETHERNET = 1;
