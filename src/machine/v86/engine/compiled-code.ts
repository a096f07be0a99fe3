// How v86 compiles the guest's hot code: a small WebAssembly module for each page of it, in a slot of one table.
import type { EmulatorExports } from './v86-internals.ts';

// src/rust/jit.rs, WASM_TABLE_SIZE: when its 899 slots are used up, v86 throws all of them away and begins anew. Five
// times "docker run" is enough for that, so there are more here; what is rarely run never gets one.
const slotsOfV86 = 899;
// src/const.js, WASM_TABLE_OFFSET: slots before these belong to the emulator's own functions; and slot 0 is no slot.
const tableLength = 1024 + 1 + slotsOfV86;
const slots = 6000;
// set_jit_config(MAX_PAGES): pages of guest code in one module. v86's own value, 3, compiles most code several times
// over: the first "docker run" takes twice as long, and its modules twice the memory.
const pagesSetting = 1;
const pagesPerModule = 1;

/**
 * To be called once, when v86 has initialised itself and before the guest runs. `table`: the one that v86 gave its module
 * as __indirect_function_table. Throws when this is another v86 than the one that this was written for.
 */
export function tuneCompiler(exports: EmulatorExports, table: WebAssembly.Table): void {
  const list = table.length === tableLength ? findFreeSlots(exports.memory) : undefined;
  if (list === undefined)
    throw new Error(
      'this v86 keeps its compiled code in another way than the one that compiled-code.ts was written for',
    );
  exports.set_jit_config(pagesSetting, pagesPerModule);
  // A page of its own at the end of the emulator's memory, where its allocator never looks.
  const at = exports.memory.grow(1) * 65536;
  const numbers = new Uint16Array(exports.memory.buffer, at, slots);
  for (let index = 0; index < slots; index++) numbers[index] = slots - index;
  // A Vec<u16> of Rust: capacity, pointer, length.
  new Uint32Array(exports.memory.buffer, list, 3).set([slots, at, slots]);
  table.grow(slots - slotsOfV86);
}

/**
 * Address of the compiler's list of free slots, known by what is in it before anything was compiled: 1, 2 … 899. The
 * first one: rust_init leaves another, unused, on its stack, which lies behind all data.
 */
function findFreeSlots(memory: WebAssembly.Memory): number | undefined {
  const words = new Uint32Array(memory.buffer);
  const numbers = new Uint16Array(memory.buffer);
  for (let at = 0; at + 2 < words.length; at++) {
    if (words[at] !== slotsOfV86 || words[at + 2] !== slotsOfV86) continue;
    const first = (words[at + 1] ?? 0) / 2;
    if (!Number.isInteger(first) || first + slotsOfV86 > numbers.length) continue;
    if (numbers.subarray(first, first + slotsOfV86).every((slot, index) => slot === index + 1)) return at * 4;
  }
  return undefined;
}
