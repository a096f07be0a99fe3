// What an idle machine costs that somebody looks at: dockerd, two containers, nobody types.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { withRunningLab } from './support/chromium.ts';
import { browserProcesses } from './support/renderers.ts';

const idle = 'idle machine, share of one core';
const seconds = 20;

export const bench: Bench = {
  name: 'idle',
  figures: [{ name: idle, unit: '%', target: { max: 12 } }],
  run: ({ samples, ...context }) =>
    withRunningLab({ samples, ...context }, async (lab, { browser }) => {
      await lab.run('docker run -d --name web whoami', /^[0-9a-f]{64}$/);
      await lab.run('docker run -d --name client toolbox sleep infinity', /^[0-9a-f]{64}$/);
      await lab.settle();
      const shares: number[] = [];
      while (shares.length < samples) {
        const before = await browserProcesses(browser.browser());
        const began = performance.now();
        await lab.rest(seconds * 1000);
        const after = await browserProcesses(browser.browser());
        const passed = (performance.now() - began) / 1000;
        const percent = (cpu: number): number => (100 * cpu) / passed;
        shares.push(percent(after.renderers - before.renderers));
        context.say(`  all of the browser's processes together: ${percent(after.all - before.all).toFixed(1)} %`);
      }
      const state = await lab.page.locator('lockstep-lab .lab').getAttribute('data-state');
      if (state !== 'running') throw new Error(`The lab is ${state}: this was not the cost of one that runs.`);
      return { [idle]: shares };
    }),
};
