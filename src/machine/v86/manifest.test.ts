import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  type ChunkRef,
  chunksBeforeStart,
  identityText,
  type MachineManifest,
  type RamLayer,
  type SavedParts,
} from './manifest.ts';

const chunk: fc.Arbitrary<ChunkRef> = fc
  .record({ hash: fc.uint8Array({ minLength: 16, maxLength: 16 }), size: fc.integer({ min: 1, max: 1e6 }) })
  .map(({ hash, size }) => ({ hash: Buffer.from(hash).toString('hex'), size }));

const saved: fc.Arbitrary<SavedParts> = fc.record({
  clock: fc.nat(),
  devices: chunk,
  ram: fc.record({
    pieceBytes: fc.nat(),
    layers: fc.array(fc.record({ pages: chunk, pieces: fc.array(chunk, { maxLength: 5 }) }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
});

const labels = fc.record({
  name: fc.constant('host-01'),
  id: fc.constant(''),
  engine: fc.constantFrom('v86 0.5.462', 'v86 0.5.463'),
  memory: fc.integer({ min: 1, max: 2 ** 31 }),
  boot: saved,
  mac: fc.constant('02:00:00:00:00:01'),
  disk: fc.record({ bytes: fc.nat(), pieceBytes: fc.nat(), table: chunk, prefetch: fc.array(fc.nat()) }),
  consoles: fc.array(fc.base64String()),
  tapHeader: fc.base64String(),
});

const machine: fc.Arbitrary<MachineManifest> = fc
  .tuple(labels, saved)
  .map(([machine, state]) => ({ ...machine, ...state }));

type Change = (machine: MachineManifest, other: ChunkRef) => MachineManifest;

function lowest(m: MachineManifest, change: (layer: RamLayer) => RamLayer): MachineManifest {
  const [first, ...others] = m.ram.layers;
  return { ...m, ram: { ...m.ram, layers: first === undefined ? [] : [change(first), ...others] } };
}

const parts: Record<string, Change> = {
  'the emulator': (m) => ({ ...m, engine: `${m.engine}.1` }),
  'the size of memory': (m) => ({ ...m, memory: m.memory + 1 }),
  'the devices': (m, other) => ({ ...m, devices: other }),
  'the size of a piece of memory': (m) => ({ ...m, ram: { ...m.ram, pieceBytes: m.ram.pieceBytes + 1 } }),
  'a piece of memory more': (m, other) => lowest(m, ({ pieces, pages }) => ({ pages, pieces: [...pieces, other] })),
  'which pages a layer has': (m, other) => lowest(m, ({ pieces }) => ({ pages: other, pieces })),
  'a layer more': (m, other) => ({
    ...m,
    ram: { ...m.ram, layers: [...m.ram.layers, { pages: other, pieces: [] }] },
  }),
  'in which layer a piece is': (m, other) => ({
    ...m,
    ram: {
      ...m.ram,
      layers: [
        ...m.ram.layers.map(({ pages, pieces }) => ({ pages, pieces: pieces.slice(1) })),
        { pages: other, pieces: m.ram.layers[0]?.pieces ?? [] },
      ],
    },
  }),
  'the devices of a machine that was just switched on': (m, other) => ({ ...m, boot: { ...m.boot, devices: other } }),
  'its memory': (m, other) => ({
    ...m,
    boot: { ...m.boot, ram: { ...m.boot.ram, layers: [{ pages: other, pieces: [] }] } },
  }),
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
        const swapped = (pieces: ChunkRef[]) => identityText(lowest(original, ({ pages }) => ({ pages, pieces })));
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

it('what is downloaded before a machine runs: its devices, its memory, and the table of its disk, each once', () => {
  const of = (size: number): ChunkRef => ({ hash: `${size}`, size });
  const [sample] = fc.sample(machine, 1);
  if (sample === undefined) throw new Error('no sample');
  const layers = [
    { pages: of(10), pieces: [of(100), of(1000)] },
    { pages: of(20), pieces: [of(100)] },
  ];
  const small = { ...sample, devices: of(1), ram: { pieceBytes: 8, layers }, disk: { ...sample.disk, table: of(2) } };
  expect(bytesOf(chunksBeforeStart(small))).toBe(1133);
  expect(bytesOf([...chunksBeforeStart(small), ...chunksBeforeStart(small)])).toBe(1133);
});
