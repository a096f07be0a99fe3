// The browser's own parts, its private file system and its locks, are stood in for by the smallest that obeys their rules.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openShelf } from './shelf.ts';

type Work = (lock: { readonly name: string } | null) => Promise<unknown>;
interface Options {
  readonly ifAvailable?: boolean;
  readonly signal?: AbortSignal;
}

class Locks {
  readonly held = new Set<string>();

  async request(name: string, { ifAvailable, signal }: Options, work: Work): Promise<unknown> {
    if (this.held.has(name)) {
      if (ifAvailable === true) return work(null);
      return new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))),
      );
    }
    this.held.add(name);
    try {
      return await work({ name });
    } finally {
      this.held.delete(name);
    }
  }
}

let locks: Locks;
/** Of another lab; what becomes of its record's file. */
let neighbour: () => Promise<{ readonly lastModified: number }>;
let removed: string[];

beforeEach(() => {
  locks = new Locks();
  neighbour = async () => ({ lastModified: Date.now() });
  removed = [];
  const folder = { kind: 'directory', getFileHandle: async () => ({ getFile: () => neighbour() }) };
  const top = {
    async *entries() {
      yield ['another-lab', folder];
    },
    removeEntry: async (name: string) => void removed.push(name),
  };
  vi.stubGlobal(
    'FileSystemFileHandle',
    class {
      createWritable() {}
    },
  );
  const storage = { getDirectory: async () => ({ getDirectoryHandle: async () => top }) };
  vi.stubGlobal('navigator', { locks, storage });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('what was kept of another lab too long ago is let go', async () => {
  await openShelf('one');
  expect(removed).toEqual([]);
  neighbour = async () => ({ lastModified: 0 });
  await openShelf('two');
  expect(removed).toEqual(['another-lab']);
});

test('a lab is kept though what was kept of another one is deleted at this moment', async () => {
  neighbour = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
  const shelf = await openShelf('one');
  expect(shelf).toMatchObject({ folder: 'lockstep-kept/one' });
  // And it is this page's as long as that has it.
  expect([...locks.held]).toEqual(['lockstep-kept/one']);
  if (typeof shelf === 'object') shelf.close();
  await expect.poll(() => locks.held.size).toBe(0);
  expect(await openShelf('one')).toMatchObject({ folder: 'lockstep-kept/one' });
});
