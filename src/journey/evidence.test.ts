import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cooked, ipv4, topology as paper, udp } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { inverse, tupleKey } from '../hop/tuple.ts';
import { JourneyBuilder, stitch } from './builder.ts';
import { type ConntrackEntry, entryWords, NatTable, parseConntrack } from './evidence/conntrack.ts';
import { counterDrops, deviceDrops } from './evidence/counters.ts';
import { parseNftTrace } from './evidence/nft-trace.ts';
import type { Topology } from './topology.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const text = (name: string): string => fixture(name).toString('utf8');
const topology = JSON.parse(text('topology.json')) as Topology;

describe('conntrack', () => {
  it('is read from events with and without time and id', () => {
    const [entry] = parseConntrack(text('masquerade.host-01.conntrack.txt'), 'host-01');
    expect(entry?.original).toMatchObject({ protocol: 1, source: '172.17.0.3', destination: '10.0.0.12' });
    expect(entry?.original.sourcePort).toBe(entry?.original.destinationPort);
    expect(entry?.reply).toMatchObject({ source: '10.0.0.12', destination: '10.0.0.11' });
    expect(entry?.id).toMatch(/^\d+$/);
    const listed =
      'tcp      6 431999 ESTABLISHED src=172.17.0.3 dst=10.0.0.1 sport=40000 dport=80 src=10.0.0.1 dst=10.0.0.11 sport=80 dport=40001 [ASSURED] mark=0 use=1';
    expect(parseConntrack(listed, 'm')).toEqual([
      {
        machine: 'm',
        original: {
          protocol: 6,
          source: '172.17.0.3',
          destination: '10.0.0.1',
          sourcePort: 40000,
          destinationPort: 80,
        },
        reply: { protocol: 6, source: '10.0.0.1', destination: '10.0.0.11', sourcePort: 80, destinationPort: 40001 },
        id: '',
      },
    ]);
  });

  it('reads protocols without ports, and passes over what is no entry', () => {
    const lines = [
      'unknown  4 599 src=10.0.0.1 dst=10.0.0.2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 use=1 id=3343329590',
      'conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.',
      'tcp 6 1 src=10.0.0.1 dst= sport=x dport=1 src=1 dst=2 sport=1 dport=1',
      '',
    ];
    const entries = parseConntrack(lines.join('\n'), 'm');
    expect(entries).toHaveLength(1);
    expect(entries[0]?.original).toMatchObject({ protocol: 4, sourcePort: 0 });
  });

  it('explains each direction in words', () => {
    const [entry] = parseConntrack(text('published.host-01.conntrack.txt'), 'host-01');
    if (entry === undefined) throw new Error('no entry');
    expect(entryWords(entry)).toMatch(
      /^conntrack on host-01, entry \d+: 10\.0\.0\.12:\d+ → 10\.0\.0\.11:8080 becomes 10\.0\.0\.12:\d+ → 172\.17\.0\.2:80 \(destination NAT\)$/,
    );
    const table = new NatTable();
    table.add(entry);
    const reply = tupleKey(entry.reply);
    const answered = tupleKey({
      ...entry.original,
      source: '10.0.0.11',
      destination: '10.0.0.12',
      sourcePort: 8080,
      destinationPort: entry.original.sourcePort,
    });
    expect(table.entry('host-01', reply, answered)).toBe(entry);
    expect(table.entry('host-02', reply, answered)).toBeUndefined();
    expect(table.connected(reply, answered)).toBe(true);
    expect(table.connected(reply, tupleKey(entry.original))).toBe(false);
  });

  /** The nth connection from a container, behind one of a few ports of the machine. */
  const natted = (n: number, id = String(n)): ConntrackEntry => {
    const original = {
      protocol: 17,
      source: `172.17.0.${n % 7}`,
      sourcePort: n,
      destination: '10.0.0.12',
      destinationPort: 53,
    };
    const reply = {
      ...original,
      source: '10.0.0.12',
      sourcePort: 53,
      destination: '10.0.0.11',
      destinationPort: n % 5,
    };
    return { machine: 'host-01', original, reply, id };
  };

  it('are the latest ones, and what is left is as if the others had never been told', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(2)), { maxLength: 60, size: 'max' }), (told) => {
        const table = new NatTable({ keep: 12 });
        let latest: string[] = [];
        for (const [n, id] of told) {
          table.add(natted(n, String(id)));
          latest = [...latest.filter((one) => one !== `${n} ${id}`), `${n} ${id}`];
          expect(table.entries.length).toBeLessThanOrEqual(12);
        }
        const kept = table.entries.map(({ original, id }) => `${original.sourcePort} ${id}`);
        expect(kept).toEqual(latest.slice(-kept.length || latest.length));
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(latest.length, 9));
        const fresh = new NatTable();
        for (const entry of table.entries) fresh.add(entry);
        const tuples = told.flatMap(([n]) => [tupleKey(natted(n).original), tupleKey(inverse(natted(n).reply))]);
        const differ = tuples.filter((a) => {
          if (`${[...table.members(a)].sort()}` !== `${[...fresh.members(a)].sort()}`) return true;
          return tuples.some((b) => {
            const [one, other] = [table.entry('host-01', a, b), fresh.entry('host-01', a, b)];
            return table.connected(a, b) !== fresh.connected(a, b) || !isDeepStrictEqual(one, other);
          });
        });
        expect(differ).toEqual([]);
      }),
    );
  });

  it('have a life: the same tuples a second time are another connection, and each explains what was seen in its time', () => {
    const tuples = 'src=10.244.1.2 dst=10.9.9.9 type=8 code=0 id=7 src=10.9.9.9 dst=10.0.0.11 type=0 code=0 id=7';
    const lines = [
      `[100.500000]\t    [NEW] ipv4     2 icmp     1 30 ${tuples} id=11`,
      `[110.250000]\t[DESTROY] ipv4     2 icmp     1 ${tuples} id=11`,
      `[120.000000]\t    [NEW] ipv4     2 icmp     1 30 ${tuples} zone=3 id=12`,
    ];
    const entries = parseConntrack(lines.join('\n'), 'h1', (time) => time + 1000);
    expect(entries).toMatchObject([
      { id: '11', from: 1100.5 },
      { id: '11', until: 1110.25 },
      { id: '12', from: 1120, zone: 3 },
    ]);
    expect(entries[0]).not.toHaveProperty('zone');
    const [first] = entries as [ConntrackEntry];
    const [from, to] = [tupleKey(first.original), tupleKey(inverse(first.reply))];
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 3 }), (told) => {
        const table = new NatTable();
        for (const entry of told) expect(table.add(entry)).toBe(true);
        for (const entry of told) expect(table.add(entry)).toBe(false);
        const at = (time: number) => table.entry('h1', from, to, time)?.id;
        expect([99, 100.4, 110, 112, 118, 130].map((time) => at(1000 + time))).toEqual([
          ...[undefined, '11', '11', undefined, undefined, '12'],
        ]);
        expect(table.connected(from, to)).toBe(true);
      }),
    );
  });

  it('do not grow without end in a lab, and a journey that went through one that is forgotten is two again', () => {
    const entry = natted(1);
    const seen = [entry.original, inverse(entry.reply)].map((tuple, index): Hop => {
      const bytes = cooked(ipv4(tuple, 64 - index, 5, udp(tuple, Uint8Array.of(1))), index === 1);
      const direction = index === 0 ? 'in' : 'out';
      const device = index === 0 ? 'docker0' : 'eth0';
      return {
        n: index + 1,
        machine: 'host-01',
        device,
        direction,
        time: 1,
        linkType: 276,
        bytes,
        originalLength: bytes.length,
      };
    });
    const builder = new JourneyBuilder({ keep: 100 });
    builder.add(seen);
    expect(builder.know({ conntrack: [entry] })).toBe(true);
    expect(builder.know({ conntrack: [entry] })).toBe(false);
    expect(builder.journeys()).toHaveLength(1);
    const others = Array.from({ length: 6000 }, (_, n) => natted(n + 2));
    // As long as the kernel tells of it, it is not forgotten.
    for (let at = 0; at < others.length; at += 1000)
      builder.know({ conntrack: [entry, ...others.slice(at, at + 1000)] });
    expect(builder.conntrack.length).toBeLessThanOrEqual(5000);
    expect(builder.journeys()).toHaveLength(1);
    builder.know({ conntrack: others });
    expect(builder.journeys().map(({ hops }) => hops.length)).toEqual([1, 1]);
  });
});

