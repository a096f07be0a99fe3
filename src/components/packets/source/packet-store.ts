// The packets of a run or a file, as the list shows them: bounded, filtered, and one row a sighting or one row a packet. Pure
// but for the clock: filtering works in slices, and summaries are made when somebody looks at a row.

import { firstIndex } from '../../../basics/first-index.ts';
import { isBackground } from '../../../hop/background.ts';
import { type Gap, missingIn } from '../../../hop/gap.ts';
import { placeOf } from '../../../hop/hop.ts';
import { dissect } from '../../../packet/dissect.ts';
import type { Filter } from '../../../packet/filter/compile.ts';
import type { FrameFacts } from '../../../packet/filter/frame.ts';
import type { FilterPacket } from '../../../packet/filter/reader.ts';
import type { Layer } from '../../../packet/layer.ts';
import { type PacketSummary, summarize } from '../../../packet/summary.ts';
import { ConversationWatch } from './conversation-watch.ts';
import { PacketPages } from './packet-pages.ts';
import type { ListedHop, PacketBatch } from './packet-source.ts';

/** Packets of a running lab that are kept. Their bytes, 40 bytes for each, what their connections tell (some 150 each), and what is in sight. */
export const CAPACITY = 100_000;
/** Taken in at once when nobody works, because the page has no frames. */
const MOST_WAITING = 20_000;
/** Summaries kept: a few screens of them. */
const MOST_SUMMARIES = 500;
/** Gaps that rows are marked for. */
const MOST_GAPS = 200;
/** Rows in which the same tap's packet before is looked for. */
const LOOK_BACK = 50;

/** A moment by the clock of a machine, or of the wires. */
export type Seen = Pick<ListedHop, 'time' | 'machine'>;

export interface StoreOptions {
  readonly capacity?: number;
}

export class PacketStore {
  readonly capacity: number;
  #waiting: ListedHop[] = [];
  #pages = new PacketPages();
  #watch = new ConversationWatch();
  /** Indices of the rows that the filter and the mode let through; null: all. */
  #shown: number[] | null = null;
  /** Index of the next that has not been looked at for #shown. */
  #scanned = 0;
  #filter: Filter | null = null;
  #onePerPacket = false;
  readonly #summaries = new Map<number, PacketSummary>();
  #gaps: readonly Gap[] = [];
  /** Packets of gaps that were let go. */
  #lostBefore = 0;
  /** Taken in, of what machines send by themselves. */
  #background = 0;
  #hidesBackground = false;
  /** By index, of those that were asked: whether the filter lets them through, in whatever mode. */
  readonly #matching = new Map<number, boolean>();
  /** The first packet, also when it was let go. */
  #first: Seen | null = null;
  /** Of the lab; 0 before the first packet. */
  #run = 0;
  #contents = 1;

  constructor({ capacity = CAPACITY }: StoreOptions = {}) {
    this.capacity = capacity;
  }

