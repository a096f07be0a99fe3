// What is known of a lab's devices and addresses, now and before: the kernels' reports as journeys need them, with the time until which
// each was so.
import type { PastTopology } from '../journey/places-in-time.ts';
import type { Topology } from '../journey/topology.ts';
import type { Graph } from '../topology/graph.ts';
import { topologyOf } from './journey-topology.ts';

export interface KnownDevices {
  readonly topology: Topology;
  /** The earliest first. */
  readonly past: readonly PastTopology[];
}

/** Devices come and go with each container. */
const keepPast = 64;
/** Reports that nobody has looked at. */
const mostGraphs = 32;
const nothing: KnownDevices = { topology: { devices: [] }, past: [] };

export class DevicesInTime {
  readonly #wireOf: (machine: string, device: string) => string | undefined;
  #graphs: { readonly graph: Graph; readonly time: number }[] = [];
  #known = nothing;

  constructor(wireOf: (machine: string, device: string) => string | undefined) {
    this.#wireOf = wireOf;
  }

  /** Costs next to nothing until someone looks. @param time seconds of the lab */
  report(graph: Graph, time: number): void {
    this.#graphs.push({ graph, time });
    if (this.#graphs.length > mostGraphs) this.#takeIn();
  }

  /** The same object as long as nothing has changed. */
  get known(): KnownDevices {
    this.#takeIn();
    return this.#known;
  }

  /** A new run of the lab: nothing was before. @param known of a page that is no more, whose run goes on */
  begin(known?: KnownDevices): void {
    this.#takeIn();
    this.#known = known ?? { topology: this.#known.topology, past: [] };
  }

  #takeIn(): void {
    for (const { graph, time } of this.#graphs.splice(0)) {
      const topology = topologyOf(graph, this.#wireOf);
      const { topology: before, past } = this.#known;
      if (JSON.stringify(topology) === JSON.stringify(before)) continue;
      const all = before.devices.length === 0 ? past : [...past, { until: time, topology: before }];
      this.#known = { topology, past: all.length > keepPast ? all.slice(keepPast / 2) : all };
    }
  }
}
