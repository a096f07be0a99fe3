// Chunks over HTTP, kept in the browser's Cache storage: a chunk's name is its content's hash, so what is kept never
// goes stale, a download that was cut goes on where it stopped, and what the browser altered is noticed. How long it is kept:
// chunk-keeper.ts.
import { ZSTDDecoder } from 'zstddec/stream';
import { chunkCache } from './chunk-keeper.ts';
import { type ChunkStore, chunkPath, MachineError } from './chunk-store.ts';
import { download } from './download.ts';
import { freeNow } from './free-now.ts';

/**
 * `base`: URL of the folder that chunks/ lies in. `onStorageFull` is called once, when nothing more can be kept. `onConnection` is told
 * when nothing comes any more, and when something comes again.
 */
export async function openBrowserStore(
  base: string,
  onStorageFull: () => void,
  onConnection: (gone: boolean) => void = () => {},
): Promise<ChunkStore> {
  const decoder = new ZSTDDecoder();
  const [cache] = await Promise.all([openCache(), decoder.init()]);
  let full = cache === undefined;

  const kept = async (url: string, hash: string): Promise<Uint8Array | undefined> => {
    const response = await cache?.match(url).catch(() => undefined);
    if (response === undefined) return undefined;
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (await isWhole(bytes, hash)) return bytes;
    await cache?.delete(url);
    return undefined;
  };

  const keep = async (url: string, bytes: Uint8Array) => {
    if (full || cache === undefined) return;
    try {
      await cache.put(url, new Response(bytes as BlobPart, { headers: { 'Content-Type': 'application/zstd' } }));
    } catch {
      // Quota, or a private window: the machine runs all the same, and is downloaded again the next time.
      // Several chunks are on their way at a time, and each finds out for itself.
      if (full) return;
      full = true;
      onStorageFull();
    }
  };

  return {
    digest,
    async get({ hash, size }) {
      const url = new URL(chunkPath(hash), base).href;
      const bytes =
        (await kept(url, hash)) ??
        // Machines that share a chunk ask for it at the same time: one of them downloads it.
        (await alone(url, async () => {
          const there = await kept(url, hash);
          if (there !== undefined) return there;
          // The HTTP cache would keep a second copy of what Cache storage has; where there is none, it has to do.
          const mode = cache === undefined ? 'default' : 'no-store';
          const downloaded = await download({ url, size, mode, isWhole: (got) => isWhole(got, hash), onConnection });
          await keep(url, downloaded);
          return downloaded;
        }));
      return unpack(decoder, bytes, url);
    },
  };
}

async function openCache(): Promise<Cache | undefined> {
  // Only secure pages (https, localhost) have Cache storage.
  if (typeof caches === 'undefined') return undefined;
  return caches.open(chunkCache).catch(() => undefined);
}

/** Runs `work` while nobody else in this site's pages and workers does so under this name. */
async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  // Only secure pages have locks; without storage to share, there is nothing to wait for.
  return globalThis.navigator?.locks === undefined ? work() : navigator.locks.request(name, work);
}

async function isWhole(bytes: Uint8Array, hash: string): Promise<boolean> {
  return (await digest(bytes)).startsWith(hash);
}

async function digest(bytes: Uint8Array): Promise<string> {
  // Pages on plain http (a workshop's host) have no SubtleCrypto.
  const hash =
    globalThis.crypto?.subtle === undefined
      ? (await import('@noble/hashes/sha2.js')).sha256(bytes)
      : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  let text = '';
  for (const byte of hash) text += byte.toString(16).padStart(2, '0');
  return text;
}

function unpack(decoder: ZSTDDecoder, bytes: Uint8Array, url: string): Uint8Array {
  try {
    const size = contentSize(bytes);
    // Without a size the decoder goes piece by piece.
    const content = decoder.decode(bytes, size);
    // It says nothing when it fails; it gives less.
    if (size !== undefined && content.length !== size) throw new Error(`${content.length} bytes instead of ${size}`);
    freeNow(bytes);
    return content;
  } catch (error) {
    throw new MachineError(
      'mismatch',
      `A part of the machine cannot be unpacked (${url}: ${error instanceof Error ? error.message : error}). Reload the page.`,
    );
  }
}

/**
 * Frame_Content_Size of a zstd frame (RFC 8878 section 3.1.1.1); undefined when the frame does not say it: who compressed
 * it as a stream did not know it at the start, and Node's asynchronous zstdCompress is such a stream.
 */
export function contentSize(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  switch (descriptor >> 6) {
    case 0:
      return singleSegment ? view.getUint8(at) : undefined;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}
