// All hops of all journeys as one list: what happened, in order. A hop comes after the one that it follows and after what its
// own machine's clock saw before it; among those that could be next, the earliest is. Clocks that drift, so that no offset
// fits all of a run, can therefore shift times, but never put an effect before its cause.
import type { Journey, JourneyHop } from './journey.ts';

export interface OrderedHop {
  readonly journey: Journey;
  readonly hop: JourneyHop;
}

/** Depends on the journeys alone, not on their order in the array. */
export function inOneOrder(journeys: readonly Journey[]): OrderedHop[] {
  const nodes: Node[] = [];
  const clocks = new Map<string, Node[]>();
  for (const journey of journeys) {
    const own: Node[] = [];
    for (const hop of journey.hops) {
      const node = { journey, hop, next: [], waitsFor: 0 };
      own.push(node);
      nodes.push(node);
      precede(own[hop.after], node);
      const clock = clocks.get(hop.hop.machine);
      if (clock === undefined) clocks.set(hop.hop.machine, [node]);
      else clock.push(node);
    }
  }
  for (const clock of clocks.values()) alongClock(clock);
  return sorted(nodes);
}

interface Node extends OrderedHop {
  readonly next: Link[];
  waitsFor: number;
}

/** What is between a clock's moments: it waits for all hops of the one, and those of the next wait for it. */
interface Moment {
  readonly next: Link[];
  waitsFor: number;
}

type Link = Node | Moment;

/** At one moment nothing is before or after: there the packets' own ways decide. */
function alongClock(clock: Node[]): void {
  clock.sort((a, b) => a.hop.hop.time - b.hop.hop.time || a.hop.hop.n - b.hop.hop.n);
  let before: Moment | undefined;
  let after: Moment = { next: [], waitsFor: 0 };
  for (const [index, node] of clock.entries()) {
    if (index > 0 && clock[index - 1]?.hop.hop.time !== node.hop.hop.time) {
      before = after;
      after = { next: [], waitsFor: 0 };
    }
    precede(before, node);
    precede(node, after);
  }
}

function precede(before: Link | undefined, after: Link): void {
  if (before === undefined) return;
  before.next.push(after);
  after.waitsFor++;
}

const compare = (a: Node, b: Node): number => a.hop.time - b.hop.time || a.hop.hop.n - b.hop.hop.n;

/** Kahn's algorithm. Where a clock was set back, hops wait for each other in a circle: then the earliest of them goes first. */
function sorted(nodes: readonly Node[]): OrderedHop[] {
  const order: OrderedHop[] = [];
  const ready = new NodeHeap();
  const waiting = new Set(nodes);
  const waitingHops = new Set(nodes.map(({ hop }) => hop));
  const byTime = [...nodes].sort(compare);
  for (const node of nodes) if (node.waitsFor === 0) ready.push(node);
  while (waiting.size > 0) {
    // In a circle, a hop may go before what its clock saw, but not before the hop that it follows.
    const node = ready.pop() ?? byTime.find((one) => waiting.has(one) && !waitsForOwn(one, waitingHops));
    if (node === undefined) break;
    if (!waiting.delete(node)) continue;
    waitingHops.delete(node.hop);
    order.push({ journey: node.journey, hop: node.hop });
    release(node, ready, waiting);
  }
  return order;
}

function release(done: Link, ready: NodeHeap, waiting: ReadonlySet<Node>): void {
  for (const next of done.next) {
    if (--next.waitsFor > 0) continue;
    if (!('hop' in next)) release(next, ready, waiting);
    else if (waiting.has(next)) ready.push(next);
  }
}

function waitsForOwn({ journey, hop }: Node, waitingHops: ReadonlySet<JourneyHop>): boolean {
  const before = journey.hops[hop.after];
  return before !== undefined && waitingHops.has(before);
}

class NodeHeap {
  readonly #heap: Node[] = [];

  push(node: Node): void {
    const heap = this.#heap;
    let i = heap.push(node) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (compare(heap[up] as Node, node) <= 0) break;
      heap[i] = heap[up] as Node;
      i = up;
    }
    heap[i] = node;
  }

  pop(): Node | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      if (child + 1 < heap.length && compare(heap[child + 1] as Node, heap[child] as Node) < 0) child++;
      if (compare(last, heap[child] as Node) <= 0) break;
      heap[i] = heap[child] as Node;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}
