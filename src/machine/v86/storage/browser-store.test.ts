// The browser's own parts, fetch and Cache storage, are stood in for by the smallest that obeys their rules; the chunks
// are real, and are unpacked by the decoder that the page uses.
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryCaches } from '../../../../tests/support/memory-caches.ts';
import type { ChunkRef } from '../manifest.ts';
import { contentSize, openBrowserStore } from './browser-store.ts';
import { chunkCache } from './chunk-keeper.ts';
import { chunkPath } from './chunk-store.ts';

const base = 'https://course.example/machine/';

function pack(content: Uint8Array): { ref: ChunkRef; url: string; bytes: Uint8Array<ArrayBuffer> } {
  const bytes = new Uint8Array(zstdCompressSync(content, { params: { [constants.ZSTD_c_contentSizeFlag]: 1 } }));
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  return { ref: { hash, size: bytes.length }, url: base + chunkPath(hash), bytes };
}

const { setImmediate: realImmediate } = globalThis;

const kept = () => storage.of(chunkCache);

let asked: string[];
let storage: MemoryCaches;
/** What the server answers, one by one; the last one for ever. */
let answers: (() => Response)[];

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  storage = new MemoryCaches();
  const realFetch = globalThis.fetch;
  vi.stubGlobal('fetch', async (url: string) => {
    // The decoder brings its own WebAssembly along.
    if (url.startsWith('data:')) return realFetch(url);
    asked.push(url);
    return ((answers.length > 1 ? answers.shift() : answers[0]) ?? Response.error)();
  });
  vi.stubGlobal('caches', storage);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const ok = (bytes: Uint8Array<ArrayBuffer>) => () => new Response(bytes);
const status = (code: number) => () => new Response(null, { status: code });
const cut = (): never => {
  throw new TypeError('Failed to fetch');
};

/** With the pauses between attempts run through. */
async function through<T>(work: Promise<T>): Promise<T> {
  let done = false;
  work.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  while (!done) {
    vi.advanceTimersByTime(1000);
    await new Promise((resolve) => realImmediate(resolve));
  }
  return work;
}

const content = new TextEncoder().encode('a piece of a machine '.repeat(500));
const full = () => {
  throw new Error('storage is not full');
};

describe('a chunk', () => {
  it('is downloaded once, kept under its address, and comes from there the next time', async () => {
    const { ref, url, bytes } = pack(content);
    answers = [ok(bytes), cut];
    const store = await openBrowserStore(base, full);
    expect(await through(store.get(ref))).toEqual(content);
    expect(await through(store.get(ref))).toEqual(content);
    const later = await openBrowserStore(base, full);
    expect(await through(later.get(ref))).toEqual(content);
    expect(asked).toEqual([url]);
    expect(kept().urls).toEqual([url]);
  });

  it('that several machines ask for at the same time is downloaded once', async () => {
    const { ref, url, bytes } = pack(content);
    answers = [ok(bytes), cut];
    const stores = await Promise.all([1, 2, 3].map(() => openBrowserStore(base, full)));
    const got = await through(Promise.all(stores.map((store) => store.get(ref))));
    for (const each of got) expect(each).toEqual(content);
    expect(asked).toEqual([url]);
  });

  it('that was altered in the browser’s storage is downloaded again', async () => {
    const { ref, url, bytes } = pack(content);
    await kept().put(url, new Response(bytes.slice(0, -1)));
    answers = [ok(bytes)];
    const store = await openBrowserStore(base, full);
    expect(await through(store.get(ref))).toEqual(content);
    expect(asked).toHaveLength(1);
    expect(kept().bytesOf(url)).toEqual(bytes);
  });

  it('is asked for again when the connection breaks, the server stumbles, or bytes are altered on the way', async () => {
    const { ref, bytes } = pack(content);
    const altered = bytes.slice();
    altered[20] = (altered[20] ?? 0) ^ 1;
    answers = [cut, status(503), ok(altered), ok(bytes)];
    const store = await openBrowserStore(base, full);
    expect(await through(store.get(ref))).toEqual(content);
    expect(asked).toHaveLength(4);
  });

  it('waits without a connection however long, says so at once, and comes when there is one again', async () => {
    const { ref, bytes } = pack(content);
    const page = new EventTarget();
    vi.stubGlobal('navigator', { onLine: false });
    for (const name of ['addEventListener', 'removeEventListener'] as const)
      vi.stubGlobal(name, page[name].bind(page) as typeof globalThis.addEventListener);
    answers = [cut, ok(bytes)];
    const told: boolean[] = [];
    const store = await openBrowserStore(base, full, (gone) => told.push(gone));
    const got = store.get(ref);
    for (let i = 0; i < 100; i++) {
      vi.advanceTimersByTime(1000);
      await new Promise((resolve) => realImmediate(resolve));
    }
    expect(told).toEqual([true]);
    expect(asked).toHaveLength(1);
    vi.stubGlobal('navigator', { onLine: true });
    page.dispatchEvent(new Event('online'));
    expect(await through(got)).toEqual(content);
    expect(told).toEqual([true, false]);
  });

  it('that hangs on a connection which is gone is not waited for', async () => {
    const { ref, bytes } = pack(content);
    const page = new EventTarget();
    vi.stubGlobal('navigator', { onLine: true });
    for (const name of ['addEventListener', 'removeEventListener'] as const)
      vi.stubGlobal(name, page[name].bind(page) as typeof globalThis.addEventListener);
    const realFetch = globalThis.fetch;
    let hangs = true;
    vi.stubGlobal('fetch', (url: string, { signal }: RequestInit = {}) => {
      if (url.startsWith('data:') || !hangs) return realFetch(url);
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    });
    answers = [ok(bytes)];
    const told: boolean[] = [];
    const store = await openBrowserStore(base, full, (gone) => told.push(gone));
    const got = store.get(ref);
    await new Promise((resolve) => realImmediate(resolve));
    await new Promise((resolve) => realImmediate(resolve));
    vi.stubGlobal('navigator', { onLine: false });
    page.dispatchEvent(new Event('offline'));
    while (told.length === 0) await new Promise((resolve) => realImmediate(resolve));
    hangs = false;
    page.dispatchEvent(new Event('online'));
    expect(await through(got)).toEqual(content);
    expect(told).toEqual([true, false]);
  });

  it('that cannot be had fails with what happened last, and nothing of it is kept', async () => {
    const { ref, bytes } = pack(content);
    answers = [cut];
    const store = await openBrowserStore(base, full);
    await expect(through(store.get(ref))).rejects.toMatchObject({
      reason: 'download',
      message: expect.stringContaining('Failed to fetch'),
    });
    expect(asked).toHaveLength(4);
    answers = [ok(bytes.slice(0, 10))];
    await expect(through(store.get(ref))).rejects.toThrow(`10 bytes came instead of ${bytes.length}`);
    asked.length = 0;
    answers = [status(404)];
    await expect(through(store.get(ref))).rejects.toThrow('the server answered 404');
    expect(asked).toHaveLength(1);
    expect(kept().urls).toEqual([]);
  });

  it('that is whole but cannot be unpacked is a mismatch', async () => {
    const { bytes } = pack(content);
    const damaged = bytes.slice();
    damaged.fill(0xff, 12);
    const hash = createHash('sha256').update(damaged).digest('hex').slice(0, 32);
    answers = [ok(damaged)];
    const store = await openBrowserStore(base, full);
    await expect(through(store.get({ hash, size: damaged.length }))).rejects.toMatchObject({ reason: 'mismatch' });
  });
});

