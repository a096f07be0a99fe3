// The journeys of a running lab: what its taps see, joined into the way of each packet when somebody looks. Until then hops
// are only kept, and no machine is asked for anything.
import { JourneyBuilder, stitch } from '../journey/builder.ts';
import type { Hop as JourneyHop } from '../journey/hop.ts';
import { WIRE } from '../journey/hop.ts';
import type { Journey } from '../journey/journey.ts';
import type { Topology } from '../journey/topology.ts';
import type { Graph } from '../topology/graph.ts';
import { EvidenceReader } from './journey-evidence.ts';
import { topologyOf } from './journey-topology.ts';
import type { Hop, Lab } from './lab.ts';

/** As many as a stepper goes back. */
const keep = 20_000;

export class LabJourneys {
  readonly #lab: Lab;
  readonly #readers: readonly EvidenceReader[];
  #builder = new JourneyBuilder({ keep });
  #waiting: Hop[] = [];
  #graph: Graph | null = null;
  #topology: Topology = { devices: [] };

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#readers = lab.machines.map((machine) => new EvidenceReader(machine));
  }

  /** These hops have happened. Costs next to nothing until someone looks. */
  add(hops: readonly Hop[]): void {
    for (const hop of hops) this.#waiting.push(hop);
    if (this.#waiting.length > 2 * keep) this.#waiting.splice(0, this.#waiting.length - keep);
  }

  /** The journey that a hop is part of, by the hop's number; undefined when that is forgotten, or was never there. */
  of(n: number): Journey | undefined {
    this.#takeIn();
    return this.#builder.journeyOf(n);
  }

  /** True when both hops are of one packet. */
  joins(one: number, other: number): boolean {
    return this.of(one)?.hops.some(({ hop }) => hop.id === other) ?? false;
  }

  /** True when a frame that a wire holds would be the next place of this hop's packet. */
  wouldJoin(n: number, held: Hop): boolean {
    const journey = this.of(n);
    if (journey === undefined) return false;
    const hops = [...journey.hops.map(({ hop }) => hop), { ...asJourneyHop(held), id: Number.MAX_SAFE_INTEGER }];
    return stitch(hops, { topology: this.#topology }).some(
      (one) => one.hops.length > 1 && one.hops.some(({ hop }) => hop.id === Number.MAX_SAFE_INTEGER),
    );
  }

  /**
   * Asks the machines that run what only they know: conntrack's table, which counters went up. True when one of them
   * answered; those that are frozen can be asked when time goes on.
   */
  async ask(): Promise<boolean> {
    const builder = this.#builder;
    const answers = await Promise.all(this.#readers.map((reader) => reader.read()));
    let known = false;
    for (const answer of answers) {
      if (answer === null) continue;
      builder.know(answer);
      known = true;
    }
    return known;
  }

  /** A new run of the lab: nothing has happened. */
  clear(): void {
    this.#builder = new JourneyBuilder({ keep });
    this.#waiting = [];
    this.#graph = null;
    for (const reader of this.#readers) reader.forget();
  }

  #takeIn(): void {
    const graph = this.#lab.graph.peek();
    if (graph !== this.#graph) {
      this.#graph = graph;
      this.#topology = topologyOf(graph, (machine, device) => this.#lab.wireOf(machine, device));
      this.#builder.know({ topology: this.#topology });
    }
    if (this.#waiting.length === 0) return;
    this.#builder.add(this.#waiting.map(asJourneyHop));
    this.#waiting = [];
  }
}

function asJourneyHop(hop: Hop): JourneyHop {
  const { n, machine, device, ifindex, time, linkType, bytes, originalLength } = hop;
  const direction = machine === WIRE ? 'unknown' : hop.direction;
  return { id: n, machine, device, ifindex, direction, time, linkType, bytes, originalLength };
}
