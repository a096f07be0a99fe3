// A journey as JSON, one object on a line: what `lockstep journey --json` prints, and what recordings hold.
import type { RuleEvidence } from './evidence/rules.ts';
import type { Journey } from './journey.ts';

export interface JourneyJson {
  readonly id: number;
  readonly summary: string;
  readonly hops: readonly HopJson[];
  /** Left out where no machine traced it. */
  readonly rules?: readonly RulesJson[];
  readonly end: Journey['end'];
  readonly grade: Journey['grade'];
  readonly why: string;
  /** What shows it, a sentence each. */
  readonly from: readonly string[];
  /** Left out where it was not seen to reach its goal. */
  readonly reached?: string;
  /** What follows is left out where there is nothing to say. */
  readonly repeats?: Journey['repeats'];
  readonly fork?: Journey['fork'];
  readonly parts?: Journey['parts'];
  readonly answeredBy?: number;
  readonly about?: number;
  readonly notes?: readonly string[];
}

export interface RulesJson {
  readonly machine: string;
  /** False when its first chains were not told of. */
  readonly isWhole: boolean;
  readonly visits: RuleEvidence['visits'];
}

export interface HopJson {
  readonly at: string;
  /** Left out where the capture does not say. */
  readonly direction?: 'in' | 'out';
  /** Seconds since the epoch, all clocks set by one, to the microsecond. */
  readonly time: number;
  /** Index of the hop that it follows, where that is not simply the one before in the list; −1: none. */
  readonly after?: number;
  /** Protocols from the outside in. */
  readonly layers: readonly string[];
  readonly changes: readonly {
    readonly field: string;
    readonly from: number | string | null;
    readonly to: number | string | null;
    readonly bytes?: number;
    readonly why?: string;
  }[];
}

export function journeyJson(journey: Journey): JourneyJson {
  const { id, summary, rules, end, grade, why, from, reached, repeats, fork, parts, answeredBy, about, notes } =
    journey;
  return {
    id,
    summary,
    hops: journey.hops.map((hop, index) => ({
      at: hop.at,
      ...(hop.hop.direction === 'unknown' ? {} : { direction: hop.hop.direction }),
      time: Math.round(hop.time * 1e6) / 1e6,
      ...(hop.after === index - 1 ? {} : { after: hop.after }),
      layers: hop.layers.map(({ protocol }) => protocol),
      changes: hop.changes,
    })),
    ...(rules.length === 0
      ? {}
      : { rules: rules.map(({ machine, isWhole, visits }) => ({ machine, isWhole, visits })) }),
    end,
    grade,
    why,
    from,
    ...(reached === null ? {} : { reached }),
    ...(repeats === null ? {} : { repeats }),
    ...(fork === null ? {} : { fork }),
    ...(parts === null ? {} : { parts }),
    ...(answeredBy === null ? {} : { answeredBy }),
    ...(about === null ? {} : { about }),
    ...(notes.length === 0 ? {} : { notes }),
  };
}
