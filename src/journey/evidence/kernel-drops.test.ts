import { describe, expect, it } from 'vitest';
import { dropWords, isLoss, meaningOf } from './kernel-drops.ts';

describe('why the kernel dropped a packet', () => {
  it('is told apart by place where the reason is the same', () => {
    const words = (reason: string, location: string, more = {}) => dropWords({ reason, location, ...more });
    expect(words('NETFILTER_DROP', 'nf_hook_slow+0x97')).toBe(
      'a rule of the firewall dropped it, or the policy of a chain (NETFILTER_DROP in nf_hook_slow)',
    );
    expect(words('NETFILTER_DROP', 'nf_hook_slow+0x97', { conntrackFull: true })).toMatch(
      /^connection tracking has no room/,
    );
    expect(words('IP_INADDRERRORS', 'ip_error+0x7b')).toMatch(/^this machine forwards nothing .*ip_forward is 0\)/);
    expect(words('IP_INNOROUTES', 'ip_error+0x7b')).toMatch(/^there is no route/);
    expect(words('NOT_SPECIFIED', 'ip_error+0x7b')).toMatch(/blackhole, unreachable or prohibit/);
    expect(words('IP_INHDR', 'ip_forward+0x135')).toMatch(/^its TTL ran out/);
    expect(words('IP_INHDR', 'ip_rcv_core+0x1')).toMatch(/^the IP header is broken/);
    expect(words('NOT_SPECIFIED', 'somewhere+0x1')).toBe('it gave no reason (NOT_SPECIFIED in somewhere)');
    expect(words('NEW_IN_LINUX_9', '')).toBe('NEW_IN_LINUX_9');
  });

  it('is told apart by the device’s queue', () => {
    const words = (qdisc: string) =>
      dropWords({ reason: 'QDISC_DROP', location: 'kfree_skb_list_reason+0x23', device: 'eth0', qdisc });
    expect(words('netem')).toMatch(/^netem on eth0 dropped it/);
    expect(words('tbf')).toMatch(/^eth0 is held to a rate/);
    expect(words('noqueue')).toMatch(/^eth0 has no carrier/);
    expect(words('fq_codel')).toMatch(/^the queue of eth0 is full \(fq_codel\)/);
    expect(words('')).toMatch(/^the queue of eth0 did not take it/);
  });

  it('is told apart by the packet: a group that nobody joined is no martian', () => {
    const to = (...address: readonly number[]) => {
      const packet = new Uint8Array(20);
      packet.set(address, 16);
      return dropWords({ reason: 'NOT_SPECIFIED', location: 'ip_rcv_finish_core+0x1d0', protocol: 0x0800, packet });
    };
    expect(to(224, 0, 0, 251)).toMatch(/^nothing here has joined the group/);
    expect(to(10, 0, 0, 1)).toMatch(/a martian/);
  });

  it('is neither a loss nor an arrival where TCP gives no reason: it may have had it, or had no room for the connection', () => {
    for (const location of ['tcp_v4_rcv+0x1', 'tcp_v6_do_rcv+0x1', 'tcp_rcv_state_process+0x1'])
      expect(meaningOf({ reason: 'NOT_SPECIFIED', location }).ends).toBe('either');
  });

  it('is no loss where TCP or ICMP has dealt with it, or it was a copy', () => {
    for (const [reason, location] of [
      ['TCP_INVALID_SEQUENCE', 'tcp_validate_incoming+0x1'],
      ['NO_SOCKET', 'icmp_rcv+0x194'],
      ['NOT_SPECIFIED', 'inet_sock_destruct+0x50'],
      ['NOT_SPECIFIED', 'skb_queue_purge+0x1a'],
      ['NOT_SPECIFIED', 'tpacket_rcv+0x1'],
      ['NOT_SPECIFIED', 'skb_release_data+0x152'],
      ['NOT_SPECIFIED', 'skb_release_data+0x93'],
      ['NOT_SPECIFIED', 'tcp_rcv_state_process+0x1'],
      ['SOCKET_RCVBUFF', 'raw_rcv+0x1'],
    ] as const)
      expect(isLoss({ reason, location })).toBe(false);
    for (const [reason, location] of [
      ['NO_SOCKET', 'tcp_v4_rcv+0x6b'],
      ['NO_SOCKET', '__udp4_lib_rcv+0x968'],
      ['SOCKET_RCVBUFF', 'udp_queue_rcv_one_skb+0x3fc'],
      ['NOT_SPECIFIED', 'br_forward+0x1'],
    ] as const)
      expect(meaningOf({ reason, location }).ends).toBe('lost');
  });
});
