// The tracepoint skb:kfree_skb, as tracefs (`cat /sys/kernel/tracing/trace_pipe`) or `perf script` prints it. From Linux 5.17 on
// it has a reason (include/net/dropreason.h). It says when, and which protocol, but not which packet.
//
//   python3-27976   [001] .Ns1. 19851.795891: kfree_skb: skbaddr=0000000071c7a6d7 … protocol=2048 location=nft_do_chain+0x3e8/0x610 reason: NETFILTER_DROP
import type { DropEvidence } from './drop.ts';

const LINE = /\s(\d+\.\d+):\s+(?:skb:)?kfree_skb:\s.*?protocol=(\d+)\s+location=(\S+)\s+reason:\s*(\w+)/;
const MOST_LINES = 100_000;

/**
 * Lines that are something else are passed over. Never throws.
 *
 * @param booted seconds since the epoch, the machine's clock, at which its trace clock stood at 0: 0 for the clock "tai", for others
 *   `date +%s.%N` less the first number of /proc/uptime
 */
export function parseKernelDrops(text: string, machine: string, booted: number): DropEvidence[] {
  const evidence: DropEvidence[] = [];
  for (const line of text.split('\n', MOST_LINES)) {
    const [, time, protocol, location = '', reason = ''] = LINE.exec(line) ?? [];
    if (time === undefined || ENDS_WELL.has(reason)) continue;
    evidence.push({
      kind: 'drop',
      machine,
      time: booted + Number(time),
      protocol: Number(protocol),
      device: '',
      namespace: 0,
      packet: new Uint8Array(),
      conntrackFull: false,
      reason,
      // Linux 6.1 prints a hashed pointer, later ones symbol+offset/size.
      location: location.includes('+') ? location.replace(/\+.*$/, '') : '',
    });
  }
  return evidence;
}

/** Reasons that are no loss. */
const ENDS_WELL: ReadonlySet<string> = new Set(['NOT_DROPPED_YET', 'CONSUMED', 'SKB_CONSUMED']);

const REASONS: Readonly<Record<string, string>> = {
  NOT_SPECIFIED: 'it gave no reason',
  NO_SOCKET: 'no program listens there',
  PKT_TOO_SMALL: 'it is too short',
  TCP_CSUM: 'the TCP checksum is wrong',
  UDP_CSUM: 'the UDP checksum is wrong',
  ICMP_CSUM: 'the ICMP checksum is wrong',
  IP_CSUM: 'the IP checksum is wrong',
  SKB_CSUM: 'a checksum is wrong',
  IP_INHDR: 'the IP header is broken',
  SOCKET_FILTER: 'a socket’s filter did not want it',
  NETFILTER_DROP: 'a rule of the firewall dropped it',
  OTHERHOST: 'it is for another machine’s MAC address',
  IP_RPFILTER: 'no route leads back to its sender (reverse path filter)',
  SOCKET_RCVBUFF: 'the receiving socket’s queue is full',
  PROTO_MEM: 'the protocol’s memory is used up',
  SOCKET_BACKLOG: 'the socket’s backlog is full',
  IP_NOPROTO: 'nothing here speaks that protocol',
  IP_OUTNOROUTES: 'there is no route to its destination',
  IP_INNOROUTES: 'there is no route to its destination',
  IP_INADDRERRORS: 'its addresses are not valid here',
  IPV6DISABLED: 'IPv6 is off',
  NEIGH_CREATEFAIL: 'the neighbour table is full',
  NEIGH_FAILED: 'nobody answered ARP for the next hop',
  NEIGH_QUEUEFULL: 'too many packets wait for an ARP answer',
  NEIGH_DEAD: 'the neighbour entry is gone',
  QDISC_DROP: 'the device’s queue is full',
  CPU_BACKLOG: 'the processor’s backlog is full',
  FULL_RING: 'the device’s ring is full',
  TC_INGRESS: 'a tc filter dropped it on the way in',
  TC_EGRESS: 'a tc filter dropped it on the way out',
  XDP: 'an XDP program dropped it',
  DEV_READY: 'the device is down',
  UNHANDLED_PROTO: 'nothing here speaks that protocol',
  NOMEM: 'there was no memory',
  PKT_TOO_BIG: 'it is larger than the MTU of the next link',
  TCP_RESET: 'the connection is reset',
  TCP_CLOSE: 'the connection is closed',
  TCP_OLD_DATA: 'these bytes have arrived already',
  TCP_INVALID_SEQUENCE: 'its sequence number does not belong to the connection',
  TCP_OVERWINDOW: 'it lies outside the receiver’s window',
};

/** A reason in words, with the kernel's own name for it. */
export function dropWords({ reason, location }: Pick<DropEvidence, 'reason' | 'location'>): string {
  const words = REASONS[reason];
  const at = location === '' ? reason : `${reason} in ${location}`;
  return words === undefined ? at : `${words} (${at})`;
}
