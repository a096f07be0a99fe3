// What a reader is told beside the Start button: how much the start would download, or that the machine is not ready on
// this server. Asked while the browser is idle; a small file of the lab that the start reads anyway.
import { askBuildStatus } from './build-status.ts';

export interface BeforeStart {
  /** The machine is being built: the lab is to show how far that is, and to start by itself. */
  readonly building: boolean;
  /** A sentence, or the lines of a failed build; null when nothing is known. */
  readonly words: string | null;
}

export async function beforeStart(lab: string, base: string, signal: AbortSignal): Promise<BeforeStart> {
  const build = await askBuildStatus(`${base}labs/${lab}/build.json`, signal);
  if (build?.state === 'building') return { building: true, words: null };
  if (build?.state === 'failed') {
    const reason = build.message || build.step;
    return { building: false, words: `The machine could not be built on this server:\n${reason}\n` };
  }
  const response = await fetch(`${base}labs/${lab}/lab.json`, { signal });
  const bytes = response.ok ? downloadBytes(await response.json()) : 0;
  const words = bytes > 0 ? `About ${Math.ceil(bytes / 1e6)} MB to download, once: the browser keeps them.` : null;
  return { building: false, words };
}

/** The sizes of the chunks that a lab's machines need before they run, each counted once; 0 when the file does not say. */
export function downloadBytes(manifest: unknown): number {
  const sizes = new Map<unknown, number>();
  for (const machine of list(field(manifest, 'machines'))) {
    const layers = list(field(field(machine, 'ram'), 'layers'));
    const chunks = [
      field(machine, 'devices'),
      field(field(machine, 'disk'), 'table'),
      ...layers.flatMap((layer) => [field(layer, 'pages'), ...list(field(layer, 'pieces'))]),
    ];
    for (const chunk of chunks) {
      const size = field(chunk, 'size');
      if (typeof size === 'number' && size > 0) sizes.set(field(chunk, 'hash'), size);
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
