// What a bridge floods goes several ways: which of them ended, and whether that is the packet's end.
import { describe, expect, it } from 'vitest';
import { cooked, ipv4, nothingDropped, udp } from '../../../tests/support/journey.ts';
import type { Hop } from '../../hop/hop.ts';
import { stitch } from '../builder.ts';
import type { DropEvidence } from '../evidence/drop.ts';
import type { Device, Topology } from '../topology.ts';

const port = (name: string, namespace: string, inode: number, addresses: readonly string[]): Device[] => [
  {
    machine: 'host-01',
    inode: 1,
    name,
    kind: 'veth',
    addresses: [],
    bridge: 'docker0',
    peer: { namespace, name: 'eth0' },
  },
  { machine: 'host-01', namespace, inode, name: 'eth0', kind: 'veth', addresses, peer: { name } },
];
const topology: Topology = {
  devices: [
    { machine: 'host-01', inode: 1, name: 'docker0', kind: 'bridge', addresses: ['172.17.0.1/16'] },
    ...port('v-web', 'web', 2, ['172.17.0.2/16']),
    ...port('v-other', 'other', 3, ['172.17.0.3/16']),
  ],
};
const tuple = { protocol: 17, source: '172.17.0.1', destination: '172.17.0.2', sourcePort: 9, destinationPort: 99 };
const packet = ipv4(tuple, 64, 4, udp(tuple, Uint8Array.of(1, 2)));
const hop = (n: number, device: string, type = 4): Hop => {
  const bytes = cooked(packet, true);
  bytes[10] = type;
  const direction = type === 4 ? 'out' : 'in';
  return {
    n,
    machine: 'host-01',
    device,
    direction,
    time: 10 + n / 1e5,
    linkType: 276,
    bytes,
    originalLength: bytes.length,
  };
};
const flooded = [hop(1, 'docker0'), hop(2, 'v-web'), hop(3, 'v-other')];
const otherhost = (namespace: number, device = 'eth0'): DropEvidence => ({
  kind: 'drop',
  machine: 'host-01',
  time: 10.0001,
  device,
  namespace,
  reason: 'OTHERHOST',
  location: 'ip_rcv_core+0x1',
  protocol: 0x0800,
  packet,
  conntrackFull: false,
});
const endWith = (hops: readonly Hop[], ...drops: readonly DropEvidence[]) => {
  const [journey] = stitch(hops, { topology, evidence: [...drops, ...nothingDropped] }, { oneTime: true });
  return journey;
};

describe('a packet that a bridge flooded', () => {
  it('has ended when each of its branches has', () => {
    const journey = endWith(flooded, otherhost(3), otherhost(2));
    expect(journey).toMatchObject({ end: 'dropped', grade: 'seen' });
    expect(journey?.why).toContain('its frame is for another MAC address');
  });

  it('has arrived when only others dropped it', () => {
    expect(endWith(flooded, otherhost(3))).toMatchObject({ end: 'delivered', grade: 'inferred' });
  });

  it('has not arrived when the branch to its goal ended', () => {
    expect(endWith(flooded, otherhost(2))?.end).toBe('unknown');
  });

  it('may have, or not, when it is not known whose branch ended', () => {
    expect(endWith(flooded, otherhost(0))?.end).toBe('unknown');
  });
});

describe('a copy for the bridge itself, which takes in everything', () => {
  const hops = [hop(1, 'docker0'), hop(2, 'v-web'), hop(3, 'docker0', 3)];

  it('is not the packet, whoever dropped it', () => {
    expect(endWith(hops, otherhost(1, 'docker0'))).toMatchObject({ end: 'delivered' });
  });

  it('says nothing of where the packet went', () => {
    expect(endWith(hops, otherhost(1, 'docker0'), otherhost(2))).toMatchObject({ end: 'dropped', grade: 'seen' });
  });
});
