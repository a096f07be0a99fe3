// What a bench measures, and how a measurement stands against its target.
import type { Yardstick } from './yardstick.ts';

export interface Target {
  readonly max?: number;
  readonly min?: number;
}

export interface Figure {
  readonly name: string;
  /** "ms", "MB", "%", … */
  readonly unit: string;
  readonly target: Target;
  /** Where its time passes, and so what it is measured by (yardstick.ts); left out: in the browser. */
  readonly in?: Yardstick;
}

export interface BenchContext {
  readonly root: string;
  readonly signal: AbortSignal;
  /** How often to measure at least. */
  readonly samples: number;
  /** Says on stderr what is being measured. */
  say(text: string): void;
}

/** What a file of tests/bench exports as `bench`. */
export interface Bench {
  readonly name: string;
  readonly figures: readonly Figure[];
  /** The samples of each figure, by its name, in its unit. */
  run(context: BenchContext): Promise<Readonly<Record<string, readonly number[]>>>;
}

export interface Measurement {
  readonly name: string;
  /** The median of the samples; null when there are none. */
  readonly value: number | null;
  readonly unit: string;
  readonly target: Target;
  readonly ok: boolean;
  readonly samples: readonly number[];
}

/** The middle value, or the mean of the two in the middle; null of nothing. */
export function median(samples: readonly number[]): number | null {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** A figure without samples has missed its target: nothing was shown. */
export function measure({ name, unit, target }: Figure, samples: readonly number[]): Measurement {
  const value = median(samples);
  const ok =
    value !== null && Number.isFinite(value) && value <= (target.max ?? Infinity) && value >= (target.min ?? -Infinity);
  return { name, value, unit, target, ok, samples };
}

/** "≤ 1.5 s", "≥ 60 %" */
export function describeTarget({ max, min }: Target, unit: string): string {
  const digits = (bound: number): number => Number(bound.toPrecision(3));
  const bounds = [
    min === undefined ? '' : `≥ ${digits(min)} ${unit}`,
    max === undefined ? '' : `≤ ${digits(max)} ${unit}`,
  ];
  return bounds.filter((bound) => bound !== '').join(', ');
}

/** Three significant digits: more would claim a precision that a measurement on a shared machine does not have. */
export function describeValue(value: number | null, unit: string): string {
  return value === null ? 'not measured' : `${Number(value.toPrecision(3))} ${unit}`;
}

/** One line of `--json`. The target is a number when it is one bound, an object when it is two. */
export function measurementLine({ name, value, unit, target, ok, samples }: Measurement): string {
  const bounds = Object.values(target);
  return JSON.stringify({ name, value, unit, target: bounds.length === 1 ? bounds[0] : target, ok, samples });
}
