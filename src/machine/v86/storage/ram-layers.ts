// A machine's RAM in a snapshot: layers, each over the one before, as a container image has them. The lowest lies over
// zeros. A layer says of 4 KiB pages what they hold where it differs from what lies below: so a machine that was made from
// another one costs only its differences.

export const pageBytes = 4096;
const words = pageBytes / 4;

/** Which pages a layer has, each list of page numbers rising. Its data are the changed pages, then the replaced ones. */
export interface LayerPages {
  /** Zero from here on. */
  readonly zeroed: Uint32Array;
  /** Stored as their XOR with what lies below: most of it zero, which compresses. */
  readonly changed: Uint32Array;
  /** Stored as they are. */
  readonly replaced: Uint32Array;
}

/** What makes `ram` of `below`, which has the same size; without `below`, of zeros. */
export function diffRam(ram: Uint8Array, below: Uint8Array | null): LayerPages {
  if (below !== null && below.length !== ram.length)
    throw new RangeError(`RAM of ${ram.length} bytes cannot lie over ${below.length} bytes: a copy has as much memory`);
  const zeroed: number[] = [];
  const changed: number[] = [];
  const replaced: number[] = [];
  const now = wordsOf(ram);
  const before = below === null ? null : wordsOf(below);
  for (let page = 0, at = 0; at < now.length; page++, at += words) {
    let nonZero = 0;
    let different = 0;
    for (let i = at; i < at + words; i++) {
      const word = now[i] as number;
      nonZero |= word;
      if (before !== null && word !== before[i]) different++;
    }
    if (before === null) {
      if (nonZero !== 0) replaced.push(page);
    } else if (different > 0) {
      if (nonZero === 0) zeroed.push(page);
      // Where most of a page is new, its XOR would be as random as both.
      else (different * 2 < words ? changed : replaced).push(page);
    }
  }
  return { zeroed: Uint32Array.from(zeroed), changed: Uint32Array.from(changed), replaced: Uint32Array.from(replaced) };
}

/** Bytes of a layer's data. */
export function layerBytes({ changed, replaced }: LayerPages): number {
  return (changed.length + replaced.length) * pageBytes;
}

/** A part of a layer's data: `pages` pages from the `first` on. */
export function layerPiece(
  ram: Uint8Array,
  below: Uint8Array | null,
  { changed, replaced }: LayerPages,
  first: number,
  pages: number,
): Uint8Array {
  const last = Math.min(first + pages, changed.length + replaced.length);
  const out = new Uint8Array((last - first) * pageBytes);
  for (let index = first; index < last; index++) {
    const page = changed[index] ?? replaced[index - changed.length] ?? 0;
    const to = (index - first) * pageBytes;
    out.set(ram.subarray(page * pageBytes, (page + 1) * pageBytes), to);
    if (index < changed.length && below !== null) xorPage(out, to, below, page * pageBytes);
  }
  return out;
}

/** Little endian: for each of the three lists how many runs, then for each run its first page and how many. */
export function encodePages({ zeroed, changed, replaced }: LayerPages): Uint8Array {
  const out: number[] = [];
  for (const pages of [zeroed, changed, replaced]) {
    const runs: number[] = [];
    let next = -1;
    for (const page of pages) {
      if (page === next) (runs[runs.length - 1] as number)++;
      else runs.push(page, 1);
      next = page + 1;
    }
    out.push(runs.length / 2, ...runs);
  }
  const bytes = new Uint8Array(out.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of out.entries()) view.setUint32(index * 4, value, true);
  return bytes;
}

/** Throws RangeError where the bytes are no such lists, or name pages that memory of `memoryBytes` does not have. */
export function decodePages(bytes: Uint8Array, memoryBytes: number): LayerPages {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const number = () => {
    const value = view.getUint32(at, true);
    at += 4;
    return value;
  };
  const list = (): Uint32Array => {
    const pages: number[] = [];
    for (let runs = number(); runs > 0; runs--) {
      const first = number();
      const count = number();
      if (first < (pages.at(-1) ?? -1) + 1 || (first + count) * pageBytes > memoryBytes)
        throw new RangeError(`pages ${first} to ${first + count} do not fit`);
      for (let page = first; page < first + count; page++) pages.push(page);
    }
    return Uint32Array.from(pages);
  };
  const pages = { zeroed: list(), changed: list(), replaced: list() };
  if (at !== bytes.length) throw new RangeError(`${bytes.length - at} bytes too many`);
  return pages;
}

/**
 * Lays layers into memory that is zero. A page that a layer above zeroes or replaces is not written at all: memory that
 * was never written is not there, as far as the browser is concerned.
 */
export class LayeredRam {
  readonly #memory: Uint8Array;
  readonly #layers: readonly LayerPages[];
  /** By page: the lowest layer that has to be written. */
  readonly #lowest: Uint8Array;

  constructor(memory: Uint8Array, layers: readonly LayerPages[]) {
    this.#memory = memory;
    this.#layers = layers;
    this.#lowest = new Uint8Array(memory.length / pageBytes);
    for (const [level, { zeroed, replaced }] of layers.entries()) {
      for (const page of zeroed) this.#lowest[page] = level;
      for (const page of replaced) this.#lowest[page] = level;
    }
  }

  /**
   * Writes a part of a layer's data: the pages from the `first` on. What lies below must be written before.
   * Throws RangeError when it has more pages than the layer.
   */
  write(level: number, first: number, data: Uint8Array): void {
    const { changed, replaced } = this.#layers[level] as LayerPages;
    const pages = data.length / pageBytes;
    if (first + pages > changed.length + replaced.length) throw new RangeError('more pages than the layer has');
    for (let n = 0; n < pages; n++) {
      const index = first + n;
      const page = (changed[index] ?? replaced[index - changed.length]) as number;
      if ((this.#lowest[page] as number) > level) continue;
      if (index < changed.length) xorPage(this.#memory, page * pageBytes, data, n * pageBytes);
      else this.#memory.set(data.subarray(n * pageBytes, (n + 1) * pageBytes), page * pageBytes);
    }
  }
}

function xorPage(target: Uint8Array, at: number, source: Uint8Array, from: number): void {
  const to = new Uint32Array(target.buffer, target.byteOffset + at, words);
  const by = new Uint32Array(source.buffer, source.byteOffset + from, words);
  for (let i = 0; i < words; i++) to[i] = (to[i] as number) ^ (by[i] as number);
}

/** RAM begins at an address that 4 divides, in the emulator as in a file. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
