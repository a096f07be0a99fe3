// A network on paper for the tests: hosts with two bridges each, containers behind veth pairs, NAT, a VXLAN overlay and a wire
// between them. A packet that is sent through it leaves the hops that taps would have seen, with the times of their own clocks,
// and what NAT did leaves conntrack entries. It knows nothing of how hops are put together again.
import { LinkType } from '../../src/capture/link-type.ts';
import { type Hop, WIRE } from '../../src/hop/hop.ts';
import { inverse, type Tuple } from '../../src/hop/tuple.ts';
import type { ConntrackEntry } from '../../src/journey/evidence/conntrack.ts';
import type { DropEvidence, WatchEvidence } from '../../src/journey/evidence/drop.ts';
import type { Device, Topology } from '../../src/journey/topology.ts';

const HOSTS = 3;
/** On each bridge of each host. */
const CONTAINERS = 2;

export interface Sent {
  /** Which machine, and which container on it. */
  readonly host: number;
  readonly container: number;
  readonly kind: 'neighbour' | 'overlay' | 'masquerade' | 'published';
  /** The other host, counted from the sender's. */
  readonly away: 1 | 2;
  readonly protocol: 1 | 6 | 17;
  /** Bytes of data. */
  readonly size: number;
  /** IPv4's; left out: one of its own for each packet. */
  readonly identification?: number;
}

/** Seconds by which each machine's clock, and the wire's, is ahead of the true time. */
export type Skews = readonly number[];

/** One sighting before it has a clock: where, when in truth, and what. */
export interface TrueHop {
  readonly machine: string;
  readonly device: string;
  readonly direction: 'in' | 'out' | 'unknown';
  readonly time: number;
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

export const hostName = (host: number): string => `host-0${host + 1}`;
const nodeAddress = (host: number): string => `10.0.0.${11 + host}`;
const dockerAddress = (host: number, container: number): string => `172.${17 + host}.0.${2 + container}`;
const podAddress = (host: number, container: number): string => `10.244.${host}.${2 + container}`;

export const topology: Topology = {
  devices: Array.from({ length: HOSTS }, (_, host) => devicesOf(host)).flat(),
};

function devicesOf(host: number): Device[] {
  const machine = hostName(host);
  const devices: Device[] = [
    { machine, name: 'eth0', kind: 'nic', addresses: [`${nodeAddress(host)}/24`], wire: 'lan' },
    { machine, name: 'docker0', kind: 'bridge', addresses: [`172.${17 + host}.0.1/24`] },
    { machine, name: 'cni0', kind: 'bridge', addresses: [`10.244.${host}.1/24`] },
    { machine, name: 'flannel.1', kind: 'tunnel', addresses: [`10.244.${host}.0/32`], lower: 'eth0' },
  ];
  for (let container = 0; container < CONTAINERS; container++) {
    for (const [bridge, name, address] of [
      ['docker0', `c${container}`, dockerAddress(host, container)],
      ['cni0', `p${container}`, podAddress(host, container)],
    ] as const) {
      devices.push({
        machine,
        name: `veth-${name}`,
        kind: 'veth',
        addresses: [],
        bridge,
        peer: { namespace: name, name: 'eth0' },
      });
      devices.push({
        machine,
        namespace: name,
        name: 'eth0',
        kind: 'veth',
        addresses: [`${address}/24`],
        peer: { name: `veth-${name}` },
      });
    }
  }
  return devices;
}

export interface Walked {
  readonly hops: readonly TrueHop[];
  readonly conntrack: readonly ConntrackEntry[];
}

/** Sends the `number`th packet at a moment, and gives what the taps on its way see. */
export function walk(sent: Sent, number: number, start: number): Walked {
  const { host, container, kind } = sent;
  const far = (host + sent.away) % HOSTS;
  const here = hostName(host);
  const there = hostName(far);
  const steps = new Steps(sent, number, start);
  if (kind === 'neighbour') {
    const other = (container + 1) % CONTAINERS;
    steps.ends(dockerAddress(host, container), dockerAddress(host, other));
    steps.see(here, `veth-c${container}`, 'in').see(here, `veth-c${other}`, 'out');
    return steps.walked([]);
  }
  if (kind === 'overlay') {
    steps.ends(podAddress(host, container), podAddress(far, container));
    steps.see(here, `veth-p${container}`, 'in').see(here, 'cni0', 'in').route().see(here, 'flannel.1', 'out');
    steps.wrap(nodeAddress(host), nodeAddress(far)).cross(here, there).unwrap();
    steps.see(there, 'flannel.1', 'in').route().see(there, 'cni0', 'out').see(there, `veth-p${container}`, 'out');
    return steps.walked([]);
  }
  if (kind === 'masquerade') {
    const original = steps.ends(dockerAddress(host, container), nodeAddress(far));
    steps.see(here, `veth-c${container}`, 'in').see(here, 'docker0', 'in').route();
    const after = steps.rewrite({ source: nodeAddress(host), port: 30000 + number });
    steps.cross(here, there);
    return steps.walked([entry(here, original, after)]);
  }
  const original = steps.ends(nodeAddress(host), nodeAddress(far), 8080);
  steps.cross(here, there).route();
  const after = steps.rewrite({ destination: dockerAddress(far, container) });
  steps.see(there, 'docker0', 'out').see(there, `veth-c${container}`, 'out');
  return steps.walked([entry(there, original, after)]);
}

const entry = (machine: string, original: Tuple, after: Tuple): ConntrackEntry => ({
  machine,
  original,
  reply: inverse(after),
  id: '',
});

class Steps {
  readonly #sent: Sent;
  readonly #number: number;
  readonly #hops: TrueHop[] = [];
  #time: number;
  #ttl = 64;
  #tuple: Tuple = { protocol: 0, source: '', destination: '', sourcePort: 0, destinationPort: 0 };
  #outer: readonly [string, string] | null = null;

