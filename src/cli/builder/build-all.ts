// The whole build: the site, then the machines, then dist/ made complete. Used by `build`, and by whatever needs it.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readLabs } from '../labs.ts';
import { buildContext, Progress } from '../progress/progress.ts';
import { type Output, renderProgress, type StopRendering } from '../progress/render.ts';
import type { Need } from '../setup/debian-packages.mjs';
import { withLock } from '../setup/lock.mjs';
import { sweepScratch } from './atomic-directory.ts';
import { completeDist } from './dist.ts';
import { LabBuilds } from './lab-builds.ts';
import { buildPaths } from './paths.ts';
import { buildSite } from './site.ts';
import { prepareSystem, requireOwnFolders, requireSystem } from './system-needs.ts';

export interface WorkshopOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  /** Where the progress is shown. */
  readonly output: Output;
  /** Shows nothing unless it takes longer than a moment: for commands that build only by the way. */
  readonly onlyWhenSlow?: boolean;
}

/** Runs `work` alone: holding the build's lock, with a progress display, over a scratch folder without leftovers. */
export function building<T>(
  { root, signal, output, onlyWhenSlow = false }: WorkshopOptions,
  work: (display: Progress) => Promise<T>,
): Promise<T> {
  const show = (display: Progress) => (onlyWhenSlow ? renderLater(display, output) : renderProgress(display, output));
  return buildingShown({ root, signal, say: (text) => output.write(text), show }, work);
}

export interface AloneOptions {
  readonly root: string;
  readonly signal: AbortSignal;
  /** For people: text that belongs to no step. */
  readonly say: (text: string) => void;
  /** Called when the lock is held, before the first step. */
  readonly show: (display: Progress) => StopRendering;
}

/** The same, with a display of the caller's. */
export async function buildingShown<T>(
  { root, signal, say, show }: AloneOptions,
  work: (display: Progress) => Promise<T>,
): Promise<T> {
  const paths = buildPaths(root);
  await requireOwnFolders([dirname(paths.lock)]);
  const onWait = (pid: number): void => say(`Waiting for process ${pid}, which is building in this checkout.\n`);
  return withLock(
    paths.lock,
    async () => {
      await sweepScratch(paths.scratch);
      const display = new Progress();
      const stop = show(display);
      try {
        return await work(display);
      } catch (error) {
        display.failRunning(error);
        throw error;
      } finally {
        stop();
      }
    },
    { signal, onWait },
  );
}

function renderLater(display: Progress, output: Output): StopRendering {
  let stop: StopRendering | undefined;
  const timer = setTimeout(() => {
    stop = renderProgress(display, output);
  }, 1500);
  return () => {
    clearTimeout(timer);
    stop?.();
  };
}

/** Image and snapshots: of all labs, or of the one named. Quick when nothing changed. */
export async function buildMachines(options: WorkshopOptions, only?: string): Promise<void> {
  const { root, signal } = options;
  const labs = (await readLabs(root)).filter((lab) => only === undefined || lab.id === only);
  await building(options, (display) => new LabBuilds(labs, { root, signal, display }).run());
}

/** Debian packages: those that are missing are installed, by root; anybody else gets to read what to do. */
export async function installWhatIsNeeded(options: WorkshopOptions, needs: readonly Need[]): Promise<void> {
  const { root, signal } = options;
  // Asked before the lock is: where nothing is missing, nobody waits for another process.
  if ((await requireSystem(needs, root)).missing.length === 0) return;
  await building(options, (display) => prepareSystem(needs, buildContext(root, signal, display)));
}

/** The pages alone: what dist/ has of machines stays what it was, or is not there. */
export async function buildOnlySite(options: WorkshopOptions): Promise<void> {
  const { root, signal } = options;
  await building(options, async (display) => {
    await buildSite(buildContext(root, signal, display));
  });
}

/**
 * Everything: dist/ is complete afterwards.
 *
 * @param onSite called when the pages are there, before the machines
 */
export async function buildAll(options: WorkshopOptions, onSite?: () => void): Promise<void> {
  const { root, signal } = options;
  const paths = buildPaths(root);
  const labs = await readLabs(root);
  // Before the site is built: who is not root is not kept waiting for what would fail after it.
  await requireSystem(['machines'], root);
  await requireOwnFolders([paths.dist, paths.scratch]);
  await building(options, async (display) => {
    await buildSite(buildContext(root, signal, display));
    onSite?.();
    const builds = new LabBuilds(labs, { root, signal, display });
    await builds.run();
    await completeDist(paths);
    // The page asks for this address wherever it is hosted.
    for (const { id } of labs) {
      await mkdir(join(paths.dist, 'labs', id), { recursive: true });
      await writeFile(join(paths.dist, 'labs', id, 'build.json'), `${JSON.stringify(builds.report(id))}\n`);
    }
  });
}
