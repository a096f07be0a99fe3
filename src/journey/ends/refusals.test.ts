// Who says no: ICMP errors, also about a tunnel's packet, and TCP's resets.
import { describe, expect, it } from 'vitest';
import { cooked, ipv4, nothingDropped, question, topology, udp } from '../../../tests/support/journey.ts';
import type { Hop } from '../../hop/hop.ts';
import type { Tuple } from '../../hop/tuple.ts';
import { stitch } from '../builder.ts';
import type { DropEvidence, SocketEvidence } from '../evidence/drop.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { Journey } from '../journey.ts';
import type { Topology } from '../topology.ts';

const COOKED = 20;
let number = 0;

function hop(machine: string, device: string, direction: Hop['direction'], packet: Uint8Array, time: number): Hop {
  const bytes = cooked(packet, direction === 'out');
  return { n: ++number, machine, device, direction, time, linkType: 276, bytes, originalLength: bytes.length };
}
const ends = (protocol: number, source: string, destination: string, sourcePort = 0, destinationPort = 0): Tuple => ({
  protocol,
  source,
  destination,
  sourcePort,
  destinationPort,
});
const icmp = (type: number, code: number, quoted: Uint8Array): Uint8Array =>
  Uint8Array.of(type, code, 0, 0, 0, 0, 0, 0, ...quoted);
const error = (source: string, destination: string, type: number, code: number, quoted: Uint8Array): Uint8Array =>
  ipv4(ends(1, source, destination), 64, 900, icmp(type, code, quoted));

const inner = ends(17, '10.244.0.2', '10.244.1.2', 4000, 5000);
const outer = ends(17, '10.0.0.11', '10.0.0.12', 50000, 8472);
const datagram = (ttl: number): Uint8Array => ipv4(inner, ttl, 77, udp(inner, Uint8Array.of(1, 2, 3)));
const carried = (): Uint8Array => {
  const frame = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, ...datagram(63)];
  return ipv4(outer, 64, 500, udp(outer, Uint8Array.of(8, 0, 0, 0, 0, 0, 1, 0, ...frame)));
};
/** A datagram into the tunnel of host-01, at two taps of it; its tunnel's packet leaves or not. */
const intoTunnel = (leaves: boolean): Hop[] => [
  hop('host-01', 'cni0', 'in', datagram(64), 10),
  hop('host-01', 'flannel.1', 'out', datagram(63), 10.0001),
  ...(leaves ? [hop('host-01', 'eth0', 'out', carried(), 10.0002)] : []),
];
const drop = (machine: string, time: number, packet: Uint8Array, reason: string, location: string): DropEvidence => ({
  kind: 'drop',
  machine,
  time,
  device: 'eth0',
  namespace: 1,
  reason,
  location,
  protocol: 0x0800,
  packet,
  conntrackFull: false,
});
const first = (hops: readonly Hop[], evidence: readonly Evidence[] = []): Journey => {
  const [journey] = stitch(hops, { topology, evidence }, { oneTime: true });
  if (journey === undefined) throw new Error('no journey');
  return journey;
};

describe('an ICMP error about a tunnel’s packet', () => {
  it('is about what that one carried, and says so', () => {
    const hops = [
      ...intoTunnel(true),
      hop('host-01', 'eth0', 'in', error('10.0.0.12', '10.0.0.11', 3, 3, carried()), 10.001),
    ];
    const journey = first(hops);
    expect(journey).toMatchObject({ end: 'dropped', grade: 'seen' });
    expect(journey.why).toMatch(
      /^10\.0\.0\.12 answered: port unreachable: no program listens there, or a rule .*, about the packet that carried it/,
    );
  });

  it('is so also where no tap saw the tunnel’s packet, but the quote shows what it carried', () => {
    const asked = [1, 2, 3].map((n): Hop => {
      const bytes = question('10.0.0.11', '10.0.0.12', true);
      const at = { machine: 'host-01', device: 'eth0', direction: 'out', linkType: 276 } as const;
      return { n: ++number, ...at, time: 10 + n / 10, bytes, originalLength: bytes.length };
    });
    const says = hop('host-01', 'lo', 'in', error('10.0.0.11', '10.0.0.11', 3, 1, carried()), 10.5);
    const journey = first([...intoTunnel(false), ...asked, says]);
    expect(journey.why).toMatch(
      /^nobody answered ARP: host-01 asked 3 times who has 10\.0\.0\.12, the far end of the tunnel, and 10\.0\.0\.11 answered: host unreachable, about the packet that carried it/,
    );
  });

  it('with so few bytes that the packet inside is not shown, is about nothing that was seen', () => {
    const says = hop('host-01', 'lo', 'in', error('10.0.0.11', '10.0.0.11', 3, 1, carried().subarray(0, 28)), 10.5);
    expect(first([...intoTunnel(false), says]).end).toBe('unknown');
  });

  it('by a machine that it was not for is no word of a closed port', () => {
    const hops = [
      ...intoTunnel(true),
      hop('host-01', 'eth0', 'in', error('10.0.0.99', '10.0.0.11', 3, 3, carried()), 10.001),
    ];
    expect(first(hops).why).toMatch(/it is not who the packet is for, so a rule of its firewall rejected it/);
  });
});

it('a source quench is no end: the packet may have gone on (RFC 792)', () => {
  const says = hop('host-01', 'cni0', 'out', error('10.244.0.1', '10.244.0.2', 4, 0, datagram(64)), 10.001);
  expect(first([...intoTunnel(false), says]).end).toBe('unknown');
});

