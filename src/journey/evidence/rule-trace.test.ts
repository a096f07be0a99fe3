import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RuleTraceReader } from './rule-trace.ts';
import { dropOf, stepWords } from './rules.ts';

const fixture = (name: string): string[] =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8').split('\n');
const read = (lines: readonly string[]) => new RuleTraceReader().read(lines);
/** "nat:PREROUTING 10.0.0.1": the chains of hooks, and where the packet was going in each. */
const chains = ({ visits }: ReturnType<typeof read>[number]): string[] =>
  visits.map(({ table, chain, form }) => `${table}:${chain} ${form.destination}`);

describe('what a guest printed', () => {
  const ways = read(fixture('rules.host-01.txt'));
  const way = (identification: number) => ways.find((one) => one.identification === identification);

  it('is the way of a connection’s first packet through the hooks, with what DNAT made of it', () => {
    const first = way(276);
    expect(first).toMatchObject({ flags: 'SYN', length: 60, isWhole: true });
    expect(first?.came).toEqual({
      ...{ in: 'voutside', out: '', source: '10.99.0.2', destination: '10.99.0.1' },
      ...{ sourcePort: 47864, destinationPort: 8080, ttl: 64, mark: 0 },
    });
    expect(first === undefined ? [] : chains(first)).toEqual([
      'nat:PREROUTING 10.99.0.1',
      'filter:FORWARD 172.17.0.2',
      'nat:POSTROUTING 172.17.0.2',
    ]);
    expect(first?.visits[0]?.steps).toEqual([
      {
        ...{ chain: 'PREROUTING', kind: 'rule', handle: 6, verdict: 'JUMP DOCKER' },
        text: '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
      },
      {
        ...{ chain: 'DOCKER', kind: 'rule', handle: 9, verdict: 'ACCEPT' },
        text: '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
      },
    ]);
    expect(first?.visits[1]?.form).toMatchObject({ in: 'voutside', out: 'docker0', destinationPort: 80, ttl: 63 });
    // No rule of the chain matched: its policy decided.
    expect(first?.visits[2]?.steps.map(({ kind, verdict }) => `${kind} ${verdict}`)).toEqual([
      'return ',
      'policy ACCEPT',
    ]);
  });

  it('is which rule, or which policy, dropped a packet', () => {
    const words = [35035, 14932, 35271].map((identification) => {
      const drop = dropOf(way(identification) ?? { visits: [] });
      return drop === null ? '' : stepWords(drop.visit, drop.step);
    });
    expect(words).toEqual([
      'the rule “-A DOCKER-USER -s 10.99.0.2/32 -p icmp -j DROP” (table filter)',
      'the rule “-A INPUT -s 10.99.0.2/32 -p icmp -j REJECT --reject-with icmp-port-unreachable” (table filter)',
      'the policy of FORWARD (table filter)',
    ]);
    expect(ways.filter((one) => dropOf(one) !== null)).toHaveLength(3);
  });

  it('is of single packets, though numbers come again', () => {
    const lines = fixture('rules.host-01.txt');
    const marks = lines.filter((line) => / lockstep_trace:prerouting:rule:/.test(line));
    expect(ways.filter(({ isWhole }) => isWhole)).toHaveLength(marks.length);
    expect(new Set(marks.map((line) => line.split(' ')[3])).size).toBeLessThan(marks.length);
    // Behind a bridge, the number is another one from routing on.
    expect(ways.filter(({ identification }) => identification === 11936).map(({ isWhole }) => isWhole)).toEqual([
      true,
      false,
    ]);
    expect(ways.flatMap(({ visits }) => visits).some(({ table }) => table === 'lockstep_trace')).toBe(false);
  });

  it('is known a little more with each piece of it, under the same number', () => {
    const reader = new RuleTraceReader();
    const latest = new Map<number, unknown>();
    for (const line of fixture('rules.host-01.txt'))
      for (const { serial, ...rest } of reader.read([line])) latest.set(serial, rest);
    expect([...latest.values()]).toEqual(ways.map(({ serial: _, ...rest }) => rest));
  });
});

