// Of what kernels said, the latest that there is room for. That a drop was not told of is evidence as well (watches.ts), so where words are
// forgotten, it is known from when to when.
import type { GapEvidence } from './drop.ts';
import type { Evidence } from './evidence.ts';

/** The latest `most`, and a gap for each machine before them whose drops, or gaps, are left out. */
export function latestEvidence(evidence: readonly Evidence[], most: number): readonly Evidence[] {
  if (evidence.length <= most) return evidence;
  const kept = evidence.slice(-Math.max(1, Math.floor(most / 2)));
  return [...gapsFor(evidence.slice(0, -kept.length)), ...kept];
}

/** What is to be known in place of these words, which are left out. */
export function gapsFor(words: readonly Evidence[]): GapEvidence[] {
  const gaps = new Map<string, { from: number; until: number; count: number }>();
  for (const word of words) {
    if (word.kind !== 'drop' && word.kind !== 'gap') continue;
    const [from, until, count] = word.kind === 'drop' ? [word.time, word.time, 1] : [word.from, word.until, word.count];
    const gap = gaps.get(word.machine) ?? { from, until, count: 0 };
    gaps.set(word.machine, gap);
    gap.from = Math.min(gap.from, from);
    gap.until = Math.max(gap.until, until);
    gap.count += count;
  }
  return [...gaps].map(([machine, gap]) => ({ kind: 'gap', machine, ...gap }));
}
