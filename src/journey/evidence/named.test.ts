import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cooked, dropOf, ipv4, nothingDropped, tapped, topology, udp, walk } from '../../../tests/support/journey.ts';
import type { Hop } from '../../hop/hop.ts';
import { stitch } from '../builder.ts';
import type { DropEvidence, SocketEvidence } from './drop.ts';

const tuple = { protocol: 17, source: '172.17.0.2', destination: '10.9.9.9', sourcePort: 999, destinationPort: 53 };

/** A datagram that comes in at docker0 of host-01; id 0: its sender does not number them. */
function datagram(n: number, { id = n, data = n }: { id?: number; data?: number } = {}): Hop {
  const bytes = cooked(ipv4(tuple, 64, id, udp(tuple, Uint8Array.of(data))), false);
  const place = { machine: 'host-01', device: 'docker0', direction: 'in', linkType: 276 } as const;
  return { n, ...place, time: 10 + n / 10, bytes, originalLength: bytes.length };
}

describe('a drop with the packet’s bytes', () => {
  it('is said of that packet, as seen, with what shows it', () => {
    const hops = [datagram(1), datagram(2)];
    const [one, two] = stitch(hops, { topology, evidence: [dropOf(hops[0] as Hop)] });
    expect(one).toMatchObject({ end: 'dropped', grade: 'seen' });
    expect(one?.why).toContain('the kernel of host-01 dropped it: a rule of the firewall dropped it');
    expect(one?.from).toEqual([expect.stringContaining('host-01/docker0 in nf_hook_slow+0x97')]);
    expect(two).toMatchObject({ end: 'unknown', grade: 'unknown', from: [] });
  });

  it('is told of packets that differ only in their data by as few bytes of it as the kernel gave', () => {
    const hops = [datagram(1, { id: 0, data: 1 }), datagram(2, { id: 0, data: 2 })];
    const ends = (evidence: DropEvidence) => stitch(hops, { topology, evidence: [evidence] }).map(({ end }) => end);
    expect(ends(dropOf(hops[1] as Hop))).toEqual(['unknown', 'dropped']);
    // Without the data, only time could tell, and time tells nothing: the first was there before it, and so may be either.
    expect(ends(dropOf(hops[0] as Hop, { time: 20 }, 28))).toEqual(['unknown', 'unknown']);
  });

  it('of equal packets is said of none, unless all but one went on', () => {
    const hops = [datagram(1, { id: 0, data: 7 }), datagram(2, { id: 0, data: 7 })];
    const evidence = [dropOf(hops[1] as Hop)];
    expect(stitch(hops, { topology, evidence }).map(({ end }) => end)).toEqual(['unknown', 'unknown']);
  });

  it('of equal packets that came one after the other is of each: what has ended does not end there again', () => {
    const hops = [1, 2, 3].map((n) => datagram(n, { id: 0, data: 7 }));
    const evidence = hops.map((hop) => dropOf(hop));
    expect(stitch(hops, { topology, evidence }).map(({ end }) => end)).toEqual(['dropped', 'dropped', 'dropped']);
    // One that is freed elsewhere may be a copy of the first.
    const [one, two] = evidence as [DropEvidence, DropEvidence];
    const elsewhere = [one, { ...two, namespace: 9 }];
    expect(stitch(hops.slice(0, 2), { topology, evidence: elsewhere }).map(({ end }) => end)).toEqual([
      'dropped',
      'unknown',
    ]);
  });

  it('is another machine’s, or came before the packet did: then it is not said', () => {
    const [hop] = [datagram(1)];
    for (const changes of [{ machine: 'host-02' }, { time: hop.time - 1 }])
      expect(stitch([hop], { topology, evidence: [dropOf(hop, changes)] })[0]?.end).toBe('unknown');
  });

  it('after NAT that no entry explains is inferred, and says from what', () => {
    const hop = datagram(1);
    const after = { ...tuple, destination: '172.17.0.3' };
    const packet = ipv4(after, 63, 1, udp(after, Uint8Array.of(1)));
    const [journey] = stitch([hop], { topology, evidence: [dropOf(hop, { packet })] });
    expect(journey).toMatchObject({ end: 'dropped', grade: 'inferred' });
    expect(journey?.why).toMatch(/; by then it was for 172\.17\.0\.3:\d+ \(NAT\)$/);
    expect(journey?.from).toContain(
      'it had other addresses or ports by then: NAT, of a connection that conntrack never confirmed',
    );
  });

  it('of one branch of a flood is not the packet’s end', () => {
    const { hops } = walk({ host: 0, container: 0, kind: 'neighbour', away: 1, protocol: 17, size: 20 }, 1, 0);
    const seen = hops.map((hop, index) => tapped(hop, index + 1, [0, 0, 0, 0]));
    const [first] = seen;
    const branch: Hop = {
      ...(first as Hop),
      n: 99,
      device: 'veth-p0',
      direction: 'out',
      time: (first as Hop).time + 1e-5,
    };
    const evidence = [dropOf(branch, { reason: 'OTHERHOST', device: 'veth-p0' }), ...nothingDropped];
    const [journey] = stitch([...seen, branch], { topology, evidence });
    expect(journey).toMatchObject({ end: 'delivered', grade: 'inferred' });
  });
});

