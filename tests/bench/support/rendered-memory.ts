// What the process of a page with a running lab holds, after a first start, without anybody who listens in.
import { withChromium } from './chromium.ts';
import { browserProcesses, residentMegabytes } from './renderers.ts';
import { type Site, untilQuiet } from './site.ts';
import { UndebuggedPage } from './undebugged-page.ts';

/** MB. @param path of an episode with a lab */
export function rendererMegabytes(site: Site, path: string, signal: AbortSignal): Promise<number> {
  return withChromium(signal, async (chromium) => {
    const page = await UndebuggedPage.open(chromium, site.url + path);
    await page.until(`document.querySelector('[data-card=off] [data-do=start]') !== null`, signal);
    await untilQuiet(site, signal);
    await page.evaluate(`document.querySelector('[data-card=off] [data-do=start]').click()`);
    await page.until(`document.querySelector('lockstep-lab .lab').dataset.state === 'running'`, signal);
    await untilQuiet(site, signal);
    const { rendererIds } = await browserProcesses(chromium);
    // A spare renderer, started in advance, is a fraction of the one with a machine in it.
    return Math.max(...(await Promise.all(rendererIds.map(residentMegabytes))));
  });
}
