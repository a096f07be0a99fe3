// What the process of a page with one running machine holds, after a first start.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { withChromium } from './support/chromium.ts';
import { episode } from './support/lab-page.ts';
import { browserProcesses, residentMegabytes } from './support/renderers.ts';
import { openSite, untilQuiet } from './support/site.ts';
import { UndebuggedPage } from './support/undebugged-page.ts';

const memory = 'renderer memory, one machine';

export const bench: Bench = {
  name: 'memory',
  figures: [{ name: memory, unit: 'MB', target: { max: 600 } }],
  async run({ root, signal, samples, say }) {
    const site = await openSite(root);
    const megabytes: number[] = [];
    try {
      while (megabytes.length < samples) {
        await withChromium(signal, async (chromium) => {
          const page = await UndebuggedPage.open(chromium, site.url + episode);
          await page.until(`document.querySelector('[data-card=off] [data-do=start]') !== null`, signal);
          await untilQuiet(site, signal);
          await page.evaluate(`document.querySelector('[data-card=off] [data-do=start]').click()`);
          await page.until(`document.querySelector('lockstep-lab .lab').dataset.state === 'running'`, signal);
          await untilQuiet(site, signal);
          const { rendererIds } = await browserProcesses(chromium);
          // A spare renderer, started in advance, is a fraction of the one with a machine in it.
          megabytes.push(Math.max(...(await Promise.all(rendererIds.map(residentMegabytes)))));
        });
        say(`  start ${megabytes.length} of ${samples}: ${megabytes.at(-1)?.toFixed(0)} MB`);
      }
      return { [memory]: megabytes };
    } finally {
      site.close();
    }
  },
};
