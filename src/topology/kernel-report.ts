// What the guest's agent sends: the kernel's own JSON (iproute2's and Docker's), untouched, in one envelope.
// Bytes from a machine are untrusted: src/topology/parse-report.ts checks them before anyone reads a field.

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
  /** Every process in it that a container names as its own, so that containers sharing a namespace are all found. */
  readonly pids?: readonly number[];
  /** Name under /run/netns, or "" . */
  readonly name: string;
  /** Its nsid as the machine's own namespace knows it; -1 when it has none. */
  readonly nsid: number;
  readonly links: readonly KernelLink[];
  readonly routes: readonly KernelRoute[];
}

/** From Docker's API (GET /containers/json), with the process that `docker inspect` names. */
export interface KernelContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** "running", "paused", … as Docker says. */
  readonly state: string;
  readonly pid: number;
}

/** A Docker network (GET /networks): the bridge's device name and the name people gave it. */
export interface KernelDockerNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** com.docker.network.bridge.name, or "br-" + the id's first 12 digits. */
  readonly bridge: string;
}

export interface KernelReport {
  /** Seconds since the epoch, the guest's clock, when the report was begun. */
  readonly time: number;
  readonly namespaces: readonly KernelNamespace[];
  readonly containers: readonly KernelContainer[];
  readonly networks: readonly KernelDockerNetwork[];
}
