// Undo for a network: moments of all machines and wires together, and the way back to them.
import { type ReadonlySignal, signal } from '@preact/signals-core';
import { whyNot } from '../machine/abilities.ts';
import type { Machine } from '../machine/machine.ts';
import type { Wire } from '../wire/wire.ts';
import type { Checkpoint } from './lab.ts';

/** Besides what the machines keep themselves. */
interface Moment {
  readonly checkpoint: Checkpoint;
  /** Machines that were switched off. */
  readonly off: ReadonlySet<string>;
  readonly cables: ReadonlyMap<string, boolean>;
  /** What was under way on the wires. */
  readonly frames: readonly { readonly wire: Wire; readonly from: string; readonly bytes: Uint8Array }[];
}

export interface CheckpointedLab {
  readonly machines: readonly Machine[];
  readonly wires: readonly Wire[];
  readonly cables: ReadonlySignal<ReadonlyMap<string, boolean>>;
  setCable(machine: string, plugged: boolean): void;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

export class Checkpoints {
  readonly #lab: CheckpointedLab;
  readonly #list = signal<readonly Checkpoint[]>([]);
  readonly #moments = new Map<number, Moment>();
  #next = 1;
  /** The last that was asked for: taking one and going back happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;

  constructor(lab: CheckpointedLab) {
    this.#lab = lab;
  }

  get list(): ReadonlySignal<readonly Checkpoint[]> {
    return this.#list;
  }

  /** The lab is being kept, or on its way back. */
  get busy(): boolean {
    return this.#underWay > 0;
  }

  /** Resolves when it is neither. */
  async settled(): Promise<void> {
    await this.#last.catch(() => {});
  }

  /** Work that must not fall into the taking of a checkpoint, or the way back to one. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#oneByOne(work);
  }

  take(name: string): Promise<Checkpoint> {
    return this.#oneByOne(() => this.#take(name));
  }

  goBackTo(checkpoint: Checkpoint): Promise<void> {
    return this.#oneByOne(() => this.#goBackTo(checkpoint));
  }

  async #take(name: string): Promise<Checkpoint> {
    const { machines, wires, cables } = this.#lab;
    const why = whyNot(machines, 'checkpoint');
    if (why !== '') throw new Error(why);
    const goesOn = machines.some(({ state }) => state.peek().kind === 'running');
    await this.#lab.freeze();
    const id = this.#next++;
    const on = machines.filter(({ state }) => state.peek().kind !== 'off');
    let frames: Moment['frames'] = [];
    let plugged: Moment['cables'];
    try {
      await Promise.all(on.map((machine) => machine.checkpoint(id)));
      frames = wires.flatMap((wire) =>
        wire.waiting.peek().map(({ from, bytes }) => ({ wire, from, bytes: bytes.slice() })),
      );
      plugged = cables.peek();
    } catch (error) {
      for (const machine of on) machine.forgetCheckpoint(id);
      throw error;
    } finally {
      if (goesOn) await this.#lab.thaw();
    }
    const checkpoint: Checkpoint = { id, name, time: Date.now() };
    this.#moments.set(id, {
      checkpoint,
      off: new Set(machines.filter((machine) => !on.includes(machine)).map((machine) => machine.name)),
      cables: plugged,
      frames,
    });
    this.#tell();
    return checkpoint;
  }

  async #goBackTo({ id, name }: Checkpoint): Promise<void> {
    const moment = this.#moments.get(id);
    if (moment === undefined) throw new Error(`There is no checkpoint "${name}" any more: the lab was reset since.`);
    const { machines, wires } = this.#lab;
    // All or nothing: before anything is touched, each machine says whether it can go back.
    const lost = machines.flatMap((machine) => (moment.off.has(machine.name) ? [] : (machine.whyNotBackTo(id) ?? [])));
    if (lost.length > 0) throw new Error(`The lab cannot go back to "${name}". ${lost.join(' ')}`);
    await this.#lab.freeze();
    try {
      for (const wire of wires) wire.reset();
      const ways = await Promise.allSettled(
        machines.map((machine) => (moment.off.has(machine.name) ? machine.powerOff() : machine.goBackTo(id))),
      );
      const failed = ways.find((way) => way.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      // What is under way was sent before a cable was pulled.
      for (const wire of wires) for (const [machine] of moment.cables) wire.port(machine)?.setLink({ plugged: true });
      for (const { wire, from, bytes } of moment.frames) wire.port(from)?.send(bytes.slice());
      for (const [machine, plugged] of moment.cables) this.#lab.setCable(machine, plugged);
    } finally {
      await this.#lab.thaw();
    }
  }

  forget({ id }: Checkpoint): void {
    this.#moments.delete(id);
    for (const machine of this.#lab.machines) machine.forgetCheckpoint(id);
    this.#tell();
  }

  /** A machine has been given up, and what it kept with it. */
  clear(): void {
    for (const { checkpoint } of [...this.#moments.values()]) this.forget(checkpoint);
  }

  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    const result = this.#last
      .catch(() => {})
      .then(work)
      .finally(() => this.#underWay--);
    this.#last = result;
    return result;
  }

  #tell(): void {
    this.#list.value = [...this.#moments.values()].map(({ checkpoint }) => checkpoint);
  }
}
