// `docker run -d`, typed in the terminal: from Enter until the prompt is back below the container's id. The first one after
// a start finds the emulator without compiled code and the disk without what the page cache had.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { withProfile } from './support/chromium.ts';
import { openSite } from './support/site.ts';

const first = 'docker run, first after Start';
const next = 'docker run, next ones';
const nextInRound = 2;
const containerId = /^[0-9a-f]{64}$/;

export const bench: Bench = {
  name: 'docker-run',
  figures: [
    { name: first, unit: 's', target: { max: 8 } },
    { name: next, unit: 's', target: { max: 5 } },
  ],
  async run({ root, signal, samples, say }) {
    const site = await openSite(root);
    const results = { [first]: [] as number[], [next]: [] as number[] };
    try {
      await withProfile(site, signal, async ({ openLab }) => {
        for (let n = 1; n <= samples; n++) {
          const lab = await openLab();
          await lab.start();
          const seconds = async (): Promise<number> => (await lab.run('docker run -d whoami', containerId)) / 1000;
          results[first]?.push(await seconds());
          for (let more = 0; more < nextInRound; more++) results[next]?.push(await seconds());
          say(`  start ${n} of ${samples}`);
          await lab.close();
        }
      });
      return results;
    } finally {
      site.close();
    }
  },
};
