// A lab of machines, whatever drives them: their states and kernels as one state and one graph, their taps as hops.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals-core';
import type { FreezeReason, Machine, MachineState, TapBatch, Unsubscribe } from '../machine/machine.ts';
import { remarkOf, withRemarks } from '../machine/remark.ts';
import { buildGraph, EMPTY_GRAPH } from '../topology/build-graph.ts';
import { DeviceHistory } from '../topology/device-history.ts';
import type { Graph } from '../topology/graph.ts';
import { mergeGraphs } from '../topology/merge-graphs.ts';
import type { Hop, HopBatch, Lab } from './lab.ts';

export class LabOfMachines implements Lab {
  readonly id: string;
  readonly title: string;
  readonly machines: readonly Machine[];
  readonly state: ReadonlySignal<MachineState>;
  readonly #graph = signal<Graph>(EMPTY_GRAPH);
  readonly #listeners = new Set<(batch: HopBatch) => void>();
  readonly #history = new DeviceHistory();
  readonly #ends: Unsubscribe[] = [];
  #next = 1;

  constructor(id: string, title: string, machines: readonly Machine[]) {
    this.id = id;
    this.title = title;
    this.machines = machines;
    this.state = computed(() => together(machines.map((machine) => machine.state.value)));
    const graphs = new Map<string, Graph>();
    for (const machine of machines) {
      this.#ends.push(
        effect(() => {
          const report = machine.kernel.value;
          // A machine that stops leaves its last picture until it is started again.
          if (report === null) graphs.delete(machine.name);
          else graphs.set(machine.name, buildGraph(machine.name, report, graphs.get(machine.name) ?? null));
          const graph = mergeGraphs([...graphs.values()]);
          this.#history.record(graph);
          this.#graph.value = graph;
        }),
        machine.onTap((batch) => this.#tapped(machine.name, batch)),
      );
    }
  }

  get graph(): ReadonlySignal<Graph> {
    return this.#graph;
  }

  onHops(listener: (batch: HopBatch) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    // A machine that runs goes on, and so do its hops' numbers: a new run begins when none of them does.
    if (this.machines.every(({ state }) => state.value.kind === 'off' || state.value.kind === 'failed')) this.#next = 1;
    await Promise.all(this.machines.map((machine) => machine.start()));
  }

  async freeze(reason: FreezeReason = 'reader'): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.freeze(reason)));
  }

  async thaw(): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.thaw()));
  }

  async reset(): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.stop()));
    await this.start();
  }

  async dispose(): Promise<void> {
    for (const end of this.#ends) end();
    this.#listeners.clear();
    await Promise.all(this.machines.map((machine) => machine.dispose()));
  }

  #tapped(machine: string, { frames, lost }: TapBatch): void {
    const hops = frames.map(
      (frame): Hop => ({
        ...frame,
        n: this.#next++,
        machine,
        deviceId: this.#history.find(machine, frame.ifindex)?.id ?? '',
      }),
    );
    for (const listener of this.#listeners) listener({ hops, lost });
  }
}

/** The worst that one of them is in decides; bytes to load and remarks are added up. */
function together(states: readonly MachineState[]): MachineState {
  return withRemarks(worst(states), states.map(remarkOf));
}

function worst(states: readonly MachineState[]): MachineState {
  for (const state of states) if (state.kind === 'failed') return state;
  const loading = states.filter((state) => state.kind === 'loading');
  if (loading.length > 0) {
    return {
      kind: 'loading',
      step: loading[0]?.step ?? '',
      done: loading.reduce((sum, state) => sum + state.done, 0),
      total: loading.reduce((sum, state) => sum + state.total, 0),
    };
  }
  return (
    states.find((state) => state.kind === 'frozen') ??
    states.find((state) => state.kind === 'off') ?? { kind: 'running' }
  );
}
