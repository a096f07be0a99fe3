import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Disk } from '../storage/disk.ts';
import type { KeptFile, KeptFolder } from '../storage/kept-folder.ts';
import { pageBytes } from '../storage/ram-layers.ts';
import { KeptMoments } from './kept-moments.ts';
import type { Emulator } from './v86-internals.ts';

const pages = 64;

/** Files as a browser's private file system has them; what they hold together may be limited. */
class Folder implements KeptFolder {
  readonly files = new Map<string, Uint8Array>();
  room = Infinity;
  readonly inUse = new Set<string>();

  async open(name: string, create: boolean): Promise<KeptFile | null> {
    if (!this.files.has(name) && !create) return null;
    if (this.inUse.has(name)) throw new DOMException('in use', 'NoModificationAllowedError');
    this.inUse.add(name);
    if (!this.files.has(name)) this.files.set(name, new Uint8Array());
    const bytes = () => this.files.get(name) ?? new Uint8Array();
    const used = () => [...this.files.values()].reduce((sum, { length }) => sum + length, 0);
    return {
      read(into, { at }) {
        const part = bytes().subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write: (part, { at }) => {
        const larger = new Uint8Array(Math.max(bytes().length, at + part.length));
        if (used() - bytes().length + larger.length > this.room) throw new DOMException('full', 'QuotaExceededError');
        larger.set(bytes());
        larger.set(part, at);
        this.files.set(name, larger);
        return part.length;
      },
      truncate: (size) => void this.files.set(name, bytes().slice(0, size)),
      getSize: () => bytes().length,
      close: () => void this.inUse.delete(name),
    };
  }
  names = async () => [...this.files.keys()];
  remove = async (name: string) => void this.files.delete(name);
}

/** What is left of a machine: memory, devices that are a few bytes, and a disk. */
class Computer {
  readonly memory = new WebAssembly.Memory({ initial: 8 });
  readonly mem8 = new Uint8Array(this.memory.buffer, 4096, pages * pageBytes);
  devices = new Uint8Array(9000);
  readonly disk: Disk;
  readonly moments: KeptMoments;
  saveState = async (): Promise<ArrayBuffer> => this.devices.slice().buffer;

  constructor(folder: Folder, snapshot = 'snapshot-1') {
    for (let page = 0; page < pages / 2; page++) this.fill(page, page % 7);
    // Nobody else has its files: the one before has ended.
    folder.inUse.clear();
    const source = { bytes: 1 << 20, pieceBytes: 1 << 16, read: async () => null };
    this.disk = new Disk(source, (error) => {
      throw error;
    });
    const emulator = {
      v86: { cpu: { mem8: this.mem8, wasm_memory: this.memory, is_memory_zeroed: () => 0, jit_clear_cache() {} } },
      save_state: () => this.saveState(),
      // As v86 does: a state of another length is none.
      restore_state: async (state: ArrayBuffer) => {
        if (state.byteLength !== 9000) throw new Error("Length doesn't match header");
        this.devices = new Uint8Array(state).slice(0, this.devices.length);
      },
    } as unknown as Emulator;
    this.moments = new KeptMoments(emulator, this.disk, snapshot, Promise.resolve(folder));
  }

  fill(page: number, value: number): void {
    this.mem8.fill(value, page * pageBytes, (page + 1) * pageBytes);
  }

  write(block: number, value: number): void {
    this.disk.set(block * 4096, new Uint8Array(4096).fill(value), () => {});
  }

  block(block: number): number | undefined {
    return this.disk.written.get(block)?.[0];
  }

