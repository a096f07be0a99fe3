// One reader's lab from Start to the end of the page: builds, downloads, runs, freezes, fails, starts again. No DOM; the
// code of the machines is imported on the first start.
import type { Keeper, KeeperState } from '../../lab/keeper.ts';
import { KeptError, type KeptRecord, readRecord } from '../../lab/kept-record.ts';
import type { Lab } from '../../lab/lab.ts';
import type { NoShelf, Shelf } from '../../lab/shelf.ts';
import { ManifestError } from '../../machine/driver.ts';
import type { FailureReason, MachineState } from '../../machine/machine.ts';
import { BuildFailed, type BuildStatus, whenBuilt } from './build-status.ts';

/** A machine's state, or one of the two that come before there is a machine: its build goes on, or failed. */
export type SessionState =
  | MachineState
  | { readonly kind: 'building'; readonly build: BuildStatus }
  | { readonly kind: 'failed'; readonly reason: 'build'; readonly message: string };

export interface SessionOptions {
  readonly lab: string;
  /** Where the site is: "/" or "/course/". */
  readonly base: string;
  onState(state: SessionState): void;
  /** A lab exists: draw it. What is returned runs before the lab is disposed of. */
  onLab(lab: Lab): Promise<() => void>;
  /** What of the page belongs to a moment that is kept. */
  page?(): unknown;
  /** How far this run of the lab is safe from the page's end; null: there is none. */
  onKept?(kept: KeeperState | NoShelf | null): void;
  /** The lab goes on from a moment that was kept with this. */
  onContinued?(page: unknown): void;
  /** What was kept cannot be used: why, a sentence; and whether it is gone for good. The lab is off. */
  onRefused?(why: string, isGone: boolean): void;
}

