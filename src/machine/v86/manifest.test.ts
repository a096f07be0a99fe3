import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesBeforeStart, type ChunkRef, identityText, type MachineManifest } from './manifest.ts';

const chunk: fc.Arbitrary<ChunkRef> = fc
  .record({ hash: fc.uint8Array({ minLength: 16, maxLength: 16 }), size: fc.integer({ min: 1, max: 1e6 }) })
  .map(({ hash, size }) => ({ hash: Buffer.from(hash).toString('hex'), size }));

const machine: fc.Arbitrary<MachineManifest> = fc.record({
  name: fc.constant('host-01'),
  id: fc.constant(''),
  engine: fc.constantFrom('v86 0.5.462', 'v86 0.5.463'),
  memory: fc.integer({ min: 1, max: 2 ** 31 }),
  clock: fc.nat(),
  mac: fc.constant('02:00:00:00:00:01'),
  devices: chunk,
  ram: fc.record({ pieceBytes: fc.nat(), pieces: fc.array(fc.option(chunk), { maxLength: 5 }) }),
  disk: fc.record({ bytes: fc.nat(), pieceBytes: fc.nat(), table: chunk, prefetch: fc.array(fc.nat()) }),
  consoles: fc.array(fc.base64String()),
  tapHeader: fc.base64String(),
});

type Change = (machine: MachineManifest, other: ChunkRef) => MachineManifest;

const parts: Record<string, Change> = {
  'the emulator': (m) => ({ ...m, engine: `${m.engine}.1` }),
  'the size of memory': (m) => ({ ...m, memory: m.memory + 1 }),
  'the devices': (m, other) => ({ ...m, devices: other }),
  'the size of a piece of memory': (m) => ({ ...m, ram: { ...m.ram, pieceBytes: m.ram.pieceBytes + 1 } }),
  'a piece of memory': (m, other) => ({ ...m, ram: { ...m.ram, pieces: [other, ...m.ram.pieces.slice(1)] } }),
  'a piece more': (m, other) => ({ ...m, ram: { ...m.ram, pieces: [...m.ram.pieces, other] } }),
  'a piece of zeros more': (m) => ({ ...m, ram: { ...m.ram, pieces: [...m.ram.pieces, null] } }),
  'the size of the disk': (m) => ({ ...m, disk: { ...m.disk, bytes: m.disk.bytes + 1 } }),
  'the size of a piece of the disk': (m) => ({ ...m, disk: { ...m.disk, pieceBytes: m.disk.pieceBytes + 1 } }),
  'the disk': (m, other) => ({ ...m, disk: { ...m.disk, table: other } }),
};

describe('a machine’s identity', () => {
  it.each(Object.entries(parts))('is another one when this changes: %s', (_, change) => {
    fc.assert(
      fc.property(machine, chunk, (original, other) => {
        expect(identityText(change(original, other))).not.toBe(identityText(original));
      }),
    );
  });

  it('stays when its pieces of memory change places only if they are the same', () => {
    fc.assert(
      fc.property(machine, chunk, chunk, (original, a, b) => {
        const swapped = (pieces: ChunkRef[]) => identityText({ ...original, ram: { ...original.ram, pieces } });
        expect(swapped([a, b]) === swapped([b, a])).toBe(a.hash === b.hash);
      }),
    );
  });

  it('does not depend on what is learned after it was made, nor on how the file is written', () => {
    fc.assert(
      fc.property(machine, fc.array(fc.nat()), (original, prefetch) => {
        const later = { ...original, id: 'x', disk: { ...original.disk, prefetch } };
        expect(identityText(later)).toBe(identityText(original));
        expect(identityText(JSON.parse(JSON.stringify(original)) as MachineManifest)).toBe(identityText(original));
      }),
    );
  });
});

it('what is downloaded before a machine runs: its devices, its memory, and the table of its disk', () => {
  const of = (size: number): ChunkRef => ({ hash: `${size}`, size });
  const [sample] = fc.sample(machine, 1);
  if (sample === undefined) throw new Error('no sample');
  const small = {
    ...sample,
    devices: of(1),
    ram: { pieceBytes: 8, pieces: [of(10), null, of(100)] },
    disk: { ...sample.disk, table: of(1000) },
  };
  expect(bytesBeforeStart(small)).toBe(1111);
});
