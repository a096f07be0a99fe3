// From a key to its echo on the screen, through the emulated machine's tty and bash and back, in an idle lab.
import type { Bench } from '../../src/cli/bench/figure.ts';
import { withRunningLab } from './support/chromium.ts';
import type { LabPage } from './support/lab-page.ts';
import { percentile } from './support/percentile.ts';
import { watchEchoes } from './support/probe.ts';

const p50 = 'keystroke to echo, p50';
const p95 = 'keystroke to echo, p95';
const keysInRound = 50;

/** ms of each key. The pauses between keys are a typist's, and of no fixed length: a fixed one could keep step with frames. */
async function round(lab: LabPage): Promise<number[]> {
  // No blanks: nobody sees when one has arrived.
  const keys = 'thequickbrownfoxjumpsoverthelazydog0123456789thequick';
  await lab.clear();
  await lab.page.evaluate(() => {
    window.benchProbe.echoes = [];
  });
  for (const key of keys.slice(0, keysInRound)) {
    await lab.page.keyboard.press(key);
    await lab.rest(90 + Math.random() * 80);
  }
  await lab.rest(500);
  const echoes = await lab.page.evaluate(() => window.benchProbe.echoes);
  if (echoes.length !== keysInRound)
    throw new Error(
      `${keysInRound} keys were pressed, and ${echoes.length} came back on the screen:\n${await lab.screen()}`,
    );
  return echoes;
}

export const bench: Bench = {
  name: 'keystroke',
  figures: [
    { name: p50, unit: 'ms', target: { max: 20 } },
    { name: p95, unit: 'ms', target: { max: 50 } },
  ],
  run: (context) =>
    withRunningLab(context, async (lab) => {
      await lab.settle();
      await lab.page.evaluate(watchEchoes);
      const rounds: number[][] = [];
      while (rounds.length < context.samples) rounds.push(await round(lab));
      return {
        [p50]: rounds.map((echoes) => percentile(echoes, 0.5)),
        [p95]: rounds.map((echoes) => percentile(echoes, 0.95)),
      };
    }),
};