  constructor(sent: Sent, number: number, start: number) {
    this.#sent = sent;
    this.#number = number;
    this.#time = start;
  }

  ends(source: string, destination: string, port = 80): Tuple {
    const { protocol } = this.#sent;
    const own = 20000 + this.#number;
    this.#tuple = { protocol, source, destination, sourcePort: own, destinationPort: protocol === 1 ? own : port };
    return this.#tuple;
  }

  see(machine: string, device: string, direction: TrueHop['direction']): this {
    this.#time += 0.00002 + (this.#number % 7) * 0.00001;
    const wire = machine === WIRE;
    const packet = this.#packet();
    const bytes = wire ? ethernet(packet) : cooked(packet, direction === 'out');
    const linkType = wire ? LinkType.EN10MB : LinkType.LINUX_SLL2;
    this.#hops.push({ machine, device, direction, time: this.#time, linkType, bytes });
    return this;
  }

  route(): this {
    this.#ttl--;
    return this;
  }

  cross(from: string, to: string): this {
    return this.see(from, 'eth0', 'out').see(WIRE, 'lan', 'unknown').see(to, 'eth0', 'in');
  }

  wrap(source: string, destination: string): this {
    this.#outer = [source, destination];
    return this;
  }

  unwrap(): this {
    this.#outer = null;
    return this;
  }

  rewrite({ source, destination, port }: { source?: string; destination?: string; port?: number }): Tuple {
    const before = this.#tuple;
    const isPing = before.protocol === 1;
    this.#tuple = {
      protocol: before.protocol,
      source: source ?? before.source,
      destination: destination ?? before.destination,
      sourcePort: port ?? before.sourcePort,
      destinationPort: isPing
        ? (port ?? before.destinationPort)
        : destination === undefined
          ? before.destinationPort
          : 80,
    };
    return this.#tuple;
  }

