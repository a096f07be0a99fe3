// What a machine is to everything above it: consoles, exec, a tap, a NIC, and a clock that can be held.
// A driver (v86/, recorded/, later qemu/) implements it; nothing above this file knows which one it has.
import type { ReadonlySignal } from '@preact/signals-core';
import type { Console, ExecOptions, ExecResult, TapBatch } from '../guest/guest.ts';
import type { KernelReport } from '../topology/kernel-report.ts';
import type { FramePort, Unsubscribe } from '../wire/frame-port.ts';

/** Why a machine is frozen. 'reader': asked for; 'hidden': the tab or the lab is out of sight. */
export type FreezeReason = 'reader' | 'hidden';

export type FailureReason =
  | 'no-webassembly'
  | 'out-of-memory'
  | 'download'
  | 'mismatch'
  | 'guest-panic'
  | 'worker-gone';

/** Besides its state, what does not work as it should and what to do about it, in sentences; see remark.ts. */
interface Remarked {
  readonly remark?: string;
}

export type MachineState =
  /** As it was before its first start, or switched off by hand or by its kernel. */
  | { readonly kind: 'off' }
  | (Remarked & {
      readonly kind: 'loading';
      readonly step: string /** bytes */;
      readonly done: number /** bytes; 0 when not known */;
      readonly total: number;
    })
  | (Remarked & { readonly kind: 'running' })
  | (Remarked & { readonly kind: 'frozen'; readonly reason: FreezeReason })
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason /** what happened, to what, what to do next */;
      readonly message: string;
    };

export interface Machine {
  readonly name: string;
  readonly state: ReadonlySignal<MachineState>;
  /** What its kernel says of its interfaces, namespaces and containers; null until the agent first reports. */
  readonly kernel: ReadonlySignal<KernelReport | null>;
  readonly consoles: readonly Console[];
  readonly nic: FramePort;
  start(): Promise<void>;
  /**
   * Runs a command beside the reader's own terminals; never shown as the reader's own. Rejects when the machine does not
   * run, or does not answer in time. When it stops, or its agent is restarted, the result has status 255 and says so.
   */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  onTap(listener: (batch: TapBatch) => void): Unsubscribe;
  /** Resolves once every frame that the guest had seen when it was called has reached the tap's listeners. */
  flushTap(): Promise<void>;
  /** Stops the CPU and the guest's clock; resolves when both stand. One that is frozen as 'hidden' can become 'reader'. */
  freeze(reason?: FreezeReason): Promise<void>;
  thaw(): Promise<void>;
  /** Slow motion: guest time, and the guest's work, in a real ms. 0.1 to 1; holds until it is set anew. Throws RangeError. */
  setSpeed(speed: number): void;
  /** What its kernel sees of its NIC's cable: pulled, the link has no carrier. A start plugs it in again. */
  setCarrier(up: boolean): void;
  /** Takes its power away; start() boots it, with its disk as it is. */
  powerOff(): Promise<void>;
  /** The reset button: as powerOff() and start(). */
  reboot(): Promise<void>;
  /** Gives it up; start() brings it back from its snapshot. */
  stop(): Promise<void>;
  /**
   * Of one that is frozen: keeps this moment under a number of the caller's. Rejects with what to do when there is no room, or
   * the machine is not frozen. Checkpoints live until stop() or a failure; switching off and on does them no harm.
   */
  checkpoint(id: number): Promise<void>;
  /** Back to that moment, frozen. Its clock is set to the time of day when it goes on. */
  goBackTo(id: number): Promise<void>;
  forgetCheckpoint(id: number): void;
  dispose(): Promise<void>;
}
