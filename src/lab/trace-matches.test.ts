import { describe, expect, it } from 'vitest';
import { cooked, ipv4, question, topology, udp } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { inverse, type Tuple } from '../hop/tuple.ts';
import { stitch } from '../journey/builder.ts';
import { matchesOf } from './trace-matches.ts';

const asked: Tuple = {
  protocol: 17,
  source: '10.99.0.2',
  destination: '10.0.0.11',
  sourcePort: 40000,
  destinationPort: 5353,
};
const within: Tuple = { ...asked, destination: '172.17.0.2', destinationPort: 53 };
const conntrack = [{ machine: 'host-01', original: asked, reply: inverse(within), id: '1' }];

function hop(n: number, bytes: Uint8Array, direction: 'in' | 'out' = 'in'): Hop {
  const device = direction === 'in' ? 'eth0' : 'docker0';
  const place = { machine: 'host-01', device, direction, linkType: 276 } as const;
  return { n, ...place, time: n, bytes, originalLength: bytes.length };
}
const datagram = (tuple: Tuple, ttl: number): Uint8Array =>
  cooked(ipv4(tuple, ttl, 7, udp(tuple, Uint8Array.of(1))), ttl < 64);
const of = (...hops: readonly Hop[]) => {
  const [journey] = stitch(hops, { topology, conntrack }, { oneTime: true });
  return journey === undefined ? '' : matchesOf(journey);
};

describe('what is traced for a packet', () => {
  it('is its conversation both ways, in each form that NAT gave it, from whatever port it is asked again', () => {
    expect(of(hop(1, datagram(asked, 64)), hop(1.001, datagram(within, 63), 'out'))).toEqual({
      matches: [
        'ip saddr . ip daddr . udp dport { 10.99.0.2 . 10.0.0.11 . 5353, 10.99.0.2 . 172.17.0.2 . 53 }',
        'ip saddr . ip daddr . udp sport { 10.0.0.11 . 10.99.0.2 . 5353, 172.17.0.2 . 10.99.0.2 . 53 }',
      ],
      words: 'UDP between 10.99.0.2 and port 5353 of 10.0.0.11 or port 53 of 172.17.0.2, both ways',
    });
  });

  it('is the same for its answer', () => {
    const answer = { ...inverse(asked) };
    expect(of(hop(1, datagram(answer, 64)))).toMatchObject({
      words: 'UDP between 10.99.0.2 and port 5353 of 10.0.0.11, both ways',
    });
  });

  it('is who asks in TCP by its first segment, whatever the ports are', () => {
    const tuple = { ...asked, protocol: 6, sourcePort: 20, destinationPort: 40000 };
    const segment = (flags: number): Uint8Array =>
      Uint8Array.of(0, 20, 0x9c, 0x40, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 1, 0, 0, 0, 0, 0);
    const words = (flags: number) => {
      const found = of(hop(1, cooked(ipv4(tuple, 64, 7, segment(flags)), false)));
      return typeof found === 'string' ? found : found.words;
    };
    expect(words(0x02)).toBe('TCP between 10.99.0.2 and port 40000 of 10.0.0.11, both ways');
    expect(words(0x12)).toBe('TCP between 10.0.0.11 and port 20 of 10.99.0.2, both ways');
    expect(words(0x10)).toBe('TCP between 10.0.0.11 and port 20 of 10.99.0.2, both ways');
  });

  it('is addresses alone where there are no ports, also for an ICMP error about the conversation', () => {
    const ping = { ...asked, protocol: 1, sourcePort: 5, destinationPort: 5 };
    const echo = (tuple: Tuple): Uint8Array => ipv4(tuple, 64, 7, Uint8Array.of(8, 0, 0, 0, 0, 5, 0, 1, 1, 2, 3, 4));
    const matches = [
      'meta l4proto 1 ip saddr . ip daddr { 10.99.0.2 . 10.0.0.11 }',
      'meta l4proto 1 ip saddr . ip daddr { 10.0.0.11 . 10.99.0.2 }',
    ];
    const words = 'ICMP between 10.99.0.2 and 10.0.0.11, both ways';
    expect(of(hop(1, cooked(echo(ping), false)))).toEqual({ matches, words });
    const back = { ...inverse(ping), sourcePort: 0, destinationPort: 0 };
    const error = ipv4(back, 64, 9, Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 0, ...echo(ping)));
    expect(of(hop(1, cooked(error, false)))).toEqual({ matches, words });
  });

  it('is nothing of a frame that no rule sees: it says so', () => {
    expect(of(hop(1, question('10.0.0.1', '10.0.0.2', false)))).toContain('ARP');
  });
});