  async keep(moment: number): Promise<number> {
    await this.moments.take(moment, 1000 + moment, false);
    return this.moments.write(moment, async () => {});
  }
}

const written = ({ disk }: Computer) => [...disk.written].map(([n, [value]]) => `${n}: ${value}`).sort();

async function kept(folder: Folder): Promise<Computer> {
  const computer = new Computer(folder);
  computer.fill(3, 77);
  computer.fill(40, 78);
  computer.fill(5, 0);
  computer.write(9, 200);
  computer.devices.fill(5, 0, 5000);
  await computer.keep(1);
  await computer.moments.settle(1);
  return computer;
}

describe('a moment that was kept', () => {
  test('comes back in another machine of the same snapshot: memory, disk, devices, clock', async () => {
    const folder = new Folder();
    const { mem8 } = await kept(folder);
    const other = new Computer(folder);
    expect(await other.moments.goBackTo(1)).toMatchObject({ clock: 1001, off: false });
    expect(Buffer.compare(other.mem8, mem8)).toBe(0);
    expect(other.block(9)).toBe(200);
    expect([other.devices[0], other.devices[4999], other.devices[5000]]).toEqual([5, 5, 0]);
  });

  test('costs what is new since the one before', async () => {
    const folder = new Folder();
    const computer = await kept(folder);
    const nothing = await computer.keep(2);
    await computer.moments.settle(2);
    computer.fill(50, 99);
    expect((await computer.keep(3)) - nothing).toBeGreaterThanOrEqual(pageBytes);
    expect(nothing).toBeLessThan(pageBytes);
    // The one before the last is gone; so is what only it had.
    await computer.moments.settle(3);
    expect([...folder.files.keys()].sort()).toEqual(['moment-3', 'pages-1']);
  });

  test('holds while another one is written, and as long as that does not', async () => {
    const folder = new Folder();
    const computer = await kept(folder);
    const before = computer.mem8.slice();
    for (const moment of [2, 3, 4]) {
      for (let page = 0; page < pages; page++) computer.fill(page, 100 + ((page * moment) % 100));
      computer.write(9, moment);
      // Written, and never settled: the page ended here.
      await computer.keep(moment);
    }
    const other = new Computer(folder);
    await other.moments.goBackTo(1);
    expect(Buffer.compare(other.mem8, before)).toBe(0);
    expect(other.block(9)).toBe(200);
  });

  test('of the run before is there until the new run has one', async () => {
    const folder = new Folder();
    const { mem8 } = await kept(folder);
    const afresh = new Computer(folder);
    for (let page = 0; page < pages; page++) afresh.fill(page, 9);
    await afresh.keep(50);
    const other = new Computer(folder);
    await other.moments.goBackTo(1);
    expect(Buffer.compare(other.mem8, mem8)).toBe(0);
  });

  test('can be gone on from again and again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.tuple(fc.nat(pages - 1), fc.nat(5), fc.boolean()), { maxLength: 20 }), { maxLength: 8 }),
        async (rounds) => {
          const folder = new Folder();
          let computer = new Computer(folder);
          let moment = 0;
          for (const round of rounds) {
            for (const [n, value, onDisk] of round) onDisk ? computer.write(n, value) : computer.fill(n, value);
            await computer.keep(++moment);
            await computer.moments.settle(moment);
            const next = new Computer(folder);
            await next.moments.goBackTo(moment);
            expect(Buffer.compare(next.mem8, computer.mem8)).toBe(0);
            expect(written(next)).toEqual(written(computer));
            // As in a page that was loaded again, and again.
            if (moment % 2 === 0) computer = next;
            else {
              computer = new Computer(folder);
              await computer.moments.goBackTo(moment);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('of a machine that was off is its disk', async () => {
    const folder = new Folder();
    const computer = new Computer(folder);
    computer.write(9, 200);
    computer.fill(3, 77);
    await computer.moments.take(1, 5, true);
    await computer.moments.write(1, async () => {});
    await computer.moments.settle(1);
    const other = new Computer(folder);
    expect(await other.moments.goBackTo(1)).toMatchObject({ off: true });
    expect(other.block(9)).toBe(200);
    expect(other.mem8[3 * pageBytes]).toBe(3);
  });
});

describe('what cannot be relied on is refused', () => {
  test('another snapshot', async () => {
    const folder = new Folder();
    await kept(folder);
    await expect(new Computer(folder, 'snapshot-2').moments.goBackTo(1)).rejects.toThrow(
      'it is of an older build of the lab',
    );
  });

  test('a moment that is not there', async () => {
    await expect(new Computer(new Folder()).moments.goBackTo(1)).rejects.toThrow('it is not there any more');
  });

  test('a damaged byte, wherever it is', async () => {
    const folder = new Folder();
    await kept(folder);
    for (const [name, bytes] of folder.files) {
      // The places of the file of pages that nothing lies in are few: none here.
      for (let at = 0; at < bytes.length; at += 97) {
        const broken = bytes.slice();
        broken[at] = (broken[at] as number) ^ 4;
        folder.files.set(name, broken);
        await expect(new Computer(folder).moments.goBackTo(1), `${name} at ${at}`).rejects.toThrow(/damaged/);
      }
      folder.files.set(name, bytes.slice(0, -pageBytes / 2));
      await expect(new Computer(folder).moments.goBackTo(1)).rejects.toThrow(/damaged|cut off/);
      folder.files.set(name, bytes);
    }
    await new Computer(folder).moments.goBackTo(1);
  });
});

describe('what fails, or is slow, does not spoil what comes after it', () => {
  /** More than is written before the machine has its turn. */
  function writeAll(computer: Computer, value: number): void {
    for (let block = 0; block < 256; block++) computer.write(block, value + (block % 50));
  }

  test('a moment that is taken while an older one is still being written: that one is given up', async () => {
    const folder = new Folder();
    const computer = await kept(folder);
    writeAll(computer, 10);
    await computer.moments.take(2, 1002, false);
    let goOn = (): void => {};
    const turn = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let waits = false;
    const older = computer.moments.write(2, () => {
      waits = true;
      return turn;
    });
    const outcome = expect(older).rejects.toThrow('it was given up');
    await expect.poll(() => waits).toBe(true);
    writeAll(computer, 100);
    await computer.keep(3);
    goOn();
    await outcome;
    await computer.moments.settle(3);
    const other = new Computer(folder);
    await other.moments.goBackTo(3);
    expect(written(other)).toEqual(written(computer));
    expect(Buffer.compare(other.mem8, computer.mem8)).toBe(0);
  });

  test('moments that come to nothing, since the rest of the lab cannot be written, do not pile up', async () => {
    const folder = new Folder();
    const computer = await kept(folder);
    const size = () => [...folder.files.values()].reduce((sum, { length }) => sum + length, 0);
    const sizes: number[] = [];
    for (let moment = 2; moment < 12; moment++) {
      for (let page = 0; page < pages; page++) {
        computer.fill(page, 100 + moment);
        computer.mem8[page * pageBytes] = page;
      }
      await computer.keep(moment);
      sizes.push(size());
    }
    expect(sizes.at(-1)).toBeLessThan(2.5 * (sizes[0] ?? 0));
    expect([...folder.files.keys()].sort()).toEqual(['moment-1', 'moment-11', 'pages-1']);
    await new Computer(folder).moments.goBackTo(1);
  });

  test('a state that could not be had: the next moment is whole', async () => {
    const folder = new Folder();
    const computer = new Computer(folder);
    computer.fill(3, 77);
    computer.write(9, 200);
    const { saveState } = computer;
    computer.saveState = () => Promise.reject(new Error('no state'));
    await expect(computer.keep(1)).rejects.toThrow('no state');
    computer.saveState = saveState;
    await computer.keep(2);
    await computer.moments.settle(2);
    const other = new Computer(folder);
    await other.moments.goBackTo(2);
    expect(other.mem8[3 * pageBytes]).toBe(77);
    expect(other.block(9)).toBe(200);
  });

  test('what is no longer needed is let go of late: the next moment stays', async () => {
    const folder = new Folder();
    const computer = new Computer(folder);
    await computer.keep(1);
    const { names } = folder;
    let goOn = (): void => {};
    const turn = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    folder.names = () => turn.then(names);
    const settled = computer.moments.settle(1);
    await computer.keep(2);
    goOn();
    await settled;
    await computer.moments.settle(2);
    await new Computer(folder).moments.goBackTo(2);
  });
});

test('storage that is full says so, and leaves the moment before', async () => {
  const folder = new Folder();
  const computer = await kept(folder);
  const before = computer.mem8.slice();
  folder.room = [...folder.files.values()].reduce((sum, { length }) => sum + length, 0) + 3 * pageBytes;
  for (let page = 0; page < pages; page++) computer.fill(page, 150 + page);
  await expect(computer.keep(2)).rejects.toThrow("the browser's storage for this site is full");
  const other = new Computer(folder);
  await other.moments.goBackTo(1);
  expect(Buffer.compare(other.mem8, before)).toBe(0);
  // There is room again.
  folder.room = Infinity;
  await other.keep(3);
  await other.moments.settle(3);
  await new Computer(folder).moments.goBackTo(3);
});
