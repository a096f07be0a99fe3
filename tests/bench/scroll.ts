// A hundred thousand packets in the list, scrolled fast: each frame shows other rows than the one before.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinkType } from '../../src/capture/link-type.ts';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { readCapture } from '../../src/capture/read-capture.ts';
import type { Bench } from '../../src/cli/bench/figure.ts';
import { withProfile } from './support/chromium.ts';
import { percentile } from './support/percentile.ts';
import { openSite } from './support/site.ts';

const frameTime = 'frame of a fast scroll, 100,000 packets, p95';
const opening = 'opening a capture of 100,000 packets';

const COUNT = 100_000;
const FRAMES = 300;
/** A list of this height has 20 rows in sight: half of them are new in each frame. */
const ROWS_A_FRAME = 10;

/** The recorded uplink over and over: ARP, ICMPv6, and HTTP in VXLAN. */
function manyPackets(root: string): Uint8Array {
  const { packets } = readCapture(readFileSync(join(root, 'tests/fidelity/captures/uplink.pcap')));
  const records = [pcapHeader(LinkType.EN10MB)];
  for (let n = 0; n < COUNT; n++) {
    const { bytes } = packets[n % packets.length] ?? { bytes: new Uint8Array(60) };
    records.push(pcapRecord({ seconds: 1_795_405_455 + n, nanoseconds: 0 }, bytes));
  }
  return Buffer.concat(records);
}

/** ms between frames, while the list scrolls. Runs in the page. */
function scroll({ frames, rows }: { frames: number; rows: number }): Promise<number[]> {
  const list = document.querySelector<HTMLElement>('.pk-scroll');
  const height = document.querySelector<HTMLElement>('.pk-row')?.offsetHeight ?? 0;
  if (list === null || height === 0) throw new Error('There is no packet list to scroll.');
  return new Promise((resolve) => {
    const times: number[] = [];
    const step = (now: number): void => {
      times.push(now);
      if (times.length > frames) resolve(times.slice(1).map((time, index) => time - (times[index] ?? 0)));
      else requestAnimationFrame(step);
      list.scrollTop += rows * height;
    };
    requestAnimationFrame(step);
  });
}

export const bench: Bench = {
  name: 'scroll',
  figures: [
    // One frame at 60 Hz.
    { name: frameTime, unit: 'ms', target: { max: 17 } },
    { name: opening, unit: 's', target: { max: 2 } },
  ],
  async run({ root, signal, samples, say }) {
    const site = await openSite(root);
    const folder = await mkdtemp(join(tmpdir(), 'lockstep-bench-'));
    const figures = { [frameTime]: [] as number[], [opening]: [] as number[] };
    try {
      const file = join(folder, 'many.pcap');
      await writeFile(file, manyPackets(root));
      await withProfile(site, signal, async ({ browser }) => {
        for (let n = 1; n <= samples; n++) {
          const page = await browser.newPage();
          await page.goto(`${site.url}/open/`);
          const began = performance.now();
          await page.getByLabel('Choose a file').setInputFiles(file);
          await page.locator('.pk-counts', { hasText: '100,000 packets' }).waitFor();
          figures[opening]?.push((performance.now() - began) / 1000);
          const times = await page.evaluate(scroll, { frames: FRAMES, rows: ROWS_A_FRAME });
          figures[frameTime]?.push(percentile(times, 0.95));
          say(
            `  round ${n}: ${FRAMES} frames, p50 ${percentile(times, 0.5).toFixed(1)} ms, longest ${Math.max(...times).toFixed(0)} ms`,
          );
          await page.close();
        }
      });
      return figures;
    } finally {
      site.close();
      await rm(folder, { recursive: true });
    }
  },
};
