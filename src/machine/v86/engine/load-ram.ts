// RAM from a snapshot's chunks: as they arrive, several at a time, layer by layer.

import type { ChunkRef, MachineManifest } from '../manifest.ts';
import { type ChunkStore, MachineError } from '../storage/chunk-store.ts';
import { freeNow } from '../storage/free-now.ts';
import { decodePages, LayeredRam, type LayerPages, pageBytes } from '../storage/ram-layers.ts';

const concurrentChunks = 8;

/**
 * Fills `memory`, which is zero, and resolves when all of it is there.
 *
 * @param tell called with the compressed bytes of each chunk that has been dealt with
 * @throws MachineError
 */
export async function loadRam(
  { pieceBytes, layers }: MachineManifest['ram'],
  memory: Uint8Array,
  store: ChunkStore,
  tell: (bytes: number) => void,
): Promise<void> {
  const pages = await Promise.all(
    layers.map(async (layer): Promise<LayerPages> => {
      const bytes = await store.get(layer.pages);
      tell(layer.pages.size);
      return understood(() => decodePages(bytes, memory.length));
    }),
  );
  const ram = new LayeredRam(memory, pages);
  /** By layer: how many of its pieces are still to be written, and who waits for the last one. */
  const levels = layers.map(({ pieces }) => ({ left: pieces.length, ...Promise.withResolvers<void>() }));
  for (const level of levels) if (level.left === 0) level.resolve();
  const work = layers.flatMap(({ pieces }, level) => pieces.map((piece, index) => ({ piece, level, index })));
  let next = 0;
  const lane = async () => {
    while (next < work.length) {
      const { piece, level, index } = work[next++] as { piece: ChunkRef; level: number; index: number };
      const content = await store.get(piece);
      // Pieces are begun in order, so what this one waits for is under way.
      await Promise.all(levels.slice(0, level).map(({ promise }) => promise));
      understood(() => ram.write(level, (index * pieceBytes) / pageBytes, content));
      freeNow(content);
      tell(piece.size);
      const mine = levels[level];
      if (mine !== undefined && --mine.left === 0) mine.resolve();
    }
  };
  await Promise.all(Array.from({ length: concurrentChunks }, lane));
}

function understood<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new MachineError(
      'mismatch',
      `The machine's memory cannot be read (${error instanceof Error ? error.message : error}). Reload the page; if that does not help, build the lab again (npm run build).`,
    );
  }
}
