// What it means that the kernel freed a packet (tracepoint skb:kfree_skb; from Linux 5.17 on with a reason, include/net/dropreason.h).
//
// The reason alone is not enough: connection tracking's full table and a rule are both NETFILTER_DROP, and much has none at all
// (NOT_SPECIFIED). Nor is each of them a loss: TCP also frees in this way what it has answered. So it is read together with the
// place in the kernel's code: the functions of Linux 6.1, net/ipv4, net/bridge, net/core, drivers/net. tests/machine/evidence.test.ts makes
// them happen in a machine.
import type { DropEvidence } from './drop.ts';

export type Freed = Pick<DropEvidence, 'reason' | 'location'> &
  Partial<Pick<DropEvidence, 'conntrackFull' | 'qdisc' | 'device' | 'protocol' | 'packet'>>;

export interface DropMeaning {
  /** After "the kernel dropped it: ". */
  readonly words: string;
  /**
   * 'lost': it ended here. 'taken': what it was for has dealt with it, and has answered where there was something to answer. 'either': one or
   * the other. 'copy': it was not the packet itself. Only the first is to be called dropped, and only the second delivered.
   */
  readonly ends: 'lost' | 'taken' | 'either' | 'copy';
}

const copy = (words: string): DropMeaning => ({ words, ends: 'copy' });
const lost = (words: string): DropMeaning => ({ words, ends: 'lost' });
const taken = (words: string): DropMeaning => ({ words, ends: 'taken' });
const either = (words: string): DropMeaning => ({ words, ends: 'either' });

/** The function of a location: "ip_forward+0x135" is in ip_forward. */
const functionOf = (location: string): string => location.replace(/\+.*$/, '');

export function meaningOf(freed: Freed): DropMeaning {
  const { reason, location } = freed;
  const place = functionOf(location);
  if (reason === 'NETFILTER_DROP' && freed.conntrackFull === true)
    return lost('connection tracking has no room for another connection (nf_conntrack_max), so it lets none begin');
  if (reason === 'QDISC_DROP') return lost(queueWords(freed));
  // A packet that never was: for `ip route get` the kernel makes one, to ask its own tables about (net/ipv4/route.c, inet_rtm_getroute).
  if (place === 'inet_rtm_getroute' || place === 'inet6_rtm_getroute') return copy('');
  if (place === 'ip_rcv_finish_core' && reason === 'NOT_SPECIFIED') return lost(refusedRoute(freed));
  // A number is a reason whose name nobody told: it may be one of those that are no loss.
  return PLACES.get(`${place} ${reason}`) ?? REASONS.get(reason) ?? (/^\d+$/.test(reason) ? either('') : lost(''));
}

/** False where the kernel freed it in this way, and yet it was not lost. */
export const isLoss = (freed: Freed): boolean => meaningOf(freed).ends === 'lost';

/** What it means in words, with the kernel's own: "its TTL ran out (IP_INHDR in ip_forward)". */
export function dropWords(freed: Freed): string {
  const place = functionOf(freed.location);
  const { words } = meaningOf(freed);
  const own = place === '' ? freed.reason : `${freed.reason} in ${place}`;
  return words === '' ? own : `${words} (${own})`;
}

/** The reason is the same for a queue that is full, one that loses on purpose, and the one that a device has without carrier. */
function queueWords({ qdisc = '', device = '' }: Freed): string {
  const its = device === '' ? 'the device' : device;
  // A device without a queue drops nothing, but for the time in which it has no carrier (net/sched/sch_generic.c, noop_qdisc).
  if (qdisc === 'noqueue') return `${its} has no carrier: its other end is down`;
  if (qdisc === 'netem') return `netem on ${its} dropped it: it was told to lose packets, or its queue is full`;
  if (qdisc === 'tbf') return `${its} is held to a rate, and the queue of those that wait is full (tbf)`;
  if (qdisc !== '') return `the queue of ${its} is full (${qdisc}), or it has no carrier`;
  return `the queue of ${its} did not take it: it is full, loses on purpose, or has no carrier`;
}

