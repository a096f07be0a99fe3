// Packets that can be taken for each other: what is said of them is what their order shows, and nothing else. Each of these was found by
// tests/truth, in real traffic.
import { describe, expect, it } from 'vitest';
import { cooked, ethernet, ipv4, question, udp } from '../../tests/support/journey.ts';
import { LinkType } from '../capture/link-type.ts';
import type { Hop } from '../hop/hop.ts';
import type { Tuple } from '../hop/tuple.ts';
import { stitch } from './builder.ts';
import { parseConntrack } from './evidence/conntrack.ts';
import type { Journey } from './journey.ts';
import type { Topology } from './topology.ts';

const DATA = Uint8Array.from({ length: 32 }, (_, i) => i);
const ends: Tuple = {
  protocol: 17,
  source: '10.0.0.1',
  destination: '10.0.1.1',
  sourcePort: 4000,
  destinationPort: 53,
};
const datagram = (id: number, data = DATA, tuple = ends, ttl = 64): Uint8Array =>
  ipv4(tuple, ttl, id, udp(tuple, data));
const echo = (type: 0 | 8, id: number): Uint8Array => {
  const [source, destination] = type === 8 ? ['10.0.0.1', '10.0.1.1'] : ['10.0.1.1', '10.0.0.1'];
  const tuple = { protocol: 1, source, destination, sourcePort: 7, destinationPort: 7 };
  return ipv4(tuple, 64, id, Uint8Array.of(type, 0, 0, 0, 0, 7, 0, 1, ...DATA));
};

interface Seen {
  readonly at: string;
  readonly out?: boolean;
  /** Milliseconds. */
  readonly ms: number;
  readonly packet: Uint8Array;
  readonly snap?: number;
}

function hops(all: readonly Seen[]): Hop[] {
  return all.map(({ at, out = false, ms, packet, snap = Infinity }, index) => {
    const [machine = '', device = ''] = at.split('/');
    const bytes = packet[0] === 0x45 ? cooked(packet, out) : packet;
    return {
      n: index + 1,
      machine,
      device,
      direction: out ? 'out' : 'in',
      time: 1.7e9 + ms / 1000,
      linkType: LinkType.LINUX_SLL2,
      bytes: bytes.subarray(0, snap),
      originalLength: bytes.length,
    };
  });
}

const ways = (journeys: readonly Journey[]): string[] =>
  journeys.map((journey) => journey.hops.map(({ hop }) => hop.n).join(' ')).sort();

describe('equal packets', () => {
  it('that are on their way at one time are not told apart, whatever their number', () => {
    for (const id of [0, 77]) {
      const packet = datagram(id);
      const journeys = stitch(
        hops([
          { at: 'a/eth0', ms: 0, packet },
          { at: 'a/eth0', ms: 1, packet },
          { at: 'a/eth1', out: true, ms: 2, packet },
          { at: 'a/eth1', out: true, ms: 3, packet },
        ]),
      );
      expect(ways(journeys)).toEqual(['1', '2', '3', '4']);
      expect(journeys.every(({ end }) => end === 'unknown')).toBe(true);
    }
  });

  it('that were gone before the next one came are told apart', () => {
    const packet = datagram(0);
    const journeys = stitch(
      hops([
        { at: 'a/eth0', ms: 0, packet },
        { at: 'a/eth1', out: true, ms: 1, packet },
        { at: 'a/eth0', ms: 2, packet },
        { at: 'a/eth1', out: true, ms: 3, packet },
      ]),
    );
    expect(ways(journeys)).toEqual(['1 2', '3 4']);
  });

  it('of one number that both left their sender are not called duplicates: who numbers by hand may send the same twice', () => {
    const packet = datagram(77);
    const journeys = stitch(
      hops([
        { at: 'a/eth0', out: true, ms: 0, packet },
        { at: 'a/eth0', out: true, ms: 5, packet },
      ]),
    );
    expect(journeys.map(({ repeats }) => repeats)).toEqual([null, { kind: 'repeat', of: 1 }]);
  });

  it('are two where NAT gave the second connection another port', () => {
    const later = { ...ends, source: '192.0.2.1', sourcePort: 1024 };
    const first = { ...ends, source: '192.0.2.1' };
    const line = (port: number): string =>
      `udp 17 30 src=10.0.0.1 dst=10.0.1.1 sport=4000 dport=53 src=10.0.1.1 dst=192.0.2.1 sport=53 dport=${port} id=${port}`;
    const conntrack = parseConntrack(`${line(4000)}\n${line(1024)}`, 'a');
    const journeys = stitch(
      hops([
        { at: 'r/eth0', ms: 0, packet: datagram(0, DATA, first) },
        { at: 'r/eth0', ms: 20, packet: datagram(0, DATA, later) },
      ]),
      { conntrack },
    );
    expect(ways(journeys)).toEqual(['1', '2']);
  });
});

