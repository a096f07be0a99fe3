// One file over HTTP, whatever the connection does. A server that stumbles is asked again a few times. Without a connection nothing is
// asked at all: the download waits, for as long as that takes, and goes on when the browser is connected again.
import { MachineError } from './chunk-store.ts';

const ATTEMPTS = 4;

export interface Download {
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  readonly mode: RequestCache;
  isWhole(bytes: Uint8Array): Promise<boolean>;
  /** Nothing comes any more; or something comes again. */
  onConnection(gone: boolean): void;
}

export async function download({ url, size, mode, isWhole, onConnection }: Download): Promise<Uint8Array> {
  let last = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 300 * 3 ** attempt));
    const offline = whenOffline();
    try {
      const response = await fetch(url, { cache: mode, signal: offline.signal });
      if (!response.ok) {
        last = `the server answered ${response.status}`;
        if (response.status === 404) break;
        continue;
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      onConnection(false);
      if (await isWhole(bytes)) return bytes;
      last = `${bytes.length} bytes came instead of ${size}, or they were altered on the way`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      onConnection(true);
      if (isOffline()) {
        await backOnline();
        attempt = -1;
      }
    } finally {
      offline.dispose();
    }
  }
  throw new MachineError(
    'download',
    `A part of the machine could not be downloaded (${last}). What has arrived is kept: try again, and it goes on from there.`,
  );
}

const isOffline = (): boolean => globalThis.navigator?.onLine === false;

/** What hangs on a connection that is gone may hang for minutes. */
function whenOffline(): { readonly signal: AbortSignal; dispose(): void } {
  const end = new AbortController();
  const gone = (): void => end.abort(new Error('the connection is gone'));
  globalThis.addEventListener?.('offline', gone);
  return { signal: end.signal, dispose: () => globalThis.removeEventListener?.('offline', gone) };
}

function backOnline(): Promise<void> {
  return new Promise((resolve) => globalThis.addEventListener('online', () => resolve(), { once: true }));
}