it('is told from the ICMP error that its rejection makes on the way', () => {
  const [rejected, error, ...others] = read([
    'PACKET: 1 a6b3ed12 IN=vo NFPROTO=2 SRC=10.99.0.2 DST=10.99.0.1 LEN=33 TOS=0x0 TTL=64 ID=58650 DF SPORT=33861 DPORT=99 ',
    ' TRACE: 1 a6b3ed12 lockstep_trace:prerouting:rule:0x4:CONTINUE  ',
    'PACKET: 1 58e38864 OUT=vo NFPROTO=2 SRC=10.99.0.1 DST=10.99.0.2 LEN=61 TOS=0xc0 TTL=64 ID=7678 ',
    ' TRACE: 1 58e38864 lockstep_trace:output:rule:0x6:CONTINUE  ',
    ' TRACE: 2 58e38864 filter:OUTPUT:policy:ACCEPT ',
    'PACKET: 2 a6b3ed12 IN=vo SRC=10.99.0.2 DST=10.99.0.1 LEN=33 TOS=0x0 TTL=64 ID=58650 DF SPORT=33861 DPORT=99 ',
    ' TRACE: 2 a6b3ed12 filter:INPUT:rule:0x8:DROP  -4 -t filter -A INPUT -p udp -m udp --dport 99 -j REJECT --reject-with icmp-port-unreachable',
  ]);
  expect([rejected && chains(rejected), error && chains(error), others]).toEqual([
    ['filter:INPUT 10.99.0.1'],
    ['filter:OUTPUT 10.99.0.2'],
    [],
  ]);
});

it('has the words of iptables’ own rules only, marks, and names with colons', () => {
  const packet =
    'PACKET: 2 1929ce95 IN=lo LOOPBACK SRC=127.0.0.1 DST=127.0.0.1 LEN=28 TOS=0x0 TTL=64 ID=64335 DF MARK=0x7 ';
  const [way] = read([
    packet,
    ' TRACE: 2 1929ce95 filter:INPUT:rule:0x3:JUMP:a:b  -4 -t filter -A INPUT -j a:b',
    ' TRACE: 2 1929ce95 filter:a:b:rule:0x4:0xfffffffb  -4 -t filter -A a:b -m comment --comment "\\"x\\" rule:0x1:DROP  \u202e" -j RETURN',
    ' TRACE: 2 1929ce95 filter:INPUT:policy:ACCEPT ',
    packet,
    ' TRACE: 2 1929ce95 mine:inp:rule:0x2:DROP  -4 -t mine -A inp -p icmp',
  ]);
  expect(way?.isWhole).toBe(false);
  expect(way?.visits[0]?.form.mark).toBe(7);
  expect(way?.visits.map(({ steps }) => steps.map(({ chain, verdict, text }) => [chain, verdict, text]))).toEqual([
    [
      ['INPUT', 'JUMP a:b', '-A INPUT -j a:b'],
      ['a:b', 'RETURN', '-A a:b -m comment --comment "\\"x\\" rule:0x1:DROP  \\u202e" -j RETURN'],
      ['INPUT', 'ACCEPT', ''],
    ],
    [['inp', 'DROP', '']],
  ]);
  expect(way === undefined ? null : dropOf(way)?.step.handle).toBe(2);
});

interface Traced {
  readonly id: string;
  /** By us; else by somebody's own rule. */
  readonly isMarked: boolean;
  /** A chain at PREROUTING sees it, too. */
  readonly isNew: boolean;
  /** Where it is dropped; 'elsewhere': it goes on after PREROUTING, under another number. */
  readonly ends: 'PREROUTING' | 'FORWARD' | 'nowhere' | 'elsewhere';
}

/** A packet's lines; the rules that it meets have its number as their handle, so that a mix of two is seen. */
function linesOf({ id, isMarked, isNew, ends }: Traced, number: number, identification: number): string[] {
  const header = (where: string, ttl: number): string =>
    `PACKET: 2 ${id} ${where} SRC=10.0.0.1 DST=10.0.0.2 LEN=40 TOS=0x0 TTL=${ttl} ID=${identification} `;
  const rule = (at: string, verdict: string): string =>
    ` TRACE: 2 ${id} ${at}:rule:0x${number.toString(16)}:${verdict}  -4 -t filter -A X`;
  const mark = [
    header('IN=a', 64).replace('PACKET: 2', 'PACKET: 1'),
    ` TRACE: 1 ${id} lockstep_trace:prerouting:rule:0x1:CONTINUE  `,
    ` TRACE: 1 ${id} lockstep_trace:prerouting:policy:ACCEPT `,
  ];
  const verdict = (hook: Traced['ends']): string => (ends === hook ? 'DROP' : 'ACCEPT');
  const prerouting = [header('IN=a', 64), rule('nat:PREROUTING', 'JUMP:X'), rule('nat:X', verdict('PREROUTING'))];
  const forward = [header('IN=a OUT=b', 63), rule('filter:FORWARD', 'JUMP:X'), rule('filter:X', verdict('FORWARD'))];
  const isShort = ends === 'PREROUTING' || ends === 'elsewhere';
  return [
    ...(isMarked ? mark : []),
    ...(isNew || isShort ? prerouting : []),
    ...(isShort
      ? []
      : [...forward, ` TRACE: 2 ${id} nat:POSTROUTING:policy:ACCEPT `].slice(0, ends === 'FORWARD' ? 3 : 4)),
  ];
}

