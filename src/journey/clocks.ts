// One time for several clocks. Every machine's tap has its own, and the wire has another. What is known is which sighting
// of a packet came before which: a frame leaves NIC A before it is on the wire, and that before it enters NIC B.
//
//   A's clock   ──────x────────────────x───▶      a packet from A to B:  tA + oA ≤ tB + oB, so oB − oA ≥ tA − tB
//                      ╲              ╱           one from B to A bounds it from the other side, as in NTP (RFC 5905);
//   B's clock   ────────x────────────x─────▶      between the bounds the middle is taken: both ways last equally long
//
// The bounds come from the fastest packet in each direction, of those that cannot be taken for another. Where there are none, the
// readings of two clocks are not compared, unless it is known that both show one time (a lab's machines).

/** Seconds by which two clocks are wrong at most, once they are set as well as they can be: where packets do not show that it is less. */
export const CLOCK_ERROR = 0.005;

/** Who found a bound; it holds as long as he has not looked again. */
export interface Witness {
  readonly version: number;
}

interface Delay {
  /** Seconds by which the second clock's reading was ahead of the first's. */
  readonly seconds: number;
  readonly witness: Witness;
  readonly version: number;
}

export class Clocks {
  /** By "first clock|second clock": how long packets from the one to the other seem to take. */
  readonly #delays = new Map<string, DelayHeap>();
  readonly #areOne: boolean;
  readonly #names = new Set<string>();
  #offsets: ReadonlyMap<string, number> | null = null;
  #last: ReadonlyMap<string, number> = new Map();
  #groups = new Map<string, string>();
  #errors: ReadonlyMap<string, number> = new Map();
  #revision = 0;

  /** @param areOne they all show one time: there is nothing to find out */
  constructor(areOne = false) {
    this.#areOne = areOne;
  }

