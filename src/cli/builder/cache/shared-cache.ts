// What one checkout has built, for all others of this user: entries in a folder, each named by what it was built from. The
// build asks here before it builds something, and leaves here what it has built. Nothing depends on it: what is damaged or
// was never finished is built again, and a folder that cannot be used costs a warning.
import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../../setup/lock.mjs';
import { replaceDirectory, sweepScratch } from '../atomic-directory.ts';
import { cacheFolder, requireOwnCache } from './cache-folder.ts';
import { type Contents, DamagedEntry, Entry, writeEntry } from './entry.ts';
import { type SealedFile, sealName } from './seal.ts';
import { type Bounds, defaultBounds, isTooOld, sweepEntries, throwOut } from './sweep.ts';

/** Something that is built once. */
export interface Shareable {
  /** Of the entry: letters, digits, ".", "-"; with a hash of everything that it is made from. */
  readonly name: string;
  /** Puts what was built elsewhere into this checkout. */
  take(entry: Entry): Promise<void>;
  build(): Promise<void>;
  /** What to keep of what was built. */
  contents(): Promise<Contents>;
  /** Throws when a file must not be kept. */
  check?(file: SealedFile): void;
}

export interface SharedCacheOptions {
  readonly folder: string;
  readonly signal: AbortSignal;
  /** For people: what could not be done with the cache, and why. Called at most once for each reason. */
  readonly warn: (text: string) => void;
  readonly bounds?: Bounds;
}

export class SharedCache {
  readonly #options: SharedCacheOptions;
  readonly #bounds: Bounds;
  readonly #unfinished = new Set<Promise<unknown>>();
  readonly #warned = new Set<string>();
  /** Once it cannot be written to, it is not tried again. */
  #writable = true;
  #kept = 0;

  constructor(options: SharedCacheOptions) {
    this.#options = options;
    this.#bounds = options.bounds ?? defaultBounds;
  }

  /** The cache of this user; undefined when none is wanted, or its folder is not to be trusted. */
  static async ofUser(options: Omit<SharedCacheOptions, 'folder'>): Promise<SharedCache | undefined> {
    const folder = cacheFolder();
    if (folder === null) return undefined;
    try {
      await requireOwnCache(folder);
      return new SharedCache({ ...options, folder });
    } catch (error) {
      options.warn(`${wordsOf(error)}. ${goesOn}`);
      return undefined;
    }
  }

  /**
   * Takes it from the cache, or builds it. Of several checkouts that want the same thing at once, one builds and the others
   * wait for it. What was built is kept meanwhile and afterwards: see `settled`.
   * @param onWait called when another process, with this id, is building it
   */
  async provide(item: Shareable, onWait?: (pid: number) => void): Promise<'taken' | 'built'> {
    if (await this.take(item)) return 'taken';
    if (!this.#writable) return built(item);
    const { promise, resolve, reject } = Promise.withResolvers<'taken' | 'built'>();
    let isHeld = false;
    const whole = withLock(
      join(this.#options.folder, 'locks', `${item.name}.lock`),
      async () => {
        isHeld = true;
        // Whoever held the lock before may have built it.
        if (await this.take(item)) return resolve('taken');
        resolve(await built(item));
        await this.#keep(item);
      },
      { signal: this.#options.signal, ...(onWait ? { onWait } : {}) },
    ).catch((error: unknown) => {
      if (isHeld || this.#options.signal.aborted) return reject(error);
      this.#giveUp(error);
      built(item).then(resolve, reject);
    });
    this.#unfinished.add(whole);
    void whole.finally(() => this.#unfinished.delete(whole));
    return promise;
  }

  /** Takes it from the cache when it is there, whole and not too old. */
  async take(item: Shareable): Promise<boolean> {
    const folder = this.#entry(item.name);
    const entry = await Entry.open(folder);
    if (entry === null || isTooOld(entry.made, this.#bounds)) return false;
    try {
      await item.take(entry);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      if (error instanceof DamagedEntry) {
        this.#warn(`${error.message}: it is thrown away, and built again.`);
        await throwOut(this.#options.folder, item.name).catch((reason: unknown) => this.#giveUp(reason));
      } else this.#warn(`${folder} could not be taken: ${wordsOf(error)}. It is built again.`);
      return false;
    }
    // When it was used last decides what has to go first. A cache that cannot be written to does not mind.
    await utimes(join(folder, sealName), new Date(), new Date()).catch(() => {});
    return true;
  }

  /** When everything that was built is kept, and what is too much has been thrown out. Never throws. */
  async settled(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.allSettled([...this.#unfinished]);
    if (this.#kept === 0 || !this.#writable) return;
    this.#kept = 0;
    await sweepEntries(this.#options.folder, this.#bounds).catch((error: unknown) => this.#giveUp(error));
  }

  async #keep({ name, contents, check = () => {} }: Shareable): Promise<void> {
    const { folder, signal } = this.#options;
    if (!this.#writable || signal.aborted) return;
    const scratch = join(folder, 'tmp');
    try {
      await mkdir(scratch, { recursive: true });
      await sweepScratch(scratch);
      const files = await contents();
      await replaceDirectory(this.#entry(name), scratch, (partial) =>
        writeEntry(partial, files, check, Date.now(), signal),
      );
      this.#kept++;
    } catch (error) {
      if (!signal.aborted) this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    this.#writable = false;
    this.#warn(`${wordsOf(error)}. ${goesOn}`);
  }

  #warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#options.warn(text);
  }

  #entry(name: string): string {
    return join(this.#options.folder, 'entries', name);
  }
}

/** Whether the cache of this user has such an entry; whether it is whole is seen when it is taken. */
export async function hasEntry(name: string, folder = cacheFolder(), bounds = defaultBounds): Promise<boolean> {
  const entry = folder === null ? null : await Entry.open(join(folder, 'entries', name));
  return entry !== null && !isTooOld(entry.made, bounds);
}

const goesOn =
  'The build goes on, and keeps what it makes in this checkout alone (LOCKSTEP_CACHE=off says so beforehand).';

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function built(item: Shareable): Promise<'built'> {
  await item.build();
  return 'built';
}
