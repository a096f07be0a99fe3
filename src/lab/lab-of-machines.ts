// A lab of machines, whatever drives them: their states and kernels as one state and one graph, their taps as hops, and
// their NICs plugged into wires.
import { computed, effect, type ReadonlySignal, signal } from '@preact/signals-core';
import { LinkType } from '../capture/link-type.ts';
import type { TapBatch } from '../guest/guest.ts';
import type { Gap } from '../hop/gap.ts';
import { type Hop, WIRE } from '../hop/hop.ts';
import { whyNot } from '../machine/abilities.ts';
import type { FreezeReason, Machine, MachineState } from '../machine/machine.ts';
import { buildGraph, EMPTY_GRAPH } from '../topology/build-graph.ts';
import { DeviceHistory } from '../topology/device-history.ts';
import type { Graph } from '../topology/graph.ts';
import { mergeGraphs, wireId } from '../topology/merge-graphs.ts';
import type { VirtualClock } from '../wire/clock.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';
import { connect } from '../wire/frame-port.ts';
import { LabTime } from '../wire/lab-time.ts';
import { Wire } from '../wire/wire.ts';
import type { WireFrame } from '../wire/wire-frame.ts';
import type { WirePort } from '../wire/wire-port.ts';
import { CauseOrder, PATIENCE } from './cause-order.ts';
import { Checkpoints } from './checkpoints.ts';
import { Keeping } from './keeping.ts';
import { KeptError, type KeptRecord } from './kept-record.ts';
import { DevicesInTime, type KnownDevices } from './known-devices.ts';
import type { Checkpoint, HopBatch, KeepingCost, Lab } from './lab.ts';
import { lossWords } from './loss-words.ts';
import { realTime } from './real-time.ts';
import { together } from './together.ts';

/** A wire, and the machines whose NICs are plugged into it. */
export interface LabWire {
  readonly name: string;
  readonly machines: readonly string[];
}

export class LabOfMachines implements Lab {
  readonly id: string;
  readonly title: string;
  readonly machines: readonly Machine[];
  readonly wires: readonly Wire[];
  readonly time: LabTime;
  readonly state: ReadonlySignal<MachineState>;
  readonly #graph = signal<Graph>(EMPTY_GRAPH);
  /** The whole lab is on its way. */
  readonly #starting = signal(false);
  /** It has loaded, and is on its way to a moment that was kept. */
  readonly #continuing = signal(false);
  readonly #listeners = new Set<(batch: HopBatch) => void>();
  readonly #wentBack = new Set<() => void>();
  readonly #history = new DeviceHistory();
  readonly #devices = new DevicesInTime((machine, device) => this.wireOf(machine, device));
  readonly #ends: Unsubscribe[] = [];
  readonly #plugged = new Map<string, string>();
  readonly #cables = signal<ReadonlyMap<string, boolean>>(new Map());
  readonly #checkpoints: Checkpoints;
  readonly #keeping: Keeping;
  readonly #frames = new WeakMap<WireFrame, Hop>();
  readonly #order = new CauseOrder<NumberedHop>((hop) => this.wireOf(hop.machine, hop.device));
  #later: ReturnType<typeof setTimeout> | undefined;
  /** Numbered, and not told to everybody yet. */
  /** Frames that were handed over just now, and of which nobody has been told. */
  #crossing: { readonly hop: NumberedHop; readonly sender: string | undefined }[] = [];
  readonly #batches: HopBatch[] = [];
  #isTelling = false;
  #next = 1;
  /** How often it was told to stand. */
  #halts = 0;
  #run = 0;

