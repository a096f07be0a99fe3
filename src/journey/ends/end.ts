// What is said of how a packet's way ended, and what there is to go by.
import type { Answers } from '../answers.ts';
import type { DropEvidence, SocketEvidence } from '../evidence/drop.ts';
import type { TraceEvidence } from '../evidence/evidence.ts';
import type { NamedEvidence } from '../evidence/named.ts';
import type { RuledPackets } from '../evidence/ruled.ts';
import type { Watches } from '../evidence/watches.ts';
import type { Grade, JourneyEnd } from '../journey.ts';
import type { Neighbours } from '../neighbours.ts';

export interface End {
  readonly end: JourneyEnd;
  readonly grade: Grade;
  readonly why: string;
  /** What shows it, a sentence each: how do you know? */
  readonly from: readonly string[];
  /** The place with its destination's address that took it in, "host-01/eth0"; null: it was not seen to get so far. */
  readonly reached: string | null;
}

export interface Proofs {
  readonly answers: Answers;
  readonly neighbours: Neighbours;
  /** By "machine identification". */
  readonly traces: ReadonlyMap<string, readonly TraceEvidence[]>;
  readonly drops: NamedEvidence<DropEvidence>;
  readonly sockets: NamedEvidence<SocketEvidence>;
  readonly rules: RuledPackets;
  readonly watches: Watches;
}

export type Found = Omit<End, 'reached'>;

export const seen = (end: JourneyEnd, why: string, ...from: readonly string[]): Found => ({
  end,
  grade: 'seen',
  why,
  from,
});
export const inferred = (end: JourneyEnd, why: string, ...from: readonly string[]): Found => ({
  end,
  grade: 'inferred',
  why,
  from,
});
export const unknown = (why: string, ...from: readonly string[]): Found => ({
  end: 'unknown',
  grade: 'unknown',
  why,
  from,
});
