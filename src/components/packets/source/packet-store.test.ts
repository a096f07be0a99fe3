import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { timestampOf } from '../../../capture/captured-packet.ts';
import type { Gap } from '../../../hop/gap.ts';
import type { Hop } from '../../../hop/hop.ts';
import { JourneyBuilder } from '../../../journey/builder.ts';
import { topologyOf } from '../../../lab/journey-topology.ts';
import { compileFilter, type Filter } from '../../../packet/filter/compile.ts';
import { buildGraph } from '../../../topology/build-graph.ts';
import { parseReport } from '../../../topology/parse-report.ts';
import { rowWindow, scrollToRow } from '../../ui/row-window.ts';
import { guestClock, sinceFirst } from '../packet-words.ts';
import type { ListedHop } from './packet-source.ts';

import { CAPACITY, PacketStore } from './packet-store.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const gap = (count: number): Gap => ({ machine: 'host-01', from: 1, until: 2, count });

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../topology/fixtures/${name}`, import.meta.url), 'utf8');

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

/** As a lab's journeys group its hops, which come a few at a time. */
function filled(...names: string[]): PacketStore {
  const store = new PacketStore();
  for (const [index, name] of names.entries()) {
    const journeys = new JourneyBuilder();
    journeys.know({ topology: topologyOf(graph) });
    const all = hops(name);
    for (let from = 0; from < all.length; from += 3) {
      const some = all.slice(from, from + 3);
      store.add({ run: 1 + index, hops: some, lost: [] });
      journeys.add(some);
      store.work(1000);
      store.regroupSome(journeys.regrouped(1000).packets);
    }
  }
  return store;
}

function filter(text: string): Filter {
  const compiled = compileFilter(text);
  if (!compiled.ok) throw new Error(compiled.error.message);
  return compiled.filter;
}

const rows = (store: PacketStore): ListedHop[] =>
  Array.from({ length: store.count }, (_, row) => store.packet(store.indexAt(row)));

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
    const all = store.count;
    expect(all).toBe(hops('ping.hops.jsonl').length);
    store.setOnePerPacket(true);
    store.work(1000);
    const indices = rows(store).map((_, row) => store.indexAt(row));
    const icmp = indices.filter((index) => store.summary(index).protocol === 'ICMP');
    expect(icmp.map((index) => store.summary(index).info.slice(0, 17))).toEqual([
      'Echo (ping) reque',
      'Echo (ping) reply',
      'Echo (ping) reque',
      'Echo (ping) reply',
    ]);
    expect(icmp.map((index) => store.seenElsewhere(index))).toEqual([1, 1, 1, 1]);
    expect(indices.reduce((sum, index) => sum + 1 + store.seenElsewhere(index), 0)).toBe(all);
  });

  it('gives packets back as they came, to the byte', () => {
    const store = filled('http.hops.jsonl');
    const came = hops('http.hops.jsonl');
    expect(rows(store).map(({ exactly, facts, ...packet }) => packet)).toEqual(
      came.map(({ n, time, machine, device, deviceId, ifindex, direction, linkType, bytes, originalLength }) => ({
        ...{ n, time, machine, device, deviceId, ifindex, direction, linkType, bytes, originalLength },
      })),
    );
    expect(rows(store).map(({ exactly }) => exactly)).toEqual(came.map(({ time }) => timestampOf(time)));
  });

  it('knows of a segment what came before it at the same device', () => {
    const store = filled('http.hops.jsonl');
    const again = hops('http.hops.jsonl').map((hop) => ({ ...hop, n: hop.n + 1000, time: hop.time + 1 }));
    const lines = Array.from({ length: store.count }, (_, row) => store.summary(store.indexAt(row)).info);
    expect(lines.filter((info) => info.includes('[SYN]')).every((info) => info.includes('Seq=0 '))).toBe(true);
    expect(lines.some((info) => info.includes('Retransmission'))).toBe(false);
    store.setFilter(filter('tcp.analysis.retransmission'));
    store.work(1000);
    expect(store.count).toBe(0);
    store.add({ run: 1, hops: again, lost: [] });
    store.work(1000);
    expect(store.count).toBeGreaterThan(0);
    expect(rows(store).every(({ n }) => n > 1000)).toBe(true);
    store.setFilter(filter('tcp.stream == 0 and tcp.seq == 0 and frame.time_delta < 1'));
    store.work(1000);
    expect(rows(store).every(({ facts }) => facts?.stream === 0)).toBe(true);
    expect(store.count).toBeGreaterThan(0);
  });

  it('shows what a display filter lets through, also of what comes later', () => {
    const store = filled('ping.hops.jsonl');
    store.setFilter(filter('icmp and frame.interface_name == "host-01/vethweb"'));
    store.work(1000);
    expect(rows(store).map(({ device }) => device)).toEqual(['vethweb', 'vethweb', 'vethweb', 'vethweb']);
    store.add({ run: 1, hops: hops('ping.hops.jsonl').map((hop) => ({ ...hop, n: hop.n + 1000 })), lost: [] });
    store.work(1000);
    expect(store.count).toBe(8);
    store.setFilter(filter('frame.number > 1000 and frame.time_relative == 0'));
    store.work(1000);
    expect(rows(store).map(({ n }) => n)).toEqual([1001]);
    store.setFilter(filter(' '));
    expect(store.count).toBe(store.kept);
  });

  it('keeps its rows when it is given the filter that it has', () => {
    const store = filled('ping.hops.jsonl');
    const icmp = filter('icmp');
    store.setFilter(icmp);
    store.work(1000);
    const shown = rows(store);
    store.setFilter(icmp);
    expect(rows(store)).toEqual(shown);
    expect(shown.length).toBeGreaterThan(0);
  });

  it('finds the row of a packet, and none for one that is filtered out', () => {
    const store = filled('ping.hops.jsonl');
    for (const text of ['', 'icmp']) {
      store.setFilter(filter(text));
      store.work(1000);
      expect(rows(store).map(({ n }) => store.rowOf(n))).toEqual(rows(store).map((_, row) => row));
    }
    expect(store.rowOf(rows(store)[0] === undefined ? 0 : 1)).toBe(-1);
    expect([store.rowOf(100_000), store.indexAt(-1), store.indexAt(store.count)]).toEqual([-1, -1, -1]);
  });

  it('keeps the newest, lets the oldest go and says how many', () => {
    const store = new PacketStore({ capacity: 20_000 });
    store.setFilter(filter('tcp'));
    for (let n = 0; n < 30; n++) {
      store.add({ run: 1, hops: burst(1000, 1 + n * 1000), lost: n === 3 ? [gap(7)] : [] });
      store.work(1000);
    }
    expect(store.kept).toBeLessThanOrEqual(20_000);
    expect(store.kept).toBeGreaterThan(18_000);
    expect(store.kept + store.released).toBe(30_000);
    expect(store.lost).toBe(7);
    expect(rows(store).every(({ n }) => n > store.released)).toBe(true);
    expect(rows(store).at(-1)?.n).toBe(30_000);
    expect(store.numbered(1)).toBeUndefined();
    expect(store.numbered(30_000)?.bytes).toEqual(burst(1000, 29_001).at(-1)?.bytes);
  });

  it('says at which rows packets of a tap are missing, and which of them is the first', () => {
    const store = new PacketStore();
    // 50 ms apart, every other one of the wire.
    const packets = Array.from(
      { length: 100 },
      (_, index): ListedHop => ({
        n: index + 1,
        machine: index % 2 === 0 ? 'host-01' : 'wire',
        device: 'eth0',
        direction: 'unknown',
        time: index * 0.05,
        linkType: 1,
        bytes: new Uint8Array(14),
        originalLength: 14,
      }),
    );
    store.add({ run: 1, hops: packets, lost: [] });
    store.add({ run: 1, hops: [], lost: [gap(7)] });
    while (store.work(1000));
    const near = packets.filter((_, row) => store.gapAt(store.packet(store.indexAt(row))) !== undefined);
    expect(near.map(({ n }) => n)).toEqual([21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41]);
    const [missing] = store.gaps;
    const opens = near.filter(({ n }) => missing !== undefined && store.opensGap(n - 1, missing));
    expect(opens.map(({ n }) => n)).toEqual([21]);
    store.clear();
    expect([store.lost, store.gaps]).toEqual([0, []]);
  });

  it('counts what taps lost however often, and marks rows for the latest of them', () => {
    const store = new PacketStore();
    for (let i = 0; i < 500; i++) store.add({ run: 1, hops: [], lost: [gap(2)] });
    expect(store.lost).toBe(1000);
    expect(store.gaps.length).toBeLessThan(500);
  });

  it('takes a burst in by slices, and nothing is missed', () => {
    const store = filled();
    store.add({ run: 1, hops: burst(15_000), lost: [] });
    let slices = 1;
    while (store.work(0)) slices++;
    expect(store.kept).toBe(15_000);
    expect(slices).toBeGreaterThan(100);
    store.setFilter(filter('http'));
    let filtering = 1;
    while (store.work(0)) filtering++;
    expect(filtering).toBeGreaterThan(100);
    expect(store.count).toBeGreaterThan(0);
  });

  it('does not grow without bounds while nobody takes it in', () => {
    const store = filled();
    for (let n = 0; n < 150; n++) store.add({ run: 1, hops: burst(1000, 1 + n * 1000), lost: [] });
    while (store.work(100));
    expect(store.kept).toBeLessThanOrEqual(CAPACITY);
    expect(store.kept + store.released).toBe(150_000);
    expect(rows(store).at(-1)?.n).toBe(150_000);
  });

  it('holds a hundred thousand packets in little more than their bytes', () => {
    const before = heapAndBuffers();
    const store = new PacketStore();
    for (let n = 0; n < 100; n++) {
      store.add({ run: 1, hops: burst(1000, 1 + n * 1000), lost: [] });
      store.work(1000);
    }
    let bytes = 0;
    for (const packet of store.all()) bytes += packet.bytes.length;
    expect(store.kept).toBeGreaterThan(98_000);
    expect(heapAndBuffers() - before).toBeLessThan(2 * bytes + 20e6);
  });

  it('begins anew with another run of the lab', () => {
    const store = filled('ping.hops.jsonl', 'outside.hops.jsonl');
    expect(store.kept).toBe(hops('outside.hops.jsonl').length);
    expect(store.first?.time).toBe(hops('outside.hops.jsonl')[0]?.time);
  });

  it('shows nothing of before after it was cleared', () => {
    const store = filled('ping.hops.jsonl');
    store.setOnePerPacket(true);
    store.work(1000);
    store.clear();
    expect([store.count, store.kept, store.lost, store.first]).toEqual([0, 0, 0, null]);
  });

  it('can be told which packets are the same', () => {
    const store = new PacketStore();
    store.add({ run: 1, hops: hops('ping.hops.jsonl'), lost: [] });
    store.work(1000);
    store.setOnePerPacket(true);
    store.regroup([
      [1, 4, 2],
      [3, 99_999],
    ]);
    store.work(1000);
    expect(store.count).toBe(store.kept - 2);
    expect([store.seenElsewhere(0), store.seenElsewhere(3), store.seenElsewhere(2)]).toEqual([2, 2, 0]);
    // What is shown are packets: each with all its sightings, in their order.
    expect([...store.shown()].map(({ n }) => n)).toEqual([...store.all()].map(({ n }) => n));
    store.regroup([]);
    store.work(1000);
    expect(store.count).toBe(store.kept);
  });
});

describe('one row a packet', () => {
  function grouping(capacity: number, count: number): PacketStore {
    const store = new PacketStore({ capacity });
    store.setOnePerPacket(true);
    store.add({ run: 1, hops: burst(count), lost: [] });
    while (store.work(1000));
    return store;
  }
  const add = (store: PacketStore, count: number, from: number): void => {
    store.add({ run: 1, hops: burst(count, from), lost: [] });
    while (store.work(1000));
  };

  it('is there for each packet of which the filter lets any sighting through, and for the first of those', () => {
    const store = grouping(100, 10);
    store.regroupSome([[1, 2, 3, 4]]);
    const compiled = compileFilter('frame.number in {3, 4, 7}');
    if (!compiled.ok) throw new Error(compiled.error.message);
    store.setFilter(compiled.filter);
    while (store.work(1000));
    expect(rows(store).map(({ n }) => n)).toEqual([3, 7]);
    expect([1, 2, 3, 4, 5, 7].map((n) => store.rowOf(n))).toEqual([0, 0, 0, 0, -1, 1]);
    store.regroupSome([[7, 8, 3]]);
    expect(rows(store).map(({ n }) => n)).toEqual([4, 7]);
  });

  it('of a list that is filtered stands for all sightings of its packet, also those before the row, when it is saved', () => {
    const store = grouping(100, 10);
    store.regroupSome([[1, 2, 3, 4, 5]]);
    expect([...store.shown()].map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    store.setFilter(filter('frame.number == 3'));
    while (store.work(1000));
    expect(rows(store).map(({ n }) => n)).toEqual([3]);
    expect([...store.shown()].map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
  });

  it('stands where the packet was seen first, though that was told after a later sighting which is let go', () => {
    const store = grouping(2048, 2048);
    store.regroupSome([[1025, 1023, 1024, 1026, 1027]]);
    expect(store.seenElsewhere(1024)).toBe(4);
    add(store, 1024, 2049);
    expect(store.released).toBe(1024);
    expect(store.seenElsewhere(1024)).toBe(2);
  });

  it('shows each sighting once when a packet is named without those that were forgotten', () => {
    const store = grouping(10_000, 10);
    store.regroupSome([[1, 2, 3, 4, 5]]);
    store.regroupSome([[3, 4]]);
    expect(rows(store).map(({ n }) => [n, store.seenElsewhere(n - 1)])).toEqual([
      ...[1, 3].map((n) => [n, n === 1 ? 2 : 1]),
      ...[6, 7, 8, 9, 10].map((n) => [n, 0]),
    ]);
    store.regroupSome([[1, 2, 3, 4, 5]]);
    store.regroupSome([[2, 3]]);
    expect(
      rows(store)
        .map(({ n }) => [n, store.seenElsewhere(n - 1)])
        .slice(0, 2),
    ).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });
});

/** Bytes in use by objects and by buffers. */
function heapAndBuffers(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('rows in sight', () => {
  it('cover the view and lie within the list, wherever it is scrolled to', () => {
    fc.assert(
      fc.property(fc.nat(3_000_000), fc.nat(2000), fc.nat(100_000), (top, height, count) => {
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
