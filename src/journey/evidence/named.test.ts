import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cooked, ipv4, nothingDropped, tapped, topology, udp, walk } from '../../../tests/support/journey.ts';
import type { Hop } from '../../hop/hop.ts';
import { stitch } from '../builder.ts';
import type { DropEvidence, SocketEvidence } from './drop.ts';

const tuple = { protocol: 17, source: '172.17.0.2', destination: '10.9.9.9', sourcePort: 999, destinationPort: 53 };
const COOKED_HEADER = 20;

/** A datagram that comes in at docker0 of host-01; id 0: its sender does not number them. */
function datagram(n: number, { id = n, data = n }: { id?: number; data?: number } = {}): Hop {
  const bytes = cooked(ipv4(tuple, 64, id, udp(tuple, Uint8Array.of(data))), false);
  const place = { machine: 'host-01', device: 'docker0', direction: 'in', linkType: 276 } as const;
  return { n, ...place, time: 10 + n / 10, bytes, originalLength: bytes.length };
}

/** The kernel's word about the packet of a hop, a moment later, with so many of its bytes. */
const drop = (of: Hop, changes: Partial<DropEvidence> & { bytes?: number } = {}): DropEvidence => ({
  kind: 'drop',
  machine: of.machine,
  time: of.time + 0.0002,
  device: of.device,
  namespace: 1,
  reason: 'NETFILTER_DROP',
  location: 'nf_hook_slow+0x97',
  protocol: 0x0800,
  packet: of.bytes.subarray(COOKED_HEADER, COOKED_HEADER + (changes.bytes ?? 80)),
  conntrackFull: false,
  ...changes,
});

describe('a drop with the packet’s bytes', () => {
  it('is said of that packet, as seen, with what shows it', () => {
    const hops = [datagram(1), datagram(2)];
    const [one, two] = stitch(hops, { topology, evidence: [drop(hops[0] as Hop)] });
    expect(one).toMatchObject({ end: 'dropped', grade: 'seen' });
    expect(one?.why).toContain('the kernel of host-01 dropped it: a rule of the firewall dropped it');
    expect(one?.from).toEqual([expect.stringContaining('host-01/docker0 in nf_hook_slow+0x97')]);
    expect(two).toMatchObject({ end: 'unknown', grade: 'unknown', from: [] });
  });

  it('is told of packets that differ only in their data by as few bytes of it as the kernel gave', () => {
    const hops = [datagram(1, { id: 0, data: 1 }), datagram(2, { id: 0, data: 2 })];
    const ends = (evidence: DropEvidence) => stitch(hops, { topology, evidence: [evidence] }).map(({ end }) => end);
    expect(ends(drop(hops[1] as Hop))).toEqual(['unknown', 'dropped']);
    // Without the data, only time could tell, and time tells nothing: the first was there before it, and so may be either.
    expect(ends(drop(hops[0] as Hop, { bytes: 28, time: 20 }))).toEqual(['unknown', 'unknown']);
  });

  it('of equal packets is said of none, unless all but one went on', () => {
    const hops = [datagram(1, { id: 0, data: 7 }), datagram(2, { id: 0, data: 7 })];
    const evidence = [drop(hops[1] as Hop)];
    expect(stitch(hops, { topology, evidence }).map(({ end }) => end)).toEqual(['unknown', 'unknown']);
  });

  it('is another machine’s, or came before the packet did: then it is not said', () => {
    const [hop] = [datagram(1)];
    for (const changes of [{ machine: 'host-02' }, { time: hop.time - 1 }])
      expect(stitch([hop], { topology, evidence: [drop(hop, changes)] })[0]?.end).toBe('unknown');
  });

  it('after NAT that no entry explains is inferred, and says from what', () => {
    const hop = datagram(1);
    const after = { ...tuple, destination: '172.17.0.3' };
    const packet = ipv4(after, 63, 1, udp(after, Uint8Array.of(1)));
    const [journey] = stitch([hop], { topology, evidence: [drop(hop, { packet })] });
    expect(journey).toMatchObject({ end: 'dropped', grade: 'inferred' });
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
    const evidence = [drop(branch, { reason: 'OTHERHOST', device: 'veth-p0' }), ...nothingDropped];
    const [journey] = stitch([...seen, branch], { topology, evidence });
    expect(journey).toMatchObject({ end: 'delivered', grade: 'inferred' });
  });
});

describe('the kernel’s word that it gave a packet to a socket', () => {
  it('is an arrival, seen', () => {
    const hop = datagram(1);
    const { conntrackFull: _, reason: __, ...rest } = drop(hop);
    const socket: SocketEvidence = { ...rest, kind: 'socket', location: '__udp_enqueue_schedule_skb' };
    const [journey] = stitch([hop], { topology, evidence: [socket] });
    expect(journey).toMatchObject({
      end: 'delivered',
      grade: 'seen',
      why: 'the kernel of host-01 gave it to a socket',
    });
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
      const evidence = list.map((one) => drop(hops[0] as Hop, one));
      expect(stitch(hops, { topology, evidence }).map(({ end }) => end)).toEqual(['unknown', 'unknown']);
    }),
  );
});
