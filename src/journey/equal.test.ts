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

  it('of which two places saw one each need not be one, where a place before them saw two', () => {
    const packet = datagram(77);
    const journeys = stitch(
      hops([
        { at: 'a/eth0', ms: 0, packet },
        { at: 'a/docker0', ms: 0.01, packet },
        { at: 'a/eth0', ms: 3000, packet },
        { at: 'a/eth1', out: true, ms: 3000.1, packet },
      ]),
    );
    // The last one may be either: what was routed first may have waited for a neighbour.
    expect(ways(journeys)).toEqual(['1 2', '3', '4']);
    expect(journeys.every(({ end }) => end === 'unknown')).toBe(true);
  });

  it('of one number that came at one moment are not one that was noted twice, where another came at another moment', () => {
    const packet = datagram(77);
    const journeys = stitch(
      hops([
        { at: 'a/eth0', ms: 0, packet },
        { at: 'a/eth0', ms: 0, packet },
        { at: 'a/eth1', out: true, ms: 1, packet },
        { at: 'a/eth0', ms: 9, packet },
        { at: 'a/eth1', out: true, ms: 9.5, packet },
      ]),
    );
    // Which of the first two went on, nothing says.
    expect(ways(journeys)).not.toContain('1 3');
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

  it('that places saw once each, with no way from the one to the other, are two', () => {
    const devices = ['br0', 'p1', 'p2'].map((name) => ({
      machine: 'a',
      name,
      kind: name === 'br0' ? ('bridge' as const) : ('nic' as const),
      addresses: [],
      ...(name === 'br0' ? {} : { bridge: 'br0', wire: name }),
    }));
    const seen = hops([
      { at: 'a/br0', out: true, ms: 0, packet: datagram(0) },
      { at: 'a/br0', ms: 1, packet: datagram(0) },
    ]);
    expect(ways(stitch(seen, { topology: { devices } }))).toEqual(['1', '2']);
    // Nor is one known without a topology: nothing sends back what a device sent.
    expect(ways(stitch(seen))).toEqual(['1', '2']);
    const looped = seen.map((hop) => ({ ...hop, device: 'lo' }));
    expect(ways(stitch(looped))).toEqual(['1 2']);
  });

  it('of a connection whose both ends NAT changes are one from end to end, where a bridge shows them in between as well', () => {
    const between = { ...ends, destination: '10.0.0.9', destinationPort: 8080 };
    const after = { ...between, source: '10.0.0.254', sourcePort: 1024 };
    const line =
      'udp 17 30 src=10.0.0.1 dst=10.0.1.1 sport=4000 dport=53 src=10.0.0.9 dst=10.0.0.254 sport=8080 dport=1024 id=1';
    const answer = (tuple: Tuple): Tuple => ({
      ...tuple,
      source: tuple.destination,
      destination: tuple.source,
      sourcePort: tuple.destinationPort,
      destinationPort: tuple.sourcePort,
    });
    const seen = hops([
      { at: 'a/v1', ms: 0, packet: datagram(0) },
      { at: 'a/br0', ms: 1, packet: datagram(0, DATA, between) },
      { at: 'a/v2', out: true, ms: 2, packet: datagram(0, DATA, after) },
      { at: 'a/v2', ms: 3, packet: datagram(1, DATA, answer(after)) },
      { at: 'a/br0', ms: 4, packet: datagram(1, DATA, answer(between)) },
      { at: 'a/v1', out: true, ms: 5, packet: datagram(1, DATA, answer(ends)) },
    ]);
    expect(ways(stitch(seen, { conntrack: parseConntrack(line, 'a') }))).toEqual(['1 2 3', '4 5 6']);
  });

  it('of which a tap lost some are not told apart: what two places saw once each may be one, or two', () => {
    const seen = hops([
      { at: 'a/eth0', out: true, ms: 0, packet: datagram(0) },
      { at: 'b/eth0', ms: 1, packet: datagram(0) },
    ]);
    const gap = { machine: 'b', from: 1.7e9 + 2, until: 1.7e9 + 3, count: 1 };
    const told = (gaps: readonly (typeof gap)[]): Journey[] => stitch(seen, { gaps }, { oneTime: true });
    expect(ways(told([]))).toEqual(['1 2']);
    const torn = told([gap]);
    expect(ways(torn)).toEqual(['1', '2']);
    expect(torn[0]?.why).toBe(
      'the tap of b lost packets just then, and one that is equal to this may be among them: it was last seen leaving through a/eth0',
    );
    // A packet waits for some seconds at most, and a gap of another machine is none of theirs.
    expect(ways(told([{ ...gap, from: 1.7e9 + 10, until: 1.7e9 + 11 }]))).toEqual(['1 2']);
    expect(ways(told([{ ...gap, machine: 'c' }]))).toEqual(['1 2']);
  });

  it('with a number that their sender gave to one of them are one, although a tap lost others', () => {
    const seen = hops([
      { at: 'a/eth0', out: true, ms: 0, packet: datagram(5) },
      { at: 'b/eth0', ms: 1, packet: datagram(5) },
    ]);
    const gaps = [{ machine: 'b', from: 1.7e9, until: 1.7e9 + 1, count: 9 }];
    expect(ways(stitch(seen, { gaps }, { oneTime: true }))).toEqual(['1 2']);
  });

  it('of which the receiver saw one, by a clock that seems to be early, are not told apart', () => {
    const journeys = stitch(
      hops([
        { at: 'b/eth0', ms: 0.6, packet: datagram(0, DATA, ends, 63) },
        { at: 'a/eth0', out: true, ms: 1, packet: datagram(0) },
        { at: 'a/eth0', out: true, ms: 1.03, packet: datagram(0) },
      ]),
      {},
      { oneTime: true },
    );
    expect(ways(journeys)).toEqual(['1', '2', '3']);
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

describe('the way of a packet', () => {
  it('does not lead back from a wire to who sent it there', () => {
    const bridge: Topology = {
      devices: [
        { machine: 'a', name: 'br0', kind: 'bridge', addresses: [] },
        { machine: 'a', name: 'p1', kind: 'nic', addresses: [], bridge: 'br0', wire: 'one' },
        { machine: 'a', name: 'p2', kind: 'nic', addresses: [], bridge: 'br0', wire: 'two' },
        { machine: 'b', name: 'eth0', kind: 'nic', addresses: [], wire: 'one' },
        { machine: 'c', name: 'eth0', kind: 'nic', addresses: [], wire: 'two' },
      ],
    };
    // No tap at p2: which of two that the bridge floods was first, their clocks do not say.
    const seen = hops([
      { at: 'c/eth0', ms: 0, packet: datagram(3) },
      { at: 'a/p1', out: true, ms: 0.001, packet: datagram(3) },
      { at: 'b/eth0', ms: 0.002, packet: datagram(3) },
    ]);
    const [journey] = stitch(seen, { topology: bridge }, { oneTime: true });
    const followed = (n: number) => {
      const step = journey?.hops.find(({ hop }) => hop.n === n);
      return journey?.hops[step?.after ?? -1]?.hop.n;
    };
    expect([followed(1), followed(3)]).toEqual([undefined, 2]);
  });

  it('has no order where clocks cannot be compared and no cable is between two places', () => {
    const seen = hops([
      { at: 'a/eth0', out: true, ms: 5000, packet: datagram(3) },
      { at: 'b/eth0', out: true, ms: 0, packet: datagram(3) },
    ]);
    expect(stitch(seen).flatMap((journey) => journey.hops.map(({ after }) => after))).toEqual([-1, -1]);
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

  it('that begin or refuse a connection are to the segment that they acknowledge, not to all before it', () => {
    const segment = (from: 'a' | 'b', flags: number, sequence: number, acknowledgment: number): Uint8Array => {
      const [source, destination] = from === 'a' ? ['10.0.0.1', '10.0.1.1'] : ['10.0.1.1', '10.0.0.1'];
      const ports = from === 'a' ? [4000, 80] : [80, 4000];
      const head = new DataView(new ArrayBuffer(20));
      for (const [index, port] of ports.entries()) head.setUint16(2 * index, port);
      head.setUint32(4, sequence);
      head.setUint32(8, acknowledgment);
      head.setUint16(12, 0x5000 | flags);
      const [sourcePort = 0, destinationPort = 0] = ports;
      return ipv4(
        { protocol: 6, source, destination, sourcePort, destinationPort },
        64,
        sequence & 0xff,
        new Uint8Array(head.buffer),
      );
    };
    const ACK = 0x10;
    for (const answer of [0x12, 0x14]) {
      const journeys = stitch(
        hops([
          { at: 'a/eth0', out: true, ms: 0, packet: segment('a', 2, 5000, 0) },
          { at: 'a/eth0', out: true, ms: 1, packet: segment('a', 2, 6000, 0) },
          { at: 'a/eth0', ms: 2, packet: segment('b', answer, 9, 6001) },
        ]),
      );
      expect(journeys.map(({ answeredBy }) => answeredBy)).toEqual([null, 3, null]);
    }
    const all = stitch(
      hops([
        { at: 'a/eth0', out: true, ms: 0, packet: segment('a', 2, 5000, 0) },
        { at: 'a/eth0', ms: 2, packet: segment('b', ACK, 9, 5900) },
      ]),
    );
    expect(all[0]?.answeredBy).toBe(2);
    // Another connection with the same ports, in between, is the one that it is of.
    const two = stitch(
      hops([
        { at: 'a/eth0', out: true, ms: 0, packet: segment('a', 2, 5000, 0) },
        { at: 'a/eth0', out: true, ms: 1, packet: segment('a', 2, 5800, 0) },
        { at: 'a/eth0', ms: 2, packet: segment('b', ACK, 9, 5900) },
      ]),
    );
    expect(two.map(({ answeredBy }) => answeredBy)).toEqual([null, 3, null]);
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

describe('where a tap lost packets', () => {
  const gap = (machine: string, from: number, until: number) => [
    { machine, from: 1.7e9 + from / 1000, until: 1.7e9 + until / 1000, count: 1 },
  ];

  it('an answer may be to a question that it lost', () => {
    const seen = hops([
      { at: 'b/eth0', ms: 0, packet: echo(8, 1) },
      { at: 'b/eth0', out: true, ms: 1, packet: echo(0, 11) },
      { at: 'b/eth0', ms: 10_000, packet: echo(8, 2) },
      { at: 'b/eth0', out: true, ms: 10_003, packet: echo(0, 12) },
    ]);
    const answered = (gaps: ReturnType<typeof gap>) => stitch(seen, { gaps }).map(({ answeredBy }) => answeredBy);
    expect(answered([])).toEqual([2, null, 4, null]);
    expect(answered(gap('b', 10_001, 10_002))).toEqual([2, null, null, null]);
  });

  it('nobody is said not to have answered who has an address', () => {
    const asked = [0, 1000, 2000].map((ms) => ({
      at: 'r/eth1',
      out: true,
      ms,
      packet: question('10.0.1.254', '10.0.1.1', true),
    }));
    const seen = hops([{ at: 'r/eth0', ms: 100, packet: datagram(5) }, ...asked]);
    const end = (gaps: ReturnType<typeof gap>) =>
      stitch(seen, { gaps }).find(({ hops: [first] }) => first?.hop.n === 1)?.end;
    expect(end([])).toBe('dropped');
    expect(end(gap('r', 2100, 2200))).toBe('unknown');
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

  it('need no answer when who has it asks himself: that tells it as well', () => {
    const asked = [0, 1000, 2000].map((ms) => ({
      at: 'r/eth1',
      out: true,
      ms,
      packet: question('10.0.1.254', '10.0.1.1', true),
    }));
    const own = { at: 'r/eth1', ms: 2100, packet: question('10.0.1.1', '10.0.1.254', false) };
    const end = (seen: readonly Seen[]) =>
      stitch(hops([{ at: 'r/eth0', ms: 100, packet: datagram(5) }, ...seen])).find(
        ({ hops: [first] }) => first?.hop.n === 1,
      )?.end;
    expect([end(asked), end([...asked, own])]).toEqual(['dropped', 'unknown']);
  });
});
