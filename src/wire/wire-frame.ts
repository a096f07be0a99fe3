// A frame on a wire as everybody sees it, and as an event of the clock.
import type { ClockEvent } from './clock.ts';

export interface WireFrame {
  /** 1, 2, 3 … in the order in which the wire got them, or made them for ports that get it at another time. */
  readonly id: number;
  /** Name of the wire. */
  readonly wire: string;
  /** Virtual ms at which it is, or was, to be delivered. */
  readonly due: number;
  /** The port that it came from. */
  readonly from: string;
  /** The ports that it leaves through: several when flooded, none when its receiver is where it came from. */
  readonly to: readonly string[];
  /** From the destination MAC on, without FCS. To be read only. */
  readonly bytes: Uint8Array;
}

/**
 * Why a frame did not reach a port. malformed: no Ethernet frame; unplugged: a cable is out; loss: the link is set to lose
 * some; full: too much waits; loop: two ports are joined elsewhere, too (switch.ts); alone: no other port takes frames.
 */
export type LossReason = 'malformed' | 'unplugged' | 'loss' | 'full' | 'loop' | 'alone';

export interface FrameLoss {
  readonly frame: WireFrame;
  readonly reason: LossReason;
  /** The ports that do not get it; none if that was not known yet. */
  readonly ports: readonly string[];
  /** No port gets the frame, and onFrame() does not tell of it. True of one loss of a frame, though several may be told. */
  readonly whole: boolean;
}

/** How far the frames have come that one frame was sent on as: one for all ports that get it at the same time. */
export interface Delivery {
  /** So many have not arrived. */
  waiting: number;
  /** A port has got it. */
  reached: boolean;
}

/** What a frame needs of its wire. */
export interface FrameKeeper<P extends { readonly name: string }> {
  deliver(frame: WaitingFrame<P>): void;
  stopsAt(frame: WaitingFrame<P>): boolean;
}

export class WaitingFrame<P extends { readonly name: string }> implements WireFrame, ClockEvent {
  readonly id: number;
  readonly wire: string;
  due: number;
  order = 0;
  readonly source: P;
  readonly targets: readonly P[];
  readonly bytes: Uint8Array;
  readonly delivery: Delivery;
  /** True once a breakpoint has stopped at it: going on must get past it. */
  passed = false;
  /** True once it was in the list of what waits. */
  listed = false;
  readonly #keeper: FrameKeeper<P>;

  constructor(
    keeper: FrameKeeper<P>,
    about: Pick<WireFrame, 'id' | 'wire' | 'due' | 'bytes'> & { readonly delivery: Delivery },
    source: P,
    targets: readonly P[],
  ) {
    this.#keeper = keeper;
    this.id = about.id;
    this.wire = about.wire;
    this.due = about.due;
    this.bytes = about.bytes;
    this.delivery = about.delivery;
    this.source = source;
    this.targets = targets;
  }

  get from(): string {
    return this.source.name;
  }

  get to(): readonly string[] {
    return this.targets.map(({ name }) => name);
  }

  fire(): void {
    this.#keeper.deliver(this);
  }

  stops(): boolean {
    return this.#keeper.stopsAt(this);
  }
}