/** No route was looked for, or it was refused, since the addresses cannot be (ip_route_input_slow, "martian"). */
function refusedRoute({ protocol, packet }: Freed): string {
  const toGroup = protocol === 0x0800 && packet !== undefined && packet.length >= 20 && (packet[16] ?? 0) >> 4 === 14;
  if (toGroup) return 'nothing here has joined the group that it is for';
  return 'its source or destination cannot be where it came in: an address of this machine, of lo, or none that a packet may have (a martian)';
}

/** Of a reason that means several things, which it is; and what has no reason. */
const PLACES: ReadonlyMap<string, DropMeaning> = new Map([
  // net/ipv4/route.c, ip_error: what the route to its destination says
  ['ip_error IP_INADDRERRORS', lost('this machine forwards nothing that comes in there (net.ipv4.ip_forward is 0)')],
  ['ip_error IP_INNOROUTES', lost('there is no route to its destination')],
  ['ip_error NOT_SPECIFIED', lost('the route to its destination says so: blackhole, unreachable or prohibit')],
  // net/ipv4/ip_forward.c
  ['ip_forward IP_INHDR', lost('its TTL ran out')],
  ['ip_forward PKT_TOO_BIG', lost('it is larger than the MTU of the next link, and must not be cut')],
  ['ip_forward NOT_SPECIFIED', lost('it is not to be forwarded: it came in as a broadcast, or is this machine’s own')],
  ['ip6_forward IP_INHDR', lost('its hop limit ran out')],
  ['ip6_forward IP_INADDRERRORS', lost('its addresses may not leave their link')],
  ['ip6_forward PKT_TOO_BIG', lost('it is larger than the MTU of the next link')],
  ['ip6_forward NOT_SPECIFIED', lost('this machine does not forward it')],
  ['ip_fragment NOT_SPECIFIED', lost('it is larger than the MTU of the next link, and must not be cut')],
  ['ip6_pkt_drop IP_INNOROUTES', lost('there is no route to its destination')],
  ['ip6_pkt_drop IP_OUTNOROUTES', lost('there is no route to its destination')],
  // net/bridge
  [
    'br_forward NOT_SPECIFIED',
    lost('the bridge may not hand it on: it came in at the port that leads there, or that port is isolated or blocked'),
  ],
  ['br_flood NOT_SPECIFIED', lost('the bridge has no other port that it may be flooded to')],
  ['br_multicast_flood NOT_SPECIFIED', lost('no port of the bridge leads to its group')],
  [
    'br_handle_frame NOT_SPECIFIED',
    lost('the bridge’s port takes no such frame: it is blocked, or the frame is for bridges alone'),
  ],
  [
    'br_handle_frame_finish NOT_SPECIFIED',
    lost('the bridge’s port takes no such frame: it does not learn or forward, or not in that VLAN'),
  ],
  ['br_dev_xmit NOT_SPECIFIED', lost('no port of the bridge took it')],
  // drivers/net
  ['vxlan_xmit NOT_SPECIFIED', lost('the VXLAN device knows no far end for its MAC address')],
  [
    'vxlan_rcv NOT_SPECIFIED',
    lost('no VXLAN device here is for it: its network’s number is another, or it is malformed'),
  ],
  ['veth_xmit NOT_SPECIFIED', lost('the other end of the veth pair is down, or takes no packet of that size')],
  ['veth_forward_skb NOT_SPECIFIED', lost('the other end of the veth pair is down, or takes no packet of that size')],
  ['__dev_forward_skb NOT_SPECIFIED', lost('the other end of the veth pair is down, or takes no packet of that size')],
  ['__dev_forward_skb2 NOT_SPECIFIED', lost('the other end of the veth pair is down, or takes no packet of that size')],
  ['__rtnl_unlock NOT_SPECIFIED', lost('the queue that it waited in was taken away')],
  ['ipip_rcv NOT_SPECIFIED', lost('no tunnel here is for it')],
  ['tunnel4_rcv NOT_SPECIFIED', lost('no tunnel here is for it')],
  ['gre_rcv NOT_SPECIFIED', lost('no tunnel here is for it')],
  // The pieces that a packet was put together from go when it goes, whether it was lost or not (net/core/skbuff.c).
  ['skb_release_data NOT_SPECIFIED', copy('a piece of a packet that was put together')],
  // Answered: a TCP port by a reset, a UDP port by an ICMP error.
  ['tcp_v4_rcv NO_SOCKET', lost('no program listens at that port, and TCP answers with a reset')],
  ['tcp_v6_rcv NO_SOCKET', lost('no program listens at that port, and TCP answers with a reset')],
  ['__udp4_lib_rcv NO_SOCKET', lost('no program listens at that port, and ICMP says so')],
  ['__udp6_lib_rcv NO_SOCKET', lost('no program listens at that port, and ICMPv6 says so')],
  // An echo reply: ping has a raw socket, with a copy of its own.
  ['icmp_rcv NO_SOCKET', taken('ICMP has dealt with it, whether a program waited for it or not')],
  ['icmp_rcv NOT_SPECIFIED', taken('ICMP has dealt with it, whether a program waited for it or not')],
  ['icmpv6_rcv NO_SOCKET', taken('ICMPv6 has dealt with it, whether a program waited for it or not')],
  ['ping_rcv NO_SOCKET', taken('ICMP has dealt with it, whether a program waited for it or not')],
  // What waited at a socket that is closed: of TCP's, ICMP errors that have been acted upon (net/core/stream.c, sk_stream_kill_queues).
  ['skb_queue_purge NOT_SPECIFIED', copy('what waited at a socket that was closed')],
  // What a program did not read before it ended; what a capture had no room for; copies that raw sockets get.
  ...[
    'inet_sock_destruct',
    'inet_csk_destroy_sock',
    '__sk_destruct',
    'udp_destruct_common',
    'udp_destruct_sock',
    'udpv6_destruct_sock',
    'raw_destroy',
  ].map(
    (place) => [`${place} NOT_SPECIFIED`, taken('it was at a socket of a program, which has ended since')] as const,
  ),
  ...[
    'tpacket_rcv',
    'packet_rcv',
    'packet_rcv_spkt',
    'packet_rcv_fanout',
    'packet_release',
    'packet_sock_destruct',
  ].flatMap((place) =>
    ['NOT_SPECIFIED', 'PACKET_SOCK_ERROR'].map(
      (reason) => [`${place} ${reason}`, copy('a copy for a capture')] as const,
    ),
  ),
  ...['raw_rcv', 'raw_rcv_skb', 'raw_v4_input', 'raw_local_deliver', 'raw_icmp_error'].flatMap((place) =>
    ['NOT_SPECIFIED', 'SOCKET_RCVBUFF', 'SOCKET_FILTER', 'PROTO_MEM', 'XFRM_POLICY'].map(
      (reason) => [`${place} ${reason}`, copy('a copy for a raw socket')] as const,
    ),
  ),
  // TCP frees without a reason what it has worked through, in each state of a connection, and what it does not want: the last segment of a
  // handshake when the queue of connections to accept is full (tcp_check_req), one with too small a TTL, a wrong SYN cookie.
  ...[
    'tcp_rcv_established',
    'tcp_rcv_state_process',
    'tcp_rcv_synsent_state_process',
    'tcp_v4_do_rcv',
    'tcp_v4_rcv',
    'tcp_v6_do_rcv',
    'tcp_v6_rcv',
    'tcp_child_process',
    'tcp_data_queue',
    'tcp_validate_incoming',
    'tcp_drop_reason',
    'tcp_check_req',
    'tcp_done',
    'tcp_disconnect',
    'tcp_write_queue_purge',
  ].map(
    (place) =>
      [`${place} NOT_SPECIFIED`, either('TCP freed it, and does not say whether it has dealt with it')] as const,
  ),
]);

