// What is known of the machines' devices, as plain facts, and which places a packet can get to from another in how many steps.
//
//   in at a port ──▶ in at its bridge ──▶ (routed: TTL − 1) ──▶ out at a device ──▶ in at the veth peer, or the wire
//        └─────────▶ out at the bridge's other ports              └─ a tunnel ──▶ out at the device below it, one header deeper
import { append } from '../basics/append.ts';
import { placeOf, WIRE } from '../hop/hop.ts';

export interface Device {
  readonly machine: string;
  /** Left out or "": the machine's own namespace. */
  readonly namespace?: string;
  /** Inode of that namespace (nsfs), where known: a kernel's words name it by that. */
  readonly inode?: number;
  readonly name: string;
  /** Its number in that namespace, where known: what a cooked capture names it by. */
  readonly ifindex?: number;
  /** 'tunnel': puts a header with addresses around what leaves through it (vxlan, ipip, gre, flannel's tun). */
  readonly kind: 'nic' | 'bridge' | 'veth' | 'tunnel' | 'vlan' | 'loopback' | 'other';
  /** With or without prefix length. */
  readonly addresses: readonly string[];
  /** veth: the other end. */
  readonly peer?: { readonly namespace?: string; readonly name: string };
  /** Name of the bridge in the same namespace that it is a port of. */
  readonly bridge?: string;
  /** Tunnel, VLAN: name of the device in the same namespace that carries it, if that is fixed. */
  readonly lower?: string;
  /** NIC: the wire it is plugged into; left out: there is one wire, whatever its name. */
  readonly wire?: string;
}

export interface Topology {
  readonly devices: readonly Device[];
}

/** More than any lab has between two taps. */
const MOST_STEPS = 8;

interface Node {
  readonly device: Device;
  readonly place: string;
  /** Its namespace, "host-01/" or "host-01/web". */
  readonly space: string;
}

interface Move {
  readonly to: string;
  readonly routed: 0 | 1;
  /** Headers with addresses put around (+1) or taken off (−1). */
  readonly depth: -1 | 0 | 1;
}

const kernelName = (machine: string, inode: number, device: string): string => `${machine} ${inode} ${device}`;
const spaceOf = (device: Device): string => `${device.machine}/${device.namespace ?? ''}`;
const bare = (address: string): string => address.split('/')[0] ?? '';

export class Places {
  readonly #nodes = new Map<string, Node>();
  readonly #spaces = new Map<string, Node[]>();
  readonly #wires = new Map<string, Node[]>();
  readonly #owners = new Map<string, Node[]>();
  readonly #kernelNames = new Map<string, string>();
  readonly #machines = new Set<string>();
  /** By machine and inode: the names of network namespaces. */
  readonly #spaceNames = new Map<string, string>();
  readonly #moves = new Map<string, readonly Move[]>();
  readonly #reach = new Map<string, ReadonlyMap<string, number>>();

