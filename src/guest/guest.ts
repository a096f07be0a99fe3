// What a Debian guest of ours gives to whoever runs it, an emulator or a host: terminals, answers to commands, and what its
// tap saw. The programs at the other end lie in sandboxes/image/overlay/usr/lib/lockstep.
import type { Unsubscribe } from '../wire/frame-port.ts';

/** One terminal of a machine: bytes both ways, and a size the guest sees. */
export interface Console {
  readonly index: number;
  /** Hands over what was printed so far (bounded backlog), then every byte that follows. */
  onOutput(listener: (bytes: Uint8Array) => void): Unsubscribe;
  write(bytes: Uint8Array): void;
  resize(columns: number, rows: number): void;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** The command's exit status; 124 when it ran into the timeout, as timeout(1) reports it. */
  readonly exitCode: number;
  /** Wall-clock time from request to answer, ms. */
  readonly ms: number;
}

export interface ExecOptions {
  /** ms in which the machine runs (none pass while it is frozen); default 60 000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** One packet as one interface of the machine's own kernel saw it (tcpdump -i any: LINUX_SLL2). */
export interface TapFrame {
  /** When it was seen, µs resolution: seconds of the lab, whatever the guest's own clock shows. */
  readonly time: number;
  /** The interface's index in the machine's own network namespace. */
  readonly ifindex: number;
  /** Its name at that moment ("docker0", "veth1a2b3c4"). */
  readonly device: string;
  /** 'in': this interface received it; 'out': it left through this interface. */
  readonly direction: 'in' | 'out';
  /** Always LINKTYPE_LINUX_SLL2 (276) today; see src/capture/link-type.ts. */
  readonly linkType: number;
  /** Captured bytes, from the SLL2 header on. */
  readonly bytes: Uint8Array;
  /** Bytes of the packet before the capture cut it, SLL2 header included. */
  readonly originalLength: number;
}

/** Frames that were captured together; since the last batch at least `lost` more are missing: the capture was cut off. */
export interface TapBatch {
  readonly frames: readonly TapFrame[];
  readonly lost: number;
}

/** A guest that can be asked by commands: all that src/guest/ask needs of a machine. */
export interface Asked {
  readonly name: string;
  /** The lab's time of a moment by the guest's clock; seconds since the epoch. */
  labTime(guest: number): number;
  /** Rejects when the guest does not run, or does not answer in time. */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
}
