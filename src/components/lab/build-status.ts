// A lab's image may still be under construction on the server that serves the page: /labs/<lab>/build.json then says how
// far it is. A static host has no such file; what it answers instead means that the lab is ready.
import { object, oneOf, readValue } from '../../basics/json-checks.ts';

export interface BuildStep {
  readonly name: string;
  readonly state: string;
  readonly percent: number;
}

export interface BuildStatus {
  readonly state: 'building' | 'ready' | 'failed';
  readonly step: string;
  readonly percent: number;
  readonly elapsedSeconds: number;
  readonly steps: readonly BuildStep[];
  readonly message: string;
}

/** The server gave up building the lab; its message says what to do. */
export class BuildFailed extends Error {}

const pause = 1000;

/** What the file says; null when it is not such a file. The server's words are shown as text, never as markup. */
export function parseBuildStatus(value: unknown): BuildStatus | null {
  const read = readValue('build.json', value, (from, path) => {
    const { state, step, percent, elapsedSeconds, steps, message } = object(from, path);
    return {
      state: oneOf(state, 'state', ['building', 'ready', 'failed']),
      step: text(step),
      percent: share(percent),
      elapsedSeconds: typeof elapsedSeconds === 'number' && elapsedSeconds >= 0 ? elapsedSeconds : 0,
      steps: Array.isArray(steps) ? steps.map(stepOf).filter((one) => one !== null) : [],
      message: text(message),
    };
  });
  return read.ok ? read.value : null;
}

function stepOf(value: unknown): BuildStep | null {
  const read = readValue('step', value, (from, path) => {
    const { name, state, percent } = object(from, path);
    return { name: text(name), state: text(state), percent: share(percent) };
  });
  return read.ok ? read.value : null;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function share(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : 0;
}

/** Asks until the lab is ready, reporting each answer. Throws what the server says when the build failed. */
export async function whenBuilt(
  url: string,
  onStatus: (status: BuildStatus) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const status = await askBuildStatus(url, signal);
    if (status === null || status.state === 'ready') return;
    if (status.state === 'failed') {
      throw new BuildFailed(
        `The machine could not be built on this server:\n${status.message || status.step}\nRun the build again there, then try again here.`,
      );
    }
    onStatus(status);
    await sleep(pause, signal);
  }
}

/** What the server says now; null when it has no such file: then the lab is ready. */
export async function askBuildStatus(url: string, signal: AbortSignal): Promise<BuildStatus | null> {
  const response = await fetch(url, { signal, cache: 'no-store' });
  if (!response.ok) {
    // What nobody reads keeps its connection.
    await response.body?.cancel();
    return null;
  }
  try {
    return parseBuildStatus(await response.json());
  } catch (error) {
    // Hosts that answer every unknown address with their home page send HTML here.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