export class LabSession {
  readonly #options: SessionOptions;
  #state: SessionState = { kind: 'off' };
  #attempt: AbortController | undefined;
  #lab: Lab | undefined;
  #undraw: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #shelf: Shelf | undefined;
  #keeper: Keeper | undefined;
  #seen = true;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get state(): SessionState {
    return this.#state;
  }

  get lab(): Lab | undefined {
    return this.#lab;
  }

  /** Nothing that happened in it would be lost with the page. */
  get safe(): boolean {
    return this.#keeper?.state.peek().unsafe === false;
  }

  /** @param from 'kept': on from the moment that was kept, in this page or in one that is no more */
  async start(from: 'snapshot' | 'kept' = 'snapshot'): Promise<void> {
    if (this.#state.kind !== 'off' && this.#state.kind !== 'failed') return;
    if (this.#state.kind === 'failed' && this.#state.reason === 'guest-panic' && this.#lab !== undefined) {
      // It boots, with its disk as it is, and its checkpoints stay. What is wrong this time, its state says.
      await this.#lab.start().catch(() => {});
      return;
    }
    this.#set({ kind: 'loading', step: 'Asking the server for the lab', done: 0, total: 0 });
    const closed = this.#close();
    // From here on it can be cancelled, also while the lab before it is given up.
    const attempt = new AbortController();
    this.#attempt = attempt;
    await closed;
    if (attempt.signal.aborted) return;
    const { lab: id, base, onLab } = this.#options;
    try {
      await whenBuilt(
        `${base}labs/${id}/build.json`,
        (build) => this.#set({ kind: 'building', build }),
        attempt.signal,
      );
      if (attempt.signal.aborted) return;
      this.#set({ kind: 'loading', step: 'Fetching the lab’s code', done: 0, total: 0 });
      const [{ openLab }, { openShelf }, { Keeper }, { effect }] = await Promise.all([
        import('../../lab/open-lab.ts'),
        import('../../lab/shelf.ts'),
        import('../../lab/keeper.ts'),
        import('@preact/signals-core'),
      ]);
      const shelf = await openShelf(id);
      if (attempt.signal.aborted) {
        if (typeof shelf === 'object') shelf.close();
        return;
      }
      if (typeof shelf === 'object') this.#shelf = shelf;
      const lab = await openLab(id, this.#shelf?.folder);
      if (attempt.signal.aborted) {
        await lab.dispose();
        return;
      }
      const record = from === 'kept' ? await this.#record(lab, shelf) : null;
      this.#lab = lab;
      let begun = false;
      this.#unwatch = effect(() => {
        const state = lab.state.value;
        // Until it has begun, the lab's own "off" would put the Start button back under the reader's finger.
        begun ||= state.kind !== 'off';
        if (begun) this.#set(state);
      });
      // Drawn while the machine loads: the picture is there before the machine is.
      const drawn = onLab(lab).then((undraw) => {
        if (attempt.signal.aborted) undraw();
        else this.#undraw = undraw;
      });
      await Promise.all([drawn, record === null ? lab.start() : lab.continueFrom(record, drawn)]);
      if (attempt.signal.aborted) return;
      if (this.#shelf === undefined || !lab.canBeKept)
        this.#options.onKept?.(typeof shelf === 'string' ? shelf : 'none');
      else {
        const keeper = new Keeper(lab, this.#shelf, () => this.#options.page?.(), record?.at);
        this.#keeper = keeper;
        keeper.onState((state) => this.#options.onKept?.(state));
      }
      if (record !== null) this.#options.onContinued?.(record.page);
    } catch (error) {
      if (error instanceof KeptError && !attempt.signal.aborted) {
        if (error.isGone) await this.#shelf?.forget().catch(() => {});
        await this.#close();
        this.#set({ kind: 'off' });
        this.#options.onRefused?.(error.message, error.isGone);
        return;
      }
      if (attempt.signal.aborted || this.state.kind === 'failed') return;
      // A lab that cannot be drawn, because the panels' code did not come, is no use to anybody.
      await this.#close();
      this.#set({
        kind: 'failed',
        reason: reasonOf(error),
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** @throws KeptError */
  async #record(lab: Lab, shelf: Shelf | NoShelf): Promise<KeptRecord> {
    if (shelf === 'busy') throw new KeptError('Another tab has this lab now, and what was kept of it.');
    const bytes = shelf === 'none' ? null : await shelf.read();
    if (bytes === null) throw new KeptError('Nothing is kept of this lab any more.', true);
    const read = await readRecord(bytes, lab.id, lab.snapshots);
    if ('why' in read) throw new KeptError(read.why, true);
    return read.record;
  }

  /** What happened last is kept now, if anything did; it may take a second. */
  async keepNow(): Promise<void> {
    await this.#keeper?.keepNow();
  }

  /** Gives up a start, or ends a lab. */
  async cancel(): Promise<void> {
    await this.#close();
    this.#set({ kind: 'off' });
  }

  async freeze(): Promise<void> {
    await this.#lab?.freeze('reader');
  }

  async thaw(): Promise<void> {
    if (this.#state.kind === 'frozen') await this.#lab?.thaw();
  }

  async reset(): Promise<void> {
    // What the reader wants to be rid of does not come back with the next page.
    await this.#keeper?.forget();
    // When no machine comes up again, their states say why.
    await this.#lab?.reset().catch(() => {});
  }

  /** A lab that nobody sees stands still; it goes on when someone looks again, unless the reader had stopped it. */
  async seen(seen: boolean): Promise<void> {
    this.#seen = seen;
    if (!seen && this.#state.kind === 'running') await this.#hide();
    if (seen && this.#state.kind === 'frozen' && this.#state.reason === 'hidden') await this.#lab?.thaw();
  }

  /** Where no machine can be frozen the wires go on, too: nothing would say that they stand. */
  async #hide(): Promise<void> {
    if (this.#lab?.machines.some(({ can }) => can.freeze)) await this.#lab.freeze('hidden');
  }

  async #close(): Promise<void> {
    this.#attempt?.abort();
    this.#unwatch?.();
    this.#undraw?.();
    const lab = this.#lab;
    const shelf = this.#shelf;
    if (this.#keeper !== undefined) this.#options.onKept?.(null);
    this.#keeper?.dispose();
    this.#attempt = this.#unwatch = this.#undraw = this.#lab = this.#shelf = this.#keeper = undefined;
    await lab?.dispose();
    // Its files are nobody's now.
    shelf?.close();
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#options.onState(state);
    if (state.kind === 'running' && !this.#seen) void this.#hide();
    // A machine that was to stand may have been on its way when the reader came back.
    if (state.kind === 'frozen' && state.reason === 'hidden' && this.#seen) void this.#lab?.thaw();
  }
}

/** Why there is no lab, by what was thrown on the way to it. */
function reasonOf(error: unknown): FailureReason | 'build' {
  if (error instanceof BuildFailed) return 'build';
  return error instanceof ManifestError ? 'mismatch' : 'download';
}