  /** @param time the one that the machines are told as their time of day */
  constructor(
    id: string,
    title: string,
    machines: readonly Machine[],
    wires: readonly LabWire[] = [],
    time = new LabTime(realTime),
  ) {
    this.id = id;
    this.time = time;
    this.title = title;
    this.machines = machines;
    // Bytes, by machine: what it has to load, for as long as the whole lab is on its way.
    const totals = new Map<Machine, number>();
    this.state = computed(() => {
      const starting = this.#starting.value;
      if (!starting) totals.clear();
      let loaded = 0;
      const states = machines.map((machine) => {
        const state = machine.state.value;
        if (state.kind === 'loading') totals.set(machine, state.total);
        else loaded += totals.get(machine) ?? 0;
        return state;
      });
      const all = together(states, starting, starting ? loaded : 0);
      if (!this.#continuing.value || all.kind === 'loading' || all.kind === 'failed') return all;
      return { kind: 'loading', step: 'going back to where it was', done: 0, total: 0 };
    });
    this.wires = wires.map((plan) => this.#wire(plan));
    this.#allCablesIn();
    this.#checkpoints = new Checkpoints({
      machines,
      wires: this.wires,
      cables: this.#cables,
      setCable: (machine, plugged) => this.setCable(machine, plugged),
      freeze: () => this.#stand('reader'),
      thaw: () => this.#goOn(),
    });
    this.#keeping = new Keeping({
      ...{ id, machines, wires: this.wires, time, clock: time.clock },
      next: () => this.#next,
      devices: () => this.#devices.known,
      cables: () => this.#cables.peek(),
      setCable: (machine, plugged) => this.setCable(machine, plugged),
      alone: (work) => this.#checkpoints.alone(work),
    });
    const cabling = {
      wires: wires.map(({ name }) => name),
      wireOf: (machine: string, device: string) => this.wireOf(machine, device),
    };
    this.#ends.push(
      this.clock.onChange(({ kind }) => {
        if (kind === 'held') this.#tellInOrder(Infinity);
      }),
    );
    // A machine of which nothing is known yet has its place in the picture all the same.
    const unknown = new Map(machines.map(({ name }) => [name, nothingOf(name)]));
    const graphs = new Map(unknown);
    this.#graph.value = mergeGraphs([...graphs.values()], cabling);
    for (const machine of machines) {
      this.#ends.push(
        effect(() => {
          const report = machine.kernel.value;
          const before = graphs.get(machine.name) ?? EMPTY_GRAPH;
          const part =
            report === null ? (unknown.get(machine.name) ?? EMPTY_GRAPH) : buildGraph(machine.name, report, before);
          if (part === before) return;
          graphs.set(machine.name, part);
          const graph = mergeGraphs([...graphs.values()], cabling);
          this.#history.record(graph);
          this.#devices.report(graph, this.time.now());
          this.#graph.value = graph;
        }),
        machine.onTap((batch) => this.#tapped(machine.name, batch)),
      );
    }
  }

  get clock(): VirtualClock {
    return this.time.clock;
  }

  get graph(): ReadonlySignal<Graph> {
    return this.#graph;
  }

  get devices(): KnownDevices {
    return this.#devices.known;
  }

  onHops(listener: (batch: HopBatch) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(): Promise<void> {
    // A machine that runs goes on, and so do its hops' numbers: a new run begins when none of them does.
    if (this.machines.every(({ state }) => state.value.kind === 'off' || state.value.kind === 'failed')) {
      this.#newRun();
      this.#starting.value = true;
    }
    try {
      await this.#startAll();
    } finally {
      this.#starting.value = false;
    }
    if (this.state.peek().kind === 'running') this.clock.run();
  }

  /** A lab that is being kept, or is on its way back to a checkpoint, stands or goes on when that is over. */
  async freeze(reason: FreezeReason = 'reader'): Promise<void> {
    if (this.#checkpoints.busy) await this.#checkpoints.settled();
    await this.#stand(reason);
  }

  async thaw(): Promise<void> {
    if (this.#checkpoints.busy) await this.#checkpoints.settled();
    await this.#goOn();
  }

  setSpeed(speed: number): void {
    const why = whyNot(this.machines, 'slow');
    if (why !== '') throw new Error(why);
    for (const machine of this.machines) machine.setSpeed(speed);
    this.clock.setSpeed(speed);
  }

  hopOfFrame(frame: WireFrame): Hop {
    let hop = this.#frames.get(frame);
    if (hop === undefined) {
      hop = this.#hopOfFrame(frame);
      this.#frames.set(frame, hop);
    }
    return hop;
  }

  wireOf(machine: string, device: string): string | undefined {
    return device === nicDevice ? this.#plugged.get(machine) : undefined;
  }

  get cables(): ReadonlySignal<ReadonlyMap<string, boolean>> {
    return this.#cables;
  }

  setCable(machine: string, plugged: boolean): void {
    const port = this.#portOf(machine);
    if (port === undefined) throw new RangeError(`The NIC of ${machine} has no cable: no wire of this lab ends there.`);
    port.setLink({ plugged });
    const its = this.machines.find(({ name }) => name === machine);
    if (its?.can.carrier === true) its.setCarrier(plugged);
    this.#cables.value = new Map(this.#cables.peek()).set(machine, plugged);
  }

  get checkpoints(): ReadonlySignal<readonly Checkpoint[]> {
    return this.#checkpoints.list;
  }

  checkpoint(name: string): Promise<Checkpoint> {
    return this.#checkpoints.take(name);
  }

  async goBackTo(checkpoint: Checkpoint): Promise<void> {
    await this.#checkpoints.goBackTo(checkpoint);
    for (const listener of this.#wentBack) listener();
  }

  onWentBack(listener: () => void): Unsubscribe {
    this.#wentBack.add(listener);
    return () => this.#wentBack.delete(listener);
  }

  forget(checkpoint: Checkpoint): void {
    this.#checkpoints.forget(checkpoint);
  }

  get canBeKept(): boolean {
    return this.#keeping.possible;
  }

  get snapshots(): string {
    return this.#keeping.snapshots;
  }

  keep(page: unknown, write: (record: KeptRecord) => Promise<void>): Promise<KeepingCost> {
    return this.#keeping.keep(page, write);
  }

  async continueFrom(record: KeptRecord, listening: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.#newRun(record.time, record.next, record.devices);
    this.#continuing.value = this.#starting.value = true;
    try {
      this.clock.hold();
      const starts = this.machines.map((machine) => machine.start());
      await Promise.all(this.machines.map((machine) => machine.freeze('reader')));
      await Promise.all(starts);
      this.#starting.value = false;
      await listening;
      const hops = await this.#keeping.continueFrom(record).catch((error) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new KeptError(why, isForGood.test(why));
      });
      this.#tell(hops, record.gaps, true);
    } catch (error) {
      await Promise.all(this.machines.map((machine) => machine.stop()));
      for (const wire of this.wires) wire.reset();
      this.#allCablesIn();
      throw error;
    } finally {
      this.#continuing.value = this.#starting.value = false;
    }
    if (!record.frozen) await this.#goOn();
  }

  async startMachine(name: string): Promise<void> {
    const machine = this.#named(name);
    const state = this.state.peek();
    const started = machine.start();
    // Time stands for all of them: it stands from its first moment on.
    if (state.kind === 'frozen' && machine.can.freeze) await machine.freeze(state.reason);
    await started;
    if (state.kind === 'off' || state.kind === 'failed') this.clock.run();
  }

  async resetMachine(name: string): Promise<void> {
    const machine = this.#named(name);
    this.#checkpoints.clear();
    const state = this.state.peek();
    await machine.stop();
    if (this.#plugged.has(name)) this.setCable(name, true);
    const started = machine.start();
    if (state.kind === 'frozen' && machine.can.freeze) await machine.freeze(state.reason);
    await started;
  }

  async reset(): Promise<void> {
    this.#checkpoints.clear();
    await Promise.all(this.machines.map((machine) => machine.stop()));
    for (const wire of this.wires) wire.reset();
    this.#allCablesIn();
    await this.start();
  }

  async dispose(): Promise<void> {
    for (const end of this.#ends) end();
    clearTimeout(this.#later);
    this.#listeners.clear();
    for (const wire of this.wires) wire.dispose();
    this.clock.dispose();
    await Promise.all(this.machines.map((machine) => machine.dispose()));
  }

  #newRun(time?: number, next = 1, devices?: KnownDevices): void {
    this.#crossing = [];
    this.#order.clear();
    this.#next = next;
    this.#run++;
    this.#keeping.clear();
    this.time.begin(time);
    this.#devices.begin(devices);
  }

  async #stand(reason: FreezeReason): Promise<void> {
    this.#halts++;
    // What a machine sends before it stands is held, too.
    this.clock.hold();
    await Promise.all(this.#freezable.map((machine) => machine.freeze(reason)));
  }

  async #goOn(): Promise<void> {
    const halts = this.#halts;
    await Promise.all(this.#freezable.map((machine) => machine.thaw()));
    // It may have been stopped again meanwhile.
    if (halts === this.#halts) this.clock.run();
  }

  get #freezable(): readonly Machine[] {
    return this.machines.filter(({ can }) => can.freeze);
  }

  #named(name: string): Machine {
    const machine = this.machines.find((one) => one.name === name);
    if (machine === undefined) throw new RangeError(`There is no machine ${name} in this lab.`);
    return machine;
  }

  /** Those that fail do not hold up the others: their state says why. Rejects when not one of them has come to run. */
  async #startAll(): Promise<void> {
    const starts = await Promise.allSettled(this.machines.map((machine) => machine.start()));
    const failed = starts.find((start) => start.status === 'rejected');
    const alive = this.machines.some(({ state }) => state.peek().kind === 'running' || state.peek().kind === 'frozen');
    if (failed !== undefined && !alive) throw failed.reason;
  }

  #wire({ name, machines }: LabWire): Wire {
    const wire = new Wire(name, this.clock);
    const tapped = new Set(this.machines.filter(({ can }) => can.tap).map((machine) => machine.name));
    for (const machine of this.machines) {
      if (!machines.includes(machine.name)) continue;
      this.#plugged.set(machine.name, name);
      this.#ends.push(connect(machine.nic, wire.addPort(machine.name)));
    }
    const senderOf = ({ from }: WireFrame): string | undefined => (tapped.has(from) ? from : undefined);
    wire.onFrame((frame) => this.#crossed(this.#hopOfFrame(frame), senderOf(frame)));
    wire.onLoss((loss) => {
      if (!loss.whole) return;
      const hop = { ...this.#hopOfFrame(loss.frame), undelivered: lossWords(loss) };
      this.#seen([hop], [], senderOf(loss.frame));
    });
    return wire;
  }

  #portOf(machine: string): WirePort | undefined {
    const wire = this.#plugged.get(machine);
    return this.wires.find(({ name }) => name === wire)?.port(machine);
  }

  #allCablesIn(): void {
    for (const machine of this.#plugged.keys()) this.#portOf(machine)?.setLink({ plugged: true });
    this.#cables.value = new Map([...this.#plugged.keys()].map((machine) => [machine, true]));
  }

  #hopOfFrame({ wire, bytes, due }: WireFrame): NumberedHop {
    return {
      n: 0,
      machine: WIRE,
      device: wire,
      deviceId: wireId(wire),
      direction: 'unknown',
      time: this.time.ofClock(due),
      linkType: LinkType.EN10MB,
      bytes,
      originalLength: bytes.length,
    };
  }

  #tapped(machine: string, { frames, lost }: TapBatch): void {
    const hops = frames.map(
      (frame): NumberedHop => ({
        ...frame,
        n: 0,
        machine,
        deviceId: this.#history.find(machine, frame.ifindex)?.id ?? '',
      }),
    );
    const gaps = lost.map((loss): Gap => ({ machine, ...loss }));
    this.#seen(hops, gaps);
  }

  /**
   * A frame that is about to be handed over: its receiver does not wait until all who look on have been told, unless it goes step by
   * step.
   */
  #crossed(hop: NumberedHop, sender: string | undefined): void {
    this.#crossing.push({ hop, sender });
    if (this.clock.held) this.#seen([], []);
    else if (this.#crossing.length === 1) queueMicrotask(() => this.#seen([], []));
  }

  /**
   * What cannot be told yet, since what it came from was not told, is told later. While frames are held nothing waits: each is let
   * go long after its sender's tap has told of it. By the lab's clock: in slow motion taps take their time.
   */
  #seen(hops: readonly NumberedHop[], lost: readonly Gap[], sender?: string): void {
    const now = this.clock.now();
    if (hops.length > 0) this.#takeCrossing();
    for (const hop of hops) this.#order.push(hop, now, sender);
    this.#tellInOrder(this.clock.held ? Infinity : now, lost);
  }

  #takeCrossing(): void {
    const crossing = this.#crossing;
    this.#crossing = [];
    for (const { hop, sender } of crossing) this.#order.push(hop, this.clock.now(), sender);
  }

  /** @param now ms by the clock; Infinity: everything */
  #tellInOrder(now: number, lost: readonly Gap[] = []): void {
    this.#takeCrossing();
    const hops: Hop[] = [];
    for (let hop = this.#order.take(now); hop !== undefined; hop = this.#order.take(now)) {
      hop.n = this.#next++;
      hops.push(hop);
    }
    if (this.#order.size > 0) {
      this.#later ??= setTimeout(() => {
        this.#later = undefined;
        this.#tellInOrder(this.clock.now());
      }, PATIENCE / 4);
    }
    if (hops.length + lost.length > 0) this.#tell(hops, lost);
  }

  /** Whoever hears of a hop may stop time, upon which all that waits is told: after this, to everybody. */
  #tell(hops: readonly Hop[], lost: readonly Gap[], past = false): void {
    this.#keeping.happened(hops, lost);
    this.#batches.push({ run: this.#run, hops, lost, ...(past ? { past } : {}) });
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let batch = this.#batches.shift(); batch !== undefined; batch = this.#batches.shift())
        for (const listener of this.#listeners) listener(batch);
    } finally {
      this.#isTelling = false;
    }
  }
}

/** It gets its number, and the time that fits those before it, when it is told. */
type NumberedHop = Hop & { n: number; time: number };

/** What Debian's kernel calls a machine's one NIC: net.ifnames=0 on its command line. */
const nicDevice = 'eth0';

/** Of what a machine says that does not go back to where it was. */
const isForGood = /damaged|not there any more|cut off|older build|another version/;

const nothingOf = (name: string): Graph => ({ ...EMPTY_GRAPH, machines: [{ kind: 'machine', id: name, name }] });
