// The progress of a lab's build as the page reads it from /labs/<lab>/build.json.
import type { Step } from './progress.ts';

export interface BuildReport {
  readonly state: 'building' | 'ready' | 'failed';
  /** What is being done now; "" when nothing is. */
  readonly step: string;
  /** Of the whole build, 0 to 100. */
  readonly percent: number;
  readonly elapsedSeconds: number;
  readonly steps: readonly { readonly name: string; readonly state: Step['state']; readonly percent: number }[];
  /** For the reader: what the step is at, or what went wrong and what to do next. */
  readonly message: string;
}

export interface BuildStatus {
  readonly expectation: Expectation;
  readonly steps: readonly Step[];
  readonly outcome: 'building' | 'ready' | 'failed';
  readonly message: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/** How long the steps take, in seconds, next to each other; a step that is not in the list counts as the default. */
export interface Expectation {
  readonly seconds: Readonly<Record<string, number>>;
  readonly defaultSeconds: number;
}

/** A step that was done at once was taken from the cache: then the time that it was expected to take says nothing. */
function share(steps: readonly Step[], { seconds, defaultSeconds }: Expectation): number {
  const expected = new Map(Object.entries(seconds));
  let total = 0;
  let done = 0;
  for (const step of steps) {
    const weight = expected.get(step.name) ?? defaultSeconds;
    expected.delete(step.name);
    total += weight;
    done += weight * (step.state === 'done' ? 1 : step.fraction);
  }
  for (const weight of expected.values()) total += weight;
  return total === 0 ? 0 : done / total;
}

/** `now` in ms since the epoch. Never says 100 before the build is ready. */
export function buildReport(status: BuildStatus, now: number): BuildReport {
  const current = status.steps.findLast((step) => step.state === 'running');
  const percent = Math.floor(share(status.steps, status.expectation) * 100);
  return {
    state: status.outcome,
    step: status.outcome === 'building' ? (current?.name ?? '') : '',
    percent: status.outcome === 'ready' ? 100 : Math.min(99, percent),
    elapsedSeconds: Math.round(((status.endedAt ?? now) - status.startedAt) / 1000),
    steps: status.steps.map((step) => ({
      name: step.name,
      state: step.state,
      percent: Math.floor(step.fraction * 100),
    })),
    message: status.message || (current?.detail ?? ''),
  };
}
