// An Ethernet segment that time can be stopped on. A frame that nothing holds up is delivered before send() returns, and is
// not copied; otherwise it waits as an event of the clock, where it can be looked at and stepped.
// Frames from one port to another keep their order, and none is lost, whatever the clock does, unless a cable or a link loses it, or too much waits.

import { computed, type ReadonlySignal } from '@preact/signals-core';
import { append } from '../basics/append.ts';
import type { VirtualClock } from './clock.ts';
import type { Unsubscribe } from './frame-port.ts';
import { isTransparent } from './link.ts';
import { LearningSwitch, type Refusal, type TableEntry } from './switch.ts';
import { WaitingFrames } from './waiting-frames.ts';
import {
  type Delivery,
  type FrameKeeper,
  type FrameLoss,
  type LossReason,
  WaitingFrame,
  type WireFrame,
} from './wire-frame.ts';
import { WirePort } from './wire-port.ts';
import { WireCounters, type WireStatistics } from './wire-statistics.ts';

export interface WireOptions {
  /** What the links' losses and jitter follow from; default 1. */
  readonly seed?: number;
  /** Bytes that may wait, default 16 MiB. What comes then is refused, and said to be. */
  readonly capacity?: number;
}

type Frame = WaitingFrame<WirePort>;

export class Wire {
  readonly name: string;
  /** Frames that are held or under way, the next one first. Made when it is read: read it once a picture, not once a change. */
  readonly waiting: ReadonlySignal<readonly WireFrame[]>;
  readonly #clock: VirtualClock;
  readonly #seed: number;
  readonly #switch = new LearningSwitch<WirePort>();
  readonly #ports = new Map<string, WirePort>();
  readonly #breakpoints = new Set<(frame: WireFrame) => boolean>();
  readonly #waiting: WaitingFrames<Frame>;
  readonly #counters = new WireCounters();
  readonly #frameListeners = new Set<(frame: WireFrame) => void>();
  readonly #lossListeners = new Set<(loss: FrameLoss) => void>();
  readonly #keeper: FrameKeeper<WirePort> = {
    deliver: (frame) => this.#arrive(frame),
    stopsAt: (frame) => {
      if (frame.passed) return false;
      for (const matches of this.#breakpoints) frame.passed ||= matches(frame);
      return frame.passed;
    },
  };
  /** Nothing but the clock can be in a frame's way: no breakpoints, and links that do nothing. */
  #clear = true;
  #nextId = 1;

