// Moments that a machine can be taken back to. Of its RAM each distinct page is kept once, however many checkpoints have
// it; going back writes only the pages that differ, and forgets compiled code of those alone.
import type { Disk, DiskMark } from '../storage/disk.ts';
import type { PageStore } from '../storage/page-store.ts';
import { pageBytes } from '../storage/ram-layers.ts';
import type { Emulator } from './v86-internals.ts';

interface Moment {
  /** Everything but RAM and disk. */
  readonly devices: ArrayBuffer;
  /** The emulator's clock, ms. */
  readonly clock: number;
  /** By page: its hash. */
  readonly hashes: Float64Array;
  readonly disk: DiskMark;
}

const words = pageBytes / 4;

export class MemoryMoments {
  readonly #emulator: Emulator;
  readonly #disk: Disk;
  readonly #store: PageStore;
  readonly #all = new Map<number, Moment>();
  /** Where the store has the page of a hash. */
  readonly #kept = new Map<number, number>();

  constructor(emulator: Emulator, disk: Disk, store: PageStore) {
    this.#emulator = emulator;
    this.#disk = disk;
    this.#store = store;
  }

  /** The emulator must have been stopped. Throws when there is no room. */
  async take(id: number, clock: number): Promise<void> {
    const { cpu } = this.#emulator.v86;
    const hashes = this.#hashes();
    for (const [page, hash] of hashes.entries()) {
      if (hash === 0 || this.#kept.has(hash)) continue;
      this.#kept.set(hash, this.#store.add(cpu.mem8.subarray(page * pageBytes, (page + 1) * pageBytes)));
    }
    this.#all.set(id, { devices: await withoutRam(this.#emulator), clock, hashes, disk: this.#disk.mark() });
  }

  /** The emulator must have been stopped. Gives the clock's value of that moment, null when there is no such checkpoint. */
  async goBackTo(id: number): Promise<number | null> {
    const moment = this.#all.get(id);
    if (moment === undefined) return null;
    const { cpu } = this.#emulator.v86;
    const now = this.#hashes();
    const pages: number[] = [];
    const numbers: number[] = [];
    for (const [page, hash] of moment.hashes.entries()) {
      if (now[page] === hash) continue;
      const at = page * pageBytes;
      // Compiled code of this page is of no use any more; that of all others is.
      cpu.jit_dirty_cache(at, at + pageBytes);
      if (hash === 0) {
        cpu.mem8.fill(0, at, at + pageBytes);
        continue;
      }
      pages.push(page);
      numbers.push(this.#kept.get(hash) as number);
    }
    this.#store.read(numbers, (bytes, index) => cpu.mem8.set(bytes, (pages[index] as number) * pageBytes));
    this.#disk.goBackTo(moment.disk);
    const clear = cpu.jit_clear_cache;
    cpu.jit_clear_cache = () => {};
    await this.#emulator.restore_state(moment.devices.slice(0));
    cpu.jit_clear_cache = clear;
    return moment.clock;
  }

  /** What only this one had kept stays until the machine ends: it may come again. */
  forget(id: number): void {
    this.#all.delete(id);
    if (this.#all.size > 0) return;
    this.#kept.clear();
    this.#store.dispose();
  }

  #hashes(): Float64Array {
    const { mem8 } = this.#emulator.v86.cpu;
    const memory = new Uint32Array(mem8.buffer, mem8.byteOffset, mem8.length / 4);
    const hashes = new Float64Array(mem8.length / pageBytes);
    for (let page = 0; page < hashes.length; page++) hashes[page] = hashOfPage(memory, page * words);
    return hashes;
  }
}

/** The state of everything but RAM, which is told that there is none. */
export async function withoutRam(emulator: Emulator): Promise<ArrayBuffer> {
  const { cpu } = emulator.v86;
  const isZeroed = cpu.is_memory_zeroed;
  cpu.is_memory_zeroed = () => 1;
  try {
    return await emulator.save_state();
  } finally {
    cpu.is_memory_zeroed = isZeroed;
  }
}

/**
 * 53 bits of two multiply-and-rotate chains, as MurmurHash3's; 0 for a page of zeros, and for nothing else. Two of 100,000
 * different pages are taken for the same once in two million times.
 */
export function hashOfPage(memory: Uint32Array, at: number): number {
  let a = 0x9e3779b9 | 0;
  let b = 0x85ebca6b | 0;
  let any = 0;
  for (let i = at; i < at + words; i += 2) {
    const first = memory[i] as number;
    const second = memory[i + 1] as number;
    any |= first | second;
    a = Math.imul(a ^ first, 0x9e3779b1);
    a = ((a << 13) | (a >>> 19)) ^ second;
    b = Math.imul(b ^ second, 0x85ebca77);
    b = ((b << 17) | (b >>> 15)) ^ first;
  }
  if (any === 0) return 0;
  a = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d);
  b = Math.imul(b ^ (b >>> 13), 0x297a2d39);
  return ((a >>> 11) & 0x1fffff) * 0x1_0000_0000 + ((b ^ (a << 1)) >>> 0) || 1;
}