describe('the kernel’s word that it gave a packet to a socket', () => {
  it('is an arrival, seen', () => {
    const hop = datagram(1);
    const { conntrackFull: _, reason: __, ...rest } = dropOf(hop);
    const socket: SocketEvidence = { ...rest, kind: 'socket', location: '__udp_enqueue_schedule_skb' };
    const [journey] = stitch([hop], { topology, evidence: [socket] });
    expect(journey).toMatchObject({
      end: 'delivered',
      grade: 'seen',
      why: 'the kernel of host-01 gave it to a socket',
    });
  });
});

describe('what the kernel says of a packet that no tap saw, but in fragments', () => {
  const data = new Uint8Array(88);
  const whole = ipv4(tuple, 63, 7, udp(tuple, data));
  const bare = { ...tuple, sourcePort: 0, destinationPort: 0 };
  const piece = (n: number, from: number, until: number, more: boolean): Hop => {
    const payload = udp(tuple, data).subarray(from, until);
    const bytes = cooked(ipv4(bare, 64, 7, payload, (more ? 0x2000 : 0) | (from / 8)), false);
    return { ...datagram(n), bytes, originalLength: bytes.length };
  };
  const pieces = [piece(1, 0, 48, true), piece(2, 48, 96, false)];
  const said = (hops: readonly Hop[], changes: Partial<DropEvidence> = {}) =>
    stitch(hops, { topology, evidence: [dropOf(hops[1] as Hop, { packet: whole.subarray(0, 80), ...changes })] }).map(
      ({ end, grade, why }) => ({ end, grade, why }),
    );

  it('is said of each of them', () => {
    const why =
      'it was put together with the other fragments, and the kernel of host-01 dropped that: a rule of the firewall dropped it, or the policy of a chain (NETFILTER_DROP in nf_hook_slow)';
    expect(said(pieces)).toEqual(pieces.map(() => ({ end: 'dropped', grade: 'seen', why })));
  });

  it('is said of none where another fragment is like one of them, and of none that came later', () => {
    const again = { ...piece(3, 48, 96, false), time: (pieces[1] as Hop).time + 0.01 };
    const [, last] = said([...pieces, again]);
    expect(last?.end).toBe('unknown');
    expect(said(pieces, { time: 9 }).map(({ end }) => end)).toEqual(['unknown', 'unknown']);
  });
});

it('takes any bytes for a packet, and says nothing of others', () => {
  const hops = [datagram(1), datagram(2)];
  const noise = fc.record({
    protocol: fc.constantFrom(0x0800, 0x0806, 0x86dd, 0),
    packet: fc.uint8Array({ maxLength: 60 }),
  });
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 20 }), (list) => {
      const evidence = list.map((one) => dropOf(hops[0] as Hop, one));
      expect(stitch(hops, { topology, evidence }).map(({ end }) => end)).toEqual(['unknown', 'unknown']);
    }),
  );
});
