// A browser's Cache storage in memory, for tests in Node: as much of the standard's interface as chunks and their lists need.

// A test may have put its own timers in the place of these.
const { setImmediate: soon } = globalThis;

export class MemoryCaches {
  readonly #caches = new Map<string, MemoryCache>();
  /** Bytes of all caches together; more than that does not go in. */
  quota = Number.POSITIVE_INFINITY;

  open = async (name: string): Promise<MemoryCache> => this.of(name);

  of(name: string): MemoryCache {
    let cache = this.#caches.get(name);
    if (cache === undefined) {
      cache = new MemoryCache((more) => this.#used() + more <= this.quota);
      this.#caches.set(name, cache);
    }
    return cache;
  }

  #used(): number {
    return [...this.#caches.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

export class MemoryCache {
  readonly #kept = new Map<string, { bytes: Uint8Array<ArrayBuffer>; headers: Headers }>();
  readonly #hasRoom: (more: number) => boolean;

  constructor(hasRoom: (more: number) => boolean) {
    this.#hasRoom = hasRoom;
  }

  get bytes(): number {
    return [...this.#kept.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  bytesOf(url: string): Uint8Array | undefined {
    return this.#kept.get(url)?.bytes;
  }

  get urls(): string[] {
    return [...this.#kept.keys()];
  }

  match = async (url: string): Promise<Response | undefined> => {
    const kept = this.#kept.get(url);
    return kept && new Response(kept.bytes.slice(), { headers: kept.headers });
  };
  put = async (url: string, response: Response): Promise<void> => {
    const bytes = new Uint8Array(await response.arrayBuffer());
    // Several writes are under way before the first one fails.
    await new Promise((resolve) => soon(resolve));
    const before = this.#kept.get(url)?.bytes.length ?? 0;
    if (!this.#hasRoom(bytes.length - before)) throw new DOMException('Quota exceeded.', 'QuotaExceededError');
    this.#kept.set(url, { bytes, headers: response.headers });
  };
  delete = async (url: string): Promise<boolean> => this.#kept.delete(url);
  keys = async (): Promise<Request[]> => this.urls.map((url) => new Request(url));
}
