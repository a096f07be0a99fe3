// The least that is a machine: it is off until it is started, and runs until it is stopped. A driver that can do more says so
// in `can`, and overrides what it can; everything else rejects and says what is not possible.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals-core';
import type { Console, EvidenceBatch, ExecOptions, ExecResult, TapBatch, TracingWord } from '../guest/guest.ts';
import { Listeners } from '../guest/listeners.ts';
import type { KernelReport } from '../topology/kernel-report.ts';
import type { FramePort, Unsubscribe } from '../wire/frame-port.ts';
import { type Abilities, type Ability, canNothing, cannotWords } from './abilities.ts';
import type { FreezeReason, Machine, MachineState } from './machine.ts';

export abstract class BareMachine implements Machine {
  readonly name: string;
  readonly can: Abilities = canNothing;
  readonly state: Signal<MachineState> = signal({ kind: 'off' });
  readonly kernel = signal<KernelReport | null>(null);
  readonly consoles: readonly Console[] = [];
  readonly tracing: ReadonlySignal<TracingWord> = signal({ kind: 'off' });
  /** Frames of its NIC, on their way to the wire. */
  protected readonly sent = new Listeners<Uint8Array>();
  /** What its tap saw. */
  protected readonly seen = new Listeners<TapBatch>();
  /** What its kernel said of single packets. */
  protected readonly said = new Listeners<EvidenceBatch>();
  readonly nic: FramePort = {
    send: (frame) => this.receive(frame),
    onFrame: (listener) => this.sent.add(listener),
  };

  constructor(name: string) {
    this.name = name;
  }

  /** A frame has come in at its NIC. */
  protected abstract receive(frame: Uint8Array): void;

  async start(): Promise<void> {
    this.state.value = { kind: 'running' };
  }

  async stop(): Promise<void> {
    this.kernel.value = null;
    this.state.value = { kind: 'off' };
  }

  async dispose(): Promise<void> {
    await this.stop();
    this.sent.clear();
    this.seen.clear();
    this.said.clear();
  }

  /** Without a guest's clock there is one time. */
  labTime(time: number): number {
    return time;
  }

  onTap(listener: (batch: TapBatch) => void): Unsubscribe {
    return this.seen.add(listener);
  }

  onEvidence(listener: (batch: EvidenceBatch) => void): Unsubscribe {
    return this.said.add(listener);
  }

  watchSockets(_on: boolean): void {}

  traceRules(_matches: readonly string[] | null): void {}

  async flushTap(): Promise<void> {}

  async exec(_command: string, _options?: ExecOptions): Promise<ExecResult> {
    throw this.cannot('exec');
  }

  async freeze(_reason?: FreezeReason): Promise<void> {
    throw this.cannot('freeze');
  }

  async thaw(): Promise<void> {
    throw this.cannot('freeze');
  }

  setSpeed(_speed: number): void {
    throw this.cannot('slow');
  }

  setCarrier(_up: boolean): void {
    throw this.cannot('carrier');
  }

  async powerOff(): Promise<void> {
    throw this.cannot('power');
  }

  async reboot(): Promise<void> {
    throw this.cannot('power');
  }

  async checkpoint(_id: number): Promise<void> {
    throw this.cannot('checkpoint');
  }

  whyNotBackTo(_id: number): string | null {
    return cannotWords(this, 'checkpoint');
  }

  async goBackTo(_id: number): Promise<void> {
    throw this.cannot('checkpoint');
  }

  forgetCheckpoint(_id: number): void {}

  protected cannot(ability: Ability): Error {
    return new Error(cannotWords(this, ability));
  }
}
