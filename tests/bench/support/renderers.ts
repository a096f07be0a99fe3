// What Chromium's renderer processes cost, as the kernel of this computer accounts for it.
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright';

export interface Processes {
  /** CPU seconds of all renderers since they began. */
  readonly renderers: number;
  /** CPU seconds of every process of the browser. */
  readonly all: number;
  /** Ids of the renderers. */
  readonly rendererIds: readonly number[];
}

export async function browserProcesses(browser: Browser | null): Promise<Processes> {
  if (browser === null) throw new Error('This browser does not tell of its processes.');
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer');
    const seconds = (processes: typeof processInfo): number => processes.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
    return { renderers: seconds(renderers), all: seconds(processInfo), rendererIds: renderers.map(({ id }) => id) };
  } finally {
    await session.detach();
  }
}

/** Resident memory (VmRSS) of a process in MB, its share of Chromium's own code included. */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status does not say how much memory the process has.`);
  return (Number(kibibytes) * 1024) / 1e6;
}
