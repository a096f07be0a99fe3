// What the browser keeps of all that was ever downloaded: what a machine may still read. Each machine has a list of the chunks that
// it may read, beside the chunks; a machine of a newer build has another list, and that of the older one goes. When a machine has
// loaded, the chunks that are in no list are deleted.
//
// Other tabs never lose what they need, by two Web Locks, which end with the thread that holds them:
//   - whoever loads a machine shares `loading`, until its list is written; who deletes chunks has it alone, or does not do it now;
//   - whoever has a machine shares the lock that is named after its list; a list whose lock is held stays, however old it is.
import { chunkPath } from './chunk-store.ts';

export const chunkCache = 'lockstep-chunks-1';
export const listCache = 'lockstep-chunk-lists-1';
export const loadingLock = 'lockstep chunks: loading';
/** ms after a machine has loaded: what its reader does first has the disk and the processor for itself. */
const delay = 5000;
/** ms: half a year. A lab that was not started for so long is not in the course any more, as far as we know. */
const forgetAfter = 182 * 24 * 3600 * 1000;

/** Whose chunks they are. */
export interface KeptMachine {
  /** URL of the folder that chunks/ lies in, absolute, with "/" at its end. */
  readonly base: string;
  readonly lab: { readonly id: string; readonly machines: readonly string[] };
  readonly name: string;
  /** Its snapshot: another one, another list. */
  readonly snapshot: string;
}

export class ChunkKeeper {
  readonly #of: KeptMachine;
  readonly #now: () => number;
  readonly #list: string;
  /** Resolves when it has ended. */
  readonly #endLoading: () => Promise<void>;
  #hashes: ReadonlySet<string>;

  private constructor(
    of: KeptMachine,
    hashes: ReadonlySet<string>,
    now: () => number,
    endLoading: () => Promise<void>,
  ) {
    this.#of = of;
    this.#hashes = hashes;
    this.#now = now;
    this.#list = listOf(of);
    this.#endLoading = endLoading;
  }

  /**
   * Before the first chunk is asked for. Nothing, where a browser has no storage to share, as on pages on plain http, or keeps it
   * from this page. Never rejects: the machine runs without it.
   *
   * @param hashes the chunks that are known to be needed: one that is loaded in part is not swept away before it is tried again
   * @param now ms since the epoch
   */
  static async open(of: KeptMachine, hashes: ReadonlySet<string>, now: () => number): Promise<ChunkKeeper | undefined> {
    if (typeof caches === 'undefined' || globalThis.navigator?.locks === undefined) return undefined;
    const endLoading = await shared(loadingLock).catch(() => undefined);
    if (endLoading === undefined) return undefined;
    const keeper = new ChunkKeeper(of, hashes, now, endLoading);
    try {
      // For as long as the thread lives.
      await shared(lockOf(keeper.#list));
      const lists = await caches.open(listCache);
      // There is one of this very snapshot: it has the pieces of the disk, too.
      if ((await lists.match(keeper.#list)) === undefined) await keeper.#write(lists);
      return keeper;
    } catch {
      // Storage that refuses to open keeps nothing.
      await endLoading();
      return undefined;
    }
  }

  /** It has loaded. A while later its list is written, and what nobody needs is deleted. @param hashes all that it may read */
  loaded(hashes: () => ReadonlySet<string>): void {
    setTimeout(() => void this.tidyUp(hashes()), delay);
  }

  /** The same, now. Deletes no chunk when somebody is loading: whoever has loaded last does it. Never rejects. */
  async tidyUp(hashes: ReadonlySet<string>): Promise<void> {
    this.#hashes = hashes;
    try {
      const lists = await caches.open(listCache);
      const written = await this.#write(lists);
      await this.#forgetLists(lists);
      await this.#endLoading();
      await navigator.locks.request(loadingLock, { ifAvailable: true }, async (alone) => {
        if (alone === null) return;
        await this.#sweep(lists);
        // There may be room for it now.
        if (!written) await this.#write(lists);
      });
    } catch {
      // Storage that stops working: what is there stays.
      await this.#endLoading();
    }
  }

  /** False when the browser's storage is full. */
  async #write(lists: Cache): Promise<boolean> {
    const headers = { 'Content-Type': 'text/plain', 'Last-Modified': new Date(this.#now()).toUTCString() };
    return lists.put(this.#list, new Response([...this.#hashes].join('\n'), { headers })).then(
      () => true,
      () => false,
    );
  }

  /** The lists of older builds of this machine, of machines that its lab does not have any more, and of labs that nobody starts. */
  async #forgetLists(lists: Cache): Promise<void> {
    const { base, lab, name } = this.#of;
    const { held = [] } = await navigator.locks.query();
    const inUse = new Set(held.map((lock) => lock.name));
    const ofLab = `${base}lists/${lab.id}/`;
    for (const { url } of await lists.keys()) {
      if (url === this.#list || inUse.has(lockOf(url))) continue;
      const machine = url.startsWith(ofLab) ? url.slice(ofLab.length).split('/')[0] : undefined;
      const isOver =
        machine === undefined
          ? await this.#isForgotten(lists, url)
          : machine === name || !lab.machines.includes(machine);
      if (isOver) await lists.delete(url);
    }
  }

  async #isForgotten(lists: Cache, url: string): Promise<boolean> {
    const list = await lists.match(url);
    // A date that cannot be read is no reason to throw anything away.
    return this.#now() - Date.parse(list?.headers.get('Last-Modified') ?? '') > forgetAfter;
  }

  async #sweep(lists: Cache): Promise<void> {
    const wanted = new Set<string>();
    const want = (base: string, hashes: Iterable<string>) => {
      for (const hash of hashes) wanted.add(base + chunkPath(hash));
    };
    // Its own list may not have found room.
    want(this.#of.base, this.#hashes);
    for (const { url } of await lists.keys()) {
      const list = await lists.match(url);
      want(baseOf(url), (await list?.text())?.split('\n') ?? []);
    }
    const chunks = await caches.open(chunkCache);
    for (const { url } of await chunks.keys()) if (!wanted.has(url)) await chunks.delete(url);
  }
}

function listOf({ base, lab, name, snapshot }: KeptMachine): string {
  return `${base}lists/${lab.id}/${name}/${snapshot}`;
}

/** A machine may be called "lists", too. */
function baseOf(list: string): string {
  return `${list.split('/').slice(0, -4).join('/')}/`;
}

function lockOf(list: string): string {
  return `lockstep chunks: ${list}`;
}

/** Shares a lock from now on, until the function that it resolves with is called, or the thread ends. */
function shared(name: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const over: Promise<void> = navigator.locks
      .request(name, { mode: 'shared' }, () => {
        return new Promise<void>((release) =>
          resolve(() => {
            release();
            return over;
          }),
        );
      })
      .catch(reject);
  });
}
