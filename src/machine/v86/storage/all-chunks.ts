// Every chunk that a machine may ever read: what must not be thrown away while there is such a machine.
import type { MachineManifest } from '../manifest.ts';
import { tableEntry } from './disk.ts';

/** Hashes of all but the pieces of its disk, whose names are in the disk's table. */
export function namedChunks(machine: MachineManifest): Set<string> {
  const saved = [machine, machine.boot].flatMap(({ devices, ram }) => [
    devices,
    ...ram.layers.flatMap(({ pages, pieces }) => [pages, ...pieces]),
  ]);
  return new Set([machine.disk.table, ...saved].map(({ hash }) => hash));
}

/** Hashes of all of them. @param table the unpacked chunk that `disk.table` names */
export function allChunks(machine: MachineManifest, table: Uint8Array): Set<string> {
  const hashes = namedChunks(machine);
  const { bytes, pieceBytes } = machine.disk;
  for (let piece = 0; piece * pieceBytes < bytes; piece++) {
    const entry = tableEntry(table, piece);
    if (entry !== null) hashes.add(entry.hash);
  }
  return hashes;
}
