// What the process of a page with one running machine holds, after a first start.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { episode } from './support/lab-page.ts';
import { rendererMegabytes } from './support/rendered-memory.ts';
import { openSite } from './support/site.ts';

const memory = 'renderer memory, one machine';

export const bench: Bench = {
  name: 'memory',
  figures: [{ name: memory, unit: 'MB', target: { max: 600 } }],
  async run({ root, signal, samples, say }) {
    const site = await openSite(root);
    const megabytes: number[] = [];
    try {
      while (megabytes.length < samples) {
        megabytes.push(await rendererMegabytes(site, episode, signal));
        say(`  start ${megabytes.length} of ${samples}: ${megabytes.at(-1)?.toFixed(0)} MB`);
      }
      return { [memory]: megabytes };
    } finally {
      site.close();
    }
  },
};
