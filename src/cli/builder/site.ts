// The site (Astro) into dist/, without the machines. Skipped when nothing that it is made of has changed.
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../child.ts';
import { readStamp, replaceDirectory, writeStamp } from './atomic-directory.ts';
import { contentKey } from './content-key.ts';
import type { BuildContext } from './context.ts';
import { buildPaths } from './paths.ts';
import { precompress } from './precompress.ts';
import { requireOwnFolders } from './system-needs.ts';

/** What the site is made of. */
const sources = [
  'astro.config.mjs',
  'content',
  'package-lock.json',
  'public',
  'sandboxes/labs',
  'src',
  'src/cli/builder/precompress.ts',
  'src/cli/serve/encodings.ts',
  'tsconfig.json',
];

// The command line and the tests are no part of a page; what makes the compressed files is named by itself.
const isNoSource = (path: string): boolean => path === 'src/cli' || /\.(test|spec)\.tsx?$/.test(path);

export interface SiteBuild {
  readonly cached: boolean;
}

/** Throws with Astro's last lines when the build fails; dist/ is then what it was before. */
export async function buildSite(context: BuildContext): Promise<SiteBuild> {
  const { root, signal } = context;
  const paths = buildPaths(root);
  const step = context.step('site');
  const hash = await contentKey(root, sources, { ignore: isNoSource });
  if ((await readStamp(paths.siteStamp)) === hash && existsSync(join(paths.dist, 'index.html'))) {
    step.done('cached');
    return { cached: true };
  }
  await requireOwnFolders([paths.dist, paths.scratch]);
  await rm(paths.siteStamp, { force: true });
  await replaceDirectory(paths.dist, paths.scratch, async (partial) => {
    let lines = 0;
    await mustRun(join(root, 'node_modules/.bin/astro'), ['build', '--outDir', partial], {
      cwd: root,
      signal,
      env: { ASTRO_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
      // Astro does not say how far it is: the bar approaches its end with every line, and the line says the rest.
      onLine: (line) => line.trim() !== '' && step.progress(1 - 0.97 ** ++lines, line.trim()),
    });
    if (!existsSync(join(partial, 'index.html'))) {
      throw new Error(
        `astro build wrote no index.html (it wrote: ${(await readdir(partial)).join(', ') || 'nothing'}). Is there a home page in content/docs?`,
      );
    }
    step.progress(0.95, 'compressing');
    await precompress(partial, signal);
  });
  await writeStamp(paths.siteStamp, hash);
  step.done();
  return { cached: false };
}
