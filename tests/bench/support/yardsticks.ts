// Measures the yardsticks: the same WebAssembly in Debian's Chromium and in Node, each alone, the median of five.
import { median } from '../../../src/cli/bench/figure.ts';
import { rounds, type Yardsticks, yardstickModule } from '../../../src/cli/bench/yardstick.ts';
import { withChromium } from './chromium.ts';

const samples = 5;

export async function measureYardsticks(signal: AbortSignal): Promise<Yardsticks> {
  const bytes = [...yardstickModule()];
  const node = await secondsOf({ bytes, rounds, samples });
  const browser = await withChromium(signal, async (chromium) => {
    const page = await chromium.newPage();
    return page.evaluate(secondsOf, { bytes, rounds, samples });
  });
  return { browser: median(browser) ?? Number.NaN, node: median(node) ?? Number.NaN };
}

/** Sent to the page as text, so it uses nothing from outside itself. */
async function secondsOf(job: { bytes: number[]; rounds: number; samples: number }): Promise<number[]> {
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(job.bytes));
  const run = instance.exports['run'] as (rounds: number) => number;
  // Compiled by the optimising compiler before the first sample.
  for (let warm = 0; warm < 20; warm++) run(job.rounds / 100);
  return Array.from({ length: job.samples }, () => {
    const began = performance.now();
    run(job.rounds);
    return (performance.now() - began) / 1000;
  });
}
