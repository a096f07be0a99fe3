// What the emulator's compiler made of the guest's hot code: a small WebAssembly module for each page of it, in a slot of
// one table. A machine that starts without them interprets everything again, many times slower, until each page is hot
// once more; so they are saved with the memory that they belong to, and come back with it.
import type { EmulatorExports } from './v86-internals.ts';

// src/const.js of v86: slots before these belong to the emulator's own functions.
const tableOffset = 1024;
// src/rust/jit.rs, WASM_TABLE_SIZE: when its 899 slots are used up, v86 throws all of them away and begins anew. Docker
// alone needs more than that, so there are more here; what is rarely run never gets one.
const slotsOfV86 = 899;
const slots = 6000;
// set_jit_config: pages of guest code in one module. v86's own value, 3, compiles most code several times over: the
// first "docker run" takes twice as long, and its modules twice the memory.
const configPagesPerModule = 1;

export interface ModuleInSlot {
  readonly slot: number;
  readonly bytes: Uint8Array;
}

export class CompiledCode {
  readonly #onError: (error: unknown) => void;
  /** Kept only by a machine that will be saved. */
  readonly #kept: Map<number, Uint8Array> | undefined;
  #exports: EmulatorExports | undefined;
  #table: WebAssembly.Table | undefined;
  #imports: WebAssembly.ModuleImports = {};
  #compiling: Promise<void> = Promise.resolve();

  constructor(keep: boolean, onError: (error: unknown) => void) {
    this.#kept = keep ? new Map() : undefined;
    this.#onError = onError;
  }

  /** Starts the emulator's own module. `imports` are v86's: its compiler's two calls come here instead. */
  async instantiate(wasm: WebAssembly.Module, imports: WebAssembly.Imports): Promise<EmulatorExports> {
    const env = { ...imports['env'] };
    this.#table = env['__indirect_function_table'] as WebAssembly.Table;
    env['codegen_finalize'] = (slot: number, start: number, flags: number, at: number, length: number) =>
      this.#compile(slot, start, flags, at, length);
    env['jit_clear_func'] = (slot: number) => {
      this.#table?.set(slot + tableOffset, null);
      this.#kept?.delete(slot);
    };
    const instance = await WebAssembly.instantiate(wasm, { ...imports, env });
    const exports = instance.exports as unknown as EmulatorExports;
    this.#exports = exports;
    // src/cpu.js of v86, create_jit_imports.
    this.#imports = { ...(exports as unknown as WebAssembly.ModuleImports), m: exports.memory };
    return exports;
  }

  /** To be called once, when v86 has initialised itself and before the guest runs. Throws when this is another v86. */
  configure(): void {
    const { exports, table } = this.#ready();
    exports.set_jit_config(configPagesPerModule, 1);
    const list = findFreeSlots(exports.memory);
    // A page of its own at the end of the emulator's memory, where its allocator never looks.
    const at = exports.memory.grow(1) * 65536;
    new Uint16Array(exports.memory.buffer, at, slots).forEach((_, index, numbers) => {
      numbers[index] = slots - index;
    });
    // A Vec<u16> of Rust: capacity, pointer, length.
    new Uint32Array(exports.memory.buffer, list, 3).set([slots, at, slots]);
    table.grow(slots - slotsOfV86);
  }

  /** Resolves when no module is being compiled: only then is the emulator's memory worth saving. */
  async settled(): Promise<void> {
    await this.#compiling;
  }

  /** The modules in use, to be saved with the memory. */
  modules(): ModuleInSlot[] {
    return [...(this.#kept ?? [])].map(([slot, bytes]) => ({ slot, bytes }));
  }

  /**
   * Puts saved modules back. Each is compiled when the guest first gets to it: what a slot holds until then is a function
   * that does that. To be called when the memory that they belong to is in place.
   */
  restore(modules: readonly ModuleInSlot[]): void {
    const { table } = this.#ready();
    const saved = new Map(modules.map(({ slot, bytes }) => [slot, bytes]));
    const compileNow = (state: number, slot: number) => {
      const bytes = saved.get(slot);
      if (bytes === undefined) throw new Error(`there is no compiled code for slot ${slot}`);
      saved.delete(slot);
      const run = this.#function(
        new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), this.#importObject()),
      );
      table.set(slot + tableOffset, run);
      run(state);
    };
    const stubs = new WebAssembly.Instance(new WebAssembly.Module(stubModule([...saved.keys()]) as BufferSource), {
      e: { compileNow },
    });
    for (const { slot, bytes } of modules) {
      table.set(slot + tableOffset, stubs.exports[String(slot)] as CallableFunction);
      this.#kept?.set(slot, bytes);
    }
  }

