// Networks of two hosts with two pods each, as a cluster has them, in many variants: what is between the hosts, how pods of different
// hosts find each other, who translates addresses.
//
//   c ─┐                                            ┌─ s      10.1.0.2, 10.1.0.3 │ 10.2.0.2, 10.2.0.3
//      ├ cni0 (h1) u0 ── cable, switch, router … ── u0 (h2) cni0 ┤
//   d ─┘                                            └─ t
import type { Dice } from './dice.ts';
import type { BuiltDevice } from './plan.ts';

export const UNDERLAYS = ['direct', 'cable', 'switch', 'router', 'two paths', 'asymmetric'] as const;
export const OVERLAYS = ['routes', 'vxlan', 'vxlan in vxlan'] as const;
/** What the kernel of a lab's machine has besides. */
export const LAB_OVERLAYS = [...OVERLAYS, 'gre', 'ipip', 'geneve'] as const;
export const GENEVE_PORT = 6081;

export interface Variant {
  readonly underlay: (typeof UNDERLAYS)[number];
  readonly overlay: (typeof LAB_OVERLAYS)[number];
  /** What pods send out of their host's bridge has the host's address; a port of each host leads to a pod. */
  readonly nat: boolean;
}

export const variantOf = (dice: Dice): Variant => ({
  underlay: dice.pick(UNDERLAYS),
  overlay: dice.pick(OVERLAYS),
  nat: dice.chance(0.4),
});

/** One host is the machine, and no cable is a program's. */
export const labVariantOf = (dice: Dice): Variant => ({
  underlay: dice.pick(['direct', 'switch', 'router', 'asymmetric'] as const),
  overlay: dice.pick(LAB_OVERLAYS),
  nat: dice.chance(0.3),
});

export const variantWords = ({ underlay, overlay, nat }: Variant): string =>
  `${underlay}, ${overlay}${nat ? ', NAT' : ''}`;

/** A host's port → a pod's. */
export interface Published {
  readonly host: string;
  readonly port: number;
  readonly pod: string;
}

export const POD_PORT = 8080;

export class Network {
  readonly variant: Variant;
  readonly spaces: string[] = [];
  readonly devices: BuiltDevice[] = [];
  /** The host of a pod. */
  readonly hostOf = new Map<string, string>();
  readonly published: Published[] = [];
  /** In order: an end of a cable is not there before the other. */
  readonly setup: (readonly [space: string, lines: string[]])[] = [];

  readonly #own: string | null;

  /** @param own the space that is the machine's own namespace, which speaks no IPv6, nor does anybody there; left out: there is none */
  constructor(variant: Variant, own: string | null = null) {
    this.variant = variant;
    this.#own = own;
    this.#space('h1', true);
    this.#space('h2', true);
    this.#pods('h1', 1, ['c', 'd']);
    this.#pods('h2', 2, ['s', 't']);
    this.#underlay();
    this.#overlay();
    if (variant.nat) this.#nat();
  }

  /** Null: every namespace is made for the run. */
  get own(): string | null {
    return this.#own;
  }

  get hasV6(): boolean {
    return this.#own === null;
  }

  get pods(): readonly string[] {
    return [...this.hostOf.keys()];
  }

  device(space: string, name: string): BuiltDevice {
    const found = this.devices.find((device) => device.space === space && device.name === name);
    if (found === undefined) throw new Error(`The network has no device ${space}/${name}.`);
    return found;
  }

  /** A pod's or a host's own address. */
  address(space: string, isV6 = false): string {
    const device = this.device(space, this.hostOf.has(space) ? 'eth0' : 'u0');
    const found = device.addresses.find((address) => address.includes(':') === isV6);
    if (found === undefined) throw new Error(`${space} has no such address.`);
    return found.split('/')[0] as string;
  }

