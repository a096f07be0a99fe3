// What a machine's kernel says of its network, and who lives in its namespaces. The guest's agent sends the JSON of iproute2
// and of the container runtimes as it is; src/topology/parse-report.ts checks it and makes this of it, whatever the runtime.
import type { NetworkName, Workload } from './graph.ts';

/** One interface as `ip -j -d addr show` prints it; only what we read is named here. */
export interface KernelLink {
  readonly ifindex: number;
  readonly ifname: string;
  /** veth: the peer's index (in the namespace `link_netnsid`, or this one). VLAN, macvlan: the lower device. */
  readonly link_index?: number;
  /** The same device's name instead of its index, when it is in this very namespace, as ip(8) prints it. */
  readonly link?: string;
  readonly link_netnsid?: number;
  readonly flags: readonly string[];
  readonly mtu: number;
  /** Name of the bridge (or bond) this is a port of. */
  readonly master?: string;
  readonly operstate: string;
  readonly link_type: string;
  readonly address?: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_slave_kind?: string;
    readonly info_data?: Readonly<Record<string, unknown>>;
  };
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
    readonly scope?: string;
    readonly broadcast?: string;
    readonly label?: string;
  }[];
}

/** One route as `ip -j route show` prints it. */
export interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly protocol?: string;
  readonly scope?: string;
  readonly type?: string;
}

export interface KernelNamespace {
  /** Inode of the nsfs file: the namespace's identity while it lives. */
  readonly inode: number;
  /** A process inside it, 0 when none (a bare `ip netns add`). The machine's own namespace has pid 1. */
  readonly pid: number;
  /** Every process in it that the agent found there, so that all workloads that share a namespace are found. */
  readonly pids?: readonly number[];
  /** Name under /run/netns, or "" . */
  readonly name: string;
  /** Its nsid as the machine's own namespace knows it; -1 when it has none. */
  readonly nsid: number;
  readonly links: readonly KernelLink[];
  readonly routes: readonly KernelRoute[];
}

/** What runs in a namespace, with the inodes of the kernel's namespaces that it lives in; 0 where it has none now (it is stopped). */
export interface KernelWorkload extends Workload {
  readonly namespaces: { readonly net: number };
}

/** The name that people gave the network behind a bridge, and who keeps that name. */
export interface KernelBridge {
  /** The device's name, in the machine's own namespace. */
  readonly device: string;
  readonly name: string;
  readonly by: NetworkName['by'];
}

export interface KernelReport {
  /** Seconds since the epoch, the guest's clock, when the report was begun; 0 when that clock cannot be told. */
  readonly time: number;
  readonly namespaces: readonly KernelNamespace[];
  readonly workloads: readonly KernelWorkload[];
  readonly bridges: readonly KernelBridge[];
}
