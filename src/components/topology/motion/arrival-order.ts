// Puts what several machines and wires saw into an order in which nothing comes before what it came from. A wire tells of a
// frame at once, the taps of the machines at both ends a few ms later: a frame waits until its sender has told of it, and
// what came in at a NIC until the frame has gone before it. Only by a moment: a tap may have missed it.
import type { Hop } from '../../../hop/hop.ts';
import type { Graph } from '../../../topology/graph.ts';
import { fingerprint } from '../../../topology/packet-fingerprint.ts';

/** ms */
const PATIENCE = 200;
/** Packets that NICs sent, of which no wire has told yet. */
const MOST_SENT = 4096;

interface Waiting {
  readonly hop: Hop;
  readonly since: number;
  /** What the packet is known by; 0 where it needs to wait for nothing. */
  readonly key: number;
}

export class ArrivalOrder {
  #wires = new Set<string>();
  #nics = new Set<string>();
  /** What each machine and each wire told of, in its own order. */
  readonly #queues = new Map<string, Waiting[]>();
  /** Frames of wires that wait, by key. */
  readonly #frames = new Map<number, number>();
  readonly #sent = new Set<number>();
  #size = 0;

  setGraph(graph: Graph): void {
    this.#wires = new Set(graph.wires.map(({ id }) => id));
    this.#nics = new Set(graph.edges.filter(({ kind }) => kind === 'plug').map(({ source }) => source));
  }

  get size(): number {
    return this.#size;
  }

  /** @param now ms */
  push(hop: Hop, now: number): void {
    const onWire = this.#wires.has(hop.deviceId ?? '');
    const matters = onWire || this.#nics.has(hop.deviceId ?? '');
    const key = matters ? fingerprint(hop.bytes, hop.linkType).any : 0;
    if (onWire) this.#frames.set(key, (this.#frames.get(key) ?? 0) + 1);
    const queue = this.#queues.get(hop.machine);
    const waiting = { hop, since: now, key };
    if (queue === undefined) this.#queues.set(hop.machine, [waiting]);
    else queue.push(waiting);
    this.#size += 1;
  }

  /** The next one whose turn it is; undefined when all that is there has to wait. */
  take(now: number): Hop | undefined {
    let first: Waiting[] | undefined;
    for (const queue of this.#queues.values()) {
      const [head] = queue;
      if (head === undefined || !this.#isFree(head, now)) continue;
      if (first?.[0] === undefined || head.hop.n < first[0].hop.n) first = queue;
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

  #isFree({ hop, since, key }: Waiting, now: number): boolean {
    if (key === 0 || now - since >= PATIENCE) return true;
    if (this.#wires.has(hop.deviceId ?? '')) return this.#sent.has(key);
    return hop.direction === 'out' || !this.#frames.has(key);
  }

  #gone({ hop, key }: Waiting): void {
    this.#size -= 1;
    if (key === 0) return;
    if (this.#wires.has(hop.deviceId ?? '')) {
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