it('host unreachable is what a route says, where the kernel says so, whoever was asked for before', () => {
  const hops = [
    hop('host-01', 'cni0', 'in', datagram(64), 10),
    hop('host-01', 'cni0', 'out', error('10.244.0.1', '10.244.0.2', 3, 1, datagram(64)), 10.001),
  ];
  const evidence = [drop('host-01', 10.0005, datagram(64), 'NOT_SPECIFIED', 'ip_error+0x7b')];
  expect(first(hops, evidence).why).toMatch(
    /^10\.244\.0\.1 answered: host unreachable; the route to its destination says so/,
  );
});

it('what a rule answered is said of a rule, never of a policy, which is silent: whatever the answer', () => {
  const rule = [drop('host-01', 10.0005, datagram(64), 'NETFILTER_DROP', 'nf_hook_slow+0x97')];
  for (const code of [1, 3, 9, 10, 13]) {
    const hops = [
      hop('host-01', 'cni0', 'in', datagram(64), 10),
      hop('host-01', 'cni0', 'out', error('10.244.0.1', '10.244.0.2', 3, code, datagram(64)), 10.001),
    ];
    const { why } = first(hops, rule);
    expect(why).toMatch(/^10\.244\.0\.1 answered: .*[;,] a rule of the firewall there rejected it/);
    expect(why).not.toContain('policy');
  }
});

describe('a packet that a kernel dropped in a namespace', () => {
  const devices: Topology['devices'] = [
    { machine: 'host-01', name: 'eth0', kind: 'nic', addresses: ['10.0.0.11/24'], wire: 'lan', inode: 10 },
    { machine: 'host-01', namespace: 'web', name: 'eth0', kind: 'veth', addresses: ['10.244.1.2/24'], inode: 20 },
  ];
  const dropIn = (namespace: number): string => {
    const evidence = { ...drop('host-01', 10.0005, datagram(64), 'NETFILTER_DROP', 'nf_hook_slow+0x97'), namespace };
    const [journey] = stitch([hop('host-01', 'cni0', 'in', datagram(64), 10)], {
      topology: { devices },
      evidence: [evidence],
    });
    return `${journey?.why}\n${journey?.from.join('\n')}`;
  };

  it('was dropped there, not by the device of that name elsewhere', () => {
    expect(dropIn(20)).toMatch(/^the kernel of host-01 dropped it in web: a rule of the firewall/);
    expect(dropIn(20)).toContain('at host-01/web/eth0 in nf_hook_slow');
    expect(dropIn(10)).toMatch(/^the kernel of host-01 dropped it: a rule of the firewall/);
    expect(dropIn(10)).toContain('at host-01/eth0 in nf_hook_slow');
    expect(dropIn(30)).toContain('at a device eth0 of host-01 in nf_hook_slow');
  });
});

describe('a connection that begins', () => {
  const there = ends(6, '10.244.0.2', '10.0.0.11', 4000, 80);
  const back = ends(6, '10.0.0.11', '10.244.0.2', 80, 4000);
  const tcp = (tuple: Tuple, id: number, sequence: number, acknowledgment: number, flags: number): Uint8Array => {
    const bytes = new Uint8Array(20);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, tuple.sourcePort);
    view.setUint16(2, tuple.destinationPort);
    view.setUint32(4, sequence);
    view.setUint32(8, acknowledgment);
    view.setUint16(12, 0x5000 | flags);
    return ipv4(tuple, 64, id, bytes);
  };
  const syn = tcp(there, 5, 100, 0, 0x02);
  const reset = tcp(back, 6, 0, 101, 0x14);
  const comes = (): Hop => hop('host-01', 'cni0', 'in', syn, 10);
  const refused = (): Hop[] => [comes(), hop('host-01', 'cni0', 'out', reset, 10.001)];

  it('and a reset: only the kernel’s word tells a closed port from a rule', () => {
    const closed = [drop('host-01', 10.0005, syn, 'NO_SOCKET', 'tcp_v4_rcv+0x6b')];
    expect(first(refused(), closed)).toMatchObject({
      end: 'dropped',
      grade: 'seen',
      why: expect.stringMatching(
        /^10\.0\.0\.11 answered with a reset: no program listens at that port \(journey \d+\)$/,
      ),
    });
    const rule = [drop('host-01', 10.0005, syn, 'NETFILTER_DROP', 'nf_hook_slow+0x97')];
    expect(first(refused(), rule).why).toMatch(
      /^a rule of the firewall of host-01 rejected it, with a reset in the name of 10\.0\.0\.11/,
    );
    expect(first(refused(), nothingDropped)).toMatchObject({
      end: 'unknown',
      why: expect.stringMatching(/^a reset answered it .*or of a firewall’s rule in that one’s name$/),
    });
  });

  it('has arrived when it is answered, and not when a listening socket has got it, whose queue may be full', () => {
    expect(first([comes(), hop('host-01', 'cni0', 'out', tcp(back, 6, 300, 101, 0x12), 10.001)]).end).toBe('delivered');
    const { conntrackFull: _, reason: __, ...rest } = drop('host-01', 10.0005, syn, '', 'tcp_v4_do_rcv+0x1');
    const socket: SocketEvidence = { ...rest, kind: 'socket' };
    expect(first([comes()], [socket])).toMatchObject({
      end: 'unknown',
      reached: 'host-01/cni0',
      why: expect.stringMatching(/^TCP of host-01 got it, and nobody was seen to answer/),
    });
    expect(first([comes()], nothingDropped).end).toBe('unknown');
  });
});

it('what was dropped in a tunnel’s packet is said to have been in it', () => {
  const evidence = [
    drop('host-01', 10.0005, carried().subarray(0, COOKED + 80), 'NETFILTER_DROP', 'nf_hook_slow+0x97'),
  ];
  expect(first(intoTunnel(false), evidence).why).toMatch(
    /^the kernel of host-01 dropped it in a packet to 10\.0\.0\.12: a rule of the firewall/,
  );
});
