// `docker run -d`, typed in the terminal: from Enter until the prompt is back below the container's id. The first one after
// a start finds the emulator without compiled code and the disk without what the page cache had. The next ones beside those in QEMU.
import { type Bench, median } from '../../src/cli/bench/figure.ts';
import { SharedCache } from '../../src/cli/builder/cache/shared-cache.ts';
import { buildImage } from '../../src/cli/builder/image.ts';
import { buildContext } from '../../src/cli/progress/progress.ts';
import { withProfile } from './support/chromium.ts';
import { startQemu } from './support/qemu.ts';
import { openSite } from './support/site.ts';

const first = 'docker run, first after Start';
const next = 'docker run, next ones';
const besideQemu = 'docker run, next ones, of the same image’s in QEMU’s TCG';
const nextInRound = 2;
/** MB, as the lab's machine has it. */
const memory = 320;
const containerId = /^[0-9a-f]{64}$/;

export const bench: Bench = {
  name: 'docker-run',
  figures: [
    { name: first, unit: 's', target: { max: 8 } },
    { name: next, unit: 's', target: { max: 5 } },
    { name: besideQemu, unit: '×', target: { max: 5 } },
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
      const rival = median(await inQemu(root, signal, samples));
      return {
        ...results,
        [besideQemu]: rival === null ? [] : (results[next] ?? []).map((seconds) => seconds / rival),
      };
    } finally {
      site.close();
    }
  },
};

/** Seconds of each `docker run` there, once the programs have run before. */
async function inQemu(root: string, signal: AbortSignal, samples: number): Promise<number[]> {
  // A checkout that took its labs from the cache of all has no image.
  const cache = await SharedCache.ofUser({ signal, warn: (text) => console.error(text) });
  const image = await buildImage({ ...buildContext(root, signal), cache });
  const guest = await startQemu(image, memory, signal);
  try {
    await guest.run('systemctl is-system-running --wait; systemctl start docker && echo Up-$((1+1))', /Up-2/);
    const imported =
      'cd /usr/lib/lockstep/docker/whoami && docker import -c "$(grep ^CMD Dockerfile)" rootfs.tar.gz whoami';
    await guest.run(`${imported} && cd && echo Made-$((1+1))`, /Made-2/);
    const run = (): Promise<number> => guest.run('docker run -d whoami', /(^|[^0-9a-f])[0-9a-f]{64}\r\n[\s\S]*# $/);
    await run();
    await run();
    const seconds: number[] = [];
    for (let n = 0; n < samples; n++) seconds.push(await run());
    return seconds;
  } finally {
    guest.close();
  }
}