const traced = fc.record<Traced>({
  id: fc.constant('aa'),
  isMarked: fc.boolean(),
  isNew: fc.boolean(),
  ends: fc.constantFrom('PREROUTING', 'FORWARD', 'nowhere', 'elsewhere'),
});
const plain: Omit<Traced, 'id'> = { isMarked: true, isNew: true, ends: 'nowhere' };

const handles = ({ visits }: ReturnType<typeof read>[number]): number[] => [
  ...new Set(visits.flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'rule').map(({ handle }) => handle))),
];

describe('whatever comes', () => {
  it('lines of several packets are told apart, however they are mixed', () => {
    fc.assert(
      fc.property(
        fc.array(traced, { minLength: 4, maxLength: 4 }),
        fc.array(fc.nat(3), { maxLength: 60 }),
        (packets, turns) => {
          const queues = packets.map((packet, index) => linesOf({ ...packet, id: `a${index}` }, index + 1, 7));
          const ends = [0, 1, 2, 3].flatMap((turn) => Array<number>(10).fill(turn));
          const mixed = [...turns, ...ends].flatMap((turn) => queues[turn]?.shift() ?? []);
          const ways = read(mixed).sort((a, b) => (handles(a)[0] ?? 0) - (handles(b)[0] ?? 0));
          expect(ways.map(handles)).toEqual([[1], [2], [3], [4]]);
          expect(ways.map((way) => dropOf(way) !== null)).toEqual(
            packets.map(({ ends: where }) => where === 'PREROUTING' || where === 'FORWARD'),
          );
          expect(ways.map(({ isWhole }) => isWhole)).toEqual(packets.map(({ isMarked }) => isMarked));
        },
      ),
    );
  });

  it('packets with one number are not mixed, also where a line is lost', () => {
    fc.assert(
      fc.property(
        fc.array(traced, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.array(fc.nat(50), { maxLength: 12 }),
        (packets, alike, lost) => {
          // What goes on under another number can be any, if others look like it.
          const areEqual = alike && packets.every(({ ends }) => ends !== 'elsewhere');
          const lines = packets.flatMap((packet, index) => linesOf(packet, index + 1, areEqual ? 0 : index + 1));
          const gone = new Set(
            lost.filter((at, index) => !lost.slice(0, index).some((other) => Math.abs(other - at) < 2)),
          );
          const ways = read(lines.filter((_, at) => !gone.has(at)));
          for (const way of ways) {
            expect(handles(way).length).toBeLessThanOrEqual(1);
            if (!areEqual && handles(way).length === 1) expect(handles(way)).toEqual([way.identification]);
          }
          if (lost.length === 0) expect(ways.map(handles)).toEqual(packets.map((_, index) => [index + 1]));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('a chain without a rule for a packet is another packet’s, where the line with that packet was lost', () => {
    const mark = linesOf({ ...plain, id: 'aa' }, 1, 1).slice(0, 3);
    const chain = ' TRACE: 2 aa nat:PREROUTING:policy:ACCEPT ';
    expect(read([...mark, chain]).map(chains)).toEqual([['nat:PREROUTING 10.0.0.2']]);
    expect(read([...mark, ...mark.slice(1), chain]).map(chains)).toEqual([[]]);
  });

  it('is read without an end and without growing', () => {
    const word = fc.constantFrom(
      'PACKET: 2 aa ',
      ' TRACE: 2 aa ',
      'filter:FORWARD:',
      '(:FORWARD:',
      'x[:(:',
      'rule:0x1:',
      'policy:',
      'DROP',
      'SRC=1 DST=2 LEN=3 ',
      '\u0000',
      '  ',
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.array(word).map((words) => words.join('')),
          ),
        ),
        (lines) => {
          expect(Array.isArray(read(lines))).toBe(true);
        },
      ),
    );
    const reader = new RuleTraceReader();
    const many = Array.from({ length: 3000 }, (_, n) => linesOf({ ...plain, id: n.toString(16) }, n, n)).flat();
    expect(reader.read(many).length).toBe(3000);
    const again = [...Array(500).keys()].flatMap(() => linesOf({ ...plain, id: 'aa' }, 1, 0).slice(3, 5));
    for (const way of reader.read(again)) expect(way.visits.length).toBeLessThanOrEqual(64);
    expect(
      read([`PACKET: 2 aa SRC=1 DST=2 LEN=3 ${'x'.repeat(10_000)}`, ' TRACE: 2 aa filter:FORWARD:policy:DROP']),
    ).toEqual([]);
  });
});
