// v86 as our machines have it: which devices there are, and how its compiler is tuned.
import type { FailureReason } from '../../machine.ts';
import { MachineError } from '../storage/chunk-store.ts';
import type { Disk } from '../storage/disk.ts';
import { tuneCompiler } from './compiled-code.ts';
import type { Emulator, EmulatorExports } from './v86-internals.ts';

/** A saved state can be read by the very version that wrote it. */
export const engineVersion = 'v86 0.5.462';

/**
 * A PC that is switched off, with `memory` bytes of RAM.
 *
 * @param boot what v86 boots a kernel with; nothing for a PC that gets a saved state
 * @throws MachineError
 */
export async function createEmulator(
  wasm: WebAssembly.Module,
  memory: number,
  disk: Disk,
  boot: Record<string, unknown>,
): Promise<Emulator> {
  // Imported only now: v86 keeps performance.now as it finds it (see clock.ts).
  const { V86 } = await import('v86');
  let emulator: Emulator;
  let tune = () => {};
  try {
    emulator = new V86({
      wasm_fn: async (imports: WebAssembly.Imports) => {
        const { exports } = await WebAssembly.instantiate(wasm, imports);
        const table = imports['env']?.['__indirect_function_table'] as WebAssembly.Table;
        tune = () => tuneCompiler(exports as unknown as EmulatorExports, table);
        return exports;
      },
      memory_size: memory,
      vga_memory_size: 2 * 1024 * 1024,
      hda: disk,
      acpi: false,
      virtio_console: true,
      net_device: { type: 'virtio' },
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      autostart: false,
      ...boot,
    } as never) as unknown as Emulator;
  } catch (error) {
    throw new MachineError(
      'out-of-memory',
      `The emulator could not start with ${memory / 1048576} MB (${errorText(error)}). Close other tabs, then try again.`,
    );
  }
  await new Promise<void>((resolve, reject) => {
    emulator.add_listener('emulator-loaded', () => resolve());
    emulator.add_listener('download-error', () =>
      reject(new MachineError('download', 'The emulator could not load its own files. Try again.')),
    );
  });
  tune();
  return emulator;
}

/** What went wrong in the emulator, in words for its owner. */
export function failureOf(error: unknown): { readonly reason: FailureReason; readonly message: string } {
  if (error instanceof MachineError) return { reason: error.reason, message: error.message };
  if (isShortOfMemory(error))
    return {
      reason: 'out-of-memory',
      message: `There is not enough memory for this machine (${errorText(error)}). Close other tabs, then try again.`,
    };
  return { reason: 'worker-gone', message: `The emulator stopped: ${errorText(error)}. Start the machine again.` };
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** RangeErrors of V8, SpiderMonkey and JavaScriptCore for memory that cannot be had; a stack that is full is one, too. */
function isShortOfMemory(error: unknown): boolean {
  return error instanceof RangeError && /memory|alloc|buffer/i.test(error.message);
}