it('reads the rules that dropped out of nft’s trace, and no others', () => {
  const drops = parseNftTrace(text('dropped.host-01.trace.txt'), 'host-01');
  expect(drops).toHaveLength(2);
  expect(drops[0]).toMatchObject({
    source: '172.17.0.3',
    destination: '10.0.0.12',
    destinationPort: 9999,
    chain: 'ip filter FORWARD',
  });
  expect(drops[0]?.rule).toBe('tcp dport 9999 counter packets 0 bytes 0 drop');
  expect(
    parseNftTrace(
      `trace id 1 inet f c packet: iif "a" ip saddr 1.1.1.1 ip daddr 2.2.2.2 ip id 7\ntrace id 1 inet f c policy drop`,
      'm',
    ),
  ).toEqual([
    {
      kind: 'trace',
      machine: 'm',
      source: '1.1.1.1',
      destination: '2.2.2.2',
      identification: 7,
      sourcePort: -1,
      destinationPort: -1,
      chain: 'inet f c',
      rule: '',
    },
  ]);
});

describe('counters', () => {
  const before =
    '*filter\n:FORWARD ACCEPT [0:0]\n[0:0] -A FORWARD -p udp -i docker0 -m udp --dport 53 -j DROP\n[4:9] -A FORWARD -j ACCEPT\nCOMMIT\n';
  const after = before.replace('[0:0] -A', '[2:99] -A').replace('[4:9]', '[8:99]');
  const drops = counterDrops('host-01', { time: 10, text: before }, { time: 20, text: after });

  const datagram = (id: number, port: number): Hop => {
    const tuple = {
      protocol: 17,
      source: '172.17.0.3',
      destination: '10.9.9.9',
      sourcePort: 999,
      destinationPort: port,
    };
    const bytes = cooked(ipv4(tuple, 64, id, udp(tuple, Uint8Array.of(id))), false);
    return {
      n: id,
      machine: 'host-01',
      device: 'docker0',
      direction: 'in',
      time: 11 + id / 10,
      linkType: 276,
      bytes,
      originalLength: bytes.length,
    };
  };

  it('say what a rule took between two readings', () => {
    expect(drops).toHaveLength(1);
    expect(drops[0]).toMatchObject({
      packets: 2,
      from: 10,
      until: 20,
      match: { chain: 'FORWARD', protocol: 17, inDevice: 'docker0', destinationPort: 53 },
    });
  });

  it('are a hint for packets that they may have counted, and no more than that', () => {
    const [one, two, other] = stitch([datagram(1, 53), datagram(2, 53), datagram(3, 54)], { evidence: drops });
    for (const journey of [one, two]) {
      expect(journey).toMatchObject({ end: 'unknown', grade: 'unknown' });
      expect(journey?.notes).toEqual([
        'A hint: iptables rule -A FORWARD -p udp -i docker0 -m udp --dport 53 -j DROP (table filter) on host-01 took 2 packets in the 10 s around it. Which, a counter does not say.',
      ]);
    }
    expect(other).toMatchObject({ end: 'unknown', notes: [] });
  });

  it('of devices are read from ip(8)', () => {
    const reading = (time: number, dropped: number) => ({
      time,
      text: JSON.stringify([{ ifname: 'eth0', stats64: { rx: { dropped: 0 }, tx: { dropped } } }, { ifname: 7 }, null]),
    });
    const [full, ...more] = deviceDrops('host-01', reading(10, 3), reading(20, 5));
    expect(more).toEqual([]);
    expect(full).toMatchObject({ packets: 2, match: { device: 'eth0', direction: 'out' } });
    expect(full?.what).toBe('eth0’s counter of what was to leave and was dropped');
    expect(deviceDrops('m', { time: 0, text: 'no' }, { time: 1, text: '{}' })).toEqual([]);
  });

  it('of what leaves a device are no hint for what came in there, nor those of a chain for what is behind it', () => {
    const times = { machine: 'host-01', from: 10, until: 20, packets: 2 };
    const tx = {
      kind: 'counter' as const,
      ...times,
      what: 'tx',
      match: { device: 'docker0', direction: 'out' as const },
    };
    const rx = { ...tx, what: 'rx', match: { device: 'docker0', direction: 'in' as const } };
    const forward = { ...tx, what: 'rule', match: { chain: 'FORWARD' } };
    const notesOf = (hop: Hop) =>
      stitch([hop], { evidence: [tx, rx, forward] })[0]?.notes.map((note) => /hint: (\w+)/.exec(note)?.[1]);
    expect(notesOf(datagram(1, 53))).toEqual(['rx', 'rule']);
    expect(notesOf({ ...datagram(1, 53), direction: 'out' })).toEqual(['tx']);
  });

  /** What a container behind docker0 sends to the machine itself, seen at its port and at the bridge. */
  const toHost = (id: number, time: number): Hop[] => {
    const tuple = {
      protocol: 17,
      source: '172.17.0.2',
      destination: '172.17.0.1',
      sourcePort: 999,
      destinationPort: 53,
    };
    const bytes = cooked(ipv4(tuple, 64, id, udp(tuple, Uint8Array.of(id))), false);
    const seen = { machine: 'host-01', direction: 'in', linkType: 276, bytes, originalLength: bytes.length } as const;
    return [
      { ...seen, n: 2 * id, device: 'veth-c0', time },
      { ...seen, n: 2 * id + 1, device: 'docker0', time: time + 0.0001 },
    ];
  };
  const rulesDrop = (...rules: readonly string[]) =>
    counterDrops('host-01', { time: 10, text: '' }, { time: 20, text: `*filter\n${rules.join('\n')}\nCOMMIT\n` });

  it('of a chain are a hint for what comes through it', () => {
    const hops = [...toHost(1, 11), ...toHost(2, 12)];
    const hints = (...rules: readonly string[]) =>
      stitch(hops, { topology: paper, evidence: rulesDrop(...rules) }).map(({ notes }) => notes.length);
    expect(hints('[2:99] -A INPUT -p udp -j DROP')).toEqual([1, 1]);
    expect(hints('[2:99] -A FORWARD -p udp -j DROP')).toEqual([0, 0]);
    expect(hints('[2:99] -A INPUT -p tcp -j DROP')).toEqual([0, 0]);
  });

  it('of a rule about a tunnel’s packet are one for what it carries, by the outermost header', () => {
    const inner = { protocol: 1, source: '10.244.0.2', destination: '10.244.1.2', sourcePort: 7, destinationPort: 7 };
    const echo = ipv4(inner, 63, 5, Uint8Array.of(8, 0, 0, 0, 0, 7, 0, 1, 9, 9));
    const outer = { protocol: 17, source: '10.0.0.11', destination: '10.0.0.12', sourcePort: 5, destinationPort: 8472 };
    const frame = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, ...echo];
    const carried = ipv4(outer, 64, 6, udp(outer, Uint8Array.of(8, 0, 0, 0, 0, 0, 1, 0, ...frame)));
    const at = (machine: string, device: string, direction: 'in' | 'out', packet: Uint8Array): Hop => {
      const bytes = cooked(packet, direction === 'out');
      return { n: 1, machine, device, direction, time: 11, linkType: 276, bytes, originalLength: bytes.length };
    };
    const hints = (hop: Hop, ...rules: readonly string[]) => {
      const text = `*filter\n${rules.join('\n')}\nCOMMIT\n`;
      const evidence = counterDrops(hop.machine, { time: 10, text: '' }, { time: 20, text });
      return stitch([hop], { topology: paper, evidence }).map(({ notes }) => notes.length);
    };
    const comes = at('host-02', 'eth0', 'in', carried);
    expect(hints(comes, '[1:99] -A INPUT -p udp -m udp --dport 8472 -j DROP')).toEqual([1]);
    expect(hints(comes, '[1:99] -A INPUT -p icmp -j DROP')).toEqual([0]);
    expect(hints(comes, '[1:99] -A FORWARD -p udp -j DROP')).toEqual([0]);
    const goes = at('host-01', 'flannel.1', 'out', echo);
    expect(hints(goes, '[1:99] -A OUTPUT -p udp -m udp --dport 8472 -j DROP')).toEqual([1]);
    expect(hints(goes, '[1:99] -A OUTPUT -p icmp -j DROP')).toEqual([0]);
    // Nothing that came in has been in OUTPUT.
    expect(hints(at('host-01', 'cni0', 'in', echo), '[1:99] -A OUTPUT -j DROP')).toEqual([0]);
  });

  it('of a bridge’s rule are one for what comes in at its ports', () => {
    const [hop] = toHost(1, 11);
    const [journey] = stitch(hop === undefined ? [] : [hop], {
      topology: paper,
      evidence: rulesDrop('[1:99] -A FORWARD -i docker0 -j DROP'),
    });
    expect(journey?.notes).toEqual([expect.stringContaining('-A FORWARD -i docker0 -j DROP')]);
  });
});

