// A number for what a page of the guest's memory holds, to find out which pages have changed: all of 256 MB at a time, while the
// machine stands. In WebAssembly with SIMD that takes half of what JavaScript takes. The module is these hundred lines and no file,
// because it is one loop, and shares the emulator's own memory.
import { pageBytes } from '../storage/ram-layers.ts';
import { hashOfPage } from './memory-moments.ts';

/** Gives a number of 52 or 53 bits for the page that begins at this byte; 0 for a page of zeros, and for nothing else. */
export type PageHash = (at: number) => number;

const imported = { module: 'emulator', name: 'memory' } as const;

/** Pages of this memory, by byte. Where there is no SIMD, in JavaScript: the numbers are others then. */
export function pageHash(memory: WebAssembly.Memory | undefined, mem8: Uint8Array): PageHash {
  const start = mem8.byteOffset;
  if (memory !== undefined && memory.buffer === mem8.buffer) {
    try {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(hashModule()), {
        [imported.module]: { [imported.name]: memory },
      });
      const hash = exports['hash'] as (at: number) => number;
      return (at) => hash(start + at);
    } catch {
      // A browser without SIMD, or one that may not compile now.
    }
  }
  const words = new Uint32Array(mem8.buffer, start, mem8.length / 4);
  return (at) => hashOfPage(words, at / 4);
}

/** By page. */
export function hashesOf(hash: PageHash, bytes: number): Float64Array {
  const hashes = new Float64Array(bytes / pageBytes);
  for (let page = 0; page < hashes.length; page++) hashes[page] = hash(page * pageBytes);
  return hashes;
}

// The module, by the numbers of the WebAssembly specification 2.0, section 5.4.
const I32 = 0x7f;
const I64 = 0x7e;
const F64 = 0x7c;
const V128 = 0x7b;

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const simd = (code: number) => [0xfd, ...unsigned(code)];
const load = (offset: number) => [...simd(0x00), 0, ...unsigned(offset)];
const or = simd(0x50);
const xor = simd(0x51);
const anyTrue = simd(0x53);
const shiftLeft = simd(0xab);
const shiftRight = simd(0xad);
const add = simd(0xae);
const multiply = simd(0xb5);
const half = (n: number) => [...simd(0x1d), n];
const i32 = (value: number) => [0x41, ...signed(BigInt(value))];
const i64 = (value: bigint) => [0x42, ...signed(BigInt.asIntN(64, value))];
/** The same number in all four lanes. */
const splat = (value: number) => [...i32(value | 0), ...simd(0x11)];

/** Two chains of multiply and rotate over each of the 16 words that stand in a row: a word that differs is in both. */
function hashModule(): Uint8Array<ArrayBuffer> {
  const [at, end, any, x, h] = [0, 1, 2, 3, 4];
  const one = (n: number) => 5 + n;
  const other = (n: number) => 9 + n;
  const rotate = (local: number, by: number) => [
    ...[...get(local), ...i32(by), ...shiftLeft],
    ...[...get(local), ...i32(32 - by), ...shiftRight],
    ...[...or, ...set(local)],
  ];
  const lanes = [0, 1, 2, 3];
  const step = (n: number) => [
    ...[...get(at), ...load(16 * n), ...set(x), ...get(any), ...get(x), ...or, ...set(any)],
    ...[...get(one(n)), ...get(x), ...xor, ...splat(0x9e3779b1), ...multiply, ...set(one(n)), ...rotate(one(n), 13)],
    ...[...get(other(n)), ...splat(0x85ebca77), ...multiply, ...get(x), ...add, ...set(other(n))],
    ...rotate(other(n), 17),
  ];
  const fold = (local: number, n: number) => [
    ...[...get(h), ...get(local), ...half(n), 0x85, ...i64(0x9e3779b97f4a7c15n), 0x7e, ...i64(29n), 0x89, ...set(h)],
  ];
  const spread = (by: bigint) => [...get(h), ...get(h), ...i64(by), 0x88, 0x85, ...i64(0xbf58476d1ce4e5b9n), 0x7e];
  const code = [
    ...[...get(at), ...i32(pageBytes), 0x6a, ...set(end)],
    ...lanes.flatMap((n) => [
      ...splat(0x27d4eb2f * (n + 1)),
      ...set(one(n)),
      ...splat(0x165667b1 + n),
      ...set(other(n)),
    ]),
    ...[0x03, 0x40, ...lanes.flatMap(step), ...get(at), ...i32(64), 0x6a, 0x22, at, ...get(end), 0x49, 0x0d, 0, 0x0b],
    ...[...get(any), ...anyTrue, 0x45, 0x04, 0x40, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0x0b],
    ...lanes.flatMap((n) => [...fold(one(n), 0), ...fold(one(n), 1), ...fold(other(n), 0), ...fold(other(n), 1)]),
    ...[...spread(32n), ...set(h), ...spread(29n), ...i64(11n), 0x88, ...i64(1n), 0x84, 0xba, 0x0b],
  ];
  const locals = [...[1, I32], ...[2, V128], ...[1, I64], ...[8, V128]];
  const body = [4, ...locals, ...code];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 1, F64]),
    ...section(2, [1, ...text(imported.module), ...text(imported.name), 2, 0, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('hash'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];
const text = (words: string) => [words.length, ...new TextEncoder().encode(words)];

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): number[] {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
