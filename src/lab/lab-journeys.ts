// The journeys of a running lab: what its taps see, joined into the way of each packet when somebody looks. Until then hops
// are only kept, and no machine is asked for anything.

import { EvidenceReader } from '../guest/ask/evidence.ts';
import type { Hop } from '../hop/hop.ts';
import { type Context, JourneyBuilder, type Regrouped, stitch } from '../journey/builder.ts';
import type { Evidence } from '../journey/evidence/evidence.ts';
import type { Journey } from '../journey/journey.ts';
import type { Topology } from '../journey/topology.ts';
import type { Graph } from '../topology/graph.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';
import { topologyOf } from './journey-topology.ts';
import type { Lab } from './lab.ts';

/** As many as a stepper goes back. */
const keep = 20_000;
/** Of the latest; a kernel that drops a flood says so of each packet. */
const keepEvidence = 5000;

export class LabJourneys {
  readonly #lab: Lab;
  readonly #readers: readonly EvidenceReader[];
  readonly #end: Unsubscribe;
  #builder = new JourneyBuilder({ keep });
  #waiting: Hop[] = [];
  #graph: Graph | null = null;
  #topology: Topology = { devices: [] };
  #evidence: readonly Evidence[] = [];
  #context: Context | null = null;
  /** The latest hop when the machines were asked last. */
  #askedAt = 0;
  #newest = 0;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#readers = lab.machines.map((machine) => new EvidenceReader(machine));
    this.#end = lab.onWentBack(() => {
      for (const reader of this.#readers) void reader.startAnew();
    });
  }

  /** These hops have happened. Costs next to nothing until someone looks. */
  add(hops: readonly Hop[]): void {
    for (const hop of hops) this.#waiting.push(hop);
    this.#newest = hops.at(-1)?.n ?? this.#newest;
    if (this.#waiting.length > 2 * keep) this.#waiting.splice(0, this.#waiting.length - keep);
  }

  /** The journey that a hop is part of, by the hop's number; undefined when that is forgotten, or was never there. */
  of(n: number): Journey | undefined {
    this.#takeIn();
    return this.#builder.journeyOf(n);
  }

  /** Which hops are one packet, of those to which something has changed since the last call: JourneyBuilder.regrouped(). */
  regrouped(most: number): Regrouped {
    this.#takeIn();
    return this.#builder.regrouped(most);
  }

  /** True when both hops are of one packet. */
  joins(one: number, other: number): boolean {
    return this.of(one)?.hops.some(({ hop }) => hop.n === other) ?? false;
  }

  /** True when a frame that a wire holds would be the next place of this hop's packet. */
  wouldJoin(n: number, held: Hop): boolean {
    const journey = this.of(n);
    if (journey === undefined) return false;
    const hops = [...journey.hops.map(({ hop }) => hop), { ...held, n: Number.MAX_SAFE_INTEGER }];
    return stitch(hops, { topology: this.#topology }).some(
      (one) => one.hops.length > 1 && one.hops.some(({ hop }) => hop.n === Number.MAX_SAFE_INTEGER),
    );
  }

  /**
   * Seconds to add to what a machine's tap or the wire says, as far as journeys know by now: taps report what they saw a moment late,
   * and by how much shows where the same packet was seen by several. What a journey says and what a list says agree by it.
   */
  correction(machine: string): number {
    return this.#builder.clockOffset(machine);
  }

  /** What is known besides the packets: the same object as long as nothing else is. */
  context(): Context {
    this.#lookAtGraph();
    this.#context ??= { topology: this.#topology, conntrack: this.#builder.conntrack, evidence: this.#evidence };
    return this.#context;
  }

  /**
   * Asks the machines that run what only they know of the packet of a hop, and of all before it: conntrack's table, which counters
   * went up, why the kernel dropped something. True when one of them said something new. Those that are frozen can be asked when
   * time goes on; one answer that is later than the hop is all that there is. A machine that is off is not waited for.
   */
  async ask(n: number): Promise<boolean> {
    if (n <= this.#askedAt) return false;
    const builder = this.#builder;
    const newest = this.#newest;
    const { machines } = this.#lab;
    // One that is off, or has failed, has nothing to say and never will have; one that stands or starts may be asked later.
    const later = machines.some(({ state }) => state.peek().kind === 'frozen' || state.peek().kind === 'loading');
    const answers = (await Promise.all(this.#readers.map((reader) => reader.read()))).filter(
      (answer) => answer !== null,
    );
    if (builder !== this.#builder) return false;
    if (!later) this.#askedAt = newest;
    const conntrack = answers.flatMap((answer) => answer.conntrack ?? []);
    const evidence = answers.flatMap((answer) => answer.evidence ?? []);
    if (!builder.know({ conntrack, evidence })) return false;
    this.#evidence = [...this.#evidence, ...evidence].slice(-keepEvidence);
    this.#context = null;
    return true;
  }

  /** True when the machines have said what they know of the packet of a hop. */
  asked(n: number): boolean {
    return n <= this.#askedAt;
  }

  /** A new run of the lab: nothing has happened. */
  clear(): void {
    this.#builder = new JourneyBuilder({ keep });
    this.#waiting = [];
    this.#graph = null;
    this.#evidence = [];
    this.#context = null;
    this.#askedAt = this.#newest = 0;
    for (const reader of this.#readers) reader.forget();
  }

  dispose(): void {
    this.#end();
    this.clear();
  }

  #takeIn(): void {
    this.#lookAtGraph();
    if (this.#waiting.length === 0) return;
    this.#builder.add(this.#waiting);
    this.#waiting = [];
  }

  #lookAtGraph(): void {
    const graph = this.#lab.graph.peek();
    if (graph === this.#graph) return;
    this.#graph = graph;
    this.#topology = topologyOf(graph, (machine, device) => this.#lab.wireOf(machine, device));
    this.#context = null;
    this.#builder.know({ topology: this.#topology });
  }
}
