// The picture follows the kernel: from Enter behind `ip link add` or `ip link del` until the picture shows the device, or no
// longer shows it. What `ip` itself takes to run is in the figure: the kernel changes somewhere in the middle of it.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { withRunningLab } from './support/chromium.ts';
import type { LabPage } from './support/lab-page.ts';
import { percentile } from './support/percentile.ts';

const p95 = 'picture follows the kernel, p95';
const changesInRound = 20;

/** Types the command; ms from Enter until a device of that name is, or is not, on the picture. */
async function change(lab: LabPage, command: string, device: string, there: boolean): Promise<number> {
  await lab.clear();
  await lab.page.keyboard.insertText(command);
  await lab.page.evaluate(
    ({ device, there }) => {
      const { benchProbe: probe } = window;
      const picture = document.querySelector('[data-pane=picture]');
      if (picture === null) throw new Error('There is no picture on the page.');
      const shown = (): boolean =>
        [...picture.querySelectorAll<HTMLElement>('.tp-node:not([hidden]) .tp-name')].some(
          (name) => name.textContent === device,
        );
      if (shown() === there) throw new Error(`The picture shows ${device} as if the command had been run already.`);
      probe.awaited = probe.painted(picture, () => shown() === there);
    },
    { device, there },
  );
  await lab.page.keyboard.press('Enter');
  return lab.page.evaluate(async () => {
    const { benchProbe: probe } = window;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, 60_000));
    const shownAt = await Promise.race([probe.awaited, late]);
    if (shownAt === undefined) throw new Error('The picture did not follow within 60 s.');
    return shownAt - probe.enteredAt;
  });
}

async function round(lab: LabPage, number: number): Promise<number[]> {
  const delays: number[] = [];
  for (let n = 0; n < changesInRound / 2; n++) {
    const device = `dummy${number}x${n}`;
    for (const [verb, there] of [
      ['add', true],
      ['del', false],
    ] as const) {
      // Not before the last change is through, and at no fixed distance from it.
      await lab.rest(500 + Math.random() * 300);
      delays.push(await change(lab, `ip link ${verb} ${device} type dummy`, device, there));
    }
  }
  return delays;
}

export const bench: Bench = {
  name: 'picture',
  figures: [{ name: p95, unit: 'ms', target: { max: 500 } }],
  run: (context) =>
    withRunningLab(context, async (lab) => {
      await lab.settle();
      const samples: number[] = [];
      while (samples.length < context.samples) {
        const delays = await round(lab, samples.length);
        samples.push(percentile(delays, 0.95));
        context.say(`  round ${samples.length}: p50 ${Math.round(percentile(delays, 0.5))} ms`);
      }
      return { [p95]: samples };
    }),
};
