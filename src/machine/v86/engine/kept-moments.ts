// Moments of a machine that outlive the page. Of RAM what differs from the snapshot, of the disk what was written, each distinct page
// once, in one file; what a moment consists of, in a file of its own (kept-index.ts). At most two moments are there: the one that
// holds, and the one that is being written. Nothing of the first is written over before the second holds, so a page that ends in the
// middle of it leaves the first.
import type { Disk } from '../storage/disk.ts';
import {
  type KeptFile,
  type KeptFolder,
  readKept,
  storageIsFull,
  wordsOfFull,
  writeKept,
} from '../storage/kept-folder.ts';
import { type KeptIndex, type KeptPages, readIndex, writeIndex } from '../storage/kept-index.ts';
import { pageBytes } from '../storage/ram-layers.ts';
import { hashOfPage, withoutRam } from './memory-moments.ts';
import { hashesOf, type PageHash, pageHash } from './page-hash.ts';
import type { EmulatedCpu, Emulator } from './v86-internals.ts';

/** v86's memory, with everything else that is in it. */
type CpuOfWasm = EmulatedCpu & { readonly wasm_memory?: WebAssembly.Memory };

/** Pages that are written or read in one call, at most: a call is a message to the browser's process. */
const pagesInACall = 256;
/** Bytes of one machine's moment; more than its memory has, and then half a gigabyte of files. */
const mostBytes = 768 * 1024 * 1024;
/** What is written before the machine has its turn again: some milliseconds. */
const callsInOneGo = 64;
const bytesInOneGo = 1024 * 1024;
/** Read along with the others rather than in a call of their own. */
const pagesBetween = 16;

/** A moment that was taken, and is not written yet. */
interface Taken {
  readonly moment: number;
  readonly clock: number;
  readonly off: boolean;
  readonly devices: PageList;
  readonly deviceBytes: number;
  readonly ram: PageList;
  readonly zeroed: Uint32Array;
  readonly disk: PageList;
  /** What is to be written to the file of pages: copies, since the machine goes on meanwhile. */
  readonly bytes: Uint8Array;
  readonly places: readonly number[];
}

export class KeptMoments {
  readonly #emulator: Emulator;
  readonly #disk: Disk;
  readonly #snapshot: string;
  readonly #hash: PageHash;
  /** Of the snapshot, by page. */
  readonly #base: Float64Array;
  readonly #folder: Promise<KeptFolder>;
  #file: KeptFile | undefined;
  /** That file's name: each run of the lab has one of its own, so that a new run leaves the last one's moment alone until it has one. */
  #pages = '';
  /** Pages of RAM that lie in the file, by hash; blocks of the disk: a block that belongs to a moment is never written into. */
  #placeOfPage = new Map<number, number>();
  #placeOfBlock = new Map<Uint8Array, number>();
  /** Of the devices' state, by hash. */
  #placeOfPart = new Map<number, number>();
  /** Of what lies in the file, by place: a hash, to find out later whether it still is what was written. */
  readonly #checks = new Map<number, number>();
  #free: number[] = [];
  #end = 0;
  #taken: Taken | undefined;
  /** By moment, which places it has. */
  readonly #held = new Map<number, ReadonlySet<number>>();
  /** The one that the lab has. */
  #settled: number | undefined;

  /** Before the machine has run: what its memory holds now is the snapshot's. */
  constructor(emulator: Emulator, disk: Disk, snapshot: string, folder: Promise<KeptFolder>) {
    this.#emulator = emulator;
    this.#disk = disk;
    this.#snapshot = snapshot;
    this.#folder = folder;
    folder.catch(() => {});
    const { mem8, wasm_memory: memory } = emulator.v86.cpu as CpuOfWasm;
    this.#hash = pageHash(memory, mem8);
    this.#base = hashesOf(this.#hash, mem8.length);
  }

