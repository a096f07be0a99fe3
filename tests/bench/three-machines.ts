// The overlay in a tab: etcd and two workers. What its start takes, what it holds, what it costs while nobody types.
import type { Bench, BenchContext } from '../../src/cli/bench/figure.ts';
import { withProfile } from './support/chromium.ts';
import { type LabPage, overlayEpisode } from './support/lab-page.ts';
import { rendererMegabytes } from './support/rendered-memory.ts';
import { browserProcesses } from './support/renderers.ts';
import { openSite, type Site, untilQuiet } from './support/site.ts';

const cached = 'three machines: start, cached';
const uncached = 'three machines: start, nothing cached';
const fetched = 'three machines: fetched for the first start';
const memory = 'three machines: renderer memory';
const idle = 'three machines: idle, share of one core';
const undone = 'three machines: back to a checkpoint, in the page';
const idleSeconds = 20;

async function firstStarts(site: Site, { signal, samples, say }: BenchContext) {
  const seconds: number[] = [];
  const megabytes: number[] = [];
  while (seconds.length < samples) {
    await withProfile(site, signal, async ({ openLab }) => {
      const before = site.bytesSent();
      const lab = await openLab(overlayEpisode);
      seconds.push((await lab.start()) / 1000);
      await untilQuiet(site, signal);
      megabytes.push((site.bytesSent() - before) / 1e6);
    });
    say(`  first start ${seconds.length} of ${samples}`);
  }
  return { seconds, megabytes };
}

function cachedStartsAndRest(site: Site, { signal, samples }: BenchContext) {
  return withProfile(site, signal, async ({ browser, openLab }) => {
    const seconds: number[] = [];
    const percent: number[] = [];
    const back: number[] = [];
    for (let n = 0; n <= samples; n++) {
      const lab = await openLab(overlayEpisode);
      const ms = await lab.start();
      // The first one fills the caches.
      if (n > 0) seconds.push(ms / 1000);
      await untilQuiet(site, signal, n === 0 ? 2000 : 500);
      if (n === samples) {
        await lab.settle();
        while (percent.length < samples) {
          const before = await browserProcesses(browser.browser());
          const began = performance.now();
          await lab.rest(idleSeconds * 1000);
          const after = await browserProcesses(browser.browser());
          percent.push((100 * (after.renderers - before.renderers)) / ((performance.now() - began) / 1000));
        }
        while (back.length < samples) back.push(await undo(lab));
      }
      await lab.close();
    }
    return { seconds, percent, back };
  });
}

/** From the click to the running lab, after a container was started; s. */
async function undo(lab: LabPage): Promise<number> {
  const { page } = lab;
  await page.getByRole('button', { name: 'Checkpoints' }).click();
  await page.getByLabel('Name of the checkpoint').fill('bench');
  await page.getByRole('button', { name: 'Keep this moment' }).click();
  await page.getByText('Kept: bench.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'kube-worker-01 · 1' }).click();
  await page.locator('.term-screen:not([hidden]) textarea').focus();
  await lab.run('docker run -d --name web whoami', /^[0-9a-f]{64}$/);
  await page.getByRole('button', { name: 'Checkpoints' }).click();
  const began = performance.now();
  await page.getByRole('button', { name: 'Go back to bench' }).first().click();
  await page.getByText('The lab is back at bench.').waitFor();
  const seconds = (performance.now() - began) / 1000;
  await page.getByRole('button', { name: 'Forget bench' }).first().click();
  await page.keyboard.press('Escape');
  return seconds;
}

export const bench: Bench = {
  name: 'three-machines',
  figures: [
    { name: cached, unit: 's', target: { max: 2.5 } },
    { name: uncached, unit: 's', target: { max: 8 } },
    { name: fetched, unit: 'MB', target: { max: 60 } },
    { name: memory, unit: 'MB', target: { max: 1200 } },
    { name: idle, unit: '%', target: { max: 30 } },
    { name: undone, unit: 's', target: { max: 1.5 } },
  ],
  async run(context) {
    const site = await openSite(context.root);
    try {
      const first = await firstStarts(site, context);
      const later = await cachedStartsAndRest(site, context);
      const megabytes: number[] = [];
      while (megabytes.length < context.samples) {
        megabytes.push(await rendererMegabytes(site, overlayEpisode, context.signal));
        context.say(`  memory ${megabytes.length} of ${context.samples}: ${megabytes.at(-1)?.toFixed(0)} MB`);
      }
      return {
        [cached]: later.seconds,
        [uncached]: first.seconds,
        [fetched]: first.megabytes,
        [memory]: megabytes,
        [idle]: later.percent,
        [undone]: later.back,
      };
    } finally {
      site.close();
    }
  },
};
