// Which edges a packet crossed, and in which order, worked out from the taps of the machine's own namespace alone.
//
//   container            machine's own namespace                             container
//   eth0 ──veth──▶ vethA ──port──▶ docker0 ──port──▶ vethB ──veth──▶ eth0
//                  tap: in                            tap: out
//
// A tap tells that a packet was at a device, and whether it came in there or went out. The edge before an 'in' and the
// edge after an 'out' follow from that. What lies between two taps follows from seeing the same packet at both
// (packet-fingerprint.ts), within a moment: a bridge's ports have the bridge between them, and what came in at one
// device and left by another was routed. Nothing is assumed where the second sighting is missing.
//
// Between machines: a frame that a wire saw came from the NIC that it went out at, and what came in at a NIC came from the
// wire. A tunnel's packet that went out at a NIC is followed back to the one in it, at the tunnel's device, and the other
// way round where it comes in.
import type { Hop } from '../hop/hop.ts';
import type { Edge, Graph } from './graph.ts';
import { type Fingerprint, fingerprint } from './packet-fingerprint.ts';
import { type Sighting, Sightings } from './sightings.ts';

/** One edge, and which way. `edge` is "" towards a place that the graph does not show (see wireOf). */
export interface Crossing {
  readonly edge: string;
  readonly from: string;
  readonly to: string;
  /** Off a wire: the NIC that it came onto it from, where that is known. */
  readonly along?: string;
}

export interface HopPath {
  /** The hop of the same packet that this one comes after; 0 when it is the first that was seen of it. */
  readonly follows: number;
  /** The first hop seen of the same packet: equal for all hops of one packet. */
  readonly packet: number;
  /** In the order in which they were crossed; empty when this hop adds nothing to what the one before it showed. */
  readonly crossings: readonly Crossing[];
  /** Where the packet stands before and after these crossings: a device's id or wireOf(id). "" when not known. */
  readonly from: string;
  readonly to: string;
}

/** The far side of a device whose other end lies outside the graph: a NIC's wire. */
export const wireOf = (deviceId: string): string => `wire:${deviceId}`;

/** Seconds between two sightings of one packet; a copy seen later is another packet that looks the same. */
const SAME_PACKET = 0.1;
/** The same where two clocks tell the time. */
const ANY_CLOCK = 5;

export class PacketPaths {
  #seen = new Sightings();
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
    for (const edge of graph.edges) {
      for (const end of [edge.source, edge.target]) {
        const list = this.#edges.get(end);
        if (list === undefined) this.#edges.set(end, [edge]);
        else list.push(edge);
      }
    }
    const leadsOut = graph.devices.filter(
      ({ id, deviceKind }) =>
        this.#edge(id, 'plug') === undefined &&
        (deviceKind === 'nic' || (deviceKind === 'veth' && this.#edge(id, 'veth') === undefined)),
    );
    this.#leadsOut = new Set(leadsOut.map((device) => device.id));
    this.#wires = new Set(graph.wires.map(({ id }) => id));
    const tunnels = graph.devices.filter(({ deviceKind }) => deviceKind === 'vxlan' || deviceKind === 'tun');
    this.#tunnels = new Set(tunnels.map(({ id }) => id));
    this.#plugs = new Map(
      graph.devices.flatMap(({ id, mac }): [string, Edge][] => {
        const plug = this.#edge(id, 'plug');
        return plug === undefined ? [] : [[mac, plug]];
      }),
    );
  }

  /** Another run of the lab: no packet of the last one is seen again. */
  clear(): void {
    this.#seen = new Sightings();
  }

