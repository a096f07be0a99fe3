import { describe, expect, it } from 'vitest';
import { cooked, dropOf, ipv4 } from '../../tests/support/journey.ts';
import type { Hop } from '../hop/hop.ts';
import { stitch } from './builder.ts';

const [asker, asked] = ['172.17.0.3', '172.17.0.2'] as const;

/** An echo request, or its reply. */
function echo(type: 8 | 0, seq: number, time: number): Hop {
  const [source, destination] = type === 8 ? [asker, asked] : [asked, asker];
  const tuple = { protocol: 1, source, destination, sourcePort: 7, destinationPort: 7 };
  const bytes = cooked(ipv4(tuple, 64, seq, Uint8Array.of(type, 0, 0, 0, 0, 7, 0, seq, 1, 2, 3, 4)), false);
  const place = { machine: 'host-01', device: 'docker0', direction: 'in', linkType: 276 } as const;
  return { n: seq, ...place, time, bytes, originalLength: bytes.length };
}

describe('an answer that a kernel dropped before any tap saw it', () => {
  const notesOf = (evidence: Parameters<typeof dropOf>) =>
    stitch([echo(8, 1, 10), echo(8, 2, 11)], { evidence: [dropOf(...evidence)] }).map(({ notes }) => notes);

  it('is told of at the question', () => {
    const [first, second] = notesOf([echo(0, 1, 10.1), { device: '' }]);
    expect(first).toEqual([
      'The kernel of host-01 dropped an answer to a question like it: a rule of the firewall dropped it, or the policy of a chain (NETFILTER_DROP in nf_hook_slow).',
    ]);
    expect(second).toEqual([]);
  });

  it('was not lost where the kernel had dealt with it, and is not one that came before the question, or much later', () => {
    expect(notesOf([echo(0, 1, 10.1), { reason: 'NO_SOCKET', location: 'icmp_rcv+0x194' }])).toEqual([[], []]);
    expect(notesOf([echo(0, 1, 9.9)])).toEqual([[], []]);
    expect(notesOf([echo(0, 1, 20)])).toEqual([[], []]);
  });
});
