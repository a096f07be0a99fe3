// On the emulator itself, as npm delivers it: another version of v86 has to pass this before a page gets it.
import { beforeAll, describe, expect, test } from 'vitest';
import { nodeWasm } from '../thread/thread-node.ts';
import { tuneCompiler } from './compiled-code.ts';
import type { Emulator, EmulatorExports } from './v86-internals.ts';

interface TestedExports extends EmulatorExports {
  rust_init(): void;
  get_jit_config(index: number): number;
}

// src/const.js of v86: 1024 places for the emulator's own functions, the compiler's 900 behind them.
const tableLength = 1024 + 900;

let wasm: WebAssembly.Module;

beforeAll(async () => {
  wasm = await nodeWasm();
});

describe('the compiler', () => {
  test('has 6000 slots, the first one on top, and takes a page at a time', async () => {
    const { exports, table } = await bareEmulator();
    exports.rust_init();
    tuneCompiler(exports, table);
    expect(listsOf(6000, exports.memory.buffer)).toEqual([Array.from({ length: 6000 }, (_, index) => 6000 - index)]);
    expect(exports.get_jit_config(1)).toBe(1);
    expect(table.length).toBe(tableLength + 5101);
  });

  // rust_init leaves a second list behind, on the stack where it was made. This tells which one the compiler uses: its
  // first module would go to slot 899 without us.
  test('puts the first hot page of a machine into the slot that we gave it', async () => {
    const { emulator, slots } = await tunedMachineInALoop();
    await emulator.run();
    await expect.poll(() => slots, { timeout: 10_000 }).toEqual([1]);
    await emulator.destroy();
  });

  test('that is not the one we know is refused', async () => {
    // Not initialised: there is no list yet, as there is none in a v86 that keeps it in another way.
    const { exports, table } = await bareEmulator();
    const refused = 'this v86 keeps its compiled code in another way';
    expect(() => tuneCompiler(exports, table)).toThrow(refused);
    expect(table.length).toBe(tableLength);
    exports.rust_init();
    tuneCompiler(exports, table);
    expect(() => tuneCompiler(exports, table)).toThrow(refused);
  });
});

/** The emulator's WebAssembly without the rest of v86. */
async function bareEmulator(): Promise<{ exports: TestedExports; table: WebAssembly.Table }> {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: tableLength });
  const env: WebAssembly.ModuleImports = {};
  for (const { name, kind } of WebAssembly.Module.imports(wasm)) env[name] = kind === 'table' ? table : () => 0;
  const { exports } = await WebAssembly.instantiate(wasm, { env });
  return { exports: exports as unknown as TestedExports, table };
}

/** What could be a Vec<u16> of Rust (capacity, pointer, length) that is full and as long as this. */
function listsOf(length: number, memory: ArrayBufferLike): number[][] {
  const words = new Uint32Array(memory);
  const lists: number[][] = [];
  for (let at = 0; at + 2 < words.length; at++) {
    const address = words[at + 1] ?? 0;
    if (words[at] !== length || words[at + 2] !== length || address === 0 || address % 2 !== 0) continue;
    if (address + 2 * length <= memory.byteLength) lists.push([...new Uint16Array(memory, address, length)]);
  }
  return lists;
}

/** A PC that does nothing but go round: one page of code that is soon hot. `slots`: where its modules went. */
async function tunedMachineInALoop(): Promise<{ emulator: Emulator; slots: number[] }> {
  const bios = new Uint8Array(65536);
  bios.set([0x40, 0xeb, 0xfd], 0); // f000:0000  inc ax; jmp f000:0000
  bios.set([0xea, 0x00, 0x00, 0x00, 0xf0], 0xfff0); // f000:fff0, where a PC begins: jmp f000:0000
  const slots: number[] = [];
  let tune = () => {};
  const { V86 } = await import('v86');
  const emulator = new V86({
    wasm_fn: async ({ env }: { env: Record<'codegen_finalize', (slot: number, ...rest: number[]) => void> }) => {
      const codegen_finalize = (slot: number, ...rest: number[]) => {
        slots.push(slot);
        env.codegen_finalize(slot, ...rest);
      };
      const { exports } = await WebAssembly.instantiate(wasm, { env: { ...env, codegen_finalize } });
      const table = Reflect.get(env, '__indirect_function_table') as WebAssembly.Table;
      tune = () => tuneCompiler(exports as unknown as EmulatorExports, table);
      return exports;
    },
    memory_size: 16 * 1024 * 1024,
    vga_memory_size: 1024 * 1024,
    bios: { buffer: bios.buffer },
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    autostart: false,
  } as never) as unknown as Emulator;
  await new Promise<void>((resolve) => emulator.add_listener('emulator-loaded', () => resolve()));
  tune();
  return { emulator, slots };
}
