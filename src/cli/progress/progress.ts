// What is being done, how far it is, and for how long: the steps of a build as values. Renderers (a terminal, plain
// lines, the page's build.json) read them; builders write them through the small BuildContext.
import type { BuildContext, BuildStep } from '../builder/context.ts';

/** "warning": something that was not done, without which the build goes on. */
export type StepState = 'running' | 'done' | 'failed' | 'warning';

export interface Step {
  readonly name: string;
  readonly state: StepState;
  /** 0 to 1. */
  readonly fraction: number;
  /** What it is at ("412 of 615 packages"). */
  readonly detail: string;
  /** Said when it was done ("cached"). */
  readonly note: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export class Progress {
  readonly startedAt: number;
  readonly #now: () => number;
  readonly #steps: Step[] = [];
  readonly #listeners = new Set<(step: Step) => void>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.startedAt = now();
  }

  /** In the order in which they began. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Calls the listener with every step that begins, moves or ends. */
  onChange(listener: (step: Step) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Begins a step. A fraction outside of 0..1 is clamped, and it never goes back. */
  step(name: string): BuildStep {
    const index = this.#steps.length;
    this.#put(index, newStep(name, this.#now()));
    return {
      progress: (fraction, detail) => {
        const step = this.#running(index);
        if (!step) return;
        const clamped = Math.min(1, Math.max(step.fraction, Number.isFinite(fraction) ? fraction : 0));
        this.#put(index, { ...step, fraction: clamped, detail: detail ?? step.detail });
      },
      done: (note = '') => {
        const step = this.#running(index);
        if (step) this.#put(index, { ...step, state: 'done', fraction: 1, note, endedAt: this.#now() });
      },
    };
  }

  /** Tells of something that could not be done, without which the build goes on. */
  warn(name: string, note: string): void {
    const now = this.#now();
    this.#put(this.#steps.length, { ...newStep(name, now), state: 'warning', note, endedAt: now });
  }

  /** Returns what shows the steps of a Progress in another process here, each by its number there. */
  mirror(): (index: number, step: Step) => void {
    const places = new Map<number, number>();
    return (index, step) => {
      const place = places.get(index) ?? this.#steps.length;
      places.set(index, place);
      this.#put(place, step);
    };
  }

  /** Marks every step that still runs as failed: for a builder that threw in the middle of its own steps. */
  failRunning(error: unknown): void {
    for (const index of this.#steps.keys()) this.#fail(index, error);
  }

  #running(index: number): Step | null {
    const step = this.#steps[index];
    return step?.state === 'running' ? step : null;
  }

  #fail(index: number, error: unknown): void {
    const step = this.#running(index);
    if (!step) return;
    const note = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    this.#put(index, { ...step, state: 'failed', note, endedAt: this.#now() });
  }

  #put(index: number, step: Step): void {
    this.#steps[index] = step;
    for (const listener of this.#listeners) listener(step);
  }
}

function newStep(name: string, startedAt: number): Step {
  return { name, state: 'running', fraction: 0, detail: '', note: '', startedAt, endedAt: null };
}

/** A context whose steps show in each of these. */
export function buildContext(root: string, signal: AbortSignal, ...shownIn: readonly Progress[]): BuildContext {
  return {
    root,
    signal,
    step(name) {
      const steps = shownIn.map((progress) => progress.step(name));
      return {
        progress(fraction, detail) {
          for (const step of steps) step.progress(fraction, detail);
        },
        done(note) {
          for (const step of steps) step.done(note);
        },
      };
    },
  };
}

/** "0.4 s", "12 s", "3 min 05 s" */
export function formatDuration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
