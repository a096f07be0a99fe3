import { describe, expect, it } from 'vitest';
import { COOKED_HEADER, cooked, dropOf, ipv4, topology, udp } from '../../../tests/support/journey.ts';
import type { Hop } from '../../hop/hop.ts';
import { stitch } from '../builder.ts';
import { journeyJson } from '../journey-json.ts';
import { ruleChanges } from '../rule-changes.ts';
import type { DropEvidence } from './drop.ts';
import { RuleTraceReader } from './rule-trace.ts';
import type { RuleEvidence } from './rules.ts';

const question = { protocol: 17, source: '172.17.0.2', destination: '10.9.9.9', sourcePort: 999, destinationPort: 53 };

interface Seen {
  readonly id?: number;
  readonly time?: number;
  readonly data?: number;
  readonly tuple?: typeof question;
  readonly ttl?: number;
  readonly out?: string;
  readonly machine?: string;
}

/** A datagram that comes in at docker0 of host-01, or goes out. */
function seen(n: number, { id = 7, time = 10, data = 1, tuple = question, ttl = 64, out, machine }: Seen = {}): Hop {
  const bytes = cooked(ipv4(tuple, ttl, id, udp(tuple, Uint8Array.of(data))), out !== undefined);
  const place = { machine: machine ?? 'host-01', device: out ?? 'docker0', linkType: 276 } as const;
  return { n, ...place, direction: out === undefined ? 'in' : 'out', time, bytes, originalLength: bytes.length };
}

const header = (where: string, { id = 7, tuple = question, ttl = 64 }: Seen): string =>
  `PACKET: 2 aa ${where} SRC=${tuple.source} DST=${tuple.destination} LEN=29 TOS=0x0 TTL=${ttl} ID=${id} SPORT=${tuple.sourcePort} DPORT=${tuple.destinationPort} `;
const mark = (packet: Seen): string[] => [
  header('IN=docker0', packet).replace('PACKET: 2', 'PACKET: 1'),
  ' TRACE: 1 aa lockstep_trace:prerouting:rule:0x1:CONTINUE  ',
  ' TRACE: 1 aa lockstep_trace:prerouting:policy:ACCEPT ',
];
const dropped = (packet: Seen = {}): string[] => [
  ...mark(packet),
  header('IN=docker0 OUT=eth0', { ...packet, ttl: 63 }),
  ' TRACE: 2 aa filter:FORWARD:rule:0x5:DROP  -4 -t filter -A FORWARD -p udp -j DROP',
];

function told(lines: readonly string[], changes: Partial<RuleEvidence> = {}): RuleEvidence[] {
  const ways = new RuleTraceReader().read(lines);
  return ways.map(({ serial, ...way }) => ({
    ...{ kind: 'rules', machine: 'host-01', from: 9, until: 11, number: `1 ${serial}` },
    ...way,
    ...changes,
  }));
}

const byRule = 'the rule “-A FORWARD -p udp -j DROP” (table filter) on host-01 dropped it';

/** The kernel's own word about the packet of a hop. */
const drop = (of: Hop, changes: Partial<DropEvidence> = {}): DropEvidence =>
  dropOf(of, { time: of.time + 0.001, device: 'docker0', ...changes });
const watched = { kind: 'watch', machine: 'host-01', from: 0, until: 100, sockets: false } as const;

describe('a packet that a traced rule drops', () => {
  it('was dropped by that rule: seen, with what shows it, and with the way that it went', () => {
    const hop = seen(1);
    const [journey] = stitch([hop], { topology, evidence: told(dropped()) });
    expect(journey).toMatchObject({ end: 'dropped', grade: 'seen', why: byRule });
    expect(journey?.from).toEqual([
      'the trace of the rules on host-01 names its addresses, ports, identification and length',
    ]);
    const [both] = stitch([hop], { topology, evidence: [...told(dropped()), drop(hop), watched] });
    expect(both).toMatchObject({ end: 'dropped', grade: 'seen', why: byRule });
    expect(both?.from).toContain('the kernel freed a packet with its headers in nf_hook_slow+0x97');
    expect(both === undefined ? null : journeyJson(both).rules).toMatchObject([
      { machine: 'host-01', isWhole: true, visits: [{ table: 'filter', chain: 'FORWARD' }] },
    ]);
  });

  it('is named also where NAT had changed it, which the kernel’s drop alone could only infer', () => {
    const hop = seen(1);
    const after = { ...question, destination: '172.17.0.3', destinationPort: 5353 };
    const lines = [
      ...mark({}),
      header('IN=docker0', {}),
      ' TRACE: 2 aa nat:PREROUTING:rule:0x9:ACCEPT  -4 -t nat -A PREROUTING -p udp -j DNAT --to-destination 172.17.0.3:5353',
      header('IN=docker0 OUT=br0', { tuple: after, ttl: 63 }),
      ' TRACE: 2 aa filter:FORWARD:policy:DROP ',
    ];
    const kernel = drop(hop, { packet: ipv4(after, 63, 7, udp(after, Uint8Array.of(1))) });
    const [journey] = stitch([hop], { topology, evidence: [...told(lines), kernel, watched] });
    const why = 'the policy of FORWARD (table filter) on host-01 dropped it';
    expect(journey).toMatchObject({ end: 'dropped', grade: 'seen', why });
    const [way] = journey?.rules ?? [];
    expect(way === undefined ? [] : ruleChanges(way, journey?.hops ?? [])).toEqual([
      { visit: 0, step: 0, words: 'destination 10.9.9.9:53 → 172.17.0.3:5353' },
    ]);
  });

  it('is not accused where the kernel says otherwise, or where the packet went on', () => {
    const hop = seen(1);
    const ends = (...more: readonly Hop[]) =>
      stitch([hop, ...more], { topology, evidence: told(dropped()) }).map(({ why }) => why.includes('rule'));
    expect(ends()).toEqual([true]);
    expect(ends(seen(2, { out: 'eth0', ttl: 63, time: 10.1 }))).toEqual([false]);
    // It tells of every drop, and of this one it has not told, or told another reason.
    for (const words of [[watched], [watched, drop(hop, { reason: 'NEIGH_FAILED' })]])
      expect(stitch([hop], { topology, evidence: [...told(dropped()), ...words] })[0]?.why).not.toContain('rule “');
  });

  it('rejected by REJECT, says so where the ICMP error is known', () => {
    const hop = seen(1);
    const quoted = hop.bytes.subarray(COOKED_HEADER);
    const back = { protocol: 1, source: '172.17.0.1', destination: '172.17.0.2', sourcePort: 0, destinationPort: 0 };
    const icmp = Uint8Array.of(3, 3, 0, 0, 0, 0, 0, 0, ...quoted);
    const bytes = cooked(ipv4(back, 64, 900, icmp), true);
    const error: Hop = { ...hop, n: 2, direction: 'out', time: 10.001, bytes, originalLength: bytes.length };
    const rejecting = dropped().map((line) => line.replace('-j DROP', '-j REJECT --reject-with icmp-port-unreachable'));
    const [journey] = stitch([hop, error], { topology, evidence: told(rejecting) });
    expect(journey?.why).toContain(
      '172.17.0.1 answered: port unreachable, the rule “-A FORWARD -p udp -j REJECT --reject-with icmp-port-unreachable” (table filter) on host-01 rejected it',
    );
  });
});

