import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseRuleTrace } from './evidence/rule-trace.ts';
import type { RuleEvidence } from './evidence/rules.ts';
import { hooksPassed, isBridged, ruleLines } from './rule-path.ts';

const ways = parseRuleTrace(readFileSync(new URL('fixtures/rules.host-01.txt', import.meta.url), 'utf8'), 'host-01');
const way = (identification: number): RuleEvidence =>
  ways.find((one) => one.identification === identification) as RuleEvidence;
const hooks = (of: RuleEvidence): string[] => [...hooksPassed(of, [])].map(([hook, how]) => `${hook} ${how}`);
const lines = (of: RuleEvidence): string[] =>
  ruleLines(of, []).map(({ table, chain, text, verdict, change, isEnd }) =>
    [`${table} ${chain}`.trim(), text, verdict, change, isEnd ? 'end' : ''].filter((part) => part !== '').join(' | '),
  );

it('is the hooks that a packet passed, and where it ended', () => {
  expect(hooks(way(276))).toEqual(['PREROUTING passed', 'FORWARD passed', 'POSTROUTING passed']);
  expect(hooks(way(35035))).toEqual(['PREROUTING passed', 'FORWARD ended']);
  expect(hooks(way(14932))).toEqual(['PREROUTING passed', 'INPUT ended']);
  // Marked at PREROUTING, where nothing else looked at it; what it passed after FORWARD nobody has told or seen.
  expect(hooks(way(277))).toEqual(['PREROUTING passed', 'FORWARD passed']);
});

it('goes over a bridge where it leaves through what it came in at, with the TTL that it had', () => {
  const forwarded = (ttl: number, out: string): boolean => {
    const packet = (more: string, left: number): string =>
      `PACKET: 2 aa IN=docker0 ${more}SRC=172.17.0.2 DST=172.17.0.3 LEN=28 TTL=${left} ID=5 `;
    const text = [
      packet('', 64),
      ' TRACE: 2 aa nat:PREROUTING:policy:ACCEPT ',
      packet(`OUT=${out} `, ttl),
      ' TRACE: 2 aa filter:FORWARD:policy:ACCEPT ',
    ].join('\n');
    const [one] = parseRuleTrace(text, 'host-01') as [RuleEvidence];
    return isBridged(one);
  };
  expect([forwarded(64, 'docker0'), forwarded(63, 'docker0'), forwarded(63, 'eth0')]).toEqual([true, false, false]);
});

it('is every rule, end of a chain and policy in order, with what changed', () => {
  expect(lines(way(276)).slice(0, 4)).toEqual([
    'nat PREROUTING | -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER | JUMP DOCKER',
    'nat DOCKER | -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80 | ACCEPT | destination 10.99.0.1:8080 → 172.17.0.2:80',
    'filter FORWARD | -A FORWARD -j DOCKER-USER | JUMP DOCKER-USER',
    'filter DOCKER-USER | end of the chain | RETURN',
  ]);
  expect(lines(way(35271)).at(-1)).toBe('filter FORWARD | no rule decided: policy | DROP | end');
  // Of a connection that is known: no rule of the table nat sees it.
  expect(lines(way(277))[0]).toBe(
    'connection tracking, as decided with the first packet of the connection | destination 10.99.0.1:8080 → 172.17.0.2:80',
  );
});

it('says of nft’s own rules how to find them, since nothing here has their words', () => {
  const [one] = parseRuleTrace(
    'PACKET: 2 aa IN=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=28 TTL=64 ID=5 \n TRACE: 2 aa mine:input:rule:0x2:DROP  -4 -t mine -A input -p icmp',
    'host-01',
  ) as [RuleEvidence];
  expect(lines(one)).toEqual(['mine input | rule 2 of nft’s own (nft -a list ruleset) | DROP | end']);
  expect(hooks(one)).toEqual(['INPUT ended']);
  // What changed after such a rule may be its doing.
  const packet = 'PACKET: 2 aa IN=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=28 TTL=64 ID=5 ';
  const [other] = parseRuleTrace(
    [
      packet,
      ' TRACE: 2 aa mine:prerouting:rule:0x2:ACCEPT  -4 -t mine -A prerouting -p icmp',
      packet.replace('DST=127.0.0.1', 'DST=127.0.0.2'),
      ' TRACE: 2 aa filter:INPUT:policy:ACCEPT ',
    ].join('\n'),
    'host-01',
  ) as [RuleEvidence];
  expect(lines(other)[1]).toBe('a rule of nft’s own, or connection tracking | destination 127.0.0.1 → 127.0.0.2');
});
