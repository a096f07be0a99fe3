// Builds the machine image and each lab's snapshot, and knows at any moment how far each lab is.
import type { LabFile } from '../../lab/lab-file.ts';
import { type BuildReport, type BuildStatus, buildReport } from '../progress/build-report.ts';
import { buildContext, Progress, type Step } from '../progress/progress.ts';
import { SharedCache } from './cache/shared-cache.ts';
import type { BuildContext } from './context.ts';
import { buildImage, findImage, type Image } from './image.ts';
import { buildOrder, expectationFor, labsBefore } from './lab-order.ts';
import { buildSnapshot } from './snapshot.ts';
import { prepareSystem } from './system-needs.ts';

export interface LabBuildsOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  /** Where a person sees the steps of everything. */
  readonly display: Progress;
}

interface LabBuild {
  readonly lab: LabFile;
  readonly progress: Progress;
  outcome: BuildReport['state'];
  message: string;
  endedAt: number | null;
}

export class LabBuilds {
  readonly #options: LabBuildsOptions;
  readonly #labs: readonly LabFile[];
  readonly #builds: ReadonlyMap<string, LabBuild>;
  readonly #listeners = new Set<(id: string) => void>();

  constructor(labs: readonly LabFile[], options: LabBuildsOptions) {
    this.#options = options;
    this.#labs = buildOrder(labs);
    this.#builds = new Map(
      this.#labs.map((lab) => [
        lab.id,
        { lab, progress: new Progress(), outcome: 'building', message: '', endedAt: null } satisfies LabBuild,
      ]),
    );
  }

  /** null when there is no such lab. */
  report(id: string): BuildReport | null {
    const status = this.status(id);
    return status && buildReport(status, Date.now());
  }

  /** How far a lab is; null when there is no such lab. */
  status(id: string): BuildStatus | null {
    const build = this.#builds.get(id);
    if (!build) return null;
    const { lab, progress, outcome, message, endedAt } = build;
    const { startedAt } = progress;
    // What is built before it is a part of its way: how far that is, and that it waits for it, is seen in its own steps.
    const before = labsBefore(lab, this.#labs).flatMap(
      ({ id: other }) => this.#builds.get(other)?.progress.steps ?? [],
    );
    const steps = onceEach([...before, ...progress.steps]);
    return { steps, startedAt, outcome, message, endedAt, expectation: expectationFor(lab, this.#labs) };
  }

  /** Calls the listener whenever a lab is further than it was. */
  onChange(listener: (id: string) => void): void {
    this.#listeners.add(listener);
    const ids = [...this.#builds.keys()];
    for (const [at, id] of ids.entries())
      this.#builds.get(id)?.progress.onChange(() => {
        // The ones after it wait for it.
        for (const later of ids.slice(at)) listener(later);
      });
  }

  /** Builds everything. A lab that fails does not stop the others; throws at the end when one did. */
  async run(): Promise<void> {
    const { root, signal, display } = this.#options;
    const all = [...this.#builds.values()];
    const cache = await SharedCache.ofUser({ signal, warn: (text) => display.warn('cache of all checkouts', text) });
    // What all need is seen in each of them.
    const shared = (): BuildContext => {
      const waiting = all.filter(({ outcome }) => outcome === 'building');
      return { ...buildContext(root, signal, display, ...waiting.map(({ progress }) => progress)), cache };
    };
    const errors = new Set<unknown>();
    try {
      const image = await this.#prepare(all, shared());
      // The image is made when a lab has to be built: labs that are there, or in the cache, do without.
      let made: Promise<Image> | undefined;
      const makeImage = (): Promise<Image> => (made ??= buildImage(shared()));
      for (const build of all) {
        try {
          const context = { ...buildContext(root, signal, display, build.progress), cache };
          await buildSnapshot(build.lab, image, context, makeImage);
          this.#end(build, 'ready');
        } catch (error) {
          this.#fail(build, error);
          if (signal.aborted) throw error;
          errors.add(error);
        }
      }
    } finally {
      await cache?.settled();
    }
    const [first, ...others] = errors;
    if (others.length > 0) throw new AggregateError(errors, [...errors].map((error) => String(error)).join('\n'));
    if (errors.size > 0) throw first;
  }

  /** Sees to what every lab needs; when that fails, all have failed. */
  async #prepare(all: readonly LabBuild[], shared: BuildContext): Promise<Image> {
    try {
      await prepareSystem(['machines'], shared);
      return await findImage(this.#options.root);
    } catch (error) {
      for (const build of all) this.#fail(build, error);
      throw error;
    }
  }

  #fail(build: LabBuild, error: unknown): void {
    build.progress.failRunning(error);
    this.#options.display.failRunning(error);
    build.message = error instanceof Error ? error.message : String(error);
    this.#end(build, 'failed');
  }

  #end(build: LabBuild, outcome: 'ready' | 'failed'): void {
    build.outcome = outcome;
    build.endedAt = Date.now();
    for (const listener of this.#listeners) listener(build.lab.id);
  }
}

/** What several labs need shows in each of them; one that is made of another one looks for that again. */
function onceEach(steps: readonly Step[]): Step[] {
  const seen = new Map<string, Step>();
  for (const step of steps) if (!seen.has(step.name)) seen.set(step.name, step);
  return [...seen.values()];
}
