import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Disk, type DiskSource, tableEntry, tableEntryBytes } from './disk.ts';

const blockBytes = Disk.blockBytes;
const pieceBytes = 4 * blockBytes;

/** Every third piece is all zero, as most of a disk is; the others differ in every byte's neighbourhood. */
function contents(pieces: number, tail = 0): Uint8Array {
  const bytes = new Uint8Array(pieces * pieceBytes + tail);
  for (let at = 0; at < bytes.length; at++) {
    if (Math.floor(at / pieceBytes) % 3 !== 1) bytes[at] = 1 + ((at * 7 + Math.floor(at / 256)) % 255);
  }
  return bytes;
}

interface Reading {
  readonly piece: number;
  readonly arrive: () => void;
  readonly fail: (error: Error) => void;
}

/** A source whose pieces arrive when the test says so. */
function sourceOf(bytes: Uint8Array): { source: DiskSource; readings: Reading[] } {
  const readings: Reading[] = [];
  const source: DiskSource = {
    bytes: bytes.length,
    pieceBytes,
    read: (piece) =>
      new Promise((resolve, reject) => {
        const content = new Uint8Array(pieceBytes);
        content.set(bytes.subarray(piece * pieceBytes, (piece + 1) * pieceBytes));
        const arrive = () => resolve(content.every((byte) => byte === 0) ? null : content);
        readings.push({ piece, arrive, fail: reject });
      }),
  };
  return { source, readings };
}

/** A source that answers at once. */
function promptSource(bytes: Uint8Array): { source: DiskSource; reads: number[] } {
  const reads: number[] = [];
  const { source, readings } = sourceOf(bytes);
  const read = (piece: number) => {
    reads.push(piece);
    const promise = source.read(piece);
    readings.pop()?.arrive();
    return promise;
  };
  return { source: { ...source, read }, reads };
}

const throwing = (error: unknown) => {
  throw error;
};
const read = (disk: Disk, start: number, length: number) =>
  new Promise<Uint8Array>((resolve) => disk.get(start, length, resolve));
const write = (disk: Disk, start: number, bytes: Uint8Array) =>
  new Promise<void>((resolve) => disk.set(start, bytes, resolve));
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** [where it starts, how long it is], both as shares, so that they fit disks of any size. */
const range = fc.tuple(fc.nat(1_000_000), fc.oneof(fc.nat(3 * blockBytes), fc.nat(3 * pieceBytes)));
function within(total: number, [where, length]: readonly [number, number]): { start: number; length: number } {
  const start = where % total;
  return { start, length: Math.min(length, total - start) };
}

