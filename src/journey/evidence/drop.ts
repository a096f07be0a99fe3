// The kernel's own word that it freed a packet before anybody had it, with the packet's first bytes: evidence that names the packet.

/** One call of the kernel's drop (tracepoint skb:kfree_skb, net/core/skbuff.c). Of all network namespaces of a machine. */
export interface DropEvidence {
  readonly kind: 'drop';
  readonly machine: string;
  /** Seconds since the epoch, the clock of that machine's hops. */
  readonly time: number;
  /** The device that the kernel had it on, by name, "eth0"; "" where it had none yet. In whichever namespace. */
  readonly device: string;
  /** Inode of its network namespace (nsfs), as the topology's ids have it; 0: not known. */
  readonly namespace: number;
  /** enum skb_drop_reason (include/net/dropreason.h): "NETFILTER_DROP"; "NOT_SPECIFIED" where the kernel has none. */
  readonly reason: string;
  /** The function that dropped it, and how far in: "ip_forward+0x1c4"; "" where hidden. */
  readonly location: string;
  /** EtherType. */
  readonly protocol: number;
  /** From the network header (IP, ARP) on: as many bytes as the event fetched, or as the packet has. */
  readonly packet: Uint8Array;
  /** True when conntrack had just said that its table is full, of this packet (early_drop, net/netfilter/nf_conntrack_core.c). */
  readonly conntrackFull: boolean;
  /** What kind of queue the device had, "netem", "noqueue"; "" or left out: not known. */
  readonly qdisc?: string;
}

/**
 * The kernel handed a packet to a socket: TCP's tcp_v4_do_rcv or tcp_v6_do_rcv, UDP's __udp_enqueue_schedule_skb. The same shape; it
 * has arrived, whether the program reads it or not.
 */
export interface SocketEvidence extends Omit<DropEvidence, 'kind' | 'reason' | 'conntrackFull' | 'qdisc'> {
  readonly kind: 'socket';
}

/** What a machine's kernel told of drops and sockets was not all: its ring was full, or nobody listened. What taps lost: hop/gap.ts. */
export interface GapEvidence {
  readonly kind: 'gap';
  readonly machine: string;
  /** Seconds since the epoch, the clock of that machine's hops. */
  readonly from: number;
  readonly until: number;
  /** How many; 0: not known. */
  readonly count: number;
}

/** Between these moments a machine's kernel has told of every drop, in all its namespaces; what it had to say has been heard. */
export interface WatchEvidence {
  readonly kind: 'watch';
  readonly machine: string;
  /** Seconds since the epoch, the clock of that machine's hops. */
  readonly from: number;
  /** Infinity: of a run that is over. */
  readonly until: number;
  /** Whether sockets are told of as well. */
  readonly sockets: boolean;
}
