// What one piece of evidence says of a packet, and another one contradicts: nothing false may come of it.
import { describe, expect, it } from 'vitest';
import { COOKED_HEADER, cooked, dropOf, ipv4, nothingDropped, topology, udp } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { stitch } from './builder.ts';
import type { SocketEvidence } from './evidence/drop.ts';
import type { Evidence, TraceEvidence } from './evidence/evidence.ts';
import { parseNftTrace } from './evidence/nft-trace.ts';

const tuple = { protocol: 17, source: '10.0.0.12', destination: '10.0.0.11', sourcePort: 999, destinationPort: 53 };
const ETH0 = ['host-01', 'eth0', 'in'] as const;

interface Looks {
  readonly time?: number;
  readonly id?: number;
  readonly data?: number;
  readonly ttl?: number;
  readonly fragment?: number;
  readonly size?: number;
}

let next = 1;

/** A datagram to host-01 itself, unless other ends are given, seen at some place. */
function seen(
  at: readonly [machine: string, device: string, direction: Hop['direction']],
  { time = 10, id = 7, data = 1, ttl = 64, fragment = 0, size = 1 }: Looks = {},
  ends = tuple,
): Hop {
  const [machine, device, direction] = at;
  const payload = fragment === 0 ? udp(ends, new Uint8Array(size).fill(data)) : new Uint8Array(size).fill(data);
  const bytes = cooked(ipv4(ends, ttl, id, payload, fragment), direction === 'out');
  return { n: next++, machine, device, direction, time, linkType: 276, bytes, originalLength: bytes.length };
}

const packetOf = (hop: Hop): Uint8Array => hop.bytes.subarray(COOKED_HEADER);

const socketOf = (of: Hop): SocketEvidence => ({
  kind: 'socket',
  machine: of.machine,
  time: of.time + 0.0001,
  device: of.device,
  namespace: 1,
  location: '__udp_enqueue_schedule_skb',
  protocol: 0x0800,
  packet: packetOf(of),
});

describe('a packet that TCP or UDP had begun to hand to a socket', () => {
  it('did not arrive where the kernel dropped it a moment later: the socket had no room', () => {
    const hop = seen(ETH0);
    const evidence = [
      socketOf(hop),
      dropOf(hop, { reason: 'SOCKET_RCVBUFF', location: '__udp_queue_rcv_one_skb+0x1' }),
    ];
    const [journey] = stitch([hop], { topology, evidence });
    expect(journey).toMatchObject({ end: 'dropped', grade: 'seen' });
    expect(journey?.why).toContain('the receiving socket’s queue is full');
  });

  it('arrived, where what was dropped before that was another one’s', () => {
    const hop = seen(ETH0);
    const [journey] = stitch([hop], { topology, evidence: [socketOf(hop)] });
    expect(journey).toMatchObject({ end: 'delivered', grade: 'seen' });
  });
});

describe('that the kernel told of no drop of a packet', () => {
  it('is not so, of equal packets one of which it dropped, nobody knows which', () => {
    const hops = [seen(ETH0, { id: 0 }), seen(ETH0, { id: 0, time: 10.5 })];
    const evidence = [...nothingDropped, dropOf(hops[1] as Hop)];
    for (const { end } of stitch(hops, { topology, evidence })) expect(end).not.toBe('delivered');
  });

  it('is so of those that another machine’s kernel dropped one of, or that were not there yet', () => {
    const hop = seen(ETH0);
    for (const changes of [{ machine: 'host-02' }, { time: 9 }]) {
      const [journey] = stitch([hop], { topology, evidence: [...nothingDropped, dropOf(hop, changes)] });
      expect(journey).toMatchObject({ end: 'delivered', grade: 'inferred' });
    }
  });

  it('is not known where it told of one without its bytes', () => {
    const hop = seen(ETH0);
    const [journey] = stitch([hop], {
      topology,
      evidence: [...nothingDropped, dropOf(hop, { packet: new Uint8Array() })],
    });
    expect(journey?.end).toBe('unknown');
  });

  it('is not so where it freed it without saying whether it was lost', () => {
    const hop = seen(ETH0);
    const freed = dropOf(hop, { reason: 'NOT_SPECIFIED', location: 'tcp_v4_rcv+0x1' });
    const [journey] = stitch([hop], { topology, evidence: [...nothingDropped, freed] });
    expect(journey).toMatchObject({ end: 'unknown', grade: 'unknown' });
  });

  it('is so for fragments when it told of none of what they were put together to either', () => {
    const MORE = 0x2000;
    const first = seen(ETH0, { fragment: MORE, size: 16 });
    const last = seen(ETH0, { fragment: 2, size: 8, time: 10.0001 });
    const whole = dropOf(seen(ETH0, { size: 24, time: 10.0002 }));
    const ends = (evidence: readonly Evidence[]) => stitch([first, last], { topology, evidence }).map(({ end }) => end);
    expect(ends(nothingDropped)).toEqual(['delivered', 'delivered']);
    expect(ends([...nothingDropped, whole])).toEqual(['dropped', 'dropped']);
  });
});

