// For tests of wires: real time that moves when it is told to, and frames that say who sent them.
import { type TimeSource, VirtualClock } from '../../src/wire/clock.ts';
import { Wire, type WireOptions } from '../../src/wire/wire.ts';
import type { WirePort } from '../../src/wire/wire-port.ts';

export class HandTime implements TimeSource {
  #now = 0;
  #next = 1;
  readonly #tasks = new Map<number, { at: number; task: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delay: number, task: () => void): () => void {
    const id = this.#next++;
    this.#tasks.set(id, { at: this.#now + delay, task });
    return () => this.#tasks.delete(id);
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#tasks.size;
  }

  /** Lets `ms` pass, and everything happen that is due by then, each thing at its time. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#tasks].filter(([, { at }]) => at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b);
      if (next === undefined) break;
      const [id, { at, task }] = next;
      this.#tasks.delete(id);
      this.#now = Math.max(this.#now, at);
      task();
    }
    this.#now = end;
  }
}

/** The MAC address 02:00:00:00:00:<host>; 255 is everybody. */
const address = (host: number): number[] => (host === 255 ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, host]);

/** A frame from one host to another, of the type that is free for experiments, with a number in it. */
export function frame(from: number, to: number, number = 0, length = 18): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set([...address(to), ...address(from), 0x88, 0xb5]);
  new DataView(bytes.buffer).setUint32(14, number);
  return bytes;
}

export const numberIn = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(14);

export interface Arrival {
  readonly port: number;
  /** The host that sent it. */
  readonly from: number;
  readonly number: number;
  /** Virtual ms. */
  readonly at: number;
}

/** A wire with hosts 0, 1, … on ports "0", "1", …, and everything that they received. */
export class TestBed {
  readonly time = new HandTime();
  readonly clock = new VirtualClock(this.time);
  readonly wire: Wire;
  readonly got: Arrival[] = [];
  readonly ports: readonly WirePort[];

  constructor(hosts: number, options?: WireOptions) {
    this.wire = new Wire('lan', this.clock, options);
    this.ports = Array.from({ length: hosts }, (_, host) => {
      const port = this.wire.addPort(String(host));
      port.onFrame((bytes) =>
        this.got.push({ port: host, from: bytes[11] ?? -1, number: numberIn(bytes), at: this.clock.now() }),
      );
      return port;
    });
  }

  port(host: number): WirePort {
    const port = this.ports[host];
    if (port === undefined) throw new Error(`There is no host ${host}.`);
    return port;
  }

  send(from: number, to: number, number = 0, length?: number): void {
    this.port(from).send(frame(from, to, number, length));
  }

  /** "1<0#7": host 1 got number 7 of host 0. */
  get log(): string[] {
    return this.got.map(({ port, from, number }) => `${port}<${from}#${number}`);
  }

  /** Everybody is known to the switch, and nothing was received yet. */
  introduce(): this {
    for (const host of this.ports.keys()) this.send(host, 255);
    this.got.length = 0;
    return this;
  }
}
