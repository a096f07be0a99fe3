// Stretches of time, by machine: when packets were lost, or words. For that time it does not hold that what nobody told of was not there.
import { firstIndex } from '../basics/first-index.ts';

/** Of a machine; of more, the two oldest become one, with what is between them: less is known then, and nothing false. */
const MOST = 5000;

/** Seconds by the machine's own clock. */
export interface Stretch {
  readonly machine: string;
  readonly from: number;
  readonly until: number;
}

type Span = Omit<Stretch, 'machine'>;

export class Stretches {
  /** By machine: in order of time, none touching the next. */
  readonly #spans = new Map<string, Span[]>();

  get isNone(): boolean {
    return this.#spans.size === 0;
  }

  /** Those that have any. */
  get machines(): readonly string[] {
    return [...this.#spans.keys()];
  }

  /** False when nothing new is said, or nothing that has a time. */
  add({ machine, from, until }: Stretch): boolean {
    if (!(from <= until)) return false;
    const spans = this.#spans.get(machine) ?? [];
    const start = firstEndingAt(spans, from);
    let end = start;
    for (let next = spans[end]; next !== undefined && next.from <= until; next = spans[++end]);
    const [first, last] = [spans[start], spans[end - 1]];
    if (end - start === 1 && first !== undefined && first.from <= from && first.until >= until) return false;
    const whole = end === start ? { from, until } : joined(first, last, from, until);
    spans.splice(start, end - start, whole);
    const [one, other] = spans;
    if (spans.length > MOST && one !== undefined && other !== undefined)
      spans.splice(0, 2, { from: one.from, until: other.until });
    this.#spans.set(machine, spans);
    return true;
  }

  /** True when one of the machine's has a moment in common with the time from the one to the other, these included. */
  overlaps(machine: string, from: number, until: number): boolean {
    const spans = this.#spans.get(machine);
    if (spans === undefined) return false;
    const next = spans[firstEndingAt(spans, from)];
    return next !== undefined && next.from <= until;
  }
}

const joined = (first: Span | undefined, last: Span | undefined, from: number, until: number): Span => ({
  from: Math.min(from, first?.from ?? from),
  until: Math.max(until, last?.until ?? until),
});

/** Index of the first that does not end before a moment. */
const firstEndingAt = (spans: readonly Span[], moment: number): number =>
  firstIndex(spans.length, (index) => (spans[index] as Span).until >= moment);
