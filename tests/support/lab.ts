// For tests of labs: the least that is a machine, and packets for its tap and its NIC.
import { type Signal, signal } from '@preact/signals-core';
import type { Console, EvidenceBatch, TapBatch, TapFrame, TracingWord } from '../../src/guest/guest.ts';
import { type Abilities, canAll } from '../../src/machine/abilities.ts';
import type { FreezeReason, KeptMoments, Machine, MachineState } from '../../src/machine/machine.ts';
import type { KernelReport } from '../../src/topology/kernel-report.ts';

/** The least that is a machine: its states are what it is told, its tap says what the test says. */
export class PlainMachine implements Machine {
  readonly name: string;
  readonly can: Abilities = canAll;
  readonly state: Signal<MachineState> = signal({ kind: 'off' });
  readonly kernel = signal<KernelReport | null>(null);
  readonly consoles: readonly Console[] = [];
  readonly received: Uint8Array[] = [];
  readonly #wires = new Set<(frame: Uint8Array) => void>();
  readonly nic = {
    send: (frame: Uint8Array) => void this.received.push(frame),
    onFrame: (listener: (frame: Uint8Array) => void) => {
      this.#wires.add(listener);
      return () => this.#wires.delete(listener);
    },
  };
  readonly taps = new Set<(batch: TapBatch) => void>();
  readonly witnesses = new Set<(batch: EvidenceBatch) => void>();
  disposed = false;

  constructor(name: string, state: MachineState = { kind: 'off' }) {
    this.name = name;
    this.state.value = state;
  }

  start = async () => this.#become({ kind: 'running' });
  exec = async () => ({ stdout: '', stderr: '', exitCode: 0, ms: 0 });
  labTime = (guest: number) => guest;
  onTap = (listener: (batch: TapBatch) => void) => {
    this.taps.add(listener);
    return () => this.taps.delete(listener);
  };
  onEvidence = (listener: (batch: EvidenceBatch) => void) => {
    this.witnesses.add(listener);
    return () => this.witnesses.delete(listener);
  };
  socketsWatched = false;
  watchSockets = (on: boolean) => {
    this.socketsWatched = on;
  };
  readonly tracing = signal<TracingWord>({ kind: 'off' });
  /** What it was asked to trace, in order. */
  readonly traced: (readonly string[] | null)[] = [];
  traceRules = (matches: readonly string[] | null) => void this.traced.push(matches);
  flushTap = async () => {};
  freeze = async (reason: FreezeReason = 'reader') => {
    if (this.state.value.kind === 'running') this.#become({ kind: 'frozen', reason });
  };
  thaw = async () => {
    if (this.state.value.kind === 'frozen') this.#become({ kind: 'running' });
  };
  setSpeed = () => {};
  carrier = true;
  setCarrier = (up: boolean) => {
    this.carrier = up;
  };
  powerOff = async () => this.#become({ kind: 'off' });
  reboot = () => this.start();
  /** The checkpoints that it has, and each one that it went back to. */
  readonly checkpoints = new Set<number>();
  readonly wentBackTo: number[] = [];
  checkpoint = async (id: number) => {
    if (this.state.value.kind !== 'frozen') throw new Error(`${this.name} is not frozen`);
    this.checkpoints.add(id);
  };
  whyNotBackTo = (id: number) =>
    this.checkpoints.has(id) ? null : `${this.name} has no such checkpoint: it was reset since.`;
  goBackTo = async (id: number) => {
    if (!this.checkpoints.has(id)) throw new Error(`${this.name} has no such checkpoint`);
    this.wentBackTo.push(id);
    this.#become({ kind: 'frozen', reason: 'reader' });
  };
  forgetCheckpoint = (id: number) => void this.checkpoints.delete(id);
  stop = async () => {
    this.checkpoints.clear();
    this.#become({ kind: 'off' });
    this.kernel.value = null;
  };
  dispose = async () => {
    await this.stop();
    this.disposed = true;
  };

  #become(state: MachineState): void {
    this.state.value = state;
  }

  /** Its NIC sends a frame. */
  sends(frame: Uint8Array): void {
    for (const wire of this.#wires) wire(frame);
  }

  /** Its tap saw one packet at a device of its own namespace. */
  sawFrame(frame: Omit<TapFrame, 'ifindex' | 'originalLength'>): void {
    const frames = [{ ...frame, ifindex: 2, originalLength: frame.bytes.length }];
    for (const tap of this.taps) tap({ frames, lost: [] });
  }

  saw(ifindexes: readonly number[], lost: TapBatch['lost'] = []): void {
    const frames = ifindexes.map(
      (ifindex): TapFrame => ({
        time: 1,
        ifindex,
        device: `eth${ifindex}`,
        direction: 'in',
        linkType: 276,
        bytes: new Uint8Array(20),
        originalLength: 20,
      }),
    );
    for (const tap of this.taps) tap({ frames, lost });
  }
}

/** A machine that can be kept: what it was asked, in order. */
export class KeptMachine extends PlainMachine {
  readonly asked: string[] = [];
  trouble = '';
  readonly kept: KeptMoments = {
    snapshot: 'abc',
    take: async () => {
      this.asked.push('take');
      return { known: 7 };
    },
    goOn: () => void this.asked.push('go on'),
    write: async () => {
      this.asked.push('write');
      if (this.trouble !== '') throw new Error(this.trouble);
      return 4096;
    },
    settle: () => void this.asked.push('settle'),
    continueFrom: async (_, known) => {
      this.asked.push(`continue ${JSON.stringify(known)}`);
      if (this.trouble !== '') throw new Error(this.trouble);
    },
  };
  types: () => void = () => {};
  #printed: (bytes: Uint8Array) => void = () => {};
  override readonly consoles: readonly Console[] = [
    {
      index: 0,
      write() {},
      resize() {},
      onInput: (listener) => {
        this.types = () => listener(Uint8Array.of(97));
        return () => {};
      },
      onOutput: (listener) => {
        listener(new TextEncoder().encode('what was there\n'));
        this.#printed = listener;
        return () => {};
      },
    },
  ];

  prints(text: string): void {
    this.#printed(new TextEncoder().encode(text));
  }
}

export function report(inode: number, ifindexes: readonly number[]): KernelReport {
  const links = ifindexes.map((ifindex) => ({
    ifindex,
    ifname: `eth${ifindex}`,
    flags: ['UP'],
    mtu: 1500,
    operstate: 'UP',
    link_type: 'ether',
    addr_info: [],
  }));
  return {
    time: 1,
    namespaces: [{ inode, pid: 1, name: '', nsid: -1, links, routes: [] }],
    workloads: [],
    bridges: [],
  };
}