  /** Of a machine that stands, or is off; it may go on when this has resolved. */
  async take(moment: number, clock: number, off: boolean): Promise<void> {
    const { mem8 } = this.#emulator.v86.cpu;
    this.#dropTaken();
    this.#dropUnsettled();
    // First: when it cannot be had, nothing has a place yet.
    const saved = off ? new ArrayBuffer() : await withoutRam(this.#emulator);
    const places: number[] = [];
    const sources: Uint8Array[] = [];
    const put = (bytes: Uint8Array): number => {
      const place = this.#free.pop() ?? this.#end++;
      places.push(place);
      sources.push(bytes);
      return place;
    };
    const ram = new PageList();
    const zeroed: number[] = [];
    if (!off) {
      for (let page = 0; page < this.#base.length; page++) {
        const hash = this.#hash(page * pageBytes);
        if (hash === this.#base[page]) continue;
        if (hash === 0) {
          zeroed.push(page);
          continue;
        }
        let place = this.#placeOfPage.get(hash);
        if (place === undefined) {
          place = put(mem8.subarray(page * pageBytes, (page + 1) * pageBytes));
          this.#placeOfPage.set(hash, place);
        }
        ram.add(page, place);
      }
    }
    const disk = new PageList();
    for (const [block, bytes] of this.#disk.mark()) {
      let place = this.#placeOfBlock.get(bytes);
      if (place === undefined) {
        place = put(bytes);
        this.#placeOfBlock.set(bytes, place);
      }
      disk.add(block, place);
    }
    const devices = new PageList();
    const state = wholePages(saved);
    for (let at = 0; at < state.length; at += pageBytes) {
      const part = state.subarray(at, at + pageBytes);
      const hash = hashOf(part);
      if (hash === 0) continue;
      let place = this.#placeOfPart.get(hash);
      if (place === undefined) {
        place = put(part);
        this.#placeOfPart.set(hash, place);
      }
      devices.add(at / pageBytes, place);
    }
    if ((ram.places.length + disk.places.length) * pageBytes > mostBytes) {
      this.#forgetUnheld();
      throw new Error('so much was written to its disk that there is no room for it');
    }
    // The only copy while time stands; a block needs none, but there are few.
    const bytes = new Uint8Array(sources.length * pageBytes);
    for (const [index, source] of sources.entries()) bytes.set(source, index * pageBytes);
    if (this.#pages === '') this.#pages = `pages-${moment}`;
    this.#taken = {
      ...{ moment, clock, off, devices, deviceBytes: saved.byteLength, ram, disk, bytes, places },
      zeroed: Uint32Array.from(zeroed),
    };
    this.#held.set(moment, new Set([...ram.places, ...disk.places, ...devices.places]));
  }

  /** Writes what was taken last; gives how many bytes. A little at a time: the machine runs meanwhile. */
  async write(moment: number, giveWay: () => Promise<void>): Promise<number> {
    const taken = this.#taken;
    if (taken?.moment !== moment) throw new Error('it was given up');
    try {
      const folder = await this.#folder;
      this.#file ??= (await folder.open(this.#pages, true)) ?? undefined;
      const file = this.#file;
      if (file === undefined) throw new Error('its file could not be made');
      let calls = 0;
      let written = 0;
      for (let first = 0; first < taken.places.length; ) {
        // Places that follow each other, in one call.
        const place = taken.places[first] as number;
        let count = 1;
        while (count < pagesInACall && taken.places[first + count] === place + count) count++;
        const part = taken.bytes.subarray(first * pageBytes, (first + count) * pageBytes);
        if (file.write(part, { at: place * pageBytes }) !== part.length) throw new Error(storageIsFull);
        first += count;
        // A call takes some time whatever it writes, and what is free lies in many places.
        calls++;
        written += part.length;
        if (calls < callsInOneGo && written < bytesInOneGo) continue;
        calls = written = 0;
        await giveWay();
        if (this.#taken !== taken) throw new Error('it was given up');
      }
      // Not flushed to the disk, for which the machine would have to wait: a page or a browser that ends leaves what it has written to the
      // system. A computer that loses its power may lose it: then the hashes say so.
      const { clock, off, deviceBytes, zeroed } = taken;
      for (const [at, place] of taken.places.entries())
        this.#checks.set(place, hashOf(taken.bytes.subarray(at * pageBytes, (at + 1) * pageBytes)));
      const index = await writeIndex({
        ...{ snapshot: this.#snapshot, pages: this.#pages, clock, off, deviceBytes, zeroed },
        ...{ ram: taken.ram.done(this.#checks), disk: taken.disk.done(this.#checks) },
        devices: taken.devices.done(this.#checks),
      });
      await writeKept(folder, indexName(moment), index);
      if (this.#taken === taken) this.#taken = undefined;
      return taken.bytes.length + index.length;
    } catch (error) {
      if (this.#taken === taken) this.#dropTaken();
      throw wordsOfFull(error);
    }
  }

  /** The lab has this moment: those before are not needed any more. */
  async settle(moment: number): Promise<void> {
    const held = this.#held.get(moment);
    if (held === undefined) return;
    this.#settled = moment;
    for (const other of [...this.#held.keys()]) if (other !== moment) this.#held.delete(other);
    this.#forgetUnheld();
    const folder = await this.#folder;
    for (const name of await folder.names())
      if (name !== this.#pages && !(momentOf(name) >= moment)) await folder.remove(name).catch(() => {});
  }

  /**
   * Makes the machine, which is as its snapshot, what it was in that moment. Gives what it was then; throws, and the machine is of no
   * use any more, when it cannot be had.
   */
  async goBackTo(moment: number): Promise<Pick<KeptIndex, 'clock' | 'off'>> {
    const folder = await this.#folder;
    const bytes = await readKept(folder, indexName(moment));
    if (bytes === null) throw new Error('it is not there any more');
    const index = await readIndex(bytes);
    if (index.snapshot !== this.#snapshot) throw new Error('it is of an older build of the lab');
    const file = await folder.open(index.pages, false);
    if (file === null) throw new Error('its pages are not there any more');
    this.#pages = index.pages;
    this.#file = file;
    this.#end = Math.ceil(file.getSize() / pageBytes);
    const { cpu } = this.#emulator.v86;
    readPages(file, index.ram, (page, content) => cpu.mem8.set(content, page * pageBytes));
    for (const page of index.zeroed) cpu.mem8.fill(0, page * pageBytes, (page + 1) * pageBytes);
    const blocks = new Map<number, Uint8Array>();
    readPages(file, index.disk, (block, content) => blocks.set(block, content.slice()));
    this.#disk.goBackTo(blocks);
    cpu.jit_clear_cache();
    const state = wholePages(new ArrayBuffer(index.deviceBytes));
    readPages(file, index.devices, (part, content) => state.set(content, part * pageBytes));
    if (!index.off) await this.#emulator.restore_state(state.slice(0, index.deviceBytes).buffer as ArrayBuffer);
    for (const { places, checks } of [index.ram, index.disk, index.devices])
      for (const [at, place] of places.entries()) this.#checks.set(place, checks[at] as number);
    for (const [at, page] of index.ram.numbers.entries())
      this.#placeOfPage.set(this.#hash(page * pageBytes), index.ram.places[at] as number);
    for (const [at, block] of index.disk.numbers.entries())
      this.#placeOfBlock.set(blocks.get(block) as Uint8Array, index.disk.places[at] as number);
    for (const [at, place] of index.devices.places.entries())
      this.#placeOfPart.set(index.devices.checks[at] as number, place);
    this.#held.set(moment, new Set([...index.ram.places, ...index.disk.places, ...index.devices.places]));
    this.#settled = moment;
    this.#forgetUnheld();
    return index;
  }

  /** A moment that was taken and will not hold. */
  #dropTaken(): void {
    if (this.#taken === undefined) return;
    this.#held.delete(this.#taken.moment);
    this.#taken = undefined;
    this.#forgetUnheld();
  }

  /** What was written of moments that came to nothing, since the rest of them could not be. */
  #dropUnsettled(): void {
    const gone = [...this.#held.keys()].filter((moment) => moment !== this.#settled);
    if (gone.length === 0) return;
    for (const moment of gone) this.#held.delete(moment);
    this.#forgetUnheld();
    void this.#folder.then((folder) => gone.map((moment) => folder.remove(indexName(moment)).catch(() => {})));
  }

  #forgetUnheld(): void {
    const held = new Set<number>();
    for (const places of this.#held.values()) for (const place of places) held.add(place);
    for (const [hash, place] of this.#placeOfPage) if (!held.has(place)) this.#placeOfPage.delete(hash);
    for (const [hash, place] of this.#placeOfPart) if (!held.has(place)) this.#placeOfPart.delete(hash);
    for (const [block, place] of this.#placeOfBlock) if (!held.has(place)) this.#placeOfBlock.delete(block);
    // What is free at the end is cut off; the first of the others come first, so that what is written together lies together.
    let last = -1;
    for (const place of held) last = Math.max(last, place);
    this.#end = last + 1;
    this.#free = [];
    for (let place = this.#end - 1; place >= 0; place--) if (!held.has(place)) this.#free.push(place);
    this.#file?.truncate(this.#end * pageBytes);
  }
}

class PageList {
  readonly #numbers: number[] = [];
  readonly places: number[] = [];

  add(number: number, place: number): void {
    this.#numbers.push(number);
    this.places.push(place);
  }

  /** @param checks by place */
  done(checks: ReadonlyMap<number, number>): KeptPages {
    return {
      numbers: Uint32Array.from(this.#numbers),
      places: Uint32Array.from(this.places),
      checks: Float64Array.from(this.places, (place) => checks.get(place) ?? 0),
    };
  }
}

const indexName = (moment: number): string => `moment-${moment}`;
/** NaN: it is no moment's. */
const momentOf = (name: string): number => Number(/^moment-(\d+)$/.exec(name)?.[1]);

const hashOf = (page: Uint8Array): number =>
  hashOfPage(new Uint32Array(page.buffer, page.byteOffset, pageBytes / 4), 0);

/** With zeros up to the end of the last page. */
function wholePages(bytes: ArrayBuffer): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.byteLength / pageBytes) * pageBytes);
  whole.set(new Uint8Array(bytes));
  return whole;
}

function readPages(
  file: KeptFile,
  { numbers, places, checks }: KeptPages,
  put: (n: number, bytes: Uint8Array) => void,
): void {
  const order = Uint32Array.from(places.keys()).sort(
    (one, other) => (places[one] as number) - (places[other] as number),
  );
  const room = new Uint8Array(pagesInACall * pageBytes);
  const words = new Uint32Array(room.buffer);
  for (let from = 0; from < order.length; ) {
    const first = places[order[from] as number] as number;
    let to = from + 1;
    let last = first;
    for (; to < order.length; to++) {
      const place = places[order[to] as number] as number;
      if (place - first >= pagesInACall || place - last > pagesBetween) break;
      last = place;
    }
    const bytes = room.subarray(0, (last - first + 1) * pageBytes);
    if (file.read(bytes, { at: first * pageBytes }) !== bytes.length) throw new Error('its file of pages was cut off');
    for (; from < to; from++) {
      const at = order[from] as number;
      const start = ((places[at] as number) - first) * pageBytes;
      if (hashOfPage(words, start / 4) !== checks[at]) throw new Error('a page of it is damaged');
      put(numbers[at] as number, room.subarray(start, start + pageBytes));
    }
  }
}
