// What a reader is told beside the Start button: how much the start would download, or that the machine is not ready on
// this server. Asked while the browser is idle; a small file of the lab that the start reads anyway.
import { downloadBytes, readManifest } from '../../lab/manifest.ts';
import { askBuildStatus } from './build-status.ts';

export interface BeforeStart {
  /** The machine is being built: the lab is to show how far that is, and to start by itself. */
  readonly building: boolean;
  /** A sentence, or the lines of a failed build; null when nothing is known. */
  readonly words: string | null;
  /** What the lab was built from, if that is known. */
  readonly key?: string | undefined;
}

/** Rejects when the server cannot be asked, or says what is not understood: so will the start, which tells why. */
export async function beforeStart(lab: string, base: string, signal: AbortSignal): Promise<BeforeStart> {
  const build = await askBuildStatus(`${base}labs/${lab}/build.json`, signal);
  if (build?.state === 'building') return { building: true, words: null };
  if (build?.state === 'failed') {
    const reason = build.message || build.step;
    return { building: false, words: `The machine could not be built on this server:\n${reason}\n` };
  }
  const response = await fetch(`${base}labs/${lab}/lab.json`, { signal });
  // A page of text is read where there is no such file too: what nobody reads keeps its connection.
  const text = await response.text();
  const manifest = response.ok ? readManifest(lab, text) : null;
  const bytes = manifest === null ? 0 : downloadBytes(manifest);
  const words = bytes > 0 ? `About ${Math.ceil(bytes / 1e6)} MB to download, once: the browser keeps them.` : null;
  return { building: false, words, ...(manifest?.key === undefined ? {} : { key: manifest.key }) };
}
