// The process that builds: started by start-build.ts, which it tells how far it is.
import { buildingShown } from '../builder/build-all.ts';
import { LabBuilds } from '../builder/lab-builds.ts';
import { buildSite } from '../builder/site.ts';
import { interruptSignal } from '../interrupt.ts';
import { readLabs } from '../labs.ts';
import { buildContext, type Progress } from '../progress/progress.ts';
import type { BuildMessage, StartBuild } from './messages.ts';

function tell(message: BuildMessage): void {
  if (process.connected) process.send?.(message);
}

/** Ctrl-C comes as SIGTERM from the one that serves. Without it, there is nobody to build for. */
function untilAlone(): AbortSignal {
  const controller = new AbortController();
  process.once('disconnect', () => controller.abort(new Error('the process that serves the site has ended')));
  return AbortSignal.any([interruptSignal(), controller.signal]);
}

/** Tells of every step, from now on. */
function showThere(display: Progress): () => void {
  return display.onChange((step) => tell({ kind: 'step', index: display.steps.indexOf(step), step }));
}

async function build({ root, site }: StartBuild, signal: AbortSignal): Promise<void> {
  const labs = await readLabs(root);
  await buildingShown(
    { root, signal, say: (text) => tell({ kind: 'say', text }), show: showThere },
    async (display) => {
      if (site) await buildSite(buildContext(root, signal, display));
      tell({ kind: 'site-ready' });
      const builds = new LabBuilds(labs, { root, signal, display });
      builds.onChange((id) => {
        const status = builds.status(id);
        if (status) tell({ kind: 'lab', id, status });
      });
      await builds.run();
    },
  );
}

const signal = untilAlone();
process.once('message', async (start: StartBuild) => {
  process.argv = [...start.argv];
  let failure: string | null = null;
  try {
    await build(start, signal);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  // A message is on its way only when the call back says so; and a stray worker must not keep this process alive.
  const end: BuildMessage = { kind: 'end', failure };
  if (process.connected) await new Promise((resolve) => process.send?.(end, resolve));
  process.exit(failure === null ? 0 : 1);
});
