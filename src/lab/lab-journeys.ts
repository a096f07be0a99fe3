// The journeys of a running lab: what its taps see, joined into the way of each packet when somebody looks. Until then hops
// are only kept, and no machine is asked for anything.

import { EvidenceReader } from '../guest/ask/evidence.ts';
import type { Gap } from '../hop/gap.ts';
import type { Hop } from '../hop/hop.ts';
import { type Context, JourneyBuilder, type Regrouped, stitch } from '../journey/builder.ts';
import type { Evidence } from '../journey/evidence/evidence.ts';
import type { Journey } from '../journey/journey.ts';
import type { Topology } from '../journey/topology.ts';
import type { Machine } from '../machine/machine.ts';
import type { Graph } from '../topology/graph.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';
import { topologyOf } from './journey-topology.ts';
import type { Lab } from './lab.ts';
import { askedLater } from './time-words.ts';

/** As many as a stepper goes back. */
const keep = 20_000;
/** Of the latest; a kernel that drops a flood says so of each packet. */
const keepEvidence = 5000;
const keepGaps = 1000;

export class LabJourneys {
  readonly #lab: Lab;
  readonly #readers: readonly (readonly [Machine, EvidenceReader])[];
  readonly #end: Unsubscribe;
  #builder = new JourneyBuilder({ keep });
  #waiting: Hop[] = [];
  #graph: Graph | null = null;
  #topology: Topology = { devices: [] };
  #evidence: readonly Evidence[] = [];
  #gaps: readonly Gap[] = [];
  #context: Context | null = null;
  /** By machine: the latest hop when it was asked last. */
  #askedAt = new Map<string, number>();
  #newest = 0;
  /** The last question, answered or not. */
  #asking: Promise<unknown> = Promise.resolve();

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#readers = lab.machines.filter(({ can }) => can.exec).map((machine) => [machine, new EvidenceReader(machine)]);
    this.#end = lab.onWentBack(() => {
      for (const [, reader] of this.#readers) void reader.startAnew();
    });
  }

  /** These hops have happened. Costs next to nothing until someone looks. */
  add(hops: readonly Hop[]): void {
    for (const hop of hops) this.#waiting.push(hop);
    this.#newest = hops.at(-1)?.n ?? this.#newest;
    if (this.#waiting.length > 2 * keep) this.#waiting.splice(0, this.#waiting.length - keep);
  }

  /** Packets that taps have lost. */
  missed(gaps: readonly Gap[]): void {
    if (gaps.length === 0) return;
    this.#gaps = [...this.#gaps, ...gaps].slice(-keepGaps);
    this.#context = null;
    this.#builder.know({ gaps });
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
    this.#context ??= {
      topology: this.#topology,
      conntrack: this.#builder.conntrack,
      evidence: this.#evidence,
      gaps: this.#gaps,
    };
    return this.#context;
  }

  /**
   * Asks the machines that run what only they know of the packet of a hop, and of all before it: conntrack's table, which counters
   * went up, why the kernel dropped something. True when one of them said something new. One answer that is later than the hop is
   * all that there is. A machine that is frozen or starts can be asked later; one that is off has nothing to say.
   * One question after the other: an answer under way may be older than this packet, and what it says counts once.
   */
  ask(n: number): Promise<boolean> {
    const builder = this.#builder;
    const answered = this.#asking.then(() => this.#ask(n, builder));
    this.#asking = answered.catch(() => {});
    return answered;
  }

  async #ask(n: number, builder: JourneyBuilder): Promise<boolean> {
    if (builder !== this.#builder) return false;
    const newest = this.#newest;
    const read = async (machine: Machine, reader: EvidenceReader): Promise<Context | null> => {
      if (machine.state.peek().kind !== 'running' || n <= (this.#askedAt.get(machine.name) ?? 0)) return null;
      const answer = await reader.read();
      // Also one that does not answer was asked.
      if (builder === this.#builder) this.#askedAt.set(machine.name, newest);
      return answer;
    };
    const asked = this.#readers.map(([machine, reader]) => read(machine, reader));
    const answers = (await Promise.all(asked)).filter((answer) => answer !== null);
    if (builder !== this.#builder) return false;
    const conntrack = answers.flatMap((answer) => answer.conntrack ?? []);
    const evidence = answers.flatMap((answer) => answer.evidence ?? []);
    if (!builder.know({ conntrack, evidence })) return false;
    this.#evidence = [...this.#evidence, ...evidence].slice(-keepEvidence);
    this.#context = null;
    return true;
  }

  /** What is to be said of a packet's end for as long as not all machines have said what they know of it; "" when they have. */
  pending(n: number): string {
    const machines = this.#readers.map(([machine]) => machine);
    return askedLater(machines.filter(({ name }) => n > (this.#askedAt.get(name) ?? 0)));
  }

  /** A new run of the lab: nothing has happened. */
  clear(): void {
    this.#builder = new JourneyBuilder({ keep });
    this.#waiting = [];
    this.#graph = null;
    this.#evidence = [];
    this.#gaps = [];
    this.#context = null;
    this.#askedAt = new Map();
    this.#newest = 0;
    for (const [, reader] of this.#readers) reader.forget();
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
