// How fast this computer is, by work that never changes: what a time is divided by before it is judged, so that targets mean the
// same on every computer. Two yardsticks: compiled WebAssembly in the browser, as the emulator is, and the same in Node.
import type { Figure } from './figure.ts';

export type Yardstick = 'browser' | 'node';

/** Seconds. */
export type Yardsticks = Readonly<Record<Yardstick, number>>;

/**
 * Of the computer that README's seconds are of, while it did nothing else: two cores of a server. The bench prints those of this one
 * before it begins.
 */
export const reference: Yardsticks = { browser: 0.49, node: 0.49 };

/** The figure with bounds for this computer: a time may be as much longer as its yardstick is. Ratios and bytes stay. */
export function scaled<F extends Pick<Figure, 'unit' | 'target' | 'in'>>(figure: F, here: Yardsticks): F {
  const { max } = figure.target;
  const isTime = figure.unit === 's' || figure.unit === 'ms';
  if (!isTime || max === undefined) return figure;
  const factor = here[yardstickOf(figure)] / reference[yardstickOf(figure)];
  return { ...figure, target: { ...figure.target, max: max * factor } };
}

/** A value in yardsticks, "3.4 yd"; "" for what is no time. */
export function inYardsticks(value: number | null, figure: Pick<Figure, 'unit' | 'in'>, here: Yardsticks): string {
  if (value === null || (figure.unit !== 's' && figure.unit !== 'ms')) return '';
  const seconds = figure.unit === 'ms' ? value / 1000 : value;
  return `${Number((seconds / here[yardstickOf(figure)]).toPrecision(3))} yd`;
}

const yardstickOf = (figure: { readonly in?: Yardstick }): Yardstick => figure.in ?? 'browser';

/** Times through the loop: half a second on the reference. */
export const rounds = 500_000_000;

/**
 * A module that exports `run(rounds: i32) -> i32`: for each round it loads a word from a memory of 1 MiB, adds the next number of
 * a linear congruential generator (Numerical Recipes' constants) and stores it, where that number says. It does neither more nor
 * less on any computer, and what it returns is the same everywhere.
 */
export function yardstickModule(): Uint8Array<ArrayBuffer> {
  const i32 = 0x7f;
  const address = [...get(1), ...constant(0xffffc), 0x71]; // x & 0xffffc
  const body = [
    ...[0x01, 0x02, i32], // two locals: x, sum
    ...[0x03, 0x40], // loop
    ...[...get(1), ...constant(1664525), 0x6c, ...constant(1013904223), 0x6a, ...set(1)], // x = x * a + c
    ...[...address, ...address, 0x28, 0x02, 0x00, ...get(1), 0x6a, 0x36, 0x02, 0x00], // memory[x] = memory[x] + x
    ...[...get(2), ...address, 0x28, 0x02, 0x00, 0x73, ...set(2)], // sum = sum ^ memory[x]
    ...[...get(0), ...constant(1), 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b], // until rounds is 0
    ...[...get(2), 0x0b],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [0x01, 0x60, 0x01, i32, 0x01, i32]), // one type: i32 -> i32
    ...section(3, [0x01, 0x00]), // one function of it
    ...section(5, [0x01, 0x00, 0x10]), // 16 pages of memory
    ...section(7, [0x01, 0x03, 0x72, 0x75, 0x6e, 0x00, 0x00]), // it is exported as "run"
    ...section(10, [0x01, ...leb(body.length), ...body]),
  ]);
}

// WebAssembly core specification 2.0, section 5: binary format.
const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const constant = (value: number): number[] => [0x41, ...signedLeb(value)];

function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (; rest < -0x40 || rest > 0x3f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}