  walked(conntrack: readonly ConntrackEntry[]): Walked {
    return { hops: this.#hops, conntrack };
  }

  #packet(): Uint8Array {
    const inner = ipv4(
      this.#tuple,
      this.#ttl,
      this.#sent.identification ?? 1000 + this.#number,
      transport(this.#tuple, this.#number, this.#sent.size),
    );
    if (this.#outer === null) return inner;
    const [source, destination] = this.#outer;
    const vxlan = Uint8Array.of(8, 0, 0, 0, 0, 0, 1, 0, ...ethernet(inner));
    const outer = { protocol: 17, source, destination, sourcePort: 50000, destinationPort: 8472 };
    return ipv4(outer, 64, 0, udp(outer, vxlan));
  }
}

function transport(tuple: Tuple, number: number, size: number): Uint8Array {
  const data = Uint8Array.from({ length: size }, (_, i) => (number * 31 + i) & 0xff);
  if (tuple.protocol === 17) return udp(tuple, data);
  if (tuple.protocol === 1) return Uint8Array.of(8, 0, 0, 0, ...u16(tuple.sourcePort), ...u16(number), ...data);
  const head = [...u16(tuple.sourcePort), ...u16(tuple.destinationPort), ...u32(number * 100_000), ...u32(7)];
  return Uint8Array.of(...head, 0x50, 0x18, 1, 0, 0, 0, 0, 0, ...data);
}

const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
const address = (text: string): number[] => text.split('.').map(Number);

export const udp = (tuple: Tuple, data: Uint8Array): Uint8Array =>
  Uint8Array.of(...u16(tuple.sourcePort), ...u16(tuple.destinationPort), ...u16(8 + data.length), 0, 0, ...data);

export function ipv4(tuple: Tuple, ttl: number, id: number, payload: Uint8Array, fragment = 0): Uint8Array {
  const head = [0x45, 0, ...u16(20 + payload.length), ...u16(id), ...u16(fragment), ttl, tuple.protocol, 0, 0];
  return Uint8Array.of(...head, ...address(tuple.source), ...address(tuple.destination), ...payload);
}

export const ethernet = (packet: Uint8Array): Uint8Array =>
  Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, ...packet);

/** LINUX_SLL2 (src/packet/sll2.ts). */
export const cooked = (packet: Uint8Array, out: boolean, type = 0x0800): Uint8Array =>
  Uint8Array.of(...u16(type), 0, 0, 0, 0, 0, 2, 0, 1, out ? 4 : 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, ...packet);

/** An ARP question as a tap sees it. */
export const question = (sender: string, target: string, out: boolean): Uint8Array =>
  cooked(
    Uint8Array.of(0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, ...address(sender), 0, 0, 0, 0, 0, 0, ...address(target)),
    out,
    0x0806,
  );

/** As the machine's own tap reports it: the clock's time, to the microsecond. */
export function tapped(hop: TrueHop, n: number, skews: Skews): Hop {
  const clock = hop.machine === WIRE ? HOSTS : Number(hop.machine.slice(-1)) - 1;
  const time = Math.round((1.7e9 + hop.time + (skews[clock] ?? 0)) * 1e6) / 1e6;
  const { machine, device, direction, linkType, bytes } = hop;
  return { n, machine, device, direction, time, linkType, bytes, originalLength: bytes.length };
}

/** Bytes of LINUX_SLL2's header, behind which `cooked` has the packet. */
export const COOKED_HEADER = 20;

/**
 * A kernel's word, a moment after a cooked hop, that a rule dropped its packet.
 *
 * @param bytes so many of the packet's
 */
export function dropOf(of: Hop, changes: Partial<DropEvidence> = {}, bytes = Infinity): DropEvidence {
  const { machine, device, time } = of;
  const packet = of.bytes.subarray(COOKED_HEADER, COOKED_HEADER + bytes);
  return {
    ...{ kind: 'drop', machine, device, namespace: 1, time: time + 0.0002, reason: 'NETFILTER_DROP' },
    ...{ location: 'nf_hook_slow+0x97', protocol: 0x0800, packet, conntrackFull: false },
    ...changes,
  };
}

/** Every kernel tells of every drop, and there are none. */
export const nothingDropped: readonly WatchEvidence[] = Array.from({ length: HOSTS }, (_, host) => ({
  kind: 'watch',
  machine: hostName(host),
  from: -Infinity,
  until: Infinity,
  sockets: false,
}));
