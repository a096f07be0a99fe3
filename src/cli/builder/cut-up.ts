// A saved machine -> chunks and its manifest. What it shares with the machine that it was made from costs nothing again.
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { engineVersion } from '../../machine/v86/engine/emulator.ts';
import { type ChunkRef, identityText, type MachineManifest, type SavedParts } from '../../machine/v86/manifest.ts';
import { allChunks } from '../../machine/v86/storage/all-chunks.ts';
import { chunkPath } from '../../machine/v86/storage/chunk-store.ts';
import { tableEntry, tableEntryBytes } from '../../machine/v86/storage/disk.ts';
import {
  decodePages,
  diffRam,
  encodePages,
  LayeredRam,
  layerBytes,
  layerPiece,
  pageBytes,
} from '../../machine/v86/storage/ram-layers.ts';
import type { SavedMachine, SavedState } from '../../machine/v86/thread/messages.ts';
import { type ChunkWriter, inParallel, isZero } from './chunk-writer.ts';

const diskPieceBytes = 256 * 1024;
const ramPieceBytes = 2 * 1024 * 1024;
const blockBytes = 4096;
const diskLevel = 12;
const ramLevel = 19;

/** What the machine began as: the image of a disk, or another machine's snapshot. */
export type Origin = { readonly disk: string } | { readonly machine: MachineManifest };

export type MachineLabels = Pick<MachineManifest, 'name' | 'mac' | 'consoles' | 'tapHeader'>;

/** @param assets folder that chunks/ lies in, where those of the origin are */
export async function cutUp(
  saved: SavedMachine,
  labels: MachineLabels,
  origin: Origin,
  assets: string,
  chunks: ChunkWriter,
  tell: (fraction: number) => void,
): Promise<MachineManifest> {
  const under = 'machine' in origin ? origin.machine : null;
  const parts = await savedParts(saved, under, assets, chunks, (fraction) => tell(0.7 * fraction));
  const boot = saved.boot === null ? under?.boot : await savedParts(saved.boot, null, assets, chunks, () => {});
  if (boot === undefined) throw new Error('nobody knows how this machine is switched on');
  const disk = await diskTable(saved, origin, assets, chunks, (fraction) => tell(0.7 + 0.3 * fraction));
  const manifest = {
    ...labels,
    engine: engineVersion,
    memory: saved.ram.length,
    boot,
    ...parts,
    disk: { ...disk, prefetch: [] as number[] },
  };
  return { ...manifest, id: createHash('sha256').update(identityText(manifest)).digest('hex').slice(0, 32) };
}

async function savedParts(
  { ram, devices, clock }: SavedState,
  under: MachineManifest | null,
  assets: string,
  chunks: ChunkWriter,
  tell: (fraction: number) => void,
): Promise<SavedParts> {
  const below = under === null ? null : await ramOf(under, assets);
  const pages = diffRam(ram, below);
  const count = Math.ceil(layerBytes(pages) / ramPieceBytes);
  const pieces: ChunkRef[] = new Array(count);
  let done = 0;
  await inParallel(count, 3, async (index) => {
    const perPiece = ramPieceBytes / pageBytes;
    pieces[index] = await chunks.write(layerPiece(ram, below, pages, index * perPiece, perPiece), ramLevel);
    tell(++done / count);
  });
  const layers = [...(under?.ram.layers ?? []), { pages: await chunks.write(encodePages(pages), ramLevel), pieces }];
  return { clock, devices: await chunks.write(devices, ramLevel), ram: { pieceBytes: ramPieceBytes, layers } };
}

/** A machine's RAM as it was saved. */
export async function ramOf({ memory, ram }: MachineManifest, assets: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(memory);
  const pages = await Promise.all(
    ram.layers.map(async (layer) => decodePages(await read(layer.pages, assets), memory)),
  );
  const layered = new LayeredRam(bytes, pages);
  for (const [level, { pieces }] of ram.layers.entries())
    for (const [index, piece] of pieces.entries())
      layered.write(level, (index * ram.pieceBytes) / pageBytes, await read(piece, assets));
  return bytes;
}

async function diskTable(
  saved: SavedMachine,
  origin: Origin,
  assets: string,
  chunks: ChunkWriter,
  tell: (fraction: number) => void,
): Promise<Pick<MachineManifest['disk'], 'bytes' | 'pieceBytes' | 'table'>> {
  const changes = blocksByPiece(saved.written);
  const put = async (table: Uint8Array, number: number, piece: Uint8Array) => {
    for (const [block, content] of changes.get(number) ?? [])
      piece.set(content, block * blockBytes - number * diskPieceBytes);
    const entry = table.subarray(number * tableEntryBytes, (number + 1) * tableEntryBytes).fill(0);
    if (isZero(piece)) return;
    const { hash, size } = await chunks.write(piece, diskLevel);
    entry.set(Buffer.from(hash, 'hex'));
    new DataView(entry.buffer, entry.byteOffset).setUint32(16, size, true);
  };
  if ('machine' in origin) {
    const { disk } = origin.machine;
    const table = (await read(disk.table, assets)).slice();
    const numbers = [...changes.keys()];
    await inParallel(numbers.length, 4, async (index) => {
      const number = numbers[index] as number;
      const under = tableEntry(table, number);
      const piece = new Uint8Array(diskPieceBytes);
      if (under !== null) piece.set(await read(under, assets));
      await put(table, number, piece);
      tell(index / numbers.length);
    });
    return { bytes: disk.bytes, pieceBytes: disk.pieceBytes, table: await chunks.write(table, ramLevel) };
  }
  const disk = await open(origin.disk, 'r');
  try {
    const bytes = (await disk.stat()).size;
    const count = Math.ceil(bytes / diskPieceBytes);
    const table = new Uint8Array(count * tableEntryBytes);
    await inParallel(count, 4, async (number) => {
      const piece = new Uint8Array(diskPieceBytes);
      await disk.read(piece, 0, diskPieceBytes, number * diskPieceBytes);
      await put(table, number, piece);
      if (number % 64 === 0) tell(number / count);
    });
    return { bytes, pieceBytes: diskPieceBytes, table: await chunks.write(table, ramLevel) };
  } finally {
    await disk.close();
  }
}

function blocksByPiece(blocks: ReadonlyMap<number, Uint8Array>): Map<number, [number, Uint8Array][]> {
  const pieces = new Map<number, [number, Uint8Array][]>();
  for (const [block, content] of blocks) {
    const piece = Math.floor((block * blockBytes) / diskPieceBytes);
    const list = pieces.get(piece) ?? [];
    list.push([block, content]);
    pieces.set(piece, list);
  }
  return pieces;
}

/** The hashes of all chunks that a machine may ever read. */
export async function hashesOf(machine: MachineManifest, assets: string): Promise<ReadonlySet<string>> {
  return allChunks(machine, await read(machine.disk.table, assets));
}

async function read({ hash }: ChunkRef, assets: string): Promise<Uint8Array> {
  return zstdDecompressSync(await readFile(join(assets, chunkPath(hash))));
}
