// What a machine is to everything above it: consoles, exec, a tap, a NIC, and a clock that can be held.
// A driver (a folder beside this file: v86/) implements it; nothing above this file knows which one it has.
import type { ReadonlySignal } from '@preact/signals-core';
import type { Console, EvidenceBatch, ExecOptions, ExecResult, TapBatch, TracingWord } from '../guest/guest.ts';
import type { KernelReport } from '../topology/kernel-report.ts';
import type { FramePort, Unsubscribe } from '../wire/frame-port.ts';
import type { Abilities } from './abilities.ts';

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
      readonly step: string;
      /** Bytes. */
      readonly done: number;
      /** Bytes; 0 when not known. */
      readonly total: number;
    })
  | (Remarked & { readonly kind: 'running' })
  | (Remarked & { readonly kind: 'frozen'; readonly reason: FreezeReason })
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      /** What happened, to what, what to do next. */
      readonly message: string;
    };

/**
 * Moments of a machine that outlive the page: a lab takes one of all its machines together, has each write its part, and when all are
 * written they hold, and those before are let go. What is not settled is as if it had never been.
 */
export interface KeptMoments {
  /** Names the snapshot that it is the difference to. */
  readonly snapshot: string;
  /** Takes this moment, of one that runs, stands or is off; it stands from then on. Gives what is to be given to continueFrom(). */
  take(moment: number): Promise<unknown>;
  /** It may go on, if it ran before. */
  goOn(): void;
  /** Resolves, with how many bytes that were, when what was taken is written. */
  write(moment: number): Promise<number>;
  /** This moment holds. */
  settle(moment: number): void;
  /** Of one that has just been started, and stands: it is, and stands, as it was in that moment. When this rejects, it is of no use any more. */
  continueFrom(moment: number, known: unknown): Promise<void>;
}

export interface Machine {
  readonly name: string;
  /** What it can do; a call of what it cannot do rejects, or throws, and says so (abilities.ts). */
  readonly can: Abilities;
  readonly state: ReadonlySignal<MachineState>;
  /** What its kernel says of its interfaces, namespaces and containers; null until the agent first reports. */
  readonly kernel: ReadonlySignal<KernelReport | null>;
  readonly consoles: readonly Console[];
  readonly nic: FramePort;
  /**
   * Resolves when it runs, or stands because it was frozen on its way; when it runs already, at once. Rejects when it fails
   * first, with the message that its state then has. When it is stopped or switched off meanwhile it resolves: that was asked for.
   * One that failed by a panic of its kernel is switched on again, with its disk as it is; any other one begins from its snapshot.
   */
  start(): Promise<void>;
  /**
   * Runs a command beside the reader's own terminals; never shown as the reader's own. Rejects when the machine does not
   * run, does not answer in time, or has no agent any more. When it stops, or its agent ends or is restarted meanwhile, the
   * result has status 255 and says so.
   */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /** The lab's time of a moment that the guest has noted by its own clock; both in seconds since the epoch. */
  labTime(guest: number): number;
  /** Packets with the lab's time. */
  onTap(listener: (batch: TapBatch) => void): Unsubscribe;
  /**
   * What its kernel says by itself of single packets, in all its network namespaces, with the lab's time: each that it dropped, which
   * connections it translates, and for which time nothing is known. It says so beside the tap, a moment earlier or later.
   */
  onEvidence(listener: (batch: EvidenceBatch) => void): Unsubscribe;
  /** Whether it also says of each packet that TCP or UDP handed it to a socket; costs the guest something for each. Off at the beginning. */
  watchSockets(on: boolean): void;
  /** What it says of the rules that it was asked to tell of. */
  readonly tracing: ReadonlySignal<TracingWord>;
  /**
   * From now on it also says which rules of its firewall see the packets that one of `matches` does, in the words of nft: a table that
   * marks them, of so many a second as one can look at, in its own network namespace alone. null: no more, and the table is gone. Off at
   * the beginning; a reset, a reboot and a checkpoint change nothing of what is wanted.
   */
  traceRules(matches: readonly string[] | null): void;
  /** Resolves once every frame that the guest had seen when it was called, and every drop, has reached the listeners. */
  flushTap(): Promise<void>;
  /**
   * Stops the CPU and the guest's clock; resolves when both stand. One that is frozen as 'hidden' can become 'reader'. One that
   * is loading is frozen as soon as it is there, before anything happens in it.
   */
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
   * the machine is not frozen. Checkpoints live until stop(), or until what runs the machine fails; switching off and on, and a
   * panic of its kernel, do them no harm.
   */
  checkpoint(id: number): Promise<void>;
  /** Why there is no way back to this checkpoint, a sentence; null when there is one. */
  whyNotBackTo(id: number): string | null;
  /** Back to that moment, frozen. Its clock is set to the lab's time when it goes on. */
  goBackTo(id: number): Promise<void>;
  forgetCheckpoint(id: number): void;
  /** Left out: nothing of it outlives the page. */
  readonly kept?: KeptMoments;
  dispose(): Promise<void>;
}
