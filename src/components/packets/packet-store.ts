// The packets of this run, as the list shows them: bounded, filtered, and one row a hop or one row a packet. Pure but
// for the summaries, which are made when somebody looks at a row or a filter has to.
import type { Hop, HopBatch } from '../../lab/lab.ts';
import { type PacketSummary, summarize } from '../../packet/summary.ts';
import type { Graph } from '../../topology/graph.ts';
import { PacketPaths } from '../../topology/packet-path.ts';

export interface PacketRow {
  readonly hop: Hop;
  /** Later sightings of the same packet; only a packet's first row has them. */
  readonly later: readonly Hop[];
  /** False when the same packet was seen at a device before. */
  readonly first: boolean;
}

interface Row extends PacketRow {
  readonly later: Hop[];
  summary?: PacketSummary;
  haystack?: string;
}

/** Packets kept; what is older is let go and counted. */
export const CAPACITY = 20_000;
/** Let go at a time: taking one from the front of a long array for each that comes would cost more than all the rest. */
const CHUNK = 1000;

export class PacketStore {
  #waiting: Hop[] = [];
  #rows: Row[] = [];
  /** Rows that the filter and the mode let through; the same array as #rows when everything is. */
  #shown: Row[] = this.#rows;
  /** How many of #rows have been looked at for #shown. */
  #scanned = 0;
  #byPacket = new Map<number, Row>();
  #words: readonly string[] = [];
  #onePerPacket = false;
  #paths = new PacketPaths();
  #newest = 0;
  #released = 0;
  #lost = 0;
  #missed = 0;
  #origin: number | null = null;

  setGraph(graph: Graph): void {
    this.#paths.setGraph(graph);
  }

  /** Hands over a batch; work() takes it into the list. */
  add(batch: HopBatch): void {
    // Numbers that begin anew are another run of the lab: its packets are not to be mixed with the last one's.
    const [first] = batch.hops;
    if (first !== undefined && first.n <= this.#newest) this.clear();
    this.#newest = batch.hops.at(-1)?.n ?? this.#newest;
    this.#lost += batch.lost;
    for (const hop of batch.hops) this.#waiting.push(hop);
    // Nobody works while the page has no frames: then the oldest of what waits would be let go anyway.
    const surplus = this.#waiting.length - 2 * CAPACITY;
    if (surplus > 0) this.#released += this.#waiting.splice(0, surplus + CHUNK).length;
  }

  #takeIn(until: number): void {
    let taken = 0;
    for (const hop of this.#waiting) {
      if (taken % 64 === 63 && performance.now() > until) break;
      taken += 1;
      this.#origin ??= hop.time;
      const { packet, follows } = this.#paths.follow(hop);
      const row: Row = { hop, later: [], first: follows === 0 };
      this.#rows.push(row);
      if (row.first) this.#byPacket.set(packet, row);
      else this.#byPacket.get(packet)?.later.push(hop);
    }
    if (taken === this.#waiting.length) this.#waiting = [];
    else this.#waiting.splice(0, taken);
    if (this.#rows.length > CAPACITY) this.#release(Math.ceil((this.#rows.length - CAPACITY) / CHUNK) * CHUNK);
  }

  /** The list is paused: packets are told of, not kept. */
  pass(batch: HopBatch): void {
    this.#lost += batch.lost;
    this.#missed += batch.hops.length;
  }

  resume(): void {
    this.#missed = 0;
  }

  clear(): void {
    this.#waiting = [];
    this.#rows = [];
    this.#byPacket = new Map();
    this.#paths = new PacketPaths();
    this.#released = this.#lost = this.#missed = 0;
    this.#origin = null;
    this.#rescan();
  }

  /** Every word must stand somewhere in the row, in any case. */
  setFilter(text: string): void {
    this.#words = text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    this.#rescan();
  }

  setOnePerPacket(on: boolean): void {
    this.#onePerPacket = on;
    this.#rescan();
  }

  /** Takes in what was handed over and looks through it with the filter, for about `budget` ms. True when there is more to do. */
  work(budget: number): boolean {
    const until = performance.now() + budget;
    this.#takeIn(until);
    if (this.#waiting.length > 0) return true;
    if (this.#shown === this.#rows) return false;
    while (this.#scanned < this.#rows.length) {
      for (let n = 0; n < 100 && this.#scanned < this.#rows.length; n++) {
        const row = this.#rows[this.#scanned++] as Row;
        if (this.#fits(row)) this.#shown.push(row);
      }
      if (performance.now() > until) return this.#scanned < this.#rows.length;
    }
    return false;
  }

  summary(row: PacketRow): PacketSummary {
    const own = row as Row;
    own.summary ??= summarize(row.hop.bytes, row.hop.linkType, row.hop.originalLength);
    return own.summary;
  }

  get shown(): readonly PacketRow[] {
    return this.#shown;
  }

  /** Rows kept, whether shown or not. */
  get kept(): number {
    return this.#rows.length;
  }

  /** Rows let go because there were too many. */
  get released(): number {
    return this.#released;
  }

  /** Packets that the guests' captures dropped. */
  get lost(): number {
    return this.#lost;
  }

  /** Hops that came while the list was paused. */
  get missed(): number {
    return this.#missed;
  }

  /** Guest time of the first packet, seconds; null before it. */
  get origin(): number | null {
    return this.#origin;
  }

  get isFiltered(): boolean {
    return this.#words.length > 0;
  }

  #fits(row: Row): boolean {
    if (this.#onePerPacket && !row.first) return false;
    if (this.#words.length === 0) return true;
    if (row.haystack === undefined) {
      const { protocol, source, destination, info } = this.summary(row);
      row.haystack =
        `${row.hop.machine} ${row.hop.device} ${row.hop.direction} ${protocol} ${source} ${destination} ${info}`.toLowerCase();
    }
    const { haystack } = row;
    return this.#words.every((word) => haystack.includes(word));
  }

  #rescan(): void {
    this.#scanned = 0;
    this.#shown = this.#words.length === 0 && !this.#onePerPacket ? this.#rows : [];
  }

  #release(count: number): void {
    const gone = this.#rows.splice(0, count);
    this.#released += gone.length;
    for (const row of gone) if (row.first) this.#byPacket.delete(row.hop.n);
    if (this.#shown === this.#rows) return;
    this.#scanned = Math.max(0, this.#scanned - count);
    const last = gone.at(-1)?.hop.n ?? 0;
    const keep = this.#shown.findIndex((row) => row.hop.n > last);
    this.#shown.splice(0, keep < 0 ? this.#shown.length : keep);
  }
}
