// The graph that the picture, the accessible list and the journeys share. build-graph.ts makes a machine's part from its
// kernel's reports alone, merge-graphs.ts joins the parts; ids stay the same while the thing they name lives, so that
// nothing jumps about.

export interface MachineNode {
  readonly kind: 'machine';
  readonly id: string /** "host-01" */;
  readonly name: string;
}

export interface NamespaceNode {
  readonly kind: 'namespace';
  readonly id: string;
  readonly machine: string;
  /** Container name, name under /run/netns, or "net:[inode]". The machine's own namespace: the machine's name. */
  readonly name: string;
  readonly root: boolean;
  readonly inode: number;
  readonly pid: number;
  readonly containers: readonly {
    readonly id: string;
    readonly name: string;
    readonly image: string;
    readonly state: string;
  }[];
}

export type DeviceKind = 'loopback' | 'bridge' | 'veth' | 'nic' | 'vxlan' | 'tun' | 'dummy' | 'vlan' | 'other';

export interface DeviceNode {
  readonly kind: 'device';
  readonly id: string;
  /** Id of the namespace it is in. */
  readonly namespace: string;
  readonly machine: string;
  readonly name: string;
  readonly ifindex: number;
  readonly deviceKind: DeviceKind;
  /** linkinfo.info_kind as the kernel says it, or "". */
  readonly infoKind: string;
  /** Docker network's name when this is its bridge. */
  readonly dockerNetwork?: string;
  readonly mac: string;
  readonly mtu: number;
  /** IFF_UP: an administrator switched it on. */
  readonly up: boolean;
  /** operstate as the kernel says it ("UP", "DOWN", "LOWERLAYERDOWN", "UNKNOWN"). */
  readonly operstate: string;
  /** "172.17.0.1/16" */
  readonly addresses: readonly string[];
  readonly vxlan?: VxlanData;
}

/** What the kernel says of a VXLAN device (`ip -d link`): which segment it is in, and how that is carried. */
export interface VxlanData {
  readonly vni: number;
  /** UDP port. */
  readonly port: number;
  /** The address that its packets are sent from; left out: whatever the route says. */
  readonly local?: string;
}

/** An Ethernet segment between machines. */
export interface WireNode {
  readonly kind: 'wire';
  readonly id: string /** "wire/lan" */;
  readonly name: string;
}

/**
 * 'veth': the two ends of a pair. 'port': a device and the bridge it is a port of.
 * 'routed': the kernel's IP layer of a namespace can move packets between these two devices (drawn faintly, carries animations).
 * 'plug': a NIC and the wire it is plugged into. 'tunnel': two VXLAN devices of one segment, on two machines.
 */
export interface Edge {
  readonly kind: 'veth' | 'port' | 'routed' | 'plug' | 'tunnel';
  readonly id: string;
  /** Device ids; for 'port' the port first, then the bridge; for 'plug' the NIC, then the wire's id. */
  readonly source: string;
  readonly target: string;
}

export interface Graph {
  readonly machines: readonly MachineNode[];
  readonly wires: readonly WireNode[];
  readonly namespaces: readonly NamespaceNode[];
  readonly devices: readonly DeviceNode[];
  readonly edges: readonly Edge[];
  /** Routes by namespace id. */
  readonly routes: ReadonlyMap<
    string,
    readonly {
      readonly dst: string;
      readonly gateway?: string;
      readonly dev?: string;
      readonly prefsrc?: string;
      readonly metric?: number;
      readonly protocol?: string;
      readonly scope?: string;
      readonly type?: string;
    }[]
  >;
}
