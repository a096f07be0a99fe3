// A journey's end in two or three words. Only what was seen is said without a qualifier.
import type { Journey } from './journey.ts';

const ENDS = { delivered: 'Delivered', dropped: 'Dropped', unknown: 'End not known' } as const;

/** "Delivered"; "Dropped, by inference"; "Got there, end not known" of a packet that reached who it is for, where nothing more was seen. */
export function verdictOf({ end, grade, reached }: Pick<Journey, 'end' | 'grade' | 'reached'>): string {
  if (end === 'unknown') return reached === null ? ENDS.unknown : 'Got there, end not known';
  return grade === 'seen' ? ENDS[end] : `${ENDS[end]}, by inference`;
}

/** Of a machine's own rules: those inside of containers are not traced. */
export const WHICH_RULE = 'Which rule of the machine, “Trace rules” in a lab tells, of packets from then on.';

/** It is known that some rule or policy dropped it, and not which: no rule was traced, and the kernel does not say. */
export const isByUnnamedRule = ({ end, why, rules }: Pick<Journey, 'end' | 'why' | 'rules'>): boolean =>
  end === 'dropped' && rules.length === 0 && why.includes('(NETFILTER_DROP in');
