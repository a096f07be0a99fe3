// Debian's Chromium with a profile of its own, in a folder that is deleted afterwards: caches on disk, as readers have them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright';
import type { BenchContext } from '../../../src/cli/bench/figure.ts';
import { chromiumLaunch } from '../../support/chromium.ts';
import { LabPage } from './lab-page.ts';
import { openSite, type Site } from './site.ts';

export interface Profile {
  readonly browser: BrowserContext;
  /** An episode in a new tab, quiet, its lab off; the first one, if none is named. */
  openLab(path?: string): Promise<LabPage>;
}

/** Starts Chromium without any page for as long as `work` takes. Aborting closes it. */
export async function withChromium<T>(signal: AbortSignal, work: (browser: Browser) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const browser = await chromium.launch(chromiumLaunch);
  const close = (): void => void browser.close();
  signal.addEventListener('abort', close);
  try {
    return await work(browser);
  } finally {
    signal.removeEventListener('abort', close);
    await browser.close();
  }
}

/** Starts Chromium on a new profile for as long as `work` takes. Aborting closes it. */
export async function withProfile<T>(
  { url }: Site,
  signal: AbortSignal,
  work: (profile: Profile) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-bench-'));
  let browser: BrowserContext | undefined;
  const close = (): void => void browser?.close();
  signal.addEventListener('abort', close);
  try {
    const opened = await chromium.launchPersistentContext(folder, {
      ...chromiumLaunch,
      viewport: { width: 1440, height: 900 },
    });
    browser = opened;
    return await work({ browser: opened, openLab: (path) => LabPage.open(opened, url, signal, path) });
  } finally {
    signal.removeEventListener('abort', close);
    await browser?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One site, one profile, and a lab that runs: what most benches measure in. */
export async function withRunningLab<T>(
  { root, signal }: BenchContext,
  work: (lab: LabPage, profile: Profile) => Promise<T>,
): Promise<T> {
  const site = await openSite(root);
  try {
    return await withProfile(site, signal, async (profile) => {
      const lab = await profile.openLab();
      await lab.start();
      return work(lab, profile);
    });
  } finally {
    site.close();
  }
}