it('believes the wire when it says what it did with a frame', () => {
  const tuple = { protocol: 17, source: '10.0.0.11', destination: '10.0.0.12', sourcePort: 1, destinationPort: 2 };
  const bytes = cooked(ipv4(tuple, 64, 5, udp(tuple, Uint8Array.of(1))), true);
  const hop: Hop = {
    n: 9,
    machine: 'wire',
    device: 'lan',
    direction: 'in',
    time: 1,
    linkType: 276,
    bytes,
    originalLength: bytes.length,
    undelivered: 'the link lost it, as it was told to',
  };
  const [lost] = stitch([hop], { topology });
  expect(lost).toMatchObject({
    end: 'dropped',
    why: 'the wire lan did not deliver it: the link lost it, as it was told to',
  });
});

it('never throws, whatever text it is given', () => {
  const piece = fc.constantFrom(
    'trace id 1 ',
    'packet: ',
    'rule ',
    'src=',
    'dst=',
    'sport=',
    '1.2.3.4 ',
    'tcp ',
    'kfree_skb: ',
    '[1:2] ',
    '-A X -j DROP',
    '\n',
    'id=',
    ' 6 ',
    '(verdict drop)',
    ' 1.5: ',
  );
  const noise = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(noise, (text) => {
      expect(Array.isArray(parseConntrack(text, 'm'))).toBe(true);
      expect(Array.isArray(parseNftTrace(text, 'm'))).toBe(true);
      expect(Array.isArray(counterDrops('m', { time: 0, text: '' }, { time: 1, text }))).toBe(true);
      expect(Array.isArray(deviceDrops('m', { time: 0, text: '' }, { time: 1, text }))).toBe(true);
    }),
    { numRuns: 300 },
  );
});
