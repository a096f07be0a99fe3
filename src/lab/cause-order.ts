// Puts what several machines and wires saw into an order in which nothing comes before what it came from. A wire tells of a
// frame at once, the taps of the machines at both ends a few ms later: a frame waits until its sender has told of it, and
// what came in at a NIC until the frame has gone before it. Only for a moment: a tap may have missed it.
import { type Hop, WIRE } from '../hop/hop.ts';
import { identityOf } from '../hop/identity.ts';

/** ms */
export const PATIENCE = 200;
/** Packets that NICs sent, of which no wire has told yet. */
const MOST_SENT = 4096;
/** Hops that wait: in a flood no order can be seen, and nothing is to pile up. */
const MOST_WAITING = 2048;

interface Waiting<H> {
  readonly hop: H;
  readonly since: number;
  /** The how manieth it came. */
  readonly order: number;
  /** The packet and the wire; "" where it needs to wait for nothing. */
  readonly key: string;
}

export class CauseOrder<H extends Hop> {
  readonly #wireOf: (hop: H) => string | undefined;
  /** What each machine and each wire told of, in its own order. */
  readonly #queues = new Map<string, Waiting<H>[]>();
  /** Frames of wires that wait, by key. */
  readonly #frames = new Map<string, number>();
  readonly #sent = new Set<string>();
  #next = 0;
  #size = 0;

  /** @param wireOf the wire that a machine's hop was sent to or came from, if its device is plugged into one */
  constructor(wireOf: (hop: H) => string | undefined) {
    this.#wireOf = wireOf;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * @param now ms
   * @param waits false: nobody will tell where it came from
   */
  push(hop: H, now: number, waits = true): void {
    const onWire = hop.machine === WIRE;
    const wire = onWire ? hop.device : this.#wireOf(hop);
    const key = wire === undefined || !waits ? '' : `${wire} ${identityOf(hop).key}`;
    if (onWire && waits) this.#frames.set(key, (this.#frames.get(key) ?? 0) + 1);
    const name = onWire ? `wire ${hop.device}` : `machine ${hop.machine}`;
    const queue = this.#queues.get(name);
    const waiting = { hop, since: now, order: this.#next++, key };
    if (queue === undefined) this.#queues.set(name, [waiting]);
    else queue.push(waiting);
    this.#size += 1;
  }

  /** The next one whose turn it is; undefined when all that is there has to wait. Infinity: nothing has to. */
  take(now: number): H | undefined {
    let first: Waiting<H>[] | undefined;
    let earliest = Infinity;
    for (const queue of this.#queues.values()) {
      const [head] = queue;
      if (head === undefined || head.order >= earliest || !this.#isFree(head, now)) continue;
      first = queue;
      earliest = head.order;
    }
    const taken = first?.shift();
    if (taken !== undefined) this.#gone(taken);
    return taken?.hop;
  }

  clear(): void {
    this.#queues.clear();
    this.#frames.clear();
    this.#sent.clear();
    this.#size = 0;
  }

  #isFree({ hop, since, key }: Waiting<H>, now: number): boolean {
    if (key === '' || now - since >= PATIENCE || this.#size > MOST_WAITING) return true;
    if (hop.machine === WIRE) return this.#sent.has(key);
    return hop.direction === 'out' || !this.#frames.has(key);
  }

  #gone({ hop, key }: Waiting<H>): void {
    this.#size -= 1;
    if (key === '') return;
    if (hop.machine === WIRE) {
      this.#sent.delete(key);
      const left = (this.#frames.get(key) ?? 1) - 1;
      if (left === 0) this.#frames.delete(key);
      else this.#frames.set(key, left);
    } else if (hop.direction === 'out') {
      this.#sent.add(key);
      if (this.#sent.size > MOST_SENT)
        for (const old of [...this.#sent].slice(0, MOST_SENT / 2)) this.#sent.delete(old);
    }
  }
}
