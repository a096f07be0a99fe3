// From the click on Start to a prompt that echoes, with everything kept from the last time and with nothing; and what the
// first start fetches.
import type { Bench, BenchContext } from '../../src/cli/bench/figure.ts';
import { withProfile } from './support/chromium.ts';
import { openSite, type Site, untilQuiet } from './support/site.ts';

const cached = 'start, cached';
const uncached = 'start, nothing cached';
const fetched = 'fetched for the first start';

interface FirstStart {
  readonly seconds: number;
  readonly megabytes: number;
}

/** A browser that was never here. The bytes are those of the whole visit: the page before the click, and what the lab
 *  fetches ahead after it, until the network is quiet. */
function firstStart(site: Site, signal: AbortSignal): Promise<FirstStart> {
  return withProfile(site, signal, async ({ openLab }) => {
    const before = site.bytesSent();
    const lab = await openLab();
    const ms = await lab.start();
    await untilQuiet(site, signal);
    const megabytes = (site.bytesSent() - before) / 1e6;
    return { seconds: ms / 1000, megabytes };
  });
}

function cachedStarts(site: Site, { signal, samples }: BenchContext): Promise<number[]> {
  return withProfile(site, signal, async ({ openLab }) => {
    const seconds: number[] = [];
    for (let n = 0; n <= samples; n++) {
      const lab = await openLab();
      const ms = await lab.start();
      // The first one fills the caches.
      if (n > 0) seconds.push(ms / 1000);
      await untilQuiet(site, signal, n === 0 ? 2000 : 500);
      await lab.close();
    }
    return seconds;
  });
}

export const bench: Bench = {
  name: 'start',
  figures: [
    { name: cached, unit: 's', target: { max: 1.5 } },
    { name: uncached, unit: 's', target: { max: 5 } },
    { name: fetched, unit: 'MB', target: { max: 45 } },
  ],
  async run(context) {
    const site = await openSite(context.root);
    try {
      const first: FirstStart[] = [];
      for (let n = 1; n <= context.samples; n++) {
        first.push(await firstStart(site, context.signal));
        context.say(`  first start ${n} of ${context.samples}`);
      }
      return {
        [cached]: await cachedStarts(site, context),
        [uncached]: first.map(({ seconds }) => seconds),
        [fetched]: first.map(({ megabytes }) => megabytes),
      };
    } finally {
      site.close();
    }
  },
};