describe('the disk that the guest sees', () => {
  it('reads and keeps what one array of bytes would, at any offset and length', async () => {
    const operation = fc.record({ write: fc.boolean(), range, byte: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 25 }),
        fc.constantFrom(0, 512, blockBytes),
        async (operations, tail) => {
          const model = contents(6, tail);
          const disk = new Disk(promptSource(model.slice()).source, throwing);
          for (const { write: isWrite, range: wanted, byte } of operations) {
            const { start, length } = within(model.length, wanted);
            if (isWrite) {
              const bytes = new Uint8Array(length).map((_, index) => byte + index);
              await write(disk, start, bytes);
              model.set(bytes, start);
              bytes.fill(0xee);
            } else {
              expect(Buffer.compare(await read(disk, start, length), model.subarray(start, start + length))).toBe(0);
            }
          }
          expect(Buffer.compare(await read(disk, 0, model.length), model)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('answers each of many reads and writes under way at once, in whatever order pieces arrive', async () => {
    // As v86 has them under way: the parts of one DMA transfer, which never overlap, each ended by a call of its own.
    const slots = fc.array(
      fc.record({ write: fc.boolean(), from: fc.nat(511), to: fc.integer({ min: 1, max: 512 }) }),
      {
        minLength: 2,
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(slots, fc.infiniteStream(fc.nat()), async (parts, choices) => {
        const model = contents(4);
        const original = model.slice();
        const { source, readings } = sourceOf(original);
        const disk = new Disk(source, throwing);
        const size = Math.floor(model.length / parts.length);
        const pending = parts.map(async ({ write: isWrite, from, to }, index) => {
          const start = index * size + Math.floor((size * Math.min(from, to - 1)) / 512);
          const end = index * size + Math.floor((size * Math.max(from, to)) / 512);
          if (isWrite) {
            const bytes = new Uint8Array(end - start).fill(index + 1);
            model.set(bytes, start);
            await write(disk, start, bytes);
          } else {
            const bytes = await read(disk, start, end - start);
            expect(Buffer.compare(bytes, original.subarray(start, end))).toBe(0);
          }
        });
        for (let done = 0; done < readings.length; done++) {
          const open = readings.splice(done);
          const [chosen] = open.splice((choices.next().value ?? 0) % open.length, 1);
          if (chosen !== undefined) readings.push(chosen);
          readings.push(...open);
          chosen?.arrive();
          await settled();
        }
        await Promise.all(pending);
        const left = read(disk, 0, model.length);
        for (const { arrive } of readings) arrive();
        expect(Buffer.compare(await left, model)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('loads a piece once, however many ask for it before it is there', async () => {
    const bytes = contents(2);
    const { source, readings } = sourceOf(bytes);
    const disk = new Disk(source, throwing);
    const asked = [read(disk, 0, 512), read(disk, 700, 5000), disk.piece(0)];
    expect(readings.map(({ piece }) => piece)).toEqual([0]);
    readings[0]?.arrive();
    expect((await asked[0])?.length).toBe(512);
    expect(await asked[1]).toEqual(bytes.slice(700, 5700));
    await asked[2];
    await read(disk, 0, pieceBytes);
    expect(readings).toHaveLength(1);
  });

  it('answers from what is at hand without waiting, and says when nothing is', () => {
    const { source } = sourceOf(contents(1));
    const disk = new Disk(source, throwing);
    expect(disk.get_from_cache(0, 512)).toBeUndefined();
    let done = false;
    disk.set(0, new Uint8Array(blockBytes).fill(9), () => {
      done = true;
    });
    expect(done).toBe(true);
    expect(disk.get_from_cache(100, 3)).toEqual(Uint8Array.of(9, 9, 9));
  });

  it('writes whole blocks without reading what lay under them, and reads it for partial ones', async () => {
    const { source, reads } = promptSource(contents(3));
    const disk = new Disk(source, throwing);
    await write(disk, blockBytes, new Uint8Array(2 * blockBytes));
    expect(reads).toEqual([]);
    await write(disk, 2 * pieceBytes - 10, new Uint8Array(20));
    expect(reads.sort()).toEqual([1, 2]);
    expect([...disk.written.keys()].sort((a, b) => a - b)).toEqual([1, 2, 7, 8]);
  });

  it('gives a read that waits the bytes that were written meanwhile, and keeps its caller’s array out of it', async () => {
    const bytes = contents(1);
    const { source, readings } = sourceOf(bytes);
    const disk = new Disk(source, throwing);
    const reading = read(disk, 0, 2 * blockBytes);
    const block = new Uint8Array(blockBytes).fill(5);
    await write(disk, blockBytes, block);
    block.fill(6);
    readings[0]?.arrive();
    const got = await reading;
    expect(got.subarray(0, blockBytes)).toEqual(bytes.subarray(0, blockBytes));
    expect(new Set(got.subarray(blockBytes))).toEqual(new Set([5]));
  });

  it('lets go of pieces, never of what was written', async () => {
    const model = contents(250);
    const { source, reads } = promptSource(model.slice());
    const disk = new Disk(source, throwing);
    for (let piece = 0; piece < 250; piece += 2) {
      const bytes = Uint8Array.of(piece, 1, 2, 3);
      await write(disk, piece * pieceBytes + 4090, bytes);
      model.set(bytes, piece * pieceBytes + 4090);
    }
    expect(Buffer.compare(await read(disk, 0, 4 * pieceBytes), model.subarray(0, 4 * pieceBytes))).toBe(0);
    for (let piece = 0; piece < 250; piece++) {
      const start = piece * pieceBytes;
      expect(Buffer.compare(await read(disk, start, pieceBytes), model.subarray(start, start + pieceBytes))).toBe(0);
    }
    // Not all of them were kept: piece 0 had to be read again.
    expect(reads.filter((piece) => piece === 0).length).toBeGreaterThan(1);
  });

  it('holds on to the pieces that a read or a write waits for, whatever else is loaded meanwhile', async () => {
    const model = contents(200);
    const { source, readings } = sourceOf(model.slice());
    const disk = new Disk(source, throwing);
    // Both need pieces 2 and 3; 3 is slow, and 150 others come in before it.
    const reading = read(disk, 2 * pieceBytes, 2 * pieceBytes);
    const writing = write(disk, 3 * pieceBytes - 10, new Uint8Array(20).fill(0xaa));
    readings.find(({ piece }) => piece === 2)?.arrive();
    await settled();
    for (let piece = 10; piece < 160; piece++) {
      const loading = disk.piece(piece);
      readings.at(-1)?.arrive();
      await loading;
    }
    readings.find(({ piece }) => piece === 3)?.arrive();
    await writing;
    expect(Buffer.compare(await reading, model.subarray(2 * pieceBytes, 4 * pieceBytes))).toBe(0);
    model.fill(0xaa, 3 * pieceBytes - 10, 3 * pieceBytes + 10);
    const again = read(disk, 2 * pieceBytes, 2 * pieceBytes);
    for (const { arrive } of readings) arrive();
    expect(Buffer.compare(await again, model.subarray(2 * pieceBytes, 4 * pieceBytes))).toBe(0);
  });

  it('tells that a piece could not be had, and asks for it again the next time', async () => {
    const bytes = contents(1);
    const { source, readings } = sourceOf(bytes);
    const errors: unknown[] = [];
    const disk = new Disk(source, (error) => errors.push(error));
    disk.get(0, 10, () => errors.push('answered'));
    disk.set(5, Uint8Array.of(1), () => errors.push('written'));
    readings[0]?.fail(new Error('no connection'));
    await settled();
    expect(errors).toEqual([new Error('no connection'), new Error('no connection')]);
    expect(disk.written.size).toBe(0);
    const again = read(disk, 0, 10);
    expect(readings).toHaveLength(2);
    readings[1]?.arrive();
    expect(await again).toEqual(bytes.slice(0, 10));
  });

  it('remembers in which order pieces were first read', async () => {
    const disk = new Disk(promptSource(contents(5)).source, throwing);
    for (const piece of [3, 1, 3, 4, 1]) await read(disk, piece * pieceBytes, 1);
    expect([...disk.touched]).toEqual([3, 1, 4]);
  });

  it('puts nothing into a saved state', () => {
    expect(new Disk(promptSource(contents(1)).source, throwing).get_state()).toEqual([]);
  });
});

describe('a disk that goes back', () => {
  const total = 6 * pieceBytes;
  const writes = fc.array(fc.tuple(range, fc.nat(255)), { maxLength: 8 });
  const apply = async (disk: Disk, list: readonly (readonly [readonly [number, number], number])[]) => {
    for (const [where, byte] of list) {
      const { start, length } = within(total, where);
      await write(disk, start, new Uint8Array(length).fill(byte));
    }
  };

  it('holds what it held at its mark, whatever was written since, and as often as it is asked to', async () => {
    await fc.assert(
      fc.asyncProperty(writes, writes, writes, async (before, after, more) => {
        const { source } = promptSource(contents(6));
        const disk = new Disk(source, throwing);
        await apply(disk, before);
        const first = disk.mark();
        const then = await read(disk, 0, total);
        await apply(disk, after);
        const second = disk.mark();
        const later = await read(disk, 0, total);
        disk.goBackTo(first);
        expect(Buffer.compare(await read(disk, 0, total), then)).toBe(0);
        await apply(disk, more);
        disk.goBackTo(second);
        expect(Buffer.compare(await read(disk, 0, total), later)).toBe(0);
        disk.goBackTo(first);
        expect(Buffer.compare(await read(disk, 0, total), then)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('does not answer what was asked before', async () => {
    const { source, readings } = sourceOf(contents(6));
    const disk = new Disk(source, throwing);
    const mark = disk.mark();
    let answered = false;
    disk.get(0, 512, () => {
      answered = true;
    });
    expect(disk.idle).toBe(false);
    disk.goBackTo(mark);
    expect(disk.idle).toBe(true);
    readings[0]?.arrive();
    await settled();
    expect(answered).toBe(false);
  });
});

describe('the table of the disk’s pieces', () => {
  const entry = fc.option(
    fc.record({
      hash: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      size: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    }),
  );

  it('gives every piece its hash and size, and null to those that are all zero or not there', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(7), (entries, shift) => {
        const table = new Uint8Array(shift + entries.length * tableEntryBytes).subarray(shift);
        for (const [index, value] of entries.entries()) {
          if (value === null) continue;
          table.set(value.hash, index * tableEntryBytes);
          Buffer.from(table.buffer, table.byteOffset).writeUInt32LE(value.size, index * tableEntryBytes + 16);
        }
        for (const [index, value] of entries.entries()) {
          const wanted = value && { hash: Buffer.from(value.hash).toString('hex'), size: value.size };
          expect(tableEntry(table, index)).toEqual(wanted);
        }
        expect(tableEntry(table, entries.length)).toBeNull();
      }),
    );
  });
});