const REASONS: ReadonlyMap<string, DropMeaning> = new Map([
  ['NOT_DROPPED_YET', copy('')],
  ['CONSUMED', copy('')],
  ['SKB_CONSUMED', copy('')],
  // TCP had it, and answered with an acknowledgment: keep-alives, and what arrives a second time (net/ipv4/tcp_input.c).
  [
    'TCP_INVALID_SEQUENCE',
    taken('TCP has dealt with it: its sequence number is outside of what is awaited, as a keep-alive’s'),
  ],
  ['TCP_OLD_DATA', taken('TCP has had these bytes already')],
  ['TCP_OFOMERGE', taken('TCP has had these bytes already')],
  ['TCP_RFC7323_PAWS', taken('TCP has dealt with it: its timestamp is older than the latest')],
  ['TCP_OVERWINDOW', taken('TCP has dealt with it: it lies outside of the receiver’s window')],
  ['TCP_RESET', taken('TCP has dealt with it: it ended the connection')],
  ['TCP_TOO_OLD_ACK', taken('TCP has dealt with it: it acknowledges what was acknowledged long ago')],
  ['TCP_ACK_UNSENT_DATA', taken('TCP has dealt with it: it acknowledges what was not sent')],
  ['NOT_SPECIFIED', lost('it gave no reason')],
  ['NO_SOCKET', lost('no program listens there')],
  ['PKT_TOO_SMALL', lost('it is too short')],
  ['TCP_CSUM', lost('the TCP checksum is wrong')],
  ['UDP_CSUM', lost('the UDP checksum is wrong')],
  ['ICMP_CSUM', lost('the ICMP checksum is wrong')],
  ['IP_CSUM', lost('the IP checksum is wrong')],
  ['SKB_CSUM', lost('a checksum is wrong')],
  ['IP_INHDR', lost('the IP header is broken')],
  ['SOCKET_FILTER', lost('a socket’s filter did not want it')],
  ['NETFILTER_DROP', lost('a rule of the firewall dropped it, or the policy of a chain')],
  ['OTHERHOST', lost('its frame is for another MAC address')],
  ['UNICAST_IN_L2_MULTICAST', lost('it is for one address, and came in a frame for many')],
  [
    'IP_RPFILTER',
    // Loose (rp_filter=2): no route at all. Strict (1): none through that device.
    lost('no route leads back to its sender, or none through the device that it came in at (reverse path filter)'),
  ],
  ['XFRM_POLICY', lost('a policy of IPsec did not let it through')],
  ['SOCKET_RCVBUFF', lost('the receiving socket’s queue is full')],
  ['PROTO_MEM', lost('the protocol’s memory is used up')],
  ['SOCKET_BACKLOG', lost('the socket’s backlog is full')],
  ['IP_NOPROTO', lost('nothing here speaks that protocol')],
  ['IP_OUTNOROUTES', lost('there is no route to its destination')],
  ['IP_INNOROUTES', lost('there is no route to its destination')],
  ['IP_INADDRERRORS', lost('its addresses are not valid here')],
  ['IPV6DISABLED', lost('IPv6 is off')],
  ['NEIGH_CREATEFAIL', lost('the neighbour table is full')],
  ['NEIGH_FAILED', lost('nobody answered ARP for the next hop')],
  ['NEIGH_QUEUEFULL', lost('too many packets wait for an ARP answer')],
  ['NEIGH_DEAD', lost('the neighbour entry is gone')],
  ['CPU_BACKLOG', lost('the processor’s backlog is full')],
  ['FULL_RING', lost('the device’s ring is full')],
  ['TC_INGRESS', lost('a tc filter dropped it on the way in')],
  ['TC_EGRESS', lost('a tc filter dropped it on the way out')],
  ['XDP', lost('an XDP program dropped it')],
  ['BPF_CGROUP_EGRESS', lost('a program of its control group did not let it out')],
  ['DEV_READY', lost('the device is down')],
  ['DEV_HDR', lost('its header for the device is broken')],
  ['TAP_FILTER', lost('a filter of its tap device dropped it')],
  ['UNHANDLED_PROTO', lost('nothing here speaks that protocol')],
  ['NOMEM', lost('there was no memory')],
  ['PKT_TOO_BIG', lost('it is larger than the MTU of the next link')],
  ['DUP_FRAG', lost('this fragment has arrived already')],
  ['FRAG_REASM_TIMEOUT', lost('the other fragments did not come in time')],
  ['FRAG_TOO_FAR', lost('too many fragments have come since')],
  ['TCP_CLOSE', lost('the connection is closed')],
  ['TCP_FLAGS', lost('its TCP flags do not fit the state of the connection')],
  ['TCP_ZEROWINDOW', lost('the receiver has no room for it (zero window)')],
  ['TCP_FASTOPEN', lost('TCP does not take data with a SYN here')],
  ['TCP_OFO_QUEUE_PRUNE', lost('TCP had no room for what came out of order')],
  ['TCP_MD5NOTFOUND', lost('it lacks the connection’s signature')],
  ['TCP_MD5UNEXPECTED', lost('it has a signature, and the connection has none')],
  ['TCP_MD5FAILURE', lost('its signature is wrong')],
]);
