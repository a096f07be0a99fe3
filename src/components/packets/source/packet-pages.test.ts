import { expect, it } from 'vitest';
import { PacketPages } from './packet-pages.ts';
import type { ListedHop } from './packet-source.ts';

it('gives back what few packets have, of those that are kept', () => {
  const pages = new PacketPages();
  const packet = (n: number, rare: Partial<ListedHop>): ListedHop => {
    const at = { machine: 'wire', device: 'lan', direction: 'unknown', linkType: 1 } as const;
    return { n, ...at, time: n, bytes: Uint8Array.of(n), originalLength: 1, ...rare };
  };
  const undelivered = 'the cable of host-02 is out';
  pages.add(packet(1, { undelivered }));
  pages.add(packet(2, {}));
  pages.add(packet(3, { comment: 'look', undelivered }));
  for (let n = 4; n <= 3000; n++) pages.add(packet(n, n === 3000 ? { comment: 'last' } : {}));
  const rare = (index: number) => {
    const { comment, undelivered: why } = pages.packet(index);
    return [comment, why];
  };
  expect([0, 1, 2, 2999].map(rare)).toEqual([
    [undefined, undelivered],
    [undefined, undefined],
    ['look', undelivered],
    ['last', undefined],
  ]);
  pages.keep(1000);
  expect(pages.start).toBe(2048);
  expect(rare(2999)).toEqual(['last', undefined]);
});
