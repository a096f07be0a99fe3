// The graph that the picture, the accessible list and the journeys share. build-graph.ts makes a machine's part from its
// kernel's reports alone, merge-graphs.ts joins the parts; ids stay the same while the thing they name lives, so that
// nothing jumps about.

export interface MachineNode {
  readonly kind: 'machine';
  /** "host-01" */
  readonly id: string;
  readonly name: string;
}

export interface NamespaceNode {
  readonly kind: 'namespace';
  readonly id: string;
  readonly machine: string;
  /** Names of its workloads, name under /run/netns, or "net:[inode]". The machine's own namespace: the machine's name. */
  readonly name: string;
  readonly root: boolean;
  readonly inode: number;
  readonly pid: number;
  readonly workloads: readonly Workload[];
}

/** Something that runs in a network namespace, by the name that people gave it: whatever keeps the name. */
export interface Workload {
  readonly id: string;
  /** A pod's with its Kubernetes namespace: "default/web". */
  readonly name: string;
  /** 'namespace': nothing but a name under /run/netns is known of it. */
  readonly kind: 'container' | 'pod' | 'namespace';
  /** Who told of it; "" for a bare namespace. */
  readonly runtime: 'docker' | 'cri' | '';
  /** "running", "paused", … ; "" when nobody says. */
  readonly state: string;
  readonly image?: string;
  /** At most 32, as long as the reader lets them be (read-workloads.ts). */
  readonly labels: Readonly<Record<string, string>>;
}

/** The name of a network, and who keeps it. */
export interface NetworkName {
  readonly name: string;
  readonly by: 'docker' | 'cni';
}

/** 'tunnel': a device of another tunnel than those that have a kind of their own (packet/tunnels.ts). */
export type DeviceKind =
  | 'loopback'
  | 'bridge'
  | 'veth'
  | 'nic'
  | 'vxlan'
  | 'tun'
  | 'tunnel'
  | 'dummy'
  | 'vlan'
  | 'other';

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
  /** The network whose bridge this is. */
  readonly network?: NetworkName;
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
  /** "wire/lan" */
  readonly id: string;
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
