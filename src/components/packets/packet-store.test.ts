import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Hop } from '../../lab/lab.ts';
import { buildGraph } from '../../topology/build-graph.ts';
import { parseReport } from '../../topology/parse-report.ts';
import { CAPACITY, PacketStore } from './packet-store.ts';
import { guestClock, sinceFirst } from './packet-words.ts';
import { rowWindow, scrollToRow } from './row-window.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../../topology/fixtures/${name}`, import.meta.url), 'utf8');

const graph = (() => {
  const parsed = parseReport(fixture('host.report.json'));
  if (!parsed.ok) throw new Error(parsed.error);
  return buildGraph('host-01', parsed.report);
})();
const root = graph.namespaces.find((namespace) => namespace.root)?.id ?? '';

function hops(name: string): Hop[] {
  return fixture(name)
    .trim()
    .split('\n')
    .map((line, index) => {
      const hop = JSON.parse(line) as Omit<Hop, 'bytes'> & { bytes: string };
      return {
        ...hop,
        n: index + 1,
        machine: 'host-01',
        deviceId: `${root}/${hop.ifindex}`,
        linkType: 276,
        bytes: Uint8Array.from(Buffer.from(hop.bytes, 'base64')),
      };
    });
}

function filled(...names: string[]): PacketStore {
  const store = new PacketStore();
  store.setGraph(graph);
  for (const name of names) store.add({ hops: hops(name), lost: 0 });
  store.work(1000);
  return store;
}

/** `count` packets made of real ones, 50 µs apart. */
function burst(count: number, from = 1): Hop[] {
  const real = hops('http.hops.jsonl').filter((hop) => hop.device === 'vethcli');
  return Array.from({ length: count }, (_, index) => ({
    ...(real[index % real.length] as Hop),
    n: from + index,
    time: 1000 + (from + index) * 5e-5,
  }));
}

describe('the packet list', () => {
  it('shows one row a device that saw a packet, or one row a packet', () => {
    const store = filled('ping.hops.jsonl');
    const all = store.shown.length;
    expect(all).toBe(hops('ping.hops.jsonl').length);
    store.setOnePerPacket(true);
    store.work(1000);
    const icmp = store.shown.filter((row) => store.summary(row).protocol === 'ICMP');
    expect(icmp.map((row) => store.summary(row).info.slice(0, 19))).toEqual(
      ['Echo (ping) request', 'Echo (ping) reply  ', 'Echo (ping) request', 'Echo (ping) reply  '].map((text) =>
        expect.stringContaining(text.trim().slice(0, 17)),
      ),
    );
    expect(icmp.every((row) => row.later.length === 1)).toBe(true);
    expect(store.shown.reduce((sum, row) => sum + 1 + row.later.length, 0)).toBe(all);
  });

  it('filters by words in any column, and takes in what comes later', () => {
    const store = filled('ping.hops.jsonl');
    store.setFilter('ECHO vethweb');
    store.work(1000);
    expect(store.shown.map((row) => row.hop.device)).toEqual(['vethweb', 'vethweb', 'vethweb', 'vethweb']);
    store.add({ hops: hops('outside.hops.jsonl').map((hop) => ({ ...hop, n: hop.n + 1000 })), lost: 0 });
    store.work(1000);
    expect(store.shown.length).toBe(6);
    store.setFilter('');
    expect(store.shown.length).toBe(store.kept);
  });

  it('keeps the newest, lets the oldest go and says how many', () => {
    const store = filled();
    store.setFilter('tcp');
    for (let n = 0; n < 30; n++) {
      store.add({ hops: burst(1000, 1 + n * 1000), lost: n === 3 ? 7 : 0 });
      store.work(1000);
    }
    expect(store.kept).toBeLessThanOrEqual(CAPACITY);
    expect(store.kept + store.released).toBe(30_000);
    expect(store.lost).toBe(7);
    expect(store.shown.every((row) => row.hop.n > store.released)).toBe(true);
    expect(store.shown.at(-1)?.hop.n).toBe(30_000);
  });

  it('takes a burst in by slices, so that no frame waits for it, and nothing is missed', () => {
    const store = filled();
    store.add({ hops: burst(15_000), lost: 0 });
    let slices = 0;
    let longest = 0;
    for (let more = true; more; slices++) {
      const started = performance.now();
      more = store.work(4);
      longest = Math.max(longest, performance.now() - started);
    }
    expect(store.kept).toBe(15_000);
    expect(slices).toBeGreaterThan(1);
    expect(longest).toBeLessThan(50);
  });

  it('does not grow without bounds while nobody takes it in', () => {
    const store = filled();
    for (let n = 0; n < 60; n++) store.add({ hops: burst(1000, 1 + n * 1000), lost: 0 });
    while (store.work(100));
    expect(store.kept).toBeLessThanOrEqual(CAPACITY);
    expect(store.kept + store.released).toBe(60_000);
    expect(store.shown.at(-1)?.hop.n).toBe(60_000);
  });

  it('begins anew with another run of the lab', () => {
    const store = filled('ping.hops.jsonl', 'outside.hops.jsonl');
    expect(store.kept).toBe(hops('outside.hops.jsonl').length);
    expect(store.origin).toBe(hops('outside.hops.jsonl')[0]?.time);
  });

  it('shows nothing of before after it was cleared', () => {
    const store = filled('ping.hops.jsonl');
    store.setOnePerPacket(true);
    store.work(1000);
    store.clear();
    expect([store.shown.length, store.kept, store.lost, store.origin]).toEqual([0, 0, 0, null]);
  });
});

describe('rows in sight', () => {
  it('cover the view and lie within the list, wherever it is scrolled to', () => {
    fc.assert(
      fc.property(fc.nat(600_000), fc.nat(2000), fc.nat(20_000), (top, height, count) => {
        const { first, end } = rowWindow(top, height, 26, count);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(count);
        expect(first).toBeLessThanOrEqual(end);
        if (top + height <= count * 26) expect(first * 26 <= top && end * 26 >= top + height).toBe(true);
      }),
    );
  });

  it('are brought in by the shortest way', () => {
    expect(scrollToRow(10, 0, 260, 26, 26)).toBe(52);
    expect(scrollToRow(2, 104, 260, 26, 26)).toBe(52);
    expect(scrollToRow(5, 104, 260, 26, 26)).toBe(104);
  });
});

it('writes times to the microsecond', () => {
  expect(guestClock(1795420682.141756)).toBe('2026-11-23 07:58:02.141756');
  expect(sinceFirst(1795420682.141756, 1795420682.141699)).toBe('0.000057');
  expect(guestClock(Number.NaN)).toBe('NaN');
});