describe('a way through the rules', () => {
  const rules = (hops: readonly Hop[], evidence: readonly RuleEvidence[]) =>
    stitch(hops, { topology, evidence }).map((journey) => journey.rules.length);

  it('belongs to the packet with its fields alone', () => {
    expect(rules([seen(1)], told(dropped()))).toEqual([1]);
    const others: readonly Seen[] = [
      { id: 8 },
      { ttl: 60 },
      { time: 8.9 },
      { time: 11.1 },
      { machine: 'host-02' },
      { tuple: { ...question, sourcePort: 998 } },
      { tuple: { ...question, destination: '10.9.9.8' } },
    ];
    for (const other of others) expect(rules([seen(1, other)], told(dropped()))).toEqual([0]);
  });

  it('that may be one of several packets, or of several ways of one, belongs to none', () => {
    const two = [seen(1, { id: 0, data: 1 }), seen(2, { id: 0, data: 2, time: 10.2 })];
    expect(rules(two, told(dropped({ id: 0 })))).toEqual([0, 0]);
    expect(rules([seen(1)], [...told(dropped()), ...told(dropped(), { number: '1 99' })])).toEqual([0]);
    // Told of twice, with more the second time.
    const [short] = told(dropped().slice(0, 3));
    expect(rules([seen(1)], [short as RuleEvidence, ...told(dropped())])).toEqual([1]);
    // Equal ones apart.
    const apart = [seen(1, { id: 0, data: 1 }), seen(2, { id: 0, data: 2, time: 20 })];
    expect(rules(apart, told(dropped({ id: 0 })))).toEqual([1, 0]);
  });

  it('goes on under another number behind a bridge', () => {
    const [before] = told(mark({}));
    const [after] = told(dropped().slice(3), { number: '1 2' });
    const [journey] = stitch([seen(1)], { topology, evidence: [before as RuleEvidence, after as RuleEvidence] });
    expect(journey?.rules.map(({ isWhole, visits }) => [isWhole, visits.map(({ chain }) => chain)])).toEqual([
      [true, ['FORWARD']],
    ]);
    expect(journey?.why).toBe(byRule);
  });

  it('tells what connection tracking changed without a rule, and what was marked', () => {
    const out = { ...question, source: '10.0.0.11', sourcePort: 30999 };
    const lines = [
      ...mark({}),
      header('IN=docker0', {}).replace('SPORT', 'MARK=0x7 SPORT'),
      ' TRACE: 2 aa mangle:PREROUTING:rule:0x9:CONTINUE  -4 -t mangle -A PREROUTING -j MARK --set-xmark 0x7/0xffffffff',
      ' TRACE: 2 aa mangle:PREROUTING:policy:ACCEPT ',
      header('IN=docker0 OUT=eth0', { ttl: 63 }).replace('SPORT', 'MARK=0x7 SPORT'),
      ' TRACE: 2 aa filter:FORWARD:policy:ACCEPT ',
    ];
    const hops = [seen(1), seen(2, { tuple: out, ttl: 63, time: 10.1, out: 'eth0' })];
    const reply = { ...question, source: '10.9.9.9', sourcePort: 53, destination: '10.0.0.11', destinationPort: 30999 };
    const conntrack = [{ machine: 'host-01', original: question, reply, id: '1' }];
    const [journey, ...others] = stitch(hops, { topology, conntrack, evidence: told(lines) });
    expect(others).toEqual([]);
    const [way] = journey?.rules ?? [];
    expect(way === undefined ? [] : ruleChanges(way, journey?.hops ?? [])).toEqual([
      { visit: 0, step: 0, words: 'mark 0 → 0x7' },
      { visit: 2, step: -1, words: 'source 172.17.0.2:999 → 10.0.0.11:30999' },
    ]);
  });
});
