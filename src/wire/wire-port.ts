// A socket of a wire, with the cable that a machine's NIC is plugged in by: wire.addPort('host-01').
import { type ReadonlySignal, signal } from '@preact/signals-core';
import type { FramePort, Unsubscribe } from './frame-port.ts';
import { checkLink, LinkLuck, type LinkSettings, perfectLink } from './link.ts';

export interface PortStatistics {
  /** Frames and bytes that came in from the machine. */
  readonly framesIn: number;
  readonly bytesIn: number;
  /** Frames and bytes that went out to it. */
  readonly framesOut: number;
  readonly bytesOut: number;
}

/** What a port needs of its wire. */
export interface PortKeeper {
  send(port: WirePort, frame: Uint8Array): void;
  /** Its link is up, or down, or has other settings. */
  linkChanged(port: WirePort): void;
}

export class WirePort implements FramePort {
  readonly name: string;
  /** For the wire alone. */
  readonly luck: LinkLuck;
  /** Virtual ms at which the last frame to a port is due: the next one must not overtake it. For the wire alone. */
  readonly lastDue = new Map<WirePort, number>();
  readonly #keeper: PortKeeper;
  readonly #link = signal<LinkSettings>(perfectLink);
  #listeners: readonly ((frame: Uint8Array) => void)[] = [];
  #framesIn = 0;
  #bytesIn = 0;
  #framesOut = 0;
  #bytesOut = 0;

  constructor(name: string, seed: number, keeper: PortKeeper) {
    this.name = name;
    this.luck = new LinkLuck(seed, name);
    this.#keeper = keeper;
  }

  get link(): ReadonlySignal<LinkSettings> {
    return this.#link;
  }

  /** The cable is in at both ends. */
  get up(): boolean {
    return this.#link.peek().plugged && this.#listeners.length > 0;
  }

  /** Pulls the cable or plugs it in, or changes what it does to frames from now on. Throws RangeError for what no cable can do. */
  setLink(settings: Partial<LinkSettings>): void {
    const link = { ...this.#link.peek(), ...settings };
    checkLink(link);
    this.#link.value = link;
    this.#keeper.linkChanged(this);
  }

  /** From the machine: the frame is the wire's from now on. */
  send(frame: Uint8Array): void {
    this.#framesIn++;
    this.#bytesIn += frame.length;
    this.#keeper.send(this, frame);
  }

  /** To the machine. Each listener gets bytes of its own. */
  onFrame(listener: (frame: Uint8Array) => void): Unsubscribe {
    const own = (frame: Uint8Array): void => listener(frame);
    this.#listeners = [...this.#listeners, own];
    this.#keeper.linkChanged(this);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== own);
      this.#keeper.linkChanged(this);
    };
  }

  /** For the wire alone: hands the machine a frame, the very bytes or a copy of them. */
  receive(frame: Uint8Array, mayKeep: boolean): void {
    this.#framesOut++;
    this.#bytesOut += frame.length;
    const listeners = this.#listeners;
    const last = listeners.length - 1;
    for (let index = 0; index <= last; index++)
      listeners[index]?.(mayKeep && index === last ? frame : new Uint8Array(frame));
  }

  statistics(): PortStatistics {
    return {
      framesIn: this.#framesIn,
      bytesIn: this.#bytesIn,
      framesOut: this.#framesOut,
      bytesOut: this.#bytesOut,
    };
  }

  /** For the wire alone: it is no longer part of it. */
  unplug(): void {
    this.#listeners = [];
    this.#link.value = { ...this.#link.peek(), plugged: false };
  }
}