  /** Hands over a batch; work() takes it into the list. */
  add(batch: PacketBatch): void {
    this.#enter(batch.run);
    this.#miss(batch.lost);
    for (const packet of batch.hops) this.#waiting.push(packet);
    if (this.#waiting.length > MOST_WAITING) this.#takeIn(Number.POSITIVE_INFINITY);
  }

  #miss(gaps: readonly Gap[]): void {
    if (gaps.length === 0) return;
    const all = [...this.#gaps, ...gaps];
    const most = Math.max(0, all.length - MOST_GAPS);
    this.#lostBefore += missingIn(all.slice(0, most));
    this.#gaps = all.slice(most);
  }

  /** Whether the row is the first of its gap: that of the tap's packet before it is in none, or in another. */
  opensGap(row: number, gap: Gap): boolean {
    for (let at = row - 1; at >= Math.max(0, row - LOOK_BACK); at--) {
      const before = this.packet(this.indexAt(at));
      if (before.machine === gap.machine) return this.gapAt(before) !== gap;
    }
    return true;
  }

  /** Another run of the lab: its packets are not to be mixed with the last one's, whose numbers are other packets' now. */
  #enter(run: number): void {
    if (run === this.#run) return;
    if (this.#run !== 0) this.clear();
    this.#run = run;
  }

  #takeIn(until: number): void {
    let taken = 0;
    for (const packet of this.#waiting) {
      if (taken % 64 === 63 && performance.now() > until) break;
      taken += 1;
      this.#first ??= { time: packet.time, machine: packet.machine };
      if (isBackground(packet)) this.#background += 1;
      this.#pages.add(packet, this.#watch.see(packet));
    }
    if (taken === this.#waiting.length) this.#waiting = [];
    else this.#waiting.splice(0, taken);
    this.#pages.keep(this.capacity);
    this.#release();
  }

  clear(): void {
    this.#contents++;
    this.#waiting = [];
    this.#pages = new PacketPages();
    this.#watch = new ConversationWatch();
    this.#summaries.clear();
    this.#lostBefore = this.#background = 0;
    this.#gaps = [];
    this.#first = null;
    this.#rescan();
  }

  /** Only packets that match are shown; null: all. */
  setFilter(filter: Filter | null): void {
    const next = filter?.expression === null ? null : filter;
    if (next === this.#filter) return;
    this.#filter = next;
    this.#rescan();
  }

  /** A row for each packet: for the first of its sightings that the filter lets through. */
  setOnePerPacket(on: boolean): void {
    this.#onePerPacket = on;
    this.#rescan();
  }

  /** Leaves out what machines send by themselves (isBackground), for as long as no filter says what is wanted. */
  hideBackground(hides: boolean): void {
    if (hides === this.#hidesBackground) return;
    this.#hidesBackground = hides;
    this.#rescan();
  }

  /** Sightings so far of what machines send by themselves. */
  get background(): number {
    return this.#background;
  }

  /** How many sightings are left out because machines sent them by themselves. */
  get leftOut(): number {
    return this.#leavesOut ? this.#background : 0;
  }

  get #leavesOut(): boolean {
    return this.#hidesBackground && this.#filter === null;
  }

  /** Which packets are the same: numbers, those of one packet together, the first first. Takes the place of what was known. */
  regroup(packets: Iterable<readonly number[]>): void {
    this.#pages.part();
    for (const numbers of packets) this.#joinAll(this.#indicesOf(numbers));
    this.#rescan();
  }

  /** The same of some packets: what is known of the others stays. */
  regroupSome(packets: Iterable<readonly number[]>): void {
    const groups = [...packets].map((numbers) => this.#indicesOf(numbers));
    groups.push(...this.#leftBy(new Set(groups.flat())));
    const named = groups.flat().sort((a, b) => a - b);
    for (const index of named) this.#pages.single(index);
    for (const group of groups) this.#joinAll(group);
    // The earlier first: whether they have rows decides for the later ones.
    if (this.#onePerPacket) for (const index of named) this.#showAnew(index);
  }

  #indicesOf(numbers: readonly number[]): number[] {
    return numbers.map((n) => this.#pages.indexOf(n)).filter((index) => index >= 0);
  }

  /** What was part of the same packets and is not named, since its journey is forgotten: it stays together. */
  *#leftBy(named: ReadonlySet<number>): Generator<number[]> {
    for (const first of new Set([...named].map((index) => this.#pages.firstOf(index)))) {
      if (first < this.#pages.start) continue;
      const left = [first, ...this.#pages.later(first).reverse()].filter((index) => !named.has(index));
      if (left.length > 0) yield left;
    }
  }

  /** The latest next to the first: those that are let go, the oldest, are at the end. */
  #joinAll([first, ...later]: readonly number[]): void {
    if (first === undefined) return;
    for (const index of later.sort((a, b) => b - a)) this.#pages.join(first, index);
  }

  /** Whether it has a row is another answer than before. */
  #showAnew(index: number): void {
    const shown = this.#shown;
    if (shown === null || index >= this.#scanned) return;
    const at = firstFrom(shown, index);
    const has = shown[at] === index;
    const fits = this.#fits(index);
    if (has && !fits) shown.splice(at, 1);
    else if (!has && fits) shown.splice(at, 0, index);
  }

  /** Takes in what was handed over and looks through it with the filter, for about `budget` ms. True when there is more to do. */
  work(budget: number): boolean {
    const until = performance.now() + budget;
    this.#takeIn(until);
    if (this.#waiting.length > 0) return true;
    const shown = this.#shown;
    if (shown === null) return false;
    const { end } = this.#pages;
    while (this.#scanned < end) {
      for (let n = 0; n < 50 && this.#scanned < end; n++) {
        const index = this.#scanned++;
        if (this.#fits(index)) shown.push(index);
      }
      if (performance.now() > until) return this.#scanned < end;
    }
    return false;
  }

  /** Rows shown. */
  get count(): number {
    return this.#shown?.length ?? this.kept;
  }

  /** Index of the packet in a row, 0 to count − 1; −1 for any other row. */
  indexAt(row: number): number {
    if (row < 0 || row >= this.count) return -1;
    return this.#shown === null ? this.#pages.start + row : (this.#shown[row] ?? -1);
  }

  /** Row that shows the packet with that number, in one row with all its sightings or in one of its own; −1 when none does. */
  rowOf(n: number): number {
    const index = this.#pages.indexOf(n);
    if (index < 0) return -1;
    if (this.#shown === null) return index - this.#pages.start;
    for (const one of this.#onePerPacket ? this.#sightingsOf(index) : [index]) {
      const at = firstFrom(this.#shown, one);
      if (this.#shown[at] === one) return at;
    }
    return -1;
  }

  /** All of the same packet, in order. */
  #sightingsOf(index: number): readonly number[] {
    const first = this.#pages.firstOf(index);
    return first < this.#pages.start ? [index] : [first, ...this.#pages.later(first)];
  }

  packet(index: number): ListedHop {
    return this.#pages.packet(index);
  }

  /** The packet with that number; undefined when it was let go, or never kept. */
  numbered(n: number): ListedHop | undefined {
    const index = this.#pages.indexOf(n);
    return index < 0 ? undefined : this.#pages.packet(index);
  }

  /** How often the packet was seen besides this sighting, as far as that is known. */
  seenElsewhere(index: number): number {
    return this.#sightingsOf(index).length - 1;
  }

  /** Packets that were taken in around one of that number: at most `reach` before and after. */
  *around(n: number, reach: number): Generator<ListedHop> {
    const { start, end } = this.#pages;
    const index = this.#pages.indexOf(n);
    if (index < 0) return;
    for (let i = Math.max(start, index - reach); i < Math.min(end, index + reach + 1); i++) yield this.#pages.packet(i);
  }

  /** What the rows show, in order: where there is one row a packet, all sightings of these packets. */
  *shown(): Generator<ListedHop> {
    const rows = Array.from({ length: this.count }, (_, row) => this.indexAt(row));
    const indices = this.#onePerPacket ? rows.flatMap((index) => this.#sightingsOf(index)) : rows;
    for (const index of indices.sort((a, b) => a - b)) yield this.#pages.packet(index);
  }

  /** All that are kept, the oldest first. */
  *all(): Generator<ListedHop> {
    for (let i = this.#pages.start; i < this.#pages.end; i++) yield this.#pages.packet(i);
  }

  summary(index: number): PacketSummary {
    let summary = this.#summaries.get(index);
    if (summary === undefined) {
      const { bytes, linkType, originalLength, facts } = this.#pages.packet(index);
      summary = summarize(bytes, linkType, originalLength, facts);
      if (this.#summaries.size >= MOST_SUMMARIES) this.#summaries.clear();
      this.#summaries.set(index, summary);
    }
    return summary;
  }

  /** Another number after the list was cleared: the same packet number may be another packet. */
  get contents(): number {
    return this.#contents;
  }

  /** Packets kept, whether shown or not. */
  get kept(): number {
    return this.#pages.end - this.#pages.start;
  }

  /** Number of the packet that came last; 0 before the first. */
  get newest(): number {
    return this.kept === 0 ? 0 : this.#pages.number(this.#pages.end - 1);
  }

  /** Packets let go because there were too many. */
  get released(): number {
    return this.#pages.start;
  }

  /** Packets that the machines' taps lost, at least. */
  get lost(): number {
    return this.#lostBefore + missingIn(this.#gaps);
  }

  /** When taps lost packets, the latest that are kept. */
  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** The gap in which a packet of that place and time was seen: others of the same tap are missing before or after it. */
  gapAt({ machine, time }: Seen): Gap | undefined {
    return this.#gaps.find((gap) => gap.machine === machine && gap.from <= time && time <= gap.until);
  }

  /** When the first packet was seen, and by whose clock; null before it. */
  get first(): Seen | null {
    return this.#first;
  }

  get isFiltered(): boolean {
    return this.#shown !== null;
  }

  /** Packets are left out, rather than that several sightings have one row. */
  get isPart(): boolean {
    return this.#filter !== null;
  }

  #matches(index: number): boolean {
    let matches = this.#matching.get(index);
    if (matches === undefined) {
      matches = this.#asks(index);
      this.#matching.set(index, matches);
    }
    return matches;
  }

  #asks(index: number): boolean {
    if (this.#leavesOut && isBackground(this.#pages.packet(index))) return false;
    return this.#filter === null || this.#filter.matches(new Asked(this.#pages, index, this.#first?.time ?? 0));
  }

  /** Has a row: it matches, and where there is one row a packet it is the first that does. */
  #fits(index: number): boolean {
    if (!this.#matches(index)) return false;
    if (!this.#onePerPacket || this.#pages.isFirst(index)) return true;
    // Its row went with its first sighting.
    const first = this.#pages.firstOf(index);
    if (first < this.#pages.start) return false;
    return !this.#sightingsOf(index).some((one) => (one === first || one < index) && this.#matches(one));
  }

  #rescan(): void {
    this.#scanned = this.#pages.start;
    this.#matching.clear();
    this.#shown = this.#filter === null && !this.#onePerPacket && !this.#hidesBackground ? null : [];
  }

  #release(): void {
    const { start } = this.#pages;
    this.#scanned = Math.max(this.#scanned, start);
    for (const index of this.#matching.keys()) if (index < start) this.#matching.delete(index);
    if (this.#shown === null || (this.#shown[0] ?? start) >= start) return;
    const keep = this.#shown.findIndex((index) => index >= start);
    this.#shown.splice(0, keep < 0 ? this.#shown.length : keep);
  }
}

/** Where the first number that is not less than `index` stands, of numbers that ascend. */
const firstFrom = (numbers: readonly number[], index: number): number =>
  firstIndex(numbers.length, (at) => (numbers[at] ?? 0) >= index);

/** What a filter asks of a packet. Most are answered without all of it. */
class Asked implements FilterPacket {
  readonly #pages: PacketPages;
  readonly #index: number;
  readonly #packet: ListedHop;
  readonly #origin: number;
  #layers: Layer[] | null = null;

  constructor(pages: PacketPages, index: number, origin: number) {
    this.#pages = pages;
    this.#index = index;
    this.#packet = pages.packet(index);
    this.#origin = origin;
  }

  get layers(): readonly Layer[] {
    const { bytes, linkType, originalLength, facts } = this.#packet;
    this.#layers ??= dissect(bytes, linkType, originalLength, facts);
    return this.#layers;
  }

  get frame(): FrameFacts {
    const { n, bytes, originalLength, time, exactly } = this.#packet;
    return {
      number: n,
      bytes,
      originalLength,
      time: exactly ?? { seconds: Math.floor(time), nanoseconds: 0 },
      timeRelative: time - this.#origin,
      timeDelta: this.#index > this.#pages.start ? time - this.#pages.time(this.#index - 1) : 0,
      interfaceName: placeOf(this.#packet),
    };
  }
}
