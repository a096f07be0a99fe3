// The machine's thread in Node: tests, the CLI and the builder of snapshots.
import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { zstdDecompressSync } from 'node:zlib';
import { installClock } from '../engine/clock.ts';
import { Engine } from '../engine/engine.ts';
import { type ChunkStore, chunkPath, MachineError } from '../storage/chunk-store.ts';
import type { DiskSource } from '../storage/disk.ts';
import { nodeFolder } from '../storage/kept-node.ts';
import { MemoryPages } from '../storage/page-store.ts';

const realNow = performance.now.bind(performance);
const clock = installClock();
const port = parentPort;
if (port === null) throw new Error('worker-node.ts runs in a worker thread; use createNodeMachine.');

const engine = new Engine({
  clock,
  realNow,
  // Not a MessageChannel: Node hands over up to 1000 messages at once, and compiled code would wait behind them.
  soon: (callback) => ({ call: () => void setImmediate(callback), dispose() {} }),
  post: (message, transfer = []) => port.postMessage(message, transfer),
  openStore: async (base) => fileStore(base),
  openDisk,
  openPages: async () => new MemoryPages(),
  openKept: nodeFolder,
  readFile: async (path) => {
    const bytes = await readFile(path);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  },
});
port.on('message', (message) => void engine.handle(message));

function fileStore(folder: string): ChunkStore {
  const digest = async (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  return {
    digest,
    async get({ hash }) {
      const path = join(folder, chunkPath(hash));
      const bytes = await readFile(path).catch((error: Error) => {
        throw new MachineError(
          'download',
          `A part of the machine is missing (${path}: ${error.message}). Build it again: npm run build.`,
        );
      });
      if (!(await digest(bytes)).startsWith(hash)) {
        throw new MachineError(
          'mismatch',
          `A part of the machine is damaged (${path}). Delete it and build again: npm run build.`,
        );
      }
      return zstdDecompressSync(bytes);
    },
  };
}

/** A raw disk image; 256 KiB at a time. */
async function openDisk(path: string): Promise<DiskSource> {
  const file = await open(path, 'r');
  const bytes = (await file.stat()).size;
  const pieceBytes = 256 * 1024;
  return {
    bytes,
    pieceBytes,
    async read(piece) {
      const out = new Uint8Array(pieceBytes);
      await file.read(out, 0, pieceBytes, piece * pieceBytes);
      return out;
    },
  };
}
