// An Ethernet segment that time can be stopped on. A frame that nothing holds up is delivered before send() returns, and is
// not copied; otherwise it waits as an event of the clock, where it can be looked at, stepped, and changed by hand.
// Frames from one port to another keep their order, and none is lost, whatever the clock does, unless somebody asks for it.
import { computed, type ReadonlySignal } from '@preact/signals-core';
import type { ClockEvent, VirtualClock } from './clock.ts';
import {
  type FrameBreakpoint,
  type FrameBreakpointOptions,
  FrameBreakpoints,
  type FramePredicate,
} from './frame-breakpoints.ts';
import type { Unsubscribe } from './frame-port.ts';
import { Hand, type HandAction } from './hand.ts';
import { isTransparent } from './link.ts';
import type { Pressure } from './pressure.ts';
import { LearningSwitch, type SwitchOptions, type TableEntry } from './switch.ts';
import { WaitingFrames } from './waiting-frames.ts';
import { type FrameKeeper, type FrameLoss, type LossReason, WaitingFrame, type WireFrame } from './wire-frame.ts';
import { WirePort } from './wire-port.ts';
import { WireCounters, type WireStatistics } from './wire-statistics.ts';

export interface WireOptions {
  /** What the links' losses and jitter follow from; default 1. */
  readonly seed?: number;
  /** Bytes that may wait, default 16 MiB. What comes then is refused, and said to be; onPressure tells of it in time. */
  readonly capacity?: number;
  readonly switch?: SwitchOptions;
}

export interface WireState {
  readonly kind: 'running' | 'held';
  readonly speed: number;
  /** The frame whose breakpoint stopped time, until it is stepped or time goes on. */
  readonly stoppedAt: WireFrame | null;
  readonly waiting: number;
  readonly pressure: Pressure['level'];
  /** What undo() would take back. */
  readonly undoable: HandAction | null;
}

type Frame = WaitingFrame<WirePort>;

export class Wire {
  readonly name: string;
  readonly clock: VirtualClock;
  /** Frames that are held or under way, the next one first. Made when it is read: read it once a picture, not once a change. */
  readonly waiting: ReadonlySignal<readonly WireFrame[]>;
  readonly state: ReadonlySignal<WireState>;
  /** Drop, delay, move, duplicate frames that are held, and undo it. */
  readonly hand: Pick<Hand<Frame>, 'drop' | 'delay' | 'move' | 'duplicate' | 'undo'>;
  readonly #hand: Hand<Frame>;
  readonly #seed: number;
  readonly #switch: LearningSwitch<WirePort>;
  readonly #ports = new Map<string, WirePort>();
  readonly #breakpoints = new FrameBreakpoints(() => this.#see());
  readonly #waiting: WaitingFrames<Frame>;
  readonly #counters = new WireCounters();
  readonly #frameListeners = new Set<(frame: WireFrame) => void>();
  readonly #lossListeners = new Set<(loss: FrameLoss) => void>();
  readonly #pressureListeners = new Set<(pressure: Pressure) => void>();
  readonly #ends: Unsubscribe[];
  readonly #keeper: FrameKeeper<WirePort> = {
    deliver: (frame) => this.#arrive(frame),
    stopsAt: (frame) => {
      if (frame.passed || this.#breakpoints.size === 0) return false;
      frame.passed = this.#breakpoints.stopsAt(frame);
      return frame.passed;
    },
  };
  /** Nothing but the clock can be in a frame's way: no breakpoints, and links that do nothing. */
  #clear = true;
  #nextId = 1;

