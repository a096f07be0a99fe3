// What a Debian guest of ours gives to whoever runs it, an emulator or a host: terminals, answers to commands, and what its
// tap saw. The programs at the other end lie in sandboxes/image/overlay/usr/lib/lockstep.
import type { Gap } from '../hop/gap.ts';
import type { Hop } from '../hop/hop.ts';
import type { ConntrackEntry } from '../journey/evidence/conntrack.ts';
import type { DropEvidence, GapEvidence, SocketEvidence, WatchEvidence } from '../journey/evidence/drop.ts';
import type { RuleEvidence } from '../journey/evidence/rules.ts';
import type { Unsubscribe } from '../wire/frame-port.ts';

/** One terminal of a machine: bytes both ways, and a size the guest sees. */
export interface Console {
  readonly index: number;
  /** Hands over what was printed so far (bounded backlog), then every byte that follows. */
  onOutput(listener: (bytes: Uint8Array) => void): Unsubscribe;
  /** Hands over what is written, by whomever, from now on. */
  onInput(listener: (bytes: Uint8Array) => void): Unsubscribe;
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
  /** Bytes that whoever calls writes to the agent's port next: the command's standard input. Left out: it has none. */
  readonly inputBytes?: number;
}

/**
 * One packet as one interface of the machine's own kernel saw it (tcpdump -i any: LINUX_SLL2): all of a hop but the machine's
 * name, the hop's number, and which device of the graph it was. Its time is the lab's, whatever the guest's own clock shows.
 * Bytes and length are counted from the SLL2 header on.
 */
export interface TapFrame extends Pick<Hop, 'time' | 'device' | 'direction' | 'linkType' | 'bytes' | 'originalLength'> {
  /** The interface's index in the machine's own network namespace: all taps know it. */
  readonly ifindex: number;
}

/** Packets that the tap lost, by the lab's time. */
export type TapLoss = Omit<Gap, 'machine'>;

/** Frames that were captured together, and what is known since the last batch to be missing. */
export interface TapBatch {
  readonly frames: readonly TapFrame[];
  readonly lost: readonly TapLoss[];
}

/** What a kernel says by itself of single packets. */
export type KernelWord = DropEvidence | SocketEvidence | GapEvidence | WatchEvidence | RuleEvidence;

/** Whether a guest tells which rules of its firewall see packets, those of its own network namespace. */
export type TracingWord =
  | { readonly kind: 'off' }
  /** Of the packets that these match, as the guest has them. */
  | { readonly kind: 'on'; readonly matches: string }
  /** It was asked to and cannot, or no longer: why, in the words of the guest. */
  | { readonly kind: 'failed'; readonly why: string };

/** What the guest's kernel said at one time, with the lab's time: of packets, and of connections that it translates. */
export interface EvidenceBatch {
  readonly evidence: readonly KernelWord[];
  /** An entry comes again when it has ended, with the end. */
  readonly conntrack: readonly ConntrackEntry[];
}

/** A guest that can be asked by commands: all that src/guest/ask needs of a machine. */
export interface Asked {
  readonly name: string;
  /** The lab's time of a moment by the guest's clock; seconds since the epoch. */
  labTime(guest: number): number;
  /** Rejects when the guest does not run, or does not answer in time. */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
}