  /**
   * Hops in the order in which the tap handed them over. That order counts, not their times: what a bridge hands up to
   * its machine carries the time at which the port received it (the skb keeps its timestamp).
   */
  follow(hop: Hop): HopPath {
    const print = fingerprint(hop.bytes, hop.linkType);
    const step = this.#wires.has(hop.deviceId ?? '')
      ? this.#onWire(hop, print)
      : hop.direction === 'in'
        ? this.#in(hop, print)
        : this.#out(hop, print);
    const packet = step.before?.packet ?? hop.n;
    this.#seen.remember({
      n: hop.n,
      packet,
      time: hop.time,
      machine: hop.machine,
      deviceId: hop.deviceId ?? '',
      from: step.crossings[0]?.from,
      direction: hop.direction,
      print,
    });
    return this.#path(hop, step, packet);
  }

  /** The way of a frame that a wire still holds: it is not followed, since it has not been seen yet. */
  standing(hop: Hop): HopPath {
    return this.#path(hop, this.#onWire(hop, fingerprint(hop.bytes, hop.linkType)), hop.n);
  }

  #path(hop: Hop, step: Step, packet: number): HopPath {
    const { crossings } = step;
    return {
      follows: step.before?.n ?? 0,
      packet,
      crossings,
      from: crossings[0]?.from ?? hop.deviceId ?? '',
      to: crossings.at(-1)?.to ?? hop.deviceId ?? '',
    };
  }

  #onWire(hop: Hop, print: Fingerprint): Step {
    const before = this.#seen.last('any', print.any, (seen) => {
      const plug = this.#edge(seen.deviceId, 'plug');
      return seen.direction === 'out' && plug?.target === hop.deviceId && Math.abs(hop.time - seen.time) <= ANY_CLOCK;
    });
    const plug = before === undefined ? this.#plugs.get(sourceMac(hop.bytes)) : this.#edge(before.deviceId, 'plug');
    const crossings = plug !== undefined && plug.target === hop.deviceId ? [cross(plug, plug.source)] : [];
    return { before, crossings };
  }

  #in(hop: Hop, print: Fingerprint): Step {
    const device = hop.deviceId ?? '';
    if (device === '') return { before: undefined, crossings: [] };
    const ports = this.#portsOf(device);
    if (ports.length > 0) {
      // The bridge hands it up to the machine itself, from the port that received it.
      const before = this.#last(
        'bridged',
        print.bridged,
        hop,
        (seen) => seen.direction === 'in' && ports.some((port) => port.source === seen.deviceId),
      );
      const port = ports.find((edge) => edge.source === before?.deviceId);
      return { before, crossings: port === undefined ? [] : [cross(port, port.source)] };
    }
    const plug = this.#edge(device, 'plug');
    if (plug !== undefined) {
      const before = this.#seen.last(
        'any',
        print.any,
        (seen) => seen.deviceId === plug.target && Math.abs(hop.time - seen.time) <= ANY_CLOCK,
      );
      const along = before?.from;
      return { before, crossings: [{ ...cross(plug, plug.target), ...(along === undefined ? {} : { along }) }] };
    }
    if (this.#tunnels.has(device)) {
      const before = this.#last('inner', print.any, hop, (seen) => seen.direction === 'in');
      const out = before === undefined ? undefined : this.#routedEdge(before.deviceId, device);
      return { before, crossings: before === undefined || out === undefined ? [] : [cross(out, before.deviceId)] };
    }
    const veth = this.#edge(device, 'veth');
    if (veth === undefined) {
      return {
        before: undefined,
        crossings: this.#leadsOut.has(device) ? [{ edge: '', from: wireOf(device), to: device }] : [],
      };
    }
    const peer = otherEnd(veth, device);
    if (!this.#tapped.has(peer)) return { before: undefined, crossings: [cross(veth, peer)] };
    // Both ends are tapped: that it left the one has shown this edge already.
    const before = this.#last(
      'bridged',
      print.bridged,
      hop,
      (seen) => seen.direction === 'out' && seen.deviceId === peer,
    );
    return { before, crossings: before === undefined ? [cross(veth, peer)] : [] };
  }

  #out(hop: Hop, print: Fingerprint): Step {
    const device = hop.deviceId ?? '';
    if (device === '') return { before: undefined, crossings: [] };
    const onward = this.#onward(device);
    const port = this.#bridgeOf(device);
    if (port !== undefined) {
      const siblings = new Map(this.#portsOf(port.target).map((edge) => [edge.source, edge]));
      siblings.delete(device);
      const before = this.#last(
        'bridged',
        print.bridged,
        hop,
        (seen) =>
          (seen.direction === 'in' && siblings.has(seen.deviceId)) ||
          (seen.direction === 'out' && seen.deviceId === port.target),
      );
      if (before === undefined) return { before, crossings: onward };
      const entered = siblings.get(before.deviceId);
      return {
        before,
        crossings: [
          ...(entered === undefined ? [] : [cross(entered, entered.source)]),
          cross(port, port.target),
          ...onward,
        ],
      };
    }
    const carried = this.#last(
      'any',
      print.inner,
      hop,
      (seen) => seen.direction === 'out' && this.#tunnels.has(seen.deviceId),
    );
    const before =
      carried ??
      this.#last(
        'routed',
        print.routed,
        hop,
        (seen) => seen.direction === 'in' && this.#routedEdge(seen.deviceId, device) !== undefined,
      );
    const routed = before === undefined ? undefined : this.#routedEdge(before.deviceId, device);
    return {
      before,
      crossings: [...(before === undefined || routed === undefined ? [] : [cross(routed, before.deviceId)]), ...onward],
    };
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

  #last(kind: keyof Fingerprint, key: number, hop: Hop, fits: (seen: Sighting) => boolean): Sighting | undefined {
    return this.#seen.last(
      kind,
      key,
      (seen) => seen.machine === hop.machine && Math.abs(hop.time - seen.time) <= SAME_PACKET && fits(seen),
    );
  }
}

interface Step {
  readonly before: Sighting | undefined;
  readonly crossings: readonly Crossing[];
}

const otherEnd = (edge: Edge, end: string): string => (edge.source === end ? edge.target : edge.source);
const cross = (edge: Edge, from: string): Crossing => ({ edge: edge.id, from, to: otherEnd(edge, from) });

/** Of an Ethernet frame, as the kernel writes it. */
const sourceMac = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(6, 12), (byte) => byte.toString(16).padStart(2, '0')).join(':');