  #compile(slot: number, start: number, flags: number, at: number, length: number): void {
    const { exports, table } = this.#ready();
    const bytes = new Uint8Array(exports.memory.buffer, at >>> 0, length >>> 0);
    this.#kept?.set(slot, bytes.slice());
    this.#compiling = WebAssembly.instantiate(bytes, this.#importObject()).then(({ instance }) => {
      table.set(slot + tableOffset, this.#function(instance));
      exports.codegen_finalize_finished(slot, start, flags);
    });
    this.#compiling.catch(this.#onError);
  }

  #function(instance: WebAssembly.Instance): (state: number) => void {
    return instance.exports['f'] as (state: number) => void;
  }

  #importObject(): WebAssembly.Imports {
    return { e: this.#imports };
  }

  #ready() {
    if (this.#exports === undefined || this.#table === undefined)
      throw new Error('the emulator is not instantiated yet');
    return { exports: this.#exports, table: this.#table };
  }
}

/** Address of the compiler's list of free slots (a Vec<u16>), known by what is in it before anything was compiled. */
function findFreeSlots(memory: WebAssembly.Memory): number {
  const words = new Uint32Array(memory.buffer);
  const numbers = new Uint16Array(memory.buffer);
  for (let at = 0; at + 2 < words.length; at++) {
    const pointer = words[at + 1] ?? 0;
    if (words[at] !== slotsOfV86 || words[at + 2] !== slotsOfV86 || pointer % 2 !== 0) continue;
    if (pointer + slotsOfV86 * 2 > memory.buffer.byteLength) continue;
    if (numbers.subarray(pointer / 2, pointer / 2 + slotsOfV86).every((slot, index) => slot === index + 1))
      return at * 4;
  }
  throw new Error(
    'this v86 keeps its compiled code in another way than the version that compiled-code.ts was written for',
  );
}

/** A WebAssembly module with one function (state) => compileNow(state, slot) for each slot, exported under its number. */
export function stubModule(slotNumbers: readonly number[]): Uint8Array {
  const text = (value: string) => [...leb(value.length), ...new TextEncoder().encode(value)];
  const section = (id: number, items: readonly (readonly number[])[]) => {
    const body = [...leb(items.length), ...items.flat()];
    return [id, ...leb(body.length), ...body];
  };
  const i32 = 0x7f;
  const functionType = (parameters: number) => [
    0x60,
    ...leb(parameters),
    ...new Array<number>(parameters).fill(i32),
    0,
  ];
  const code = (slot: number) => {
    // no locals; local.get 0; i32.const slot; call 0; end
    const body = [0, 0x20, 0, 0x41, ...signedLeb(slot), 0x10, 0, 0x0b];
    return [...leb(body.length), ...body];
  };
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [functionType(1), functionType(2)]),
    ...section(2, [[...text('e'), ...text('compileNow'), 0, 1]]),
    ...section(
      3,
      slotNumbers.map(() => [0]),
    ),
    ...section(
      7,
      slotNumbers.map((slot, index) => [...text(String(slot)), 0, ...leb(index + 1)]),
    ),
    ...section(10, slotNumbers.map(code)),
  ]);
}

/** Unsigned LEB128 (WebAssembly core specification, section 5.2.2). */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** The same for a signed number that is not negative: its highest bit must not look like a sign. */
function signedLeb(value: number): number[] {
  const bytes = leb(value);
  const last = bytes.length - 1;
  const highest = bytes[last] ?? 0;
  if ((highest & 0x40) === 0) return bytes;
  bytes[last] = highest | 0x80;
  return [...bytes, 0];
}

/** All modules as one run of bytes: their number, slot and length of each (32 bits, little endian), then their bytes. */
export function packModules(modules: readonly ModuleInSlot[]): Uint8Array {
  const head = new Uint32Array([modules.length, ...modules.flatMap(({ slot, bytes }) => [slot, bytes.length])]);
  const packed = new Uint8Array(head.byteLength + modules.reduce((sum, { bytes }) => sum + bytes.length, 0));
  packed.set(new Uint8Array(head.buffer));
  let at = head.byteLength;
  for (const { bytes } of modules) {
    packed.set(bytes, at);
    at += bytes.length;
  }
  return packed;
}

/** The modules of packModules, over the same bytes. Throws RangeError when they are not whole. */
export function unpackModules(packed: Uint8Array): ModuleInSlot[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const count = view.getUint32(0, true);
  let at = 4 + count * 8;
  return Array.from({ length: count }, (_, index) => {
    const slot = view.getUint32(4 + index * 8, true);
    const length = view.getUint32(8 + index * 8, true);
    if (at + length > packed.length) throw new RangeError('the compiled code is cut off');
    const bytes = packed.subarray(at, at + length);
    at += length;
    return { slot, bytes };
  });
}