  /** @param name "lan"; captures call it "wire/lan" @param clock may be shared with other wires */
  constructor(name: string, clock: VirtualClock, options: WireOptions = {}) {
    this.name = name;
    this.#clock = clock;
    this.#seed = options.seed ?? 1;
    const waiting = new WaitingFrames<Frame>(clock, options.capacity ?? 16 * 1024 * 1024);
    this.#waiting = waiting;
    this.waiting = computed(() => {
      waiting.revision.value;
      return waiting.list();
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

  get ports(): readonly WirePort[] {
    return [...this.#ports.values()];
  }

  port(name: string): WirePort | undefined {
    return this.#ports.get(name);
  }

  /** Time will stop each time just before a frame is delivered that matches; the result takes the breakpoint away. */
  addBreakpoint(matches: (frame: WireFrame) => boolean): Unsubscribe {
    const own = (frame: WireFrame): boolean => matches(frame);
    this.#breakpoints.add(own);
    this.#see();
    return () => {
      this.#breakpoints.delete(own);
      this.#see();
    };
  }

  /**
   * Every frame just before it is delivered, to one port at least or back to where it came from: what a tap on the wire would see.
   * Its bytes stay as they are.
   */
  onFrame(listener: (frame: WireFrame) => void): Unsubscribe {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  /** Every frame that does not reach a port. */
  onLoss(listener: (loss: FrameLoss) => void): Unsubscribe {
    this.#lossListeners.add(listener);
    return () => this.#lossListeners.delete(listener);
  }

  /** What the switch has learnt. */
  table(): TableEntry[] {
    return this.#switch.table(this.#clock.now());
  }

  statistics(): WireStatistics {
    return this.#counters.statistics(this.#ports);
  }

  /** What waits belonged to a run of the lab that is over: it is gone, and so is what the switch had learnt. */
  reset(): void {
    this.#waiting.clear();
    for (const port of this.#ports.values()) {
      port.lastDue.clear();
      this.#switch.setLink(port, false);
      this.#switch.setLink(port, port.up);
    }
  }

  dispose(): void {
    for (const port of this.#ports.values()) {
      this.#switch.remove(port);
      port.unplug();
    }
    this.#ports.clear();
    this.#waiting.clear();
    this.#breakpoints.clear();
    this.#frameListeners.clear();
    this.#lossListeners.clear();
  }

  #send(from: WirePort, bytes: Uint8Array): void {
    this.#counters.frames++;
    this.#counters.bytes += bytes.length;
    const id = this.#nextId++;
    if (!this.#clear || !this.#clock.enter()) {
      this.#enqueue(id, from, bytes);
      return;
    }
    try {
      const now = this.#clock.now();
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
      this.#clock.leave();
    }
  }

  /** Deliver when its time comes: at once, if nothing holds it up. */
  #enqueue(id: number, from: WirePort, bytes: Uint8Array): void {
    const now = this.#clock.now();
    const to = this.#switch.forward(from, bytes, now);
    if (typeof to === 'string') {
      this.#refuse(id, from, bytes, to);
      return;
    }
    const link = from.link.peek();
    if (from.luck.loses(link)) {
      this.#lose(this.#frame(id, from, to, bytes, now), 'loss', to, true);
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
      append(groups, due, port);
    }
    // Its receiver is where it came from. It crossed the cable, so it is seen.
    if (to.length === 0) {
      this.#counters.filtered++;
      groups.set(now + delay, []);
    }
    const frames: Frame[] = [];
    const losses: [Frame, LossReason][] = [];
    if (lost.length > 0) losses.push([this.#frame(id, from, lost, bytes, now), 'loss']);
    const delivery: Delivery = { waiting: 0, reached: false };
    for (const [due, ports] of groups) {
      const own = frames.length + losses.length === 0 ? id : this.#nextId++;
      const frame = this.#frame(own, from, ports, bytes, due, delivery);
      if (this.#waiting.admit(bytes.length)) frames.push(frame);
      else losses.push([frame, 'full']);
    }
    delivery.waiting = frames.length;
    for (const [index, [frame, reason]] of losses.entries())
      this.#lose(frame, reason, frame.targets, frames.length === 0 && index === 0);
    this.#waiting.add(frames);
  }

  /** A frame's time has come. */
  #arrive(frame: Frame): void {
    this.#waiting.delivered(frame);
    const { targets, delivery } = frame;
    const up = targets.filter((port) => this.#switch.isUp(port));
    const gone = targets.filter((port) => !up.includes(port));
    delivery.waiting--;
    if (up.length > 0 || gone.length === 0) {
      delivery.reached = true;
      this.#tell(frame);
      // It may have been looked at while it waited, and may still be.
      this.#handOver(up, frame.bytes, true);
    }
    if (gone.length > 0) this.#lose(frame, 'unplugged', gone, !delivery.reached && delivery.waiting === 0);
  }

  #handOver(to: readonly WirePort[], bytes: Uint8Array, seen: boolean): void {
    const last = to.length - 1;
    this.#counters.handedTo(last + 1);
    for (let index = 0; index <= last; index++) to[index]?.receive(bytes, !seen && index === last);
  }

  #tell(frame: WireFrame): void {
    for (const listener of this.#frameListeners) listener(frame);
  }

  #refuse(id: number, from: WirePort, bytes: Uint8Array, refusal: Refusal): void {
    const out = refusal === 'alone' ? this.ports.filter((port) => port !== from && !port.up) : [];
    this.#lose(this.#frame(id, from, [], bytes, this.#clock.now()), out.length > 0 ? 'unplugged' : refusal, out, true);
  }

  #lose(frame: Frame, reason: LossReason, ports: readonly WirePort[], whole: boolean): void {
    this.#counters.lost[reason] += Math.max(1, ports.length);
    if (this.#lossListeners.size === 0) return;
    const names = ports.map(({ name }) => name);
    for (const listener of this.#lossListeners) listener({ frame, reason, ports: names, whole });
  }

  #frame(
    id: number,
    from: WirePort,
    to: readonly WirePort[],
    bytes: Uint8Array,
    due: number,
    delivery: Delivery = { waiting: 0, reached: false },
  ): Frame {
    return new WaitingFrame(this.#keeper, { id, wire: this.name, due, bytes, delivery }, from, to);
  }

  #see(): void {
    this.#clear = this.#breakpoints.size === 0 && this.ports.every((port) => isTransparent(port.link.peek()));
  }
}
