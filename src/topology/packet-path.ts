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
import type { Edge, Graph } from './graph.ts';
import { type Fingerprint, fingerprint } from './packet-fingerprint.ts';

/** What this needs of a hop; a lab's Hop has it. */
export interface PathHop {
  readonly n: number;
  /** Seconds, the guest's clock. */
  readonly time: number;
  readonly machine: string;
  /** "" when the device is not known. */
  readonly deviceId: string;
  readonly direction: 'in' | 'out';
  /** LINUX_SLL2. */
  readonly bytes: Uint8Array;
}

/** One edge, and which way. `edge` is "" towards a place that the graph does not show (see wireOf). */
export interface Crossing {
  readonly edge: string;
  readonly from: string;
  readonly to: string;
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
/** Sightings kept to compare with. */
const REMEMBERED = 4096;

interface Sighting {
  readonly n: number;
  readonly packet: number;
  readonly time: number;
  readonly machine: string;
  readonly deviceId: string;
  readonly direction: 'in' | 'out';
  readonly print: Fingerprint;
}

export class PacketPaths {
  readonly #seen: Sighting[] = [];
  readonly #bridged = new Map<number, Sighting[]>();
  readonly #routed = new Map<number, Sighting[]>();
  #graph: Graph | null = null;
  #edges = new Map<string, Edge[]>();
  /** Devices of the machines' own namespaces: what the taps see. */
  #tapped = new Set<string>();
  /** NICs, and veths whose other end is in no namespace that was reported. */
  #leadsOut = new Set<string>();

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
      ({ id, deviceKind }) => deviceKind === 'nic' || (deviceKind === 'veth' && this.#edge(id, 'veth') === undefined),
    );
    this.#leadsOut = new Set(leadsOut.map((device) => device.id));
  }

  /**
   * Hops in the order in which the tap handed them over. That order counts, not their times: what a bridge hands up to
   * its machine carries the time at which the port received it (the skb keeps its timestamp).
   */
  follow(hop: PathHop): HopPath {
    const print = fingerprint(hop.bytes);
    const step = hop.direction === 'in' ? this.#in(hop, print) : this.#out(hop, print);
    const packet = step.before?.packet ?? hop.n;
    this.#remember({
      n: hop.n,
      packet,
      time: hop.time,
      machine: hop.machine,
      deviceId: hop.deviceId,
      direction: hop.direction,
      print,
    });
    const { crossings } = step;
    return {
      follows: step.before?.n ?? 0,
      packet,
      crossings,
      from: crossings[0]?.from ?? hop.deviceId,
      to: crossings.at(-1)?.to ?? hop.deviceId,
    };
  }

  #in(hop: PathHop, print: Fingerprint): Step {
    const device = hop.deviceId;
    if (device === '') return { before: undefined, crossings: [] };
    const ports = this.#portsOf(device);
    if (ports.length > 0) {
      // The bridge hands it up to the machine itself, from the port that received it.
      const before = this.#last(
        this.#bridged,
        print.bridged,
        hop,
        (seen) => seen.direction === 'in' && ports.some((port) => port.source === seen.deviceId),
      );
      const port = ports.find((edge) => edge.source === before?.deviceId);
      return { before, crossings: port === undefined ? [] : [cross(port, port.source)] };
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
      this.#bridged,
      print.bridged,
      hop,
      (seen) => seen.direction === 'out' && seen.deviceId === peer,
    );
    return { before, crossings: before === undefined ? [cross(veth, peer)] : [] };
  }

  #out(hop: PathHop, print: Fingerprint): Step {
    const device = hop.deviceId;
    if (device === '') return { before: undefined, crossings: [] };
    const onward = this.#onward(device);
    const port = this.#bridgeOf(device);
    if (port !== undefined) {
      const siblings = new Map(this.#portsOf(port.target).map((edge) => [edge.source, edge]));
      siblings.delete(device);
      const before = this.#last(
        this.#bridged,
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
    if (print.routed === 0) return { before: undefined, crossings: onward };
    const before = this.#last(
      this.#routed,
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

  #last(
    index: ReadonlyMap<number, readonly Sighting[]>,
    key: number,
    hop: PathHop,
    fits: (seen: Sighting) => boolean,
  ): Sighting | undefined {
    return index
      .get(key)
      ?.findLast((seen) => seen.machine === hop.machine && Math.abs(hop.time - seen.time) <= SAME_PACKET && fits(seen));
  }

  #remember(sighting: Sighting): void {
    this.#seen.push(sighting);
    push(this.#bridged, sighting.print.bridged, sighting);
    if (sighting.print.routed !== 0) push(this.#routed, sighting.print.routed, sighting);
    // Half of them at a time: moving a long array up by one for every packet would cost more than all the rest.
    if (this.#seen.length > 2 * REMEMBERED) {
      for (const old of this.#seen.splice(0, REMEMBERED)) {
        dropFirst(this.#bridged, old.print.bridged);
        if (old.print.routed !== 0) dropFirst(this.#routed, old.print.routed);
      }
    }
  }
}

interface Step {
  readonly before: Sighting | undefined;
  readonly crossings: readonly Crossing[];
}

const otherEnd = (edge: Edge, end: string): string => (edge.source === end ? edge.target : edge.source);
const cross = (edge: Edge, from: string): Crossing => ({ edge: edge.id, from, to: otherEnd(edge, from) });

function push(index: Map<number, Sighting[]>, key: number, sighting: Sighting): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [sighting]);
  else list.push(sighting);
}

/** Lists are in order of arrival, so the oldest sighting is always the first of its list. */
function dropFirst(index: Map<number, Sighting[]>, key: number): void {
  const list = index.get(key);
  list?.shift();
  if (list?.length === 0) index.delete(key);
}
