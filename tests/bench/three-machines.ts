// The overlay in a tab: etcd and two workers. What its start takes, what it holds, what it costs while nobody types.
import type { Bench, BenchContext } from '../../src/cli/bench/figure.ts';
import { withProfile } from './support/chromium.ts';
import { overlayEpisode } from './support/lab-page.ts';
import { rendererMegabytes } from './support/rendered-memory.ts';
import { browserProcesses } from './support/renderers.ts';
import { openSite, type Site, untilQuiet } from './support/site.ts';

const cached = 'three machines: start, cached';
const uncached = 'three machines: start, nothing cached';
const fetched = 'three machines: fetched for the first start';
const memory = 'three machines: renderer memory';
const idle = 'three machines: idle, share of one core';
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
      }
      await lab.close();
    }
    return { seconds, percent };
  });
}

export const bench: Bench = {
  name: 'three-machines',
  figures: [
    { name: cached, unit: 's', target: { max: 2.5 } },
    { name: uncached, unit: 's', target: { max: 8 } },
    { name: fetched, unit: 'MB', target: { max: 60 } },
    { name: memory, unit: 'MB', target: { max: 1200 } },
    { name: idle, unit: '%', target: { max: 30 } },
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
      };
    } finally {
      site.close();
    }
  },
};
