import { describe, expect, it } from 'vitest';
import { compileFilter } from '../packet/filter/compile.ts';
import { matchesOfFilter } from './filter-matches.ts';

function of(text: string) {
  const compiled = compileFilter(text);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return matchesOfFilter(compiled.filter);
}
const matches = (text: string) => {
  const said = of(text);
  return typeof said === 'string' ? said : said.matches;
};
const isWider = (text: string) => {
  const said = of(text);
  return typeof said !== 'string' && said.words.includes('and more');
};

describe('what is traced for a filter', () => {
  it('is what rules can say of it', () => {
    expect(of('icmp')).toEqual({ matches: ['meta l4proto 1'], words: 'what “icmp” shows' });
    expect(matches('ip.addr == 172.17.0.2 && tcp.port == 80')).toEqual([
      'ip saddr 172.17.0.2 tcp sport 80',
      'ip saddr 172.17.0.2 tcp dport 80',
      'ip daddr 172.17.0.2 tcp sport 80',
      'ip daddr 172.17.0.2 tcp dport 80',
    ]);
    expect(matches('ip.dst == 10.0.0.0/8 or ipv6.src == fd00::1')).toEqual([
      'ip daddr 10.0.0.0/8',
      'ip6 saddr fd00::1',
    ]);
    expect(matches('udp.dstport in {53, 5353, 8000..8080}')).toEqual(['udp dport { 53, 5353, 8000-8080 }']);
    expect(matches('ip.ttl < 5 and icmp.type == 8')).toEqual(['ip ttl < 5 icmp type 8']);
    expect(matches('tcp.port == 0x50')).toEqual(['tcp sport 80', 'tcp dport 80']);
  });

  it('has also what lacks the field, where it is denied', () => {
    expect(matches('not tcp.port == 22')).toEqual(['meta l4proto != 6', 'tcp sport != 22 tcp dport != 22']);
    expect(matches('ip.addr != 10.0.0.1')).toEqual(['ip saddr != 10.0.0.1 ip daddr != 10.0.0.1']);
    expect(matches('not (tcp or udp)')).toEqual(['meta l4proto != 6 meta l4proto != 17']);
    expect(isWider('not tcp.port == 22')).toBe(false);
  });

  it('is more, never less, where rules cannot look at all of it, and says so', () => {
    expect(matches('tcp.port == 80 && http.request')).toEqual(['tcp sport 80', 'tcp dport 80']);
    expect(isWider('tcp.port == 80 && http.request')).toBe(true);
    expect(matches('tcp.flags.syn == 1 && ip.src == 10.0.0.1')).toEqual(['ip saddr 10.0.0.1']);
    expect(matches('tcp.analysis.retransmission')).toEqual(['meta l4proto 6']);
    expect(isWider('tcp.analysis.retransmission')).toBe(true);
    expect(matches('ip.src == 10.0.0.1 and frame.len > 100')).toEqual(['ip saddr 10.0.0.1']);
  });

  it('is nothing where that would be everything, or no packet at all', () => {
    expect(of('')).toMatch(/^Filter first/);
    expect(of('http')).toMatch(/^Rules see nothing/);
    expect(of('tcp.port == 80 or dns')).toMatch(/^Rules see nothing/);
    expect(of('tcp xor udp')).toMatch(/^Rules see nothing/);
    expect(of('tcp and udp')).toBe('No packet meets this filter.');
    expect(of('icmp and ipv6')).toBe('No packet meets this filter.');
    const many = Array.from({ length: 9 }, (_, n) => `ip.addr == 10.0.0.${n}`).join(' or ');
    expect(of(many)).toMatch(/too long for a firewall: 18 rules/);
  });

  it('has no words that a rule could not have', () => {
    for (const text of ['ip.src == 10.0.0.1', 'not ipv6', 'tcp.port in {1, 2..3}', 'ip.ttl >= 3 or udp'])
      for (const match of matches(text)) expect(match).toMatch(/^[a-z0-9_ .:,/{}|!=<>-]+$/);
  });
});