  constructor({ devices }: Topology) {
    for (const device of devices) {
      this.#machines.add(device.machine);
      const place = placeOf({ machine: device.machine, namespace: device.namespace, device: device.name });
      const node = { device, place, space: spaceOf(device) };
      this.#nodes.set(place, node);
      append(this.#spaces, node.space, node);
      const { machine, inode, name } = device;
      if (inode !== undefined) {
        this.#kernelNames.set(kernelName(machine, inode, name), place);
        this.#spaceNames.set(`${machine} ${inode}`, device.namespace ?? '');
      }
      if (device.kind === 'nic') append(this.#wires, device.wire ?? '', node);
      for (const address of device.addresses) append(this.#owners, bare(address), node);
    }
  }

  knows(place: string): boolean {
    return this.#nodes.has(place) || place.startsWith(`${WIRE}/`);
  }

  /** Some of its devices are known. */
  knowsMachine(machine: string): boolean {
    return this.#machines.has(machine);
  }

  device(place: string): Device | undefined {
    return this.#nodes.get(place)?.device;
  }

  /** Places of the devices that have this address. Several where networks of different machines use the same one. */
  owners(address: string): readonly string[] {
    return this.#owners.get(address)?.map(({ place }) => place) ?? [];
  }

  /** True when a device in this one's namespace has the address. */
  owns(place: string, address: string): boolean {
    const space = this.#nodes.get(place)?.space;
    return space !== undefined && (this.#owners.get(address)?.some((node) => node.space === space) ?? false);
  }

  /** The place of a device as a kernel names it: in a network namespace, by the inode of that (nsfs). */
  inNamespace(machine: string, inode: number, device: string): string | undefined {
    return this.#kernelNames.get(kernelName(machine, inode, device));
  }

  /** The name of a network namespace, by its inode; "": the machine's own, or one that is not known. */
  spaceName(machine: string, inode: number): string {
    return this.#spaceNames.get(`${machine} ${inode}`) ?? '';
  }

  /** A device is known in the network namespace with that inode. */
  knowsSpace(machine: string, inode: number): boolean {
    return this.#spaceNames.has(`${machine} ${inode}`);
  }

  isPort(place: string): boolean {
    return this.#nodes.get(place)?.device.bridge !== undefined;
  }

  /** The other end of a veth pair. */
  peer(place: string): string | undefined {
    const node = this.#nodes.get(place);
    const peer = node?.device.peer;
    if (node === undefined || peer === undefined) return undefined;
    return placeOf({ machine: node.device.machine, namespace: peer.namespace, device: peer.name });
  }

  /**
   * How many steps a packet takes from one tap to another when it is routed and put into (or taken out of) tunnels
   * exactly so often; Infinity when there is no such way. A tap is a place and a direction; a wire has none.
   */
  steps(from: string, fromOut: boolean, to: string, toOut: boolean, routed: number, depth: number): number {
    if (routed < 0 || routed > MOST_STEPS) return Infinity;
    const start = nodeKey(this.#known(from), fromOut);
    const key = `${start}|${routed}|${depth}`;
    let reach = this.#reach.get(key);
    if (reach === undefined) {
      reach = this.#search(start, routed, depth);
      this.#reach.set(key, reach);
    }
    return reach.get(nodeKey(this.#known(to), toOut)) ?? Infinity;
  }

  /** A wire that no NIC names is the one that those are plugged into which name none. */
  #known(place: string): string {
    return place.startsWith(`${WIRE}/`) && !this.#wires.has(place.slice(WIRE.length + 1)) ? `${WIRE}/` : place;
  }

  /** Breadth first over (place, routed so far, depth so far). */
  #search(start: string, routed: number, depth: number): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    const seen = new Set([`${start}|0|0`]);
    let edge: { at: string; routed: number; depth: number }[] = [{ at: start, routed: 0, depth: 0 }];
    for (let steps = 1; steps <= MOST_STEPS && edge.length > 0; steps++) {
      const next: typeof edge = [];
      for (const state of edge) {
        for (const move of this.#movesFrom(state.at)) {
          const to = { at: move.to, routed: state.routed + move.routed, depth: state.depth + move.depth };
          const key = `${to.at}|${to.routed}|${to.depth}`;
          if (to.routed > routed || seen.has(key)) continue;
          seen.add(key);
          next.push(to);
          const at = wireOnly(to.at);
          if (to.routed === routed && to.depth === depth && !found.has(at)) found.set(at, steps);
        }
      }
      edge = next;
    }
    return found;
  }

  #movesFrom(key: string): readonly Move[] {
    let moves = this.#moves.get(key);
    if (moves === undefined) {
      moves = key.startsWith(`${WIRE}/`) ? this.#offWire(key.slice(WIRE.length + 1)) : this.#offDevice(key);
      this.#moves.set(key, moves);
    }
    return moves;
  }

  /** Whoever sent a frame does not get it back. */
  #offWire(wire: string): Move[] {
    const [name = '', sender] = wire.split(FROM);
    return (this.#wires.get(name) ?? [])
      .filter(({ place }) => place !== sender)
      .map(({ place }) => plain(nodeKey(place, false)));
  }

  #offDevice(key: string): Move[] {
    const out = key.endsWith('>');
    const node = this.#nodes.get(key.slice(0, -1));
    if (node === undefined) return [];
    return out ? this.#leaving(node) : this.#entering(node);
  }

  #leaving(node: Node): Move[] {
    const { device, place } = node;
    const moves: Move[] = [];
    const peer = this.peer(place);
    if (peer !== undefined) moves.push(plain(nodeKey(peer, false)));
    if (device.kind === 'loopback') moves.push(plain(nodeKey(place, false)));
    if (device.kind === 'nic') moves.push(plain(`${WIRE}/${device.wire ?? ''}${FROM}${place}`));
    for (const other of this.#spaces.get(node.space) ?? []) {
      if (device.kind === 'bridge' && other.device.bridge === device.name)
        moves.push(plain(nodeKey(other.place, true)));
      if (carries(other.device, device))
        moves.push({ to: nodeKey(other.place, true), routed: 0, depth: device.kind === 'tunnel' ? 1 : 0 });
    }
    return moves;
  }

  #entering(node: Node): Move[] {
    const { device } = node;
    const moves: Move[] = [];
    for (const other of this.#spaces.get(node.space) ?? []) {
      if (carries(device, other.device))
        moves.push({ to: nodeKey(other.place, false), routed: 0, depth: other.device.kind === 'tunnel' ? -1 : 0 });
      if (device.bridge !== undefined) {
        if (other.device.name === device.bridge) {
          moves.push(plain(nodeKey(other.place, false)));
          // What DNAT sends to a port of the same bridge is not routed (net/bridge/br_netfilter_hooks.c, bridged DNAT).
          moves.push(plain(nodeKey(other.place, true)));
        }
        if (other !== node && other.device.bridge === device.bridge) moves.push(plain(nodeKey(other.place, true)));
      } else if (other.device.bridge === undefined && other.device.kind !== 'loopback') {
        moves.push({ to: nodeKey(other.place, true), routed: 1, depth: 0 });
      }
    }
    return moves;
  }
}

const nodeKey = (place: string, out: boolean): string =>
  place.startsWith(`${WIRE}/`) ? place : `${place}${out ? '>' : '<'}`;
/** Between a wire and who sent what is on it. */
const FROM = '\0';
const wireOnly = (key: string): string => key.split(FROM)[0] ?? '';
const plain = (to: string): Move => ({ to, routed: 0, depth: 0 });

/** True when what `upper` (a tunnel, a VLAN) sends goes out through `lower`. */
function carries(lower: Device, upper: Device): boolean {
  if (upper.kind !== 'tunnel' && upper.kind !== 'vlan') return false;
  if (upper.lower !== undefined) return upper.lower === lower.name;
  return upper.kind === 'tunnel' && lower.kind !== 'tunnel' && lower.kind !== 'loopback' && lower.bridge === undefined;
}