describe('what a capture cut', () => {
  it('before the packet in a tunnel has told who it is, is not taken for another', () => {
    const outer = {
      protocol: 17,
      source: '192.0.2.1',
      destination: '192.0.2.2',
      sourcePort: 50000,
      destinationPort: 8472,
    };
    const around = (inner: Uint8Array, id: number): Uint8Array =>
      ipv4(outer, 64, id, udp(outer, Uint8Array.of(8, 0, 0, 0, 0, 0, 1, 0, ...ethernet(inner))));
    // Cooked, IP, UDP, VXLAN, Ethernet, and two bytes of what is in there.
    const snap = 20 + 20 + 8 + 8 + 14 + 2;
    const journeys = stitch(
      hops([
        { at: 'a/eth0', out: true, ms: 0, packet: around(datagram(1), 11), snap },
        { at: 'b/eth0', ms: 1, packet: around(datagram(2), 12), snap },
      ]),
    );
    expect(ways(journeys)).toEqual(['1', '2']);
  });
});

describe('fragments', () => {
  it('of several packets with one identification belong to none', () => {
    const piece = (more: boolean, offset: number, fill: number): Uint8Array =>
      ipv4(ends, 64, 77, new Uint8Array(48).fill(fill), (more ? 0x2000 : 0) | (offset / 8));
    const journeys = stitch(
      hops([
        { at: 'a/eth0', ms: 0, packet: piece(true, 0, 1) },
        { at: 'a/eth0', ms: 1, packet: piece(false, 48, 1) },
        { at: 'a/eth0', ms: 2, packet: piece(true, 0, 2) },
        { at: 'a/eth0', ms: 3, packet: piece(false, 48, 2) },
      ]),
    );
    expect(journeys.map(({ parts }) => parts)).toEqual(journeys.map(() => null));
  });

  it('are not of a packet that has other bytes in their place', () => {
    const whole = datagram(77, new Uint8Array(88).fill(5));
    const last = ipv4(ends, 64, 77, new Uint8Array(48).fill(6), 48 / 8);
    const journeys = stitch(
      hops([
        { at: 'a/eth0', ms: 0, packet: whole },
        { at: 'a/eth1', out: true, ms: 1, packet: last },
      ]),
    );
    expect(journeys.map(({ parts }) => parts?.whole ?? null)).toEqual([null, null]);
  });
});

describe('answers', () => {
  it('are not to a question that the answering machine, which sees questions, had not seen yet', () => {
    const journeys = stitch(
      hops([
        { at: 'b/eth0', ms: 0, packet: echo(8, 1) },
        { at: 'b/eth0', out: true, ms: 1, packet: echo(0, 11) },
        // Lost on its way to b; the answer after it is to nobody that b has seen.
        { at: 'a/eth0', out: true, ms: 2, packet: echo(8, 2) },
        { at: 'b/eth0', out: true, ms: 3, packet: echo(0, 12) },
      ]),
      {},
      { oneTime: true },
    );
    const lost = journeys.find(({ id }) => id === 3);
    expect([lost?.answeredBy, lost?.end]).toEqual([null, 'unknown']);
  });

  it('that were doubled answer one question', () => {
    const reply = echo(0, 11);
    const journeys = stitch(
      hops([
        { at: 'a/eth0', out: true, ms: 0, packet: echo(8, 1) },
        { at: 'a/eth0', ms: 1, packet: reply },
        { at: 'a/eth0', out: true, ms: 2, packet: echo(8, 2) },
        { at: 'a/eth0', ms: 3, packet: reply },
      ]),
    );
    expect(journeys.find(({ id }) => id === 3)?.end).toBe('unknown');
  });
});

describe('questions who has an address', () => {
  const topology: Topology = {
    devices: [{ machine: 'b', name: 'eth0', kind: 'nic', addresses: ['10.0.1.1/24'] }],
  };

  it('that its owner asks, to tell others that he has it, are no sign that nobody has it', () => {
    const own = [0, 1000, 2000].map((ms) => ({
      at: 'b/eth0',
      out: true,
      ms,
      packet: question('10.0.1.1', '10.0.1.1', true),
    }));
    const journeys = stitch(hops([...own, { at: 'b/eth0', ms: 2500, packet: datagram(5) }]), { topology });
    expect(journeys.find(({ id }) => id === 4)?.end).toBe('unknown');
  });

  it('were answered when any of them was', () => {
    const asked = [0, 1000, 2000].map((ms) => ({
      at: 'r/eth1',
      out: true,
      ms,
      packet: question('10.0.1.254', '10.0.1.1', true),
    }));
    const answer = question('10.0.1.1', '10.0.1.254', false).slice();
    answer[20 + 7] = 2;
    const journeys = stitch(
      hops([
        { at: 'r/eth0', ms: 100, packet: datagram(5) },
        ...asked,
        { at: 'r/eth1', ms: 2001, packet: answer },
        { at: 'r/eth1', ms: 2002, packet: answer },
      ]),
    );
    expect(journeys.find(({ hops: [first] }) => first?.hop.n === 1)?.end).toBe('unknown');
  });
});
