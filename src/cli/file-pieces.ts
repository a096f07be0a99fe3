// A file's bytes in pieces, so that it may be larger than memory.
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as yieldToSignals } from 'node:timers/promises';

/** Small enough to be in the processor's cache still when it is decoded. */
const PIECE = 1 << 18;

/** @param file a path, or "-" for standard input. The buffer that the bytes are in is used again for the next. */
export async function* filePieces(file: string): AsyncGenerator<Uint8Array> {
  if (file === '-') {
    for await (const chunk of process.stdin) yield chunk as Uint8Array;
    return;
  }
  const descriptor = reading(file, () => openSync(file, 'r'));
  try {
    const buffer = new Uint8Array(PIECE);
    for (;;) {
      const size = reading(file, () => readSync(descriptor, buffer));
      if (size === 0) return;
      yield buffer.subarray(0, size);
      await yieldToSignals();
    }
  } finally {
    closeSync(descriptor);
  }
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`Cannot read ${file}.`, { cause: error });
  }
}
