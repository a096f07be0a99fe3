// Builds the machine image and each lab's snapshot, and knows at any moment how far each lab is.
import type { LabFile } from '../../lab/lab-file.ts';
import { type BuildReport, buildReport } from '../progress/build-report.ts';
import { buildContext, Progress } from '../progress/progress.ts';
import { buildImage, type Image } from './image.ts';
import { buildOrder, expectationFor } from './lab-order.ts';
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
    const build = this.#builds.get(id);
    if (!build) return null;
    const { lab, progress, outcome, message, endedAt } = build;
    return buildReport(
      { steps: progress.steps, startedAt: progress.startedAt, outcome, message, endedAt },
      expectationFor(lab, this.#labs),
      Date.now(),
    );
  }

  isReady(id: string): boolean {
    return this.#builds.get(id)?.outcome === 'ready';
  }

  /** Builds everything. A lab that fails does not stop the others; throws at the end when one did. */
  async run(): Promise<void> {
    const { root, signal, display } = this.#options;
    const all = [...this.#builds.values()];
    const shared = buildContext(root, signal, display, ...all.map((build) => build.progress));
    let image: Image;
    try {
      await prepareSystem(['machines'], shared);
      image = await buildImage(shared);
    } catch (error) {
      for (const build of all) this.#fail(build, error);
      throw error;
    }
    const errors: unknown[] = [];
    for (const build of all) {
      try {
        await buildSnapshot(build.lab, image, buildContext(root, signal, display, build.progress));
        build.outcome = 'ready';
        build.endedAt = Date.now();
      } catch (error) {
        this.#fail(build, error);
        if (signal.aborted) throw error;
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, errors.map((error) => String(error)).join('\n'));
  }

  #fail(build: LabBuild, error: unknown): void {
    build.progress.failRunning(error);
    this.#options.display.failRunning(error);
    build.outcome = 'failed';
    build.message = error instanceof Error ? error.message : String(error);
    build.endedAt = Date.now();
  }
}
