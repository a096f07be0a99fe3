// Where a list's packets come from: the taps of a running lab, or a file.

import type { ReadonlySignal } from '@preact/signals-core';
import type { Timestamp } from '../../../capture/captured-packet.ts';
import type { Gap } from '../../../hop/gap.ts';
import type { Hop } from '../../../hop/hop.ts';
import type { Context, Regrouped } from '../../../journey/builder.ts';
import type { Journey } from '../../../journey/journey.ts';
import type { UnseenDrop } from '../../../journey/unseen.ts';
import type { RuleTracing } from '../../../lab/rule-tracing.ts';
import type { TcpFacts } from '../../../packet/stream/tcp-facts.ts';

/** A hop, and what only files say of one. */
export interface ListedHop extends Hop {
  /** Its time to the nanosecond. */
  readonly exactly?: Timestamp;
  /** What the packets before it tell of its TCP segment: the list knows, who fills it does not. */
  readonly facts?: TcpFacts | null;
  /** What somebody wrote to it. */
  readonly comment?: string;
}

/** The part of a hop that all packets at one place have in common. */
export type TapPlace = Pick<
  Hop,
  'machine' | 'namespace' | 'device' | 'ifindex' | 'deviceId' | 'direction' | 'linkType'
>;

/** Packets in ascending order of `n`, and what is known since the last batch to be missing. */
export interface PacketBatch {
  /** Which run of the lab they are of (lab.ts); a file is one run. */
  readonly run: number;
  readonly hops: readonly ListedHop[];
  readonly lost: readonly Gap[];
}

/** Where the packets of a list come from. */
export interface PacketSource {
  /** "super-bridge", "trace.pcap": stands in what is exported. */
  readonly title: string;
  /** Packets go on coming: the list can follow, and be cleared. */
  readonly live: boolean;
  /** All clocks that its times are of show the same: those of a lab do, also of one that was saved to a file. */
  readonly oneTime: boolean;
  readonly severalMachines: boolean;
  /** Whose firewalls tell which rules see packets; left out where none of it runs. */
  readonly tracing?: RuleTracing;
  /** Packets that were seen to be dropped, told without being asked; left out where nobody tells. */
  readonly dropped?: ReadonlySignal<readonly Journey[]>;
  /** Packets kept; what is older is let go and counted. */
  readonly capacity: number;
  /** Ends with the function that it gives. */
  onPackets(listener: (batch: PacketBatch) => void): () => void;
  /** Which packets are one, of the at most `most` to which something has changed since the last call; null: nothing changes (group-packets.ts). */
  regrouped(most: number): Regrouped | null;
  /** The journey of a packet, where the source has it; undefined: it is to be put together from the packets around it. */
  journeyOf(n: number): Journey | undefined;
  /** What is known besides the packets, for their journeys; the same object as long as nothing else is. */
  context(): Context;
  /** What kernels dropped and no tap had seen, the latest last; the same list as long as it is. Left out: it is to be worked out from the packets. */
  unseen?(): readonly UnseenDrop[];
  /** What is to be said of a packet's end while the machines have not been asked about it; "" when they have. */
  pending(n: number): string;
  /** Asks the machines for what only they know of a packet; true when there is more in context() now. A file has said all. */
  ask(n: number): Promise<boolean>;
}