describe('a packet that was dropped in one place, and seen elsewhere', () => {
  const far = { ...tuple, destination: '10.99.0.1' };
  const bridged = seen(['host-01', 'veth-c0', 'in'], {}, far);
  const ports = [
    seen(['host-01', 'veth-c1', 'out'], { time: 10.0001 }, far),
    seen(['host-01', 'docker0', 'in'], { time: 10.0001 }, far),
  ];
  const on = seen(['host-01', 'eth0', 'out'], { time: 10.0002, ttl: 63 }, far);
  const there = seen(['host-02', 'eth0', 'in'], { time: 10.0005, ttl: 63 }, far);

  it('was not dropped, when a flooded copy of it was and another machine got it', () => {
    const hops = [bridged, ...ports, on, there];
    const evidence = [
      dropOf(ports[0] as Hop, {
        device: 'veth-c1',
        reason: 'NOT_SPECIFIED',
        location: 'veth_xmit+0x1',
        time: 10.00015,
      }),
    ];
    for (const context of [{ topology, evidence }, { evidence }])
      for (const { end } of stitch(hops, context)) expect(end).toBe('unknown');
  });

  it('was not dropped, when nobody on one wire got it, and another machine on another wire did', () => {
    const out = ['eth0', 'eth1'].map((device) => seen(['host-01', device, 'out'], { time: 10.0001 }, far));
    const lost: Hop = {
      ...seen(['wire', 'other', 'unknown'], { time: 10.0003 }, far),
      undelivered: 'the cable of host-03 is out',
    };
    const got = seen(['host-02', 'eth0', 'in'], { time: 10.0003 }, far);
    const ends = (hops: readonly Hop[]) => stitch(hops, {}, { oneTime: true }).map(({ end }) => end);
    expect(ends([bridged, ...out, got, lost])).not.toContain('dropped');
    expect(ends([bridged, ...out.slice(1), lost])).toEqual(['dropped']);
  });
});

describe('an ICMP error about a packet', () => {
  const tooBig = (of: Hop): Hop => {
    const ends = { ...tuple, protocol: 1, source: '10.0.0.1', destination: tuple.source };
    const bytes = cooked(
      ipv4(ends, 64, 9, Uint8Array.of(3, 4, 0, 0, 0, 0, 5, 0, ...packetOf(of).subarray(0, 36))),
      true,
    );
    return { ...of, n: next++, direction: 'out', time: of.time + 0.001, bytes, originalLength: bytes.length };
  };
  const ping = (type: 0 | 8): Hop => {
    const ends = { ...tuple, protocol: 1 };
    const back = { ...ends, source: ends.destination, destination: ends.source };
    const packet = ipv4(
      type === 8 ? ends : back,
      64,
      7 + type,
      Uint8Array.of(type, 0, 0, 0, 0, 7, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8),
    );
    const bytes = cooked(packet, type === 0);
    const place = { machine: 'host-01', device: 'eth0', direction: type === 8 ? 'in' : 'out', linkType: 276 } as const;
    return { n: next++, ...place, time: 10 + (8 - type) * 1e-4, bytes, originalLength: bytes.length };
  };

  it('says that it was dropped, unless somebody answered it or took it in', () => {
    const asked = ping(8);
    const [dropped] = stitch([asked, tooBig(asked)], { topology });
    expect(dropped).toMatchObject({ end: 'dropped', grade: 'seen' });
    const [answered] = stitch([asked, tooBig(asked), ping(0)], { topology });
    expect(answered).toMatchObject({ end: 'unknown', grade: 'unknown' });
    expect(answered?.why).toContain('one word contradicts another');
    const hop = seen(ETH0);
    const [taken] = stitch([hop, tooBig(hop)], { topology, evidence: [socketOf(hop)] });
    expect(taken).toMatchObject({ end: 'unknown', grade: 'unknown' });
  });
});

describe('a rule’s trace', () => {
  const trace = (changes: Partial<TraceEvidence> = {}): TraceEvidence => ({
    kind: 'trace',
    machine: 'host-01',
    source: tuple.source,
    destination: tuple.destination,
    identification: 7,
    sourcePort: 999,
    destinationPort: 53,
    chain: 'ip filter INPUT',
    rule: 'drop',
    ...changes,
  });

  it('names no packet when several have the identification, addresses and ports that it tells', () => {
    const hops = [seen(ETH0, { data: 1 }), seen(ETH0, { data: 2, time: 80 })];
    expect(stitch(hops, { topology, evidence: [trace()] }).map(({ end }) => end)).toEqual(['unknown', 'unknown']);
    expect(stitch(hops.slice(1), { topology, evidence: [trace()] }).map(({ end }) => end)).toEqual(['dropped']);
  });

  it('tells of a drop where the rule’s verdict is one, not where a name or a comment has the word', () => {
    const packet =
      'trace id 1 ip filter FORWARD packet: iif "eth0" ip saddr 10.0.0.1 ip daddr 10.0.0.2 ip id 7 tcp dport 80';
    const rulesOf = (...rules: readonly string[]) =>
      parseNftTrace([packet, ...rules.map((rule) => `trace id 1 ip filter FORWARD rule ${rule}`)].join('\n'), 'm').map(
        ({ rule }) => rule,
      );
    expect(
      rulesOf(
        'counter packets 1 bytes 60 jump ufw-reject-forward (verdict jump ufw-reject-forward)',
        'tcp dport 80 log prefix "to reject" accept (verdict accept)',
        'tcp dport 80 counter comment "do not reject" (verdict continue)',
        'counter log prefix "reject: "',
        'goto reject-all (verdict goto reject-all)',
      ),
    ).toEqual([]);
    expect(
      rulesOf(
        'tcp dport 80 reject',
        'reject with icmp type port-unreachable (verdict drop)',
        'counter drop (verdict drop)',
      ),
    ).toEqual(['tcp dport 80 reject', 'reject with icmp type port-unreachable', 'counter drop']);
  });
});