describe('a chunk that was compressed as a stream', () => {
  it('does not say how large it is, and is unpacked all the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300_000, size: 'max' }), async (piece) => {
        const bytes = new Uint8Array(await promisify(zstdCompress)(piece));
        expect(contentSize(bytes)).toBeUndefined();
        const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
        answers = [ok(bytes)];
        const store = await openBrowserStore(base, full);
        expect(Buffer.compare(await through(store.get({ hash, size: bytes.length })), piece)).toBe(0);
      }),
      { numRuns: 15 },
    );
  });
});

describe('a browser that keeps nothing', () => {
  it('says so once, however many chunks find its storage full, and the machine is loaded all the same', async () => {
    const chunks = Array.from({ length: 6 }, (_, index) => pack(content.map((byte) => byte ^ index)));
    storage.quota = chunks[0]?.bytes.length ?? 0;
    const byUrl = new Map(chunks.map(({ url, bytes }) => [url, bytes]));
    answers = [() => new Response(byUrl.get(asked.at(-1) ?? ''))];
    let said = 0;
    const store = await openBrowserStore(base, () => said++);
    const got = await through(Promise.all(chunks.map(({ ref }) => store.get(ref))));
    for (const [index, bytes] of got.entries()) expect(bytes).toEqual(content.map((byte) => byte ^ index));
    expect(said).toBe(1);
    expect(kept().urls).toHaveLength(1);
  });

  it('is no obstacle: storage that refuses to open, and pages that have none', async () => {
    const { ref, bytes } = pack(content);
    answers = [ok(bytes)];
    vi.stubGlobal('caches', { open: () => Promise.reject(new DOMException('denied', 'SecurityError')) });
    expect(await through((await openBrowserStore(base, full)).get(ref))).toEqual(content);
    vi.stubGlobal('caches', undefined);
    expect(await through((await openBrowserStore(base, full)).get(ref))).toEqual(content);
  });

  it('nor are pages on plain http, which have no SubtleCrypto', async () => {
    const { ref, bytes } = pack(content);
    answers = [ok(bytes)];
    vi.stubGlobal('crypto', {});
    const store = await openBrowserStore(base, full);
    expect(await store.digest(new TextEncoder().encode('abc'))).toBe(createHash('sha256').update('abc').digest('hex'));
    expect(await through(store.get(ref))).toEqual(content);
  });
});

describe('the size that a zstd frame says it has', () => {
  const sizeOf = (bytes: Uint8Array, level: number) =>
    contentSize(
      zstdCompressSync(bytes, {
        params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 1 },
      }),
    );

  // RFC 8878, 3.1.1.1.1: the field has 1, 2 (less 256), 4 or 8 bytes.
  it.each([1, 2, 255, 256, 257, 65_535, 65_791, 65_792, 65_793, 262_144, 1_048_576, 3_000_001])(
    'is right: %i',
    (size) => {
      for (const level of [1, 12]) {
        expect(sizeOf(new Uint8Array(size).fill(7), level)).toBe(size);
      }
    },
  );

  it('is right for any content', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 70_000, size: 'max' }),
        fc.constantFrom(1, 3, 12),
        (bytes, level) => {
          expect(sizeOf(bytes, level)).toBe(bytes.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is read from a frame that lies in the middle of a buffer, and in 8 bytes', () => {
    // Magic, a descriptor with an 8-byte size and a window, the window, the size.
    const frame = Buffer.from('0028b52ffdc048efcdab896745000000', 'hex').subarray(1);
    expect(contentSize(frame)).toBe(0x00_45_67_89_ab_cd_ef);
  });
});
