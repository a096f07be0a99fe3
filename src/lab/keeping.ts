// Moments of a lab that outlive the page: of all machines and wires together, as checkpoints are, and written down.
import type { Gap } from '../hop/gap.ts';
import type { Hop } from '../hop/hop.ts';
import type { KeptMoments, Machine } from '../machine/machine.ts';
import type { VirtualClock } from '../wire/clock.ts';
import type { LabTime } from '../wire/lab-time.ts';
import type { Wire } from '../wire/wire.ts';
import { HopRing, readHops } from './kept-hops.ts';
import type { KeptRecord } from './kept-record.ts';
import type { KnownDevices } from './known-devices.ts';
import type { KeepingCost } from './lab.ts';

/** What is known to be missing among the packets: as many as are kept. */
const mostGaps = 500;

export interface KeptLab {
  readonly id: string;
  readonly machines: readonly Machine[];
  readonly wires: readonly Wire[];
  readonly time: LabTime;
  readonly clock: VirtualClock;
  /** Number of the next hop. */
  next(): number;
  devices(): KnownDevices;
  cables(): ReadonlyMap<string, boolean>;
  setCable(machine: string, plugged: boolean): void;
  /** Nothing else stops or moves the lab meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export class Keeping {
  readonly #lab: KeptLab;
  readonly #ring = new HopRing();
  #gaps: Gap[] = [];
  /** One after the other: a moment that is being written is not taken again. */
  #last: Promise<unknown> = Promise.resolve();
  #moment = 0;

  constructor(lab: KeptLab) {
    this.#lab = lab;
  }

  get possible(): boolean {
    return this.#lab.machines.every(({ kept }) => kept !== undefined);
  }

  get snapshots(): string {
    return this.#lab.machines.map(({ name, kept }) => `${name} ${kept?.snapshot}`).join(', ');
  }

  /** What has happened, for who goes on from here. */
  happened(hops: readonly Hop[], lost: readonly Gap[]): void {
    if (!this.possible) return;
    this.#ring.add(hops);
    if (lost.length > 0) this.#gaps = [...this.#gaps, ...lost].slice(-mostGaps);
  }

  /** Another run of the lab. */
  clear(): void {
    this.#ring.clear();
    this.#gaps = [];
  }

  keep(page: unknown, write: (record: KeptRecord) => Promise<void>): Promise<KeepingCost> {
    const result = this.#last.catch(() => {}).then(() => this.#keep(page, write));
    this.#last = result;
    return result;
  }

  async #keep(page: unknown, write: (record: KeptRecord) => Promise<void>): Promise<KeepingCost> {
    const parts = this.#parts();
    const begun = performance.now();
    // Never one that was used before, also by a page that is no more.
    this.#moment = Math.max(this.#moment + 1, Date.now());
    const moment = this.#moment;
    const record = await this.#lab.alone(() => this.#take(moment, parts, page));
    const stood = performance.now() - begun;
    const written = await allOf(parts.map(({ kept }) => kept.write(moment)));
    await write(record);
    for (const { kept } of parts) kept.settle(moment);
    return { stood, took: performance.now() - begun, bytes: written.reduce((sum, bytes) => sum + bytes, 0) };
  }

  async #take(moment: number, parts: readonly Part[], page: unknown): Promise<KeptRecord> {
    const { id, wires, time, clock, machines } = this.#lab;
    const ran = !clock.held;
    // What a machine sends before it stands is held, too.
    clock.hold();
    try {
      const known = await allOf(parts.map(async ({ name, kept }) => [name, await kept.take(moment)] as const));
      return {
        ...{ lab: id, snapshots: this.snapshots, moment, at: Date.now(), time: time.now(), page },
        frozen: machines.some(({ state }) => {
          const now = state.peek();
          return now.kind === 'frozen' && now.reason === 'reader';
        }),
        machines: Object.fromEntries(known),
        cables: [...this.#lab.cables()],
        frames: wires.flatMap((wire) =>
          wire.waiting.peek().map(({ from, bytes }) => ({ wire: wire.name, from, bytes: bytes.slice() })),
        ),
        next: this.#lab.next(),
        devices: this.#lab.devices(),
        hops: this.#ring.kept(),
        gaps: [...this.#gaps],
      };
    } finally {
      for (const { kept } of parts) kept.goOn();
      if (ran) clock.run();
    }
  }

  /** Of machines that have been started, and stand. Gives what had happened. */
  async continueFrom({ moment, machines, cables, frames, hops }: KeptRecord): Promise<readonly Hop[]> {
    const past = readHops(hops);
    await Promise.all(this.#parts().map(({ name, kept }) => kept.continueFrom(moment, machines[name])));
    // What is under way was sent before a cable was pulled.
    for (const { wire, from, bytes } of frames)
      this.#lab.wires
        .find(({ name }) => name === wire)
        ?.port(from)
        ?.send(bytes);
    for (const [machine, plugged] of cables) this.#lab.setCable(machine, plugged);
    this.#moment = moment;
    return past;
  }

  /** @throws Error when a machine cannot be kept */
  #parts(): Part[] {
    return this.#lab.machines.map(({ name, kept }) => {
      if (kept === undefined) throw new Error(`Nothing of ${name} outlives this page.`);
      return { name, kept };
    });
  }
}

/** When one of them fails, the others are waited for all the same: what comes next must not meet them. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

interface Part {
  readonly name: string;
  readonly kept: KeptMoments;
}