  #space(name: string, forwards: boolean): void {
    this.spaces.push(name);
    if (!this.hasV6) {
      this.#run(
        name,
        'sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1',
        ...(forwards ? ['sysctl -qw net.ipv4.ip_forward=1', 'iptables -P FORWARD ACCEPT'] : []),
        'ip link set lo up',
      );
      return;
    }
    this.#run(
      name,
      'sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.default.accept_dad=0',
      ...(forwards ? ['sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1'] : []),
      'ip link set lo up',
    );
  }

  #run(space: string, ...all: readonly string[]): void {
    const lines = this.hasV6 ? all : all.filter((line) => !line.startsWith('ip -6 '));
    const last = this.setup.at(-1);
    if (last?.[0] === space) last[1].push(...lines);
    else this.setup.push([space, [...lines]]);
  }

  #mac(): string {
    return `02:00:00:00:01:${(this.devices.length + 16).toString(16)}`;
  }

  #pods(host: string, subnet: number, pods: readonly string[]): void {
    const bridge = [`10.${subnet}.0.1/24`, `fd00:${subnet}::1/64`];
    this.#add({ space: host, name: 'cni0', kind: 'bridge', addresses: bridge }, 'ip link add cni0 type bridge');
    for (const [index, pod] of pods.entries()) {
      this.#space(pod, false);
      this.hostOf.set(pod, host);
      const own = [`10.${subnet}.0.${2 + index}/24`, `fd00:${subnet}::${2 + index}/64`];
      this.#veth(
        { space: host, name: `v${pod}`, addresses: [], bridge: 'cni0' },
        { space: pod, name: 'eth0', addresses: own },
      );
      this.#run(pod, `ip route add default via 10.${subnet}.0.1`, `ip -6 route add default via fd00:${subnet}::1`);
    }
  }

  #add(built: Omit<BuiltDevice, 'mac'>, ...create: readonly string[]): void {
    const addresses = built.addresses.filter((address) => this.hasV6 || !address.includes(':'));
    const device = { ...built, addresses };
    const { space, name, bridge } = device;
    const mac = this.#mac();
    this.devices.push({ ...device, mac });
    this.#run(space, ...create, ...(device.kind === 'tunnel' ? [] : [`ip link set ${name} address ${mac}`]));
    if (bridge !== undefined) this.#run(space, `ip link set ${name} master ${bridge}`);
    for (const address of addresses)
      this.#run(space, `ip addr add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`);
    this.#run(space, `ip link set ${name} up`);
  }

  #veth(
    one: { space: string; name: string; addresses: readonly string[]; bridge?: string },
    other: { space: string; name: string; addresses: readonly string[]; bridge?: string },
  ): void {
    this.#add(
      { ...one, kind: 'veth', peer: { space: other.space, name: other.name } },
      `ip link add ${one.name} type veth peer name ${other.name} netns ${other.space === this.#own ? 1 : other.space}`,
    );
    this.#add({ ...other, kind: 'veth', peer: { space: one.space, name: one.name } });
  }

  #underlay(): void {
    const { underlay } = this.variant;
    const ends = (third: number): [string[], string[]] => [
      [`10.0.${third}.1/24`, `fd00:0:${third}::1/64`],
      [`10.0.${third}.2/24`, `fd00:0:${third}::2/64`],
    ];
    const [one, two] = ends(0);
    if (underlay === 'cable') {
      this.#space('w', false);
      this.#run('w', 'sysctl -qw net.ipv6.conf.default.disable_ipv6=1');
      this.#veth({ space: 'w', name: 'w1', addresses: [] }, { space: 'h1', name: 'u0', addresses: one });
      this.#veth({ space: 'w', name: 'w2', addresses: [] }, { space: 'h2', name: 'u0', addresses: two });
    } else if (underlay === 'switch') {
      this.#space('lan', false);
      this.#add({ space: 'lan', name: 'br0', kind: 'bridge', addresses: [] }, 'ip link add br0 type bridge');
      this.#space('h3', true);
      const third = ['10.0.0.3/24', 'fd00:0:0::3/64'];
      for (const [host, addresses] of [
        ['h1', one],
        ['h2', two],
        ['h3', third],
      ] as const)
        this.#veth(
          { space: 'lan', name: `p-${host}`, addresses: [], bridge: 'br0' },
          { space: host, name: 'u0', addresses },
        );
    } else if (underlay === 'router') {
      this.#space('r', true);
      this.#veth(
        { space: 'r', name: 'r1', addresses: ['10.0.0.254/24', 'fd00:0:0::fe/64'] },
        { space: 'h1', name: 'u0', addresses: one },
      );
      this.#veth(
        { space: 'r', name: 'r2', addresses: ['10.0.3.254/24', 'fd00:0:3::fe/64'] },
        { space: 'h2', name: 'u0', addresses: ends(3)[1] },
      );
      this.#run('h1', 'ip route add 10.0.3.0/24 via 10.0.0.254', 'ip -6 route add fd00:0:3::/64 via fd00:0:0::fe');
      this.#run('h2', 'ip route add 10.0.0.0/24 via 10.0.3.254', 'ip -6 route add fd00:0:0::/64 via fd00:0:3::fe');
    } else {
      this.#veth({ space: 'h1', name: 'u0', addresses: one }, { space: 'h2', name: 'u0', addresses: two });
      if (underlay === 'direct') return;
      const [three, four] = ends(5);
      this.#veth({ space: 'h1', name: 'u1', addresses: three }, { space: 'h2', name: 'u1', addresses: four });
    }
  }

  #overlay(): void {
    const { overlay } = this.variant;
    if (overlay === 'routes') {
      this.#routes();
      return;
    }
    const local = { h1: this.address('h1'), h2: this.address('h2') };
    const isNested = overlay === 'vxlan in vxlan';
    if (overlay === 'geneve')
      this.#tunnel('vx1', local, 16, 'u0', (far) => `geneve id 1 dstport ${GENEVE_PORT} remote ${far}`);
    else if (overlay === 'gre' || overlay === 'ipip')
      this.#tunnel('vx1', local, 16, 'u0', (far, own) => `${overlay} local ${own} remote ${far}`);
    else this.#tunnel('vx1', local, 16, 'u0', vxlan(1, 4789, 'u0'));
    if (isNested) this.#tunnel('vx2', { h1: '172.16.0.1', h2: '172.16.0.2' }, 17, 'vx1', vxlan(2, 8472, 'vx1'));
    const third = isNested ? 17 : 16;
    const device = isNested ? 'vx2' : 'vx1';
    this.#run(
      'h1',
      `ip route add 10.2.0.0/24 via 172.${third}.0.2`,
      `ip -6 route add fd00:2::/64 via fd00:${third}::2 dev ${device}`,
    );
    this.#run(
      'h2',
      `ip route add 10.1.0.0/24 via 172.${third}.0.1`,
      `ip -6 route add fd00:1::/64 via fd00:${third}::1 dev ${device}`,
    );
  }

  #tunnel(
    name: string,
    local: { h1: string; h2: string },
    third: number,
    lower: string,
    type: (far: string, own: string) => string,
  ): void {
    for (const [space, own, far, end] of [
      ['h1', local.h1, local.h2, 1],
      ['h2', local.h2, local.h1, 2],
    ] as const) {
      this.#add(
        { space, name, kind: 'tunnel', lower, addresses: [`172.${third}.0.${end}/24`, `fd00:${third}::${end}/64`] },
        `ip link add ${name} type ${type(far, own)}`,
      );
    }
  }

  #routes(): void {
    const { underlay } = this.variant;
    const isTwo = underlay === 'two paths';
    for (const [space, far, end, router] of [
      ['h1', 2, 2, '0'],
      ['h2', 1, 1, '3'],
    ] as const) {
      const via = underlay === 'router' ? `10.0.${router}.254` : `10.0.0.${end}`;
      const via6 = underlay === 'router' ? `fd00:0:${router}::fe` : `fd00:0:0::${end}`;
      if (isTwo) {
        const hops = (a: string, b: string): string => `nexthop via ${a} nexthop via ${b}`;
        this.#run(space, `ip route add 10.${far}.0.0/24 ${hops(via, `10.0.5.${end}`)}`);
        this.#run(space, `ip -6 route add fd00:${far}::/64 ${hops(via6, `fd00:0:5::${end}`)}`);
      } else if (underlay === 'asymmetric' && space === 'h2') {
        this.#run(
          space,
          `ip route add 10.${far}.0.0/24 via 10.0.5.${end}`,
          `ip -6 route add fd00:${far}::/64 via fd00:0:5::${end}`,
        );
      } else {
        this.#run(space, `ip route add 10.${far}.0.0/24 via ${via}`, `ip -6 route add fd00:${far}::/64 via ${via6}`);
      }
    }
    if (underlay === 'router') {
      this.#run('r', 'ip route add 10.1.0.0/24 via 10.0.0.1', 'ip -6 route add fd00:1::/64 via fd00:0:0::1');
      this.#run('r', 'ip route add 10.2.0.0/24 via 10.0.3.2', 'ip -6 route add fd00:2::/64 via fd00:0:3::2');
    }
    if (underlay === 'switch') {
      this.#run('h3', 'ip route add 10.1.0.0/24 via 10.0.0.1', 'ip route add 10.2.0.0/24 via 10.0.0.2');
    }
  }

  #nat(): void {
    for (const [host, subnet] of [
      ['h1', 1],
      ['h2', 2],
    ] as const) {
      this.#run(host, `iptables -t nat -A POSTROUTING -s 10.${subnet}.0.0/24 ! -o cni0 -j MASQUERADE`);
      this.#run(host, `iptables -t nat -A POSTROUTING -s 10.${subnet}.0.0/24 -d 10.${subnet}.0.0/24 -j MASQUERADE`);
      for (const [index, pod] of ['d', 's'].entries()) {
        const port = 30080 + index;
        for (const protocol of ['tcp', 'udp'])
          this.#run(
            host,
            `iptables -t nat -A PREROUTING -p ${protocol} -d ${this.address(host)} --dport ${port} -j DNAT --to-destination ${this.address(pod)}:${POD_PORT}`,
          );
        this.published.push({ host, port, pod });
      }
    }
  }
}

const vxlan =
  (id: number, port: number, lower: string) =>
  (far: string, own: string): string =>
    `vxlan id ${id} dstport ${port} local ${own} remote ${far} dev ${lower}`;