  /** In an order that does not depend on which was seen first. */
  get names(): readonly string[] {
    return [...this.#names].sort(byAnchor);
  }

  /** Equal for clocks whose readings can be compared. */
  group(clock: string): string {
    if (this.#areOne) return '';
    this.#offsets ??= this.#solve();
    return this.#groups.get(clock) ?? clock;
  }

  see(clock: string): void {
    if (this.#names.has(clock)) return;
    this.#names.add(clock);
    this.#offsets = null;
  }

  /** A packet was seen by `from`'s clock, and later, `seconds` ahead on `to`'s clock. Nothing is said of how much later. */
  observe(from: string, to: string, seconds: number, witness: Witness): void {
    if (this.#areOne) return;
    const key = `${from}|${to}`;
    let heap = this.#delays.get(key);
    if (heap === undefined) {
      heap = new DelayHeap();
      this.#delays.set(key, heap);
    }
    heap.push({ seconds, witness, version: witness.version });
    this.#offsets = null;
  }

  /** Observations may have been taken back. */
  changed(): void {
    this.#offsets = null;
  }

  /** Seconds to add to a clock's reading. The wire's is 0, or else that of the first machine by name. */
  offset(clock: string): number {
    this.#offsets ??= this.#solve();
    return this.#offsets.get(clock) ?? 0;
  }

  /**
   * Seconds by which two clocks may still be apart once their offsets are added: half of what lies between the bounds, along the best way
   * from one to the other. Infinity where packets went one way only.
   */
  error(a: string, b: string): number {
    if (a === b) return 0;
    this.#offsets ??= this.#solve();
    return this.#errors.get(`${a}|${b}`) ?? Infinity;
  }

  /** Another number when an offset is another than before. */
  get revision(): number {
    this.#offsets ??= this.#solve();
    return this.#revision;
  }

  #solve(): ReadonlyMap<string, number> {
    const { names } = this;
    const bounds = least(this.#delays);
    this.#errors = errorsOf(names, bounds);
    const offsets = new Map<string, number>();
    this.#groups = new Map();
    for (const anchor of names) {
      if (offsets.has(anchor)) continue;
      const group = spanning(anchor, names, bounds);
      settle(group, bounds);
      const shift = group.get(anchor) ?? 0;
      for (const [name, offset] of group) {
        offsets.set(name, offset - shift);
        this.#groups.set(name, anchor);
      }
    }
    if ([...offsets].some(([name, offset]) => this.#last.get(name) !== offset)) this.#revision++;
    this.#last = offsets;
    return offsets;
  }
}

function least(delays: ReadonlyMap<string, DelayHeap>): Bounds {
  const bounds: Bounds = new Map();
  for (const [pair, heap] of delays) {
    const delay = heap.least();
    if (delay !== undefined) bounds.set(pair, delay);
  }
  for (const [pair, there] of [...bounds]) {
    const back = opposite(pair);
    // A packet was there before it was sent: it was taken for another one, and nobody knows in which direction.
    if (!(there + (bounds.get(back) ?? Infinity) < -CLOCK_ERROR)) continue;
    bounds.delete(pair);
    bounds.delete(back);
  }
  // In an order that does not depend on which was seen first.
  return new Map([...bounds].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const opposite = (pair: string): string => pair.split('|').reverse().join('|');

type Bounds = Map<string, number>;

const byAnchor = (a: string, b: string): number =>
  Number(b === 'wire') - Number(a === 'wire') || (a < b ? -1 : a > b ? 1 : 0);

/** Prim's algorithm: each clock is set by the one that it can be compared with best, the two-way bounds first. */
function spanning(anchor: string, names: readonly string[], bounds: Bounds): Map<string, number> {
  const offsets = new Map([[anchor, 0]]);
  for (;;) {
    let best: { name: string; offset: number; width: number } | undefined;
    for (const [a, offset] of offsets) {
      for (const b of names) {
        if (offsets.has(b)) continue;
        const there = bounds.get(`${a}|${b}`);
        const back = bounds.get(`${b}|${a}`);
        if (there === undefined && back === undefined) continue;
        // oB − oA lies in [−there, back].
        const width = there === undefined || back === undefined ? Infinity : Math.abs(there + back);
        const between = there === undefined ? (back ?? 0) : back === undefined ? -there : (back - there) / 2;
        if (best === undefined || width < best.width || (width === best.width && b < best.name))
          best = { name: b, offset: offset + between, width };
      }
    }
    if (best === undefined) return offsets;
    offsets.set(best.name, best.offset);
  }
}

/** Floyd and Warshall's shortest ways, over half of what lies between the bounds of each pair. */
function errorsOf(names: readonly string[], bounds: Bounds): ReadonlyMap<string, number> {
  const errors = new Map<string, number>();
  for (const a of names) {
    for (const b of names) {
      const there = bounds.get(`${a}|${b}`);
      const back = bounds.get(`${b}|${a}`);
      if (there !== undefined && back !== undefined) errors.set(`${a}|${b}`, Math.abs(there + back) / 2);
    }
  }
  for (const by of names) {
    for (const a of names) {
      const first = errors.get(`${a}|${by}`);
      if (first === undefined) continue;
      for (const b of names) {
        const whole = first + (errors.get(`${by}|${b}`) ?? Infinity);
        if (whole < (errors.get(`${a}|${b}`) ?? Infinity)) errors.set(`${a}|${b}`, whole);
      }
    }
  }
  return errors;
}

/** Moves clocks on until no bound is broken (Bellman-Ford); where clocks drifted, so that all cannot hold, it gives up. */
function settle(offsets: Map<string, number>, bounds: Bounds): void {
  for (let round = 0; round < offsets.size; round++) {
    let moved = false;
    for (const [pair, delay] of bounds) {
      const [a = '', b = ''] = pair.split('|');
      const from = offsets.get(a);
      const to = offsets.get(b);
      if (from === undefined || to === undefined || to >= from - delay) continue;
      offsets.set(b, from - delay);
      moved = true;
    }
    if (!moved) return;
  }
}

/** The least delay first; what its witness no longer says is dropped when it gets to the top. */
class DelayHeap {
  readonly #heap: Delay[] = [];

  push(delay: Delay): void {
    const heap = this.#heap;
    let i = heap.push(delay) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if ((heap[up] as Delay).seconds <= delay.seconds) break;
      heap[i] = heap[up] as Delay;
      i = up;
    }
    heap[i] = delay;
  }

  least(): number | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined) return undefined;
      if (top.version === top.witness.version) return top.seconds;
      this.#pop();
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Delay).seconds < (heap[child] as Delay).seconds) child++;
      if ((heap[child] as Delay).seconds >= last.seconds) break;
      heap[i] = heap[child] as Delay;
      i = child;
    }
    heap[i] = last;
  }
}