  /** @param name "lan"; captures call it "wire/lan" @param clock may be shared with other wires */
  constructor(name: string, clock: VirtualClock, options: WireOptions = {}) {
    this.name = name;
    this.clock = clock;
    this.#seed = options.seed ?? 1;
    this.#switch = new LearningSwitch(options.switch);
    const waiting = new WaitingFrames<Frame>(clock, options.capacity ?? 16 * 1024 * 1024, (pressure) => {
      for (const listener of this.#pressureListeners) listener(pressure);
      waiting.changed();
    });
    this.#waiting = waiting;
    this.#hand = new Hand<Frame>(clock, {
      list: () => waiting.list(),
      find: (id) => waiting.find(id),
      copy: (frame) => this.#copy(frame),
      put: (frame) => waiting.put(frame),
      take: (frame) => waiting.take(frame),
      lose: (frame) => {
        waiting.forget(frame);
        this.#lose(frame, 'hand', frame.targets);
      },
      discard: (copy) => waiting.forget(copy),
      changed: () => waiting.changed(),
    });
    this.hand = this.#hand;
    this.#ends = [
      clock.onChange(({ kind }) => {
        if (kind === 'running') this.#hand.settle();
      }),
    ];
    this.waiting = computed(() => {
      waiting.revision.value;
      return waiting.list();
    });
    this.state = computed(() => {
      waiting.revision.value;
      const clockState = clock.state.value;
      const at = clockState.kind === 'held' ? clockState.at : null;
      return {
        kind: clockState.kind,
        speed: clock.speed.value,
        stoppedAt: this.#own(at),
        waiting: waiting.size,
        pressure: waiting.pressure.level,
        undoable: this.#hand.last,
      };
    });
  }

  /** Adds a port; its link is up as soon as someone listens to it. Throws if there is one of that name. */
  addPort(name: string): WirePort {
    if (this.#ports.has(name))
      throw new Error(`The wire ${this.name} has a port ${name} already: choose another name.`);
    const port = new WirePort(name, this.#seed, {
      send: (from, bytes) => this.#send(from, bytes),
      linkChanged: (changed) => {
        if (this.#ports.get(name) !== changed) return;
        this.#switch.setLink(changed, changed.up);
        this.#see();
      },
    });
    this.#ports.set(name, port);
    this.#switch.add(port);
    return port;
  }

  /** What is under way from it goes on; what is under way to it is lost as from a pulled cable. */
  removePort(name: string): void {
    const port = this.#ports.get(name);
    if (port === undefined) return;
    this.#ports.delete(name);
    this.#switch.remove(port);
    for (const other of this.#ports.values()) other.lastDue.delete(port);
    port.unplug();
    this.#see();
  }

  get ports(): readonly WirePort[] {
    return [...this.#ports.values()];
  }

  port(name: string): WirePort | undefined {
    return this.#ports.get(name);
  }

  /** Time stands, on every wire of this clock: frames wait. */
  hold(): void {
    this.clock.hold();
  }

  /** Time goes on; what waited is delivered in its order. */
  run(): void {
    this.clock.run();
  }

  /** Holds, and delivers the next frame, of this wire alone; the frame, or null if none waits. */
  step(): WireFrame | null {
    this.clock.hold();
    // What else the clock has before it comes first: an effect never goes before its cause.
    for (;;) {
      const event = this.clock.step();
      const frame = this.#own(event);
      if (event === null || frame !== null) return frame;
    }
  }

  /**
   * One hop of a chosen packet: delivers the frames up to the first one that `belongs` to it, and returns that. When none that
   * waits does, nothing is delivered: the packet is in a machine, so let them go on and runUntil() it comes.
   */
  stepHop(belongs: FramePredicate): WireFrame | null {
    this.clock.hold();
    const chosen = this.#waiting.list().find(belongs);
    if (chosen === undefined) return null;
    while (this.#waiting.has(chosen) && this.clock.step() !== null);
    return chosen;
  }

  /** Delivers a held frame before all others; false if none of that id waits. */
  release(id: number): boolean {
    const frame = this.#waiting.find(id);
    return frame !== undefined && this.clock.pick(frame);
  }

  /** Time will stop each time just before a frame is delivered that matches. */
  addBreakpoint(matches: FramePredicate, options?: FrameBreakpointOptions): FrameBreakpoint {
    return this.#breakpoints.add(matches, options);
  }

  /** Goes on until time stands again. Resolves with the frame it stands at, or null when it was held otherwise, or given up. */
  runUntil(
    matches: FramePredicate,
    { signal: abort, ...options }: { port?: string; signal?: AbortSignal } = {},
  ): Promise<WireFrame | null> {
    if (abort?.aborted === true) return Promise.resolve(null);
    const breakpoint = this.#breakpoints.add(matches, { ...options, once: true });
    return new Promise((resolve) => {
      const end = (frame: WireFrame | null): void => {
        stopListening();
        abort?.removeEventListener('abort', giveUp);
        breakpoint.remove();
        resolve(frame);
      };
      const giveUp = (): void => end(null);
      const stopListening = this.clock.onChange((state) => {
        if (state.kind === 'held') end(this.#own(state.at));
      });
      abort?.addEventListener('abort', giveUp);
      this.clock.run();
    });
  }

  /** Every frame just before it is delivered: what a tap on the wire would see. Its bytes stay as they are. */
  onFrame(listener: (frame: WireFrame) => void): Unsubscribe {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  /** Every frame that does not reach a port; a dropped one when that can no longer be undone. */
  onLoss(listener: (loss: FrameLoss) => void): Unsubscribe {
    this.#lossListeners.add(listener);
    return () => this.#lossListeners.delete(listener);
  }

  /** More waits than is well, or no longer so: freeze the machines in time, and nothing is refused. */
  onPressure(listener: (pressure: Pressure) => void): Unsubscribe {
    this.#pressureListeners.add(listener);
    return () => this.#pressureListeners.delete(listener);
  }

  /** What the switch has learnt. */
  table(): TableEntry[] {
    return this.#switch.table(this.clock.now());
  }

  statistics(): WireStatistics {
    return this.#counters.statistics(this.#ports);
  }

  /** What waits belonged to a run of the lab that is over: it is gone, and so is what the switch had learnt. */
  reset(): void {
    this.#hand.settle();
    this.#waiting.clear();
    for (const port of this.#ports.values()) {
      port.lastDue.clear();
      this.#switch.setLink(port, false);
      this.#switch.setLink(port, port.up);
    }
  }

  dispose(): void {
    for (const end of this.#ends) end();
    for (const name of [...this.#ports.keys()]) this.removePort(name);
    this.reset();
    this.#breakpoints.clear();
    for (const listeners of [this.#frameListeners, this.#lossListeners, this.#pressureListeners]) listeners.clear();
  }

  #send(from: WirePort, bytes: Uint8Array): void {
    this.#counters.frames++;
    this.#counters.bytes += bytes.length;
    const id = this.#nextId++;
    if (!this.#clear || !this.clock.enter()) {
      this.#enqueue(id, from, bytes);
      return;
    }
    try {
      const now = this.clock.now();
      const to = this.#switch.forward(from, bytes, now);
      if (typeof to === 'string') {
        this.#refuse(id, from, bytes, to);
        return;
      }
      if (to.length === 0) this.#counters.filtered++;
      const seen = this.#frameListeners.size > 0;
      if (seen) this.#tell(this.#frame(id, from, to, bytes, now));
      this.#handOver(to, bytes, seen);
    } finally {
      this.clock.leave();
    }
  }

  /** Deliver when its time comes: at once, if nothing holds it up. */
  #enqueue(id: number, from: WirePort, bytes: Uint8Array): void {
    const now = this.clock.now();
    const to = this.#switch.forward(from, bytes, now);
    if (typeof to === 'string') {
      this.#refuse(id, from, bytes, to);
      return;
    }
    const link = from.link.peek();
    if (from.luck.loses(link)) {
      this.#lose(this.#frame(id, from, to, bytes, now), 'loss', to);
      return;
    }
    const delay = from.luck.delay(link);
    const lost: WirePort[] = [];
    /** Ports by when they get it: one event for all that get it together. */
    const groups = new Map<number, WirePort[]>();
    for (const port of to) {
      const its = port.link.peek();
      if (port.luck.loses(its)) {
        lost.push(port);
        continue;
      }
      const due = Math.max(now + delay + port.luck.delay(its), from.lastDue.get(port) ?? 0);
      from.lastDue.set(port, due);
      const group = groups.get(due);
      if (group === undefined) groups.set(due, [port]);
      else group.push(port);
    }
    if (lost.length > 0) this.#lose(this.#frame(id, from, lost, bytes, now), 'loss', lost);
    // Its receiver is where it came from. It crossed the cable, so it is seen.
    if (to.length === 0) {
      this.#counters.filtered++;
      groups.set(now + delay, []);
    }
    const frames: Frame[] = [];
    for (const [due, ports] of groups) {
      const own = frames.length === 0 && lost.length === 0 ? id : this.#nextId++;
      const frame = this.#frame(id, from, ports, bytes, now, own, due);
      if (this.#waiting.admit(bytes.length)) frames.push(frame);
      else this.#lose(frame, 'full', ports);
    }
    this.#waiting.add(frames);
  }

  /** A frame's time has come. */
  #arrive(frame: Frame): void {
    this.#waiting.delivered(frame);
    this.#hand.settle();
    const up = frame.targets.filter((port) => this.#switch.isUp(port));
    this.#tell(frame);
    // It may have been looked at while it waited, and may still be.
    this.#handOver(up, frame.bytes, true);
    const gone = frame.targets.filter((port) => !up.includes(port));
    if (gone.length > 0) this.#lose(frame, 'unplugged', gone);
  }

  #handOver(to: readonly WirePort[], bytes: Uint8Array, seen: boolean): void {
    const last = to.length - 1;
    this.#counters.handedTo(last + 1);
    for (let index = 0; index <= last; index++) to[index]?.receive(bytes, !seen && index === last);
  }

  #tell(frame: WireFrame): void {
    for (const listener of this.#frameListeners) listener(frame);
  }

  #refuse(id: number, from: WirePort, bytes: Uint8Array, reason: LossReason): void {
    this.#lose(this.#frame(id, from, [], bytes, this.clock.now()), reason, []);
  }

  #lose(frame: Frame, reason: LossReason, ports: readonly WirePort[]): void {
    this.#counters.lost[reason] += Math.max(1, ports.length);
    if (this.#lossListeners.size === 0) return;
    const names = ports.map(({ name }) => name);
    for (const listener of this.#lossListeners) listener({ frame, reason, ports: names });
  }

  #frame(
    origin: number,
    from: WirePort,
    to: readonly WirePort[],
    bytes: Uint8Array,
    arrived: number,
    id = origin,
    due = arrived,
  ): Frame {
    return new WaitingFrame(this.#keeper, { id, origin, wire: this.name, arrived, due, bytes }, from, to);
  }

  #copy({ origin, source, targets, bytes, arrived, due }: Frame): Frame {
    const copy = this.#frame(origin, source, targets, bytes, arrived, this.#nextId++, due);
    this.#waiting.count(copy);
    return copy;
  }

  #own(event: ClockEvent | null): Frame | null {
    return event instanceof WaitingFrame && event.isKeptBy(this.#keeper) ? event : null;
  }

  #see(): void {
    this.#clear = this.#breakpoints.size === 0 && this.ports.every((port) => isTransparent(port.link.peek()));
  }
}
