// What shows where a packet ended, besides the packets themselves. Each kind is read from what tools of a stock Debian
// print; nothing of it is needed, and a packet for which there is none has an unknown end.

import type { DropEvidence, GapEvidence, SocketEvidence, WatchEvidence } from './drop.ts';
import type { RuleEvidence } from './rules.ts';

export type Evidence =
  | DropEvidence
  | SocketEvidence
  | GapEvidence
  | WatchEvidence
  | RuleEvidence
  | TraceEvidence
  | CounterEvidence;

/** A rule of nftables that took a packet: out of `nft monitor trace` (nft-trace.ts). */
export interface TraceEvidence {
  readonly kind: 'trace';
  readonly machine: string;
  readonly source: string;
  readonly destination: string;
  /** IPv4 identification; −1 for IPv6. */
  readonly identification: number;
  /** Ports, or −1 where the line has none. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** "ip filter FORWARD": family, table, chain. */
  readonly chain: string;
  /** As nft prints it; "" when the chain's policy decided. */
  readonly rule: string;
}

/** A counter that went up (counters.ts): it says how many, not which. */
export interface CounterEvidence {
  readonly kind: 'counter';
  readonly machine: string;
  /** Seconds since the epoch, the machine's clock: read before and after. 0: from when it began to count. */
  readonly from: number;
  readonly until: number;
  readonly packets: number;
  /** What counted, in words: "iptables rule -A FORWARD -i eth0 -o br-lan -j DROP". */
  readonly what: string;
  readonly match: CounterMatch;
}

/** What a packet must have to be counted; what is left out is not known. */
export interface CounterMatch {
  readonly device?: string;
  /** Of a device's counter: of what comes in there, or of what is to leave. */
  readonly direction?: 'in' | 'out';
  readonly inDevice?: string;
  readonly protocol?: number;
  readonly source?: string;
  readonly destination?: string;
  readonly destinationPort?: number;
  /** Of a rule or a policy: "FORWARD". */
  readonly chain?: string;
}
